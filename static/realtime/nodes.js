// The live list of nodes, with rates computed from one look to the next.

const about = JSON.parse(document.getElementById("live-about").textContent);
const EVERY = 2000;
const $ = (id) => document.getElementById(id);
const say = (key, values = {}) => (about.texts[key] ?? key).replace(/\{(\w+)\}/g, (_, name) => values[name] ?? "");
const labels = $("rows").dataset.labels.split("|");
const before = new Map();

function element(tag, properties = {}, ...children) {
    const made = Object.assign(document.createElement(tag), properties);
    made.append(...children);
    return made;
}

function span(seconds) {
    const [n, unit] = seconds < 60 ? [seconds, "s"] : seconds < 3600 ? [seconds / 60, "min"] : seconds < 86400 ? [seconds / 3600, "h"] : [seconds / 86400, "d"];
    return say(unit, { n: Math.max(0, Math.floor(n)) });
}

function rate(node, name) {
    const last = before.get(node.id);
    const seconds = last ? (performance.now() - last.at) / 1000 : 0;
    const n = seconds ? Math.max(0, node[name] - last[name]) / seconds : 0;
    const shown = say("perSecond", { n: n < 10 ? n.toFixed(1) : Math.round(n).toLocaleString() });
    return element("span", { className: `live-rate${n ? " moving" : ""}`, textContent: shown });
}

function cell(position, className, ...children) {
    const made = element("td", { className }, ...children);
    made.dataset.label = labels[position];
    return made;
}

function row(node) {
    const name = [element("span", { className: "live-name", textContent: node.name || node.id }), element("span", { className: "live-sub gh-mono", textContent: node.id })];
    const numbers = ["connections", "users", "guests", "groups"].map((key, at) => cell(at + 2, "num", node[key].toLocaleString()));
    const flows = ["received", "sent"].map((key, at) => cell(at + 6, "num gh-nowrap", node[key].toLocaleString(), rate(node, key)));
    const up = cell(1, "gh-nowrap", span(Date.now() / 1000 - node.started_at));
    up.title = new Date(node.started_at * 1000).toLocaleString();
    const slow = cell(8, `num${node.evicted ? " hot" : ""}`, node.evicted.toLocaleString());
    const lost = cell(9, `num${node.lost || !node.in_touch ? " hot" : ""}`, node.lost.toLocaleString());
    return element("tr", {}, cell(0, "gh-head", element("span", {}, ...name)), up, ...numbers, ...flows, slow, lost);
}

async function ask() {
    try {
        const answer = await fetch(about.live, { headers: { Accept: "application/json" } });
        const found = await answer.json();
        if (!answer.ok) throw new Error(found.error?.message);
        $("rows").replaceChildren(...found.rows.map(row));
        for (const node of found.rows) before.set(node.id, { ...node, at: performance.now() });
        $("table").hidden = !found.rows.length;
        $("empty").hidden = found.rows.length > 0;
        $("empty").querySelector("strong").textContent = say("noNodes");
        $("empty").lastElementChild.textContent = say("noNodesHint");
        $("say").textContent = "";
    } catch (problem) {
        const known = problem instanceof TypeError || problem instanceof SyntaxError ? say("unanswered") : problem.message;
        $("say").textContent = say("away", { message: known });
        $("say").dataset.tone = "bad";
    }
}

ask();
setInterval(() => document.hidden || ask(), EVERY);
