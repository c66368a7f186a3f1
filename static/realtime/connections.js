// The live list of sockets: asks every few seconds, keeps what was chosen, disconnects and sends.

const about = JSON.parse(document.getElementById("live-about").textContent);
const EVERY = 2500;
const AUTOMATIC = /^(everyone$|user\.)/;
const $ = (id) => document.getElementById(id);
const say = (key, values = {}) => (about.texts[key] ?? key).replace(/\{(\w+)\}/g, (_, name) => values[name] ?? "");
const labels = $("rows").dataset.labels.split("|");
const rows = new Map();
const chosen = new Map();
let sort = "-since";
let asking = 0;

function element(tag, properties = {}, ...children) {
    const made = Object.assign(document.createElement(tag), properties);
    made.append(...children);
    return made;
}

function age(since) {
    const seconds = Math.max(0, Math.round(Date.now() / 1000 - since));
    if (seconds < 5) return say("now");
    const [n, unit] = seconds < 60 ? [seconds, "s"] : seconds < 3600 ? [seconds / 60, "min"] : seconds < 86400 ? [seconds / 3600, "h"] : [seconds / 86400, "d"];
    return say("ago", { time: say(unit, { n: Math.floor(n) }) });
}

function size(bytes) {
    if (!bytes) return "–";
    if (bytes < 1024) return `${bytes} B`;
    return bytes < 1048576 ? `${(bytes / 1024).toFixed(1)} KB` : `${(bytes / 1048576).toFixed(1)} MB`;
}

function person(one) {
    const name = one.user_id ? one.name || one.username : say("guest");
    const link = one.user_id && about.user;
    const shown = element(link ? "a" : "span", { className: "live-name", textContent: name });
    if (link) shown.href = about.user.replace("/0/", `/${one.user_id}/`);
    const below = one.user_id && one.username !== name ? [element("span", { className: "live-sub", textContent: one.username })] : [];
    return [shown, ...below];
}

function groups(one) {
    const worth = one.groups.filter((group) => !AUTOMATIC.test(group));
    const shown = worth.slice(0, 3).map((group) => element("span", { className: "live-group", textContent: group }));
    if (worth.length > 3) shown.push(element("span", { className: "live-group", textContent: say("more", { n: worth.length - 3 }), title: worth.slice(3).join("\n") }));
    return shown.length ? shown : ["–"];
}

function build(one) {
    const pick = element("input", { type: "checkbox" });
    pick.setAttribute("aria-label", say("choose", { name: one.name || one.username || say("guest") }));
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
        user.replaceChildren(...person(one));
        joined.replaceChildren(...groups(one));
        address.textContent = one.address || "–";
        device.textContent = one.device || "–";
        device.title = one.user_agent;
        node.textContent = one.node;
        since.title = new Date(one.since * 1000).toLocaleString();
    }
    since.textContent = age(one.since);
    received.textContent = one.received.toLocaleString();
    sent.textContent = one.sent.toLocaleString();
    buffered.textContent = size(one.buffered);
    buffered.classList.toggle("hot", one.buffered > 65536);
}

function show({ rows: found, matched, total, people }) {
    const first = rows.size === 0;
    const ids = new Set(found.map((one) => one.id));
    for (const [id, row] of rows) if (!ids.has(id)) rows.delete(id) && row.remove();
    found.forEach((one, position) => {
        let row = rows.get(one.id);
        if (!row) {
            row = build(one);
            row.classList.toggle("new", !first && sort === "-since");
            rows.set(one.id, row);
        }
        fill(row, one);
        const there = $("rows").children[position];
        if (there !== row) $("rows").insertBefore(row, there ?? null);
    });
    $("figures").textContent = say("figures", of(total, people));
    tell(matched > found.length ? say("matched", { shown: found.length, matched }) : "");
    $("empty").hidden = found.length > 0;
    $("table").hidden = !found.length;
    $("empty").querySelector("strong").textContent = say(total ? "noMatch" : "none");
    $("empty").lastElementChild.textContent = say(total ? "noMatchHint" : "noneHint");
    showChosen();
}

function tell(text, tone = "") {
    if (!text && $("say").dataset.until > Date.now()) return;
    $("say").textContent = text;
    $("say").dataset.tone = tone;
    $("say").dataset.until = tone === "ok" ? Date.now() + 6000 : 0;
}

