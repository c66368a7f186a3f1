// The console: opens a socket to the gateway and shows what travels.

import { Completion } from "./completion.js";
import { Frames } from "./frames.js";
import { Editor, hex, pretty } from "./json.js";
import { Line } from "./line.js";
import { Memory } from "./memory.js";
import { $, ask, counted, element, icon, learn, say, size, span, tell } from "./parts.js";

const about = JSON.parse($("console-about").textContent);
learn(about.texts);

const OWN = /^~/; // ids of what the page itself asks all the time
const AUTOMATIC = /^(everyone$|user\.|role\.|department\.)/;
const BEAT = 5000;

const editor = new Editor($("data").closest("[data-editor]"));
const history = new Memory("history", 50, "noHistory", compose);
const snippets = new Memory("snippets", 200, "noSnippets", compose);
const topics = new Completion(about.wanted, () => editor.area.focus());
const frames = new Frames({ again: ({ topic, data }) => compose(topic, data === undefined ? "" : pretty(data)) });
const line = new Line(about.socket, {
    state: showState,
    opened,
    frame: (one) => frames.add({ ...one, own: OWN.test(one.frame?.id), ...(one.bytes && { text: hex(one.bytes), topic: say("binary") }) }),
    closed,
});
let heart = 0;
let countdown = 0;
let joined = []; // groups belong to a connection: who comes back joins them again

// --- the connection --------------------------------------------------------------------------------------------------

function chosen(name) {
    return document.querySelector(`[name="${name}"]:checked`).value;
}

function showState(name, text = "") {
    clearInterval(countdown);
    $("state").dataset.state = name;
    $("state").lastElementChild.textContent = text || say(name === "refused" ? "offline" : name);
    const busy = !["offline", "refused"].includes(name);
    $("connect").textContent = say(busy ? "disconnect" : "connect");
    $("connect").classList.toggle("gh-button-primary", !busy);
    for (const id of ["send", "join", "who-again"]) $(id).disabled = name !== "online";
    for (const one of document.querySelectorAll('[name="mode"], #subprotocol')) one.disabled = busy;
}

function toggleLine() {
    if (line.busy) return line.disconnect();
    const [mode, given] = [chosen("mode"), $("ticket").value.trim()];
    if (mode === "token" && !$("token").value.trim()) return tell($("line-says"), say("noToken"), "bad");
    if (mode === "ticket" && !given) return tell($("line-says"), say("noTicket"), "bad");
    tell($("line-says"), "");
    let first = given;
    const ticket = async () => {
        const one = first || (await newTicket()); // it works once: whoever comes back needs another
        first = "";
        return one;
    };
    line.connect({ protocols: $("subprotocol").value ? [$("subprotocol").value] : [], ticket: mode === "ticket" ? ticket : null });
    $("ticket").value = "";
}

async function newTicket() {
    return (await ask(about.ticket, "POST", {})).ticket;
}

async function getTicket() {
    try {
        $("ticket").value = await newTicket();
        tell($("line-says"), say("ticketReady"), "ok");
    } catch (problem) {
        tell($("line-says"), say("ticketFailed", { message: problem.message }), "bad");
    }
}

async function opened() {
    const mode = chosen("mode");
    tell($("line-says"), "");
    if (mode === "guest") await line.ask("unauth", undefined, "~unauth").catch(() => {});
    if (mode === "token") {
        const shown = line.ask("auth", { access: $("token").value.trim() }, "~auth");
        await shown.catch((problem) => tell($("line-says"), problem.message, "bad"));
    }
    if (!line.open) return;
    for (const group of joined) line.ask("join", { group }, "join").catch(() => {});
    line.ask("topics.list", undefined, "~topics").then((found) => topics.know(found), () => {});
    clearInterval(heart);
    heart = setInterval(beat, BEAT);
    beat();
}

function beat() {
    if (!line.open) return;
    const started = performance.now();
    line.ask("ping", undefined, "~ping").then(() => {
        const took = performance.now() - started;
        const shown = `${took < 10 ? took.toFixed(1) : Math.round(took)} ms`;
        fact("rtt", shown);
        if (line.open) showState("online", `${say("online")} · ${shown}`);
    }, () => {});
    look();
}

function look() {
    line.ask("whoami", undefined, "~whoami").then(showWho, () => {});
}

function closed({ code, reason, again }) {
    clearInterval(heart);
    const ours = code === 1000 || code === 1005;
    const what = !code ? reason : code === 1006 ? say("cut") : say(reason ? "closedWhy" : "closed", { code, reason });
    frames.add({ way: "note", text: what, frame: null, topic: code ? String(code) : "", bad: !ours, size: 0 });
    if (!ours) tell($("line-says"), again === null && code >= 4500 ? `${what}\n${say("never")}` : what, "bad");
    if (again !== null) countDown(performance.now() + again * 1000);
    else joined = [];
    tell($("groups-say"), "");
    showWho(null);
}

function countDown(until) {
    const show = () => ($("state").lastElementChild.textContent = say("again", { time: span(Math.max(0, Math.ceil((until - performance.now()) / 1000))) }));
    show();
    countdown = setInterval(show, 500);
}

// --- as the server sees it -------------------------------------------------------------------------------------------

function fact(name, value) {
    document.querySelector(`[data-fact="${name}"]`).textContent = value ?? "–";
}

