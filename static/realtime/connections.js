// The list of sockets: asks every few seconds, filters, turns pages, keeps what was chosen, disconnects and sends.

import { Drawer } from "./connection.js";
import { Filters } from "./filters.js";
import { Editor } from "./json.js";
import { $, ask, counted, element, learn, say, size, span, tell } from "./parts.js";

const about = JSON.parse($("live-about").textContent);
learn(about.texts);

const EVERY = 2500;
const REST = 10; // times as long as a look took: with many sockets it costs the server something
const HIDDEN_GROUPS = /^(everyone$|user\.)/;
const labels = $("rows").dataset.labels.split("|");
const rows = new Map();
const chosen = new Map();
let asking = 0;
let timer = 0;
let last = null;

const filters = new Filters(look);
const drawer = new Drawer(about, { send: (one) => openSend([one]), disconnect: (one) => openDisconnect([one]) });

// --- what is shown ---------------------------------------------------------------------------------------------------

function ago(since) {
    const seconds = Math.max(0, Math.round(Date.now() / 1000 - since));
    return seconds < 5 ? say("now") : say("ago", { time: span(seconds) });
}

function nameOf(one) {
    return one.user_id ? one.name || one.username : say("guest");
}

function person(one) {
    const name = nameOf(one);
    const open = element("button", { type: "button", className: "live-name", textContent: name, title: say("open", { name }) });
    open.addEventListener("click", () => drawer.open(one));
    const machine = one.user_id && !one.groups.includes(`user.${one.user_id}`) ? [say("machine")] : [];
    const below = [one.user_id && one.username !== name ? one.username : "", ...machine].filter(Boolean).join(" · ");
    return below ? [open, element("span", { className: "live-sub", textContent: below })] : [open];
}

function groups(one) {
    const worth = one.groups.filter((group) => !HIDDEN_GROUPS.test(group));
    const shown = worth.slice(0, 3).map((group) => filters.button("group", group, "live-group"));
    if (worth.length > 3) shown.push(element("span", { className: "live-group", textContent: say("more", { n: worth.length - 3 }), title: worth.slice(3).join("\n") }));
    return shown.length ? shown : ["–"];
}

function build(one) {
    const pick = element("input", { type: "checkbox" });
    pick.setAttribute("aria-label", say("choose", { name: nameOf(one) }));
    pick.addEventListener("change", () => choose(row.one, pick.checked));
    const cells = ["live-pick", "gh-head", "gh-mono", "", "gh-nowrap", "live-groups", "num", "num", "num", "gh-mono"].map((className) => element("td", { className }));
    const row = element("tr", {}, ...cells);
    cells[0].append(pick);
    cells.slice(1).forEach((cell, position) => (cell.dataset.label = labels[position]));
    return Object.assign(row, { cells_: cells, pick });
}

function fill(row, one) {
    row.one = one;
    row.pick.checked = chosen.has(one.id);
    const [, user, address, device, since, joined, received, sent, buffered, node] = row.cells_;
    const key = JSON.stringify([one.user_id, one.name, one.username, one.groups]);
    if (row.key !== key) {
        row.key = key;
        user.replaceChildren(element("span", {}, ...person(one)));
        joined.replaceChildren(...groups(one));
        address.replaceChildren(one.address ? filters.button("address", one.address) : "–");
        device.textContent = one.device || "–";
        device.title = one.user_agent;
        node.replaceChildren(filters.button("node", one.node));
        since.title = new Date(one.since * 1000).toLocaleString();
    }
    since.textContent = ago(one.since);
    received.textContent = one.received.toLocaleString();
    sent.textContent = one.sent.toLocaleString();
    buffered.textContent = one.buffered ? size(one.buffered) : "–";
    for (const cell of [joined, buffered]) cell.classList.toggle("live-blank", cell.textContent === "–");
    buffered.classList.toggle("hot", one.buffered > 65536);
}

function show(found) {
    const first = rows.size === 0;
    const newest = !filters.get("sort") && found.page === 1;
    const ids = new Set(found.rows.map((one) => one.id));
    for (const [id, row] of rows) if (!ids.has(id)) rows.delete(id) && row.remove();
    found.rows.forEach((one, position) => {
        let row = rows.get(one.id);
        if (!row) {
            row = build(one);
            row.classList.toggle("new", !first && newest);
            rows.set(one.id, row);
        }
        fill(row, one);
        const there = $("rows").children[position];
        if (there !== row) $("rows").insertBefore(row, there ?? null);
    });
    const nothing = !found.rows.length;
    $("figures").textContent = say("figures", of(found.total, found.people));
    tellFor("", "");
    $("table").hidden = nothing;
    $("empty").hidden = !nothing;
    $("empty").querySelector("strong").textContent = say(found.total ? "noMatch" : "none");
    $("empty").lastElementChild.textContent = say(found.total ? "noMatchHint" : "noneHint");
    showPages(found);
    filters.offer("node", found.nodes);
    filters.offer("group", found.groups.map(({ name, members }) => [name, members]));
    document.querySelector('[name="node"]').parentElement.hidden = found.nodes.length < 2 && !filters.get("node");
    $("send-group").hidden = !about.maySend || !filters.get("group");
    showChosen();
}