async function ask() {
    const number = ++asking;
    try {
        const answer = await fetch(`${about.live}?${new URLSearchParams({ q: $("search").value, sort })}`, { headers: { Accept: "application/json" } });
        const found = await answer.json();
        if (number !== asking) return;
        if (!answer.ok) throw new Error(found.error?.message);
        show(found);
    } catch (problem) {
        if (number === asking) tell(say("away", { message: problem instanceof TypeError || problem instanceof SyntaxError ? say("unanswered") : problem.message }), "bad");
    }
}

async function post(address, body) {
    const token = document.querySelector("[name=csrfmiddlewaretoken]").value;
    const answer = await fetch(address, { method: "POST", headers: { "Content-Type": "application/json", Accept: "application/json", "X-CSRFToken": token }, body: JSON.stringify(body) });
    const said = await answer.json().catch(() => ({}));
    if (!answer.ok) throw new Error([said.error?.message ?? answer.statusText, ...leaves(said.error?.fields)].join(" "));
    return said;
}

function leaves(value) {
    if (typeof value === "string") return [value];
    return value ? Object.values(value).flatMap(leaves) : [];
}

// --- choosing and acting ---

function choose(one, wanted) {
    if (wanted) chosen.set(one.id, one);
    else chosen.delete(one.id);
    showChosen();
}

function of(sockets, people) {
    const part = (one, many, n) => say(n === 1 ? one : many, { n: n.toLocaleString() });
    return { sockets: part("socket", "sockets", sockets), people: part("person", "people", people) };
}

function counted() {
    return of(chosen.size, new Set([...chosen.values()].filter((one) => one.user_id).map((one) => one.user_id)).size);
}

function showChosen() {
    $("actions").hidden = !chosen.size;
    $("chosen").textContent = say("chosen", counted());
    $("pick-all").checked = rows.size > 0 && [...rows.keys()].every((id) => chosen.has(id));
}

function open(dialog, question) {
    dialog.querySelector("h2").textContent = say(question, counted());
    const names = [...new Set([...chosen.values()].map((one) => one.name || one.username || say("guest")))];
    dialog.querySelector(".live-who").textContent = names.slice(0, 8).join(", ") + (names.length > 8 ? ` ${say("more", { n: names.length - 8 })}` : "");
    dialog.querySelector(".live-say").textContent = "";
    dialog.showModal();
}

function acts(dialog, address, read) {
    dialog.querySelector("[data-close]").addEventListener("click", () => dialog.close());
    dialog.querySelector("form").addEventListener("submit", async (event) => {
        event.preventDefault();
        try {
            const { message } = await post(address, { ids: [...chosen.keys()], ...read() });
            dialog.close();
            chosen.clear();
            tell(message, "ok");
            await ask();
        } catch (problem) {
            dialog.querySelector(".live-say").textContent = problem.message;
        }
    });
}

function json(text) {
    try {
        return text.trim() ? JSON.parse(text) : null;
    } catch (problem) {
        throw new Error(say("badJson", { problem: problem.message }));
    }
}

$("open-disconnect").hidden = !about.mayDisconnect;
$("open-send").hidden = !about.maySend;
if (!about.mayDisconnect && !about.maySend) document.head.append(element("style", { textContent: ".live-pick { display: none !important; }" }));
$("open-disconnect").addEventListener("click", () => open($("disconnect-dialog"), "askDisconnect"));
$("open-send").addEventListener("click", () => open($("send-dialog"), "askSend"));
acts($("disconnect-dialog"), about.disconnect, () => ({ reason: $("reason").value }));
acts($("send-dialog"), about.send, () => ({ topic: $("topic").value.trim(), data: json($("data").value) }));
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

let typing;
$("search").addEventListener("input", () => {
    clearTimeout(typing);
    typing = setTimeout(ask, 200);
});

function showSort() {
    for (const button of document.querySelectorAll("[data-sort]")) {
        delete button.dataset.order;
        if (sort.replace("-", "") === button.dataset.sort) button.dataset.order = sort.startsWith("-") ? "down" : "up";
    }
}

for (const button of document.querySelectorAll("[data-sort]"))
    button.addEventListener("click", () => {
        const name = button.dataset.sort;
        const textual = name === "name" || name === "address";
        sort = textual ? name : sort === `-${name}` ? name : `-${name}`;
        showSort();
        ask();
    });

showSort();
ask();
setInterval(() => document.hidden || ask(), EVERY);
document.addEventListener("visibilitychange", () => document.hidden || ask());
