// The nodes, live: charts of the last minutes, kept in this page, and a table of what each node says of itself.

import { Chart, sample } from "./chart.js";
import { $, ask, element, learn, say, size, span, tell } from "./parts.js";

const about = JSON.parse($("live-about").textContent);
learn(about.texts);

const EVERY = 2000;
const REACH = 300; // seconds
const FIRST_REACH = 60; // until there is more to show
const MEGABYTE = 1048576;
const labels = $("rows").dataset.labels.split("|");

const whole = (value) => Math.round(value).toLocaleString();
const rate = (value) => say("perSecond", { n: value < 10 ? value.toFixed(1) : whole(value) });
const percent = (value) => `${value < 10 ? value.toFixed(1) : whole(value)} %`;
const MEASURES = [
    { name: "connections", format: whole },
    { name: "received", format: rate, flows: true },
    { name: "sent", format: rate, flows: true },
    { name: "cpu", format: percent, least: 10 },
    { name: "memory", format: size, least: 50, unit: MEGABYTE },
    { name: "queued", format: whole },
];

const charts = new Map();
const moments = new Map(); // measure → [{at, sum, nodes}]
const before = new Map(); // node → what it said last, and when we heard it
let timer = 0;

for (const { name, ...how } of MEASURES) {
    const chart = new Chart({ title: say(name), ...how });
    charts.set(name, chart);
    moments.set(name, []);
    $("charts").append(chart.root);
}

/** What happened per second since the last look; unknown at the first one, and when the node began anew. */
function flow(node, name, at) {
    const last = before.get(node.id);
    return last && at > last.at && node[name] >= last[name] ? (node[name] - last[name]) / (at - last.at) : undefined;
}

function remember(nodes, at) {
    const heard = nodes.filter((one) => !one.silent);
    for (const { name, flows } of MEASURES) {
        const values = new Map(heard.map((one) => [one.id, flows ? flow(one, name, at) : one[name]]).filter(([, value]) => value !== undefined));
        const kept = moments.get(name).filter((one) => one.at > at - REACH);
        const sum = values.size ? [...values.values()].reduce((total, value) => total + value, 0) : undefined;
        kept.push({ at, sum, nodes: values });
        moments.set(name, kept);
        charts.get(name).draw(kept, nodes, Math.min(REACH, Math.max(FIRST_REACH, at - kept[0].at)));
    }
}

function cell(position, className, ...children) {
    const made = element("td", { className }, ...children);
    made.dataset.label = labels[position];
    return made;
}

function state(node) {
    const [tone, words] = node.silent ? ["gh-bad", say("silent")] : node.in_touch ? ["gh-ok", say("inTouch")] : ["gh-bad", say("alone")];
    return element("span", { className: `gh-badge ${tone}`, textContent: words });
}

function row(node, index, several, at) {
    const rates = Object.fromEntries(["received", "sent"].map((name) => [name, flow(node, name, at)]));
    const moving = (name) => element("span", { className: `live-rate${rates[name] ? " moving" : ""}`, textContent: rates[name] === undefined ? "" : rate(rates[name]) });
    const name = element("span", { className: "live-name" }, ...(several ? [sample(index)] : []), node.name || node.id);
    const below = element("span", { className: "live-sub", textContent: [node.id, node.version].filter(Boolean).join(" · ") });
    const up = cell(2, "gh-nowrap", span(node.uptime ?? 0));
    up.title = new Date(node.started_at * 1000).toLocaleString();
    const bad = (position, value) => cell(position, `num${value ? " hot" : ""}`, (value ?? 0).toLocaleString());
    return element(
        "tr",
        {},
        cell(0, "gh-head", element("span", {}, name, below)),
        cell(1, "", state(node)),
        up,
        cell(3, "num", node.connections.toLocaleString()),
        cell(4, "num", node.users.toLocaleString()),
        cell(5, "num", node.guests.toLocaleString()),
        cell(6, "num gh-nowrap", node.received.toLocaleString(), moving("received")),
        cell(7, "num gh-nowrap", node.sent.toLocaleString(), moving("sent")),
        cell(8, "num", percent(node.cpu ?? 0)),
        cell(9, "num gh-nowrap", size(node.memory ?? 0)),
        cell(10, "num", (node.queued ?? 0).toLocaleString()),
        bad(11, node.evicted),
        bad(12, node.outages),
        bad(13, node.lost),
    );
}

function show({ rows: nodes }) {
    const at = performance.now() / 1000;
    $("rows").replaceChildren(...nodes.map((one, index) => row(one, index, nodes.length > 1, at)));
    remember(nodes, at);
    for (const node of nodes.filter((one) => !one.silent)) before.set(node.id, { ...node, at });
    $("board").hidden = !nodes.length;
    $("empty").hidden = nodes.length > 0;
}

async function look() {
    try {
        show(await ask(about.live));
        tell($("say"), "");
    } catch (problem) {
        tell($("say"), say("away", { message: problem.message }), "bad");
    }
    timer = setTimeout(() => document.hidden || look(), EVERY);
}

look();
document.addEventListener("visibilitychange", () => {
    clearTimeout(timer);
    if (!document.hidden) look();
});