function showPages({ page, pages, per_page, matched, total }) {
    $("pages").hidden = pages < 2 && matched === total;
    const first = (page - 1) * per_page;
    const numbers = { first: first + (matched ? 1 : 0), last: Math.min(first + per_page, matched), matched };
    $("range").textContent = say("range", Object.fromEntries(Object.entries(numbers).map(([name, n]) => [name, n.toLocaleString()])));
    $("page-before").disabled = page <= 1;
    $("page-after").disabled = page >= pages;
}

/** What was done stays readable for a moment, whatever the next look says. */
function tellFor(text, tone, milliseconds = 0) {
    if (!text && $("say").dataset.until > Date.now()) return;
    tell($("say"), text, tone);
    $("say").dataset.until = Date.now() + milliseconds;
}

async function look() {
    clearTimeout(timer);
    const number = ++asking;
    const started = performance.now();
    try {
        const found = await ask(`${about.live}?${filters.wanted}`);
        if (number !== asking) return;
        last = found;
        show(found);
    } catch (problem) {
        if (number === asking) tellFor(say("away", { message: problem.message }), "bad");
    }
    if (number === asking) timer = setTimeout(() => document.hidden || look(), Math.max(EVERY, REST * (performance.now() - started)));
}

$("page-before").addEventListener("click", () => filters.want("page", String(last.page - 1)));
$("page-after").addEventListener("click", () => filters.want("page", String(last.page + 1)));

// --- choosing and acting ---------------------------------------------------------------------------------------------

function choose(one, picked) {
    if (picked) chosen.set(one.id, one);
    else chosen.delete(one.id);
    showChosen();
}

function of(sockets, people) {
    return { sockets: counted("socket", sockets), people: counted("person", people) };
}

function numbers(those) {
    return of(those.length, new Set(those.filter((one) => one.user_id).map((one) => one.user_id)).size);
}

function showChosen() {
    const tooMany = chosen.size > about.most;
    $("actions").hidden = !chosen.size;
    $("chosen").textContent = say("chosen", numbers([...chosen.values()])) + (tooMany ? `. ${say("tooMany", { most: about.most })}` : "");
    for (const id of ["open-send", "open-disconnect"]) $(id).disabled = tooMany;
    $("pick-all").checked = rows.size > 0 && [...rows.keys()].every((id) => chosen.has(id));
}

function open(dialog, question, who, to) {
    dialog.to = to;
    dialog.querySelector("h2").textContent = question;
    dialog.querySelector(".live-who").textContent = who;
    dialog.querySelector(".live-say").textContent = "";
    dialog.showModal();
}

function names(those) {
    const all = [...new Set(those.map(nameOf))];
    return all.slice(0, 8).join(", ") + (all.length > 8 ? ` ${say("more", { n: all.length - 8 })}` : "");
}

const ids = (those) => ({ ids: those.map((one) => one.id) });
const openSend = (those) => open($("send-dialog"), say("askSend", numbers(those)), names(those), ids(those));
const openDisconnect = (those) => open($("disconnect-dialog"), say("askDisconnect", numbers(those)), names(those), ids(those));

function openSendGroup() {
    const group = filters.get("group");
    const members = last?.groups.find((one) => one.name === group)?.members ?? 0;
    open($("send-dialog"), say("askSendGroup", { group, sockets: counted("socket", members) }), "", { group });
}

function acts(dialog, address, read) {
    dialog.querySelector("[data-close]").addEventListener("click", () => dialog.close());
    dialog.querySelector("form").addEventListener("submit", async (event) => {
        event.preventDefault();
        const more = read();
        if (!more) return;
        try {
            const { message } = await ask(address, "POST", { ...dialog.to, ...more });
            dialog.close();
            if (dialog.to.ids) chosen.clear();
            tellFor(message, "ok", 8000);
            drawer.tell(message, "ok");
            await look();
        } catch (problem) {
            dialog.querySelector(".live-say").textContent = problem.message;
        }
    });
}

const data = new Editor($("data").closest("[data-editor]"));
acts($("disconnect-dialog"), about.disconnect, () => ({ reason: $("reason").value }));
acts($("send-dialog"), about.send, () => data.check() && { topic: $("topic").value.trim(), data: data.value ?? null });
$("open-disconnect").hidden = !about.mayDisconnect;
$("open-send").hidden = !about.maySend;
if (!about.mayDisconnect && !about.maySend) $("table").classList.remove("live-picks");
$("open-disconnect").addEventListener("click", () => openDisconnect([...chosen.values()]));
$("open-send").addEventListener("click", () => openSend([...chosen.values()]));
$("send-group").addEventListener("click", openSendGroup);
$("pick-all").addEventListener("change", () => {
    for (const row of rows.values()) {
        row.pick.checked = $("pick-all").checked;
        choose(row.one, $("pick-all").checked);
    }
});
$("choose-none").addEventListener("click", () => {
    chosen.clear();
    for (const row of rows.values()) row.pick.checked = false;
    showChosen();
});

look();
document.addEventListener("visibilitychange", () => document.hidden || look());