function showWho(who) {
    fact("user", who && (who.user ? `${who.user.name || who.user.username} (${who.user.id})` : say("guest")));
    for (const name of ["connection", "node", "address"]) fact(name, who?.[name]);
    fact("since", who && new Date(who.since * 1000).toLocaleTimeString());
    for (const name of ["received", "sent"]) fact(name, who?.counters[name].toLocaleString());
    fact("buffered", who && size(who.counters.buffered));
    fact("watched", who && say(who.watched ? "watched" : "unwatched"));
    if (who) joined = who.groups.filter((group) => !AUTOMATIC.test(group));
    else fact("rtt", null);
    const settings = who && Object.entries(who.settings);
    fact("settings", settings?.length ? settings.map(([key, value]) => `${key} = ${value}`).join(", ") : null);
    showGroups(who?.groups ?? []);
}

function showGroups(groups) {
    const key = groups.join("\n");
    if ($("groups").dataset.shows === key) return;
    $("groups").dataset.shows = key;
    const ordered = [...groups].sort((a, b) => AUTOMATIC.test(a) - AUTOMATIC.test(b) || a.localeCompare(b));
    $("groups").replaceChildren(...ordered.map(chip));
}

function chip(group) {
    if (AUTOMATIC.test(group)) return element("span", { className: "con-chip", textContent: group, title: say("automatic") });
    const leave = element("button", { type: "button", title: say("leave", { group }) }, icon("close"));
    leave.setAttribute("aria-label", leave.title);
    leave.addEventListener("click", () => {
        tell($("groups-say"), "");
        line.ask("leave", { group }, "leave").catch(() => {}).finally(look);
    });
    return element("span", { className: "con-chip joined" }, group, leave);
}

async function join(event) {
    event.preventDefault();
    const group = $("group").value.trim();
    if (!group || !line.open) return;
    try {
        const { members } = await line.ask("join", { group }, "join");
        $("group").value = "";
        tell($("groups-say"), counted("member", members), "ok");
    } catch (problem) {
        tell($("groups-say"), problem.message, "bad");
    }
    look();
}

// --- composing -------------------------------------------------------------------------------------------------------

function compose(topic, text) {
    $("topic").value = topic;
    editor.text = text;
    topics.explain();
    $("data").focus();
}

function send() {
    const topic = $("topic").value.trim();
    if (!line.open || !editor.check()) return;
    if (!topic) return tell(editor.says, say("needsTopic"), "bad");
    const data = editor.value;
    line.write({ ...($("wants-reply").checked ? { id: ++line.asked } : {}), topic, ...(data === undefined ? {} : { data }) });
    if (topic !== "auth") history.add({ topic, text: editor.text });
}

$("connect").addEventListener("click", toggleLine);
$("get-ticket").addEventListener("click", getTicket);
$("come-back").addEventListener("change", () => (line.persistent = $("come-back").checked));
$("send").addEventListener("click", send);
$("who-again").addEventListener("click", look);
$("join-form").addEventListener("submit", join);
$("fill-in").addEventListener("click", () => compose($("topic").value.trim(), pretty(topics.example)));
for (const field of [$("data"), $("topic")])
    field.addEventListener("keydown", (event) => {
        if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) send();
    });
for (const one of document.querySelectorAll('[name="mode"]'))
    one.addEventListener("change", () => {
        for (const field of document.querySelectorAll("[data-mode]")) field.hidden = field.dataset.mode !== chosen("mode");
    });

$("save-snippet").addEventListener("click", () => {
    $("snippet-name").value = $("topic").value.trim();
    $("snippet-dialog").showModal();
});
$("snippet-cancel").addEventListener("click", () => $("snippet-dialog").close());
$("snippet-dialog").querySelector("form").addEventListener("submit", () => {
    const name = $("snippet-name").value.trim();
    if (name) snippets.add({ name, topic: $("topic").value.trim(), text: editor.text });
});

// --- to people -------------------------------------------------------------------------------------------------------

function pushes() {
    const data = new Editor($("push-data").closest("[data-editor]"));
    for (const one of document.querySelectorAll('[name="to"]'))
        one.addEventListener("change", () => {
            $("who-field").hidden = chosen("to") === "all";
            if (chosen("to") !== "all") $("who-field").firstElementChild.textContent = say(`to_${chosen("to")}`);
        });
    $("push-form").addEventListener("submit", async (event) => {
        event.preventDefault();
        const [kind, who, topic] = [chosen("to"), $("who").value.trim(), $("push-topic").value.trim()];
        if (!data.check()) return;
        if (!topic) return tell($("push-says"), say("needsTopic"), "bad");
        if (kind !== "all" && !who) return tell($("push-says"), say("needsWho"), "bad");
        const to = kind === "all" ? { all: true } : { [kind]: kind === "user" && /^\d+$/.test(who) ? Number(who) : who };
        try {
            const { delivered } = await ask(about.messages, "POST", { to, topic, data: data.value ?? null, receipt: true });
            const reached = { who: kind === "all" ? say("everyone") : who, sockets: counted("socket", delivered) };
            tell($("push-says"), say(delivered ? "sentTo" : "sentToNobody", reached), delivered ? "ok" : "bad");
        } catch (problem) {
            tell($("push-says"), say("sendFailed", { message: problem.message }), "bad");
        }
    });
}

showState("offline");
if (about.maySend) pushes();
