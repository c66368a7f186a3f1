// The log of a build, live. Places are counted in bytes, by the server: what begins where we end is shown, what we have is
// left out, and what lies between is fetched. So nothing is missed and nothing doubled, however often the line breaks.

import { $, about } from "./live.js";
import { line } from "./build.js";
import { Lines } from "./lines.js";

const TOPIC = "jenkins.log";
const MEGABYTE = 1048576;
const MOST = 24 * MEGABYTE; // of text in this page
const BEGIN_AT_END = 2 * MEGABYTE; // a longer log is shown from its end
const AGAIN_SECONDS = 3;
const { url, texts } = about.log;

const lines = new Lines($("jk-log-view"));
const parts = []; // {lines, bytes} of what was added to the end, to forget whole ones
const log = { first: 0, end: 0, size: 0, complete: false, cut: false, begun: false, watched: false };
let follows = true;
let unseen = 0;
let hits = [];
let work = Promise.resolve();

const say = (key, values = {}) => texts[key].replace(/\{(\w+)\}/g, (_, name) => values[name] ?? "");
const size = (bytes) => (bytes < MEGABYTE ? `${Math.ceil(bytes / 1024)} KB` : `${(bytes / MEGABYTE).toFixed(1)} MB`);
const number = (n) => n.toLocaleString(document.documentElement.lang || undefined);

/** One after the other: what comes while something is fetched waits. */
function then(act) {
    work = work.then(act).catch(() => {});
    return work;
}

async function ask(query) {
    const answer = await fetch(`${url}?${new URLSearchParams(query)}`, { credentials: "same-origin" });
    const said = await answer.json();
    if (!answer.ok) throw new Error(said.error?.message ?? answer.statusText);
    return said;
}

// --- what comes ------------------------------------------------------------------------------------------------------

/** Take a part if it begins where we end; tell whether there is more to fetch. */
function take(part) {
    Object.assign(log, { size: Math.max(log.size, part.size), complete: part.complete, cut: part.cut });
    if (part.start === log.end && part.end > part.start) {
        parts.push({ lines: lines.append(part.text), bytes: part.end - part.start });
        log.end = part.end;
        unseen += follows ? 0 : parts.at(-1).lines;
        keepBounds();
        draw();
    }
    show();
    return part.end > log.end || log.end < log.size;
}

async function catchUp() {
    for (;;) {
        const before = log.end;
        const part = await ask({ start: log.end });
        if (!take(part) || log.end === before) return;
    }
}

function keepBounds() {
    while (log.end - log.first > MOST && parts.length > 1) {
        const gone = parts.shift();
        log.first += gone.bytes;
        lines.drop(gone.lines, follows);
    }
}

async function begin() {
    const part = await ask({ start: 0 }); // fetches from Jenkins what is not here
    if (part.size > BEGIN_AT_END) {
        const last = await ask({ before: "end" });
        lines.numbered = last.start === 0;
        Object.assign(log, { first: last.start, end: last.start });
        take(last);
    } else take(part);
    log.begun = true;
    await catchUp();
}

async function watch() {
    const part = await line.ask(TOPIC, { build: about.build, start: log.end });
    log.watched = part.live; // else nothing is pushed, and it is asked for again
    if (take(part)) await catchUp();
}

async function start() {
    if (!log.begun) await begin();
    if (!log.complete && line.open && !log.watched) await watch();
    show();
}

document.addEventListener("jenkins:pushed", ({ detail: { topic, data } }) => {
    if (topic !== TOPIC || data.build !== about.build) return;
    then(async () => {
        if (!log.begun) return;
        take(data);
        if (data.end > log.end) await catchUp();
    });
});
document.addEventListener("jenkins:opened", () => {
    log.watched = false;
    then(start).then(show);
});
document.addEventListener("jenkins:build", () => then(async () => log.complete || (await catchUp())));
setInterval(() => {
    // without a socket, or while Jenkins does not answer, it is asked for
    if (log.complete && log.end < log.size) then(catchUp);
    else if (!log.complete && !(log.begun && log.watched && line.open) && !document.hidden) then(start).then(show);
    else show();
}, AGAIN_SECONDS * 1000);

async function earlier() {
    if (log.end - log.first >= MOST) return;
    const part = await ask({ before: log.first });
    lines.numbered = part.start === 0;
    parts.length && (parts[0].bytes += part.end - part.start);
    parts.length && (parts[0].lines += part.text.split("\n").length - 1);
    log.first = part.start;
    lines.prepend(part.text);
    search();
    show();
}

// --- what is shown ---------------------------------------------------------------------------------------------------

let asked = 0;

/** At most once a frame, however many parts come. */
function draw() {
    asked ||= requestAnimationFrame(() => {
        asked = 0;
        if (lines.needle) search();
        if (follows) lines.toEnd();
        else lines.draw();
    });
}

function show() {
    const state = $("jk-log-state");
    const name = log.complete && log.end >= log.size ? "complete" : !log.begun || !line.open ? "away" : log.size ? "live" : "waiting";
    state.textContent = name === "away" && !log.end ? "" : name === "waiting" ? "" : say(name);
    state.dataset.state = name;
    const left = log.first > 0;
    $("jk-log-earlier").hidden = !left;
    const full = log.end - log.first >= MOST;
    $("jk-log-earlier").disabled = full;
    if (left) $("jk-log-earlier").textContent = full ? say("tooMuch", { size: size(MOST) }) : say("earlier", { size: size(log.first) });
    $("jk-log-note").textContent = note();
    $("jk-log-view").hidden = !log.size;
    showFollow();
}

/** What a person must know of what is not on the page. */
function note() {
    if (!log.size) return log.complete ? say("empty") : say("waiting");
    const shown = { shown: size(log.end - log.first), all: size(log.size) };
    return [log.first > 0 && log.begun ? say("partial", shown) : "", log.cut ? say("cut") : ""].filter(Boolean).join(" ");
}

function showFollow() {
    const button = $("jk-log-follow");
    button.hidden = log.complete && !unseen;
    button.setAttribute("aria-pressed", String(follows));
    button.firstElementChild.textContent = follows ? "pause" : "arrow_downward";
    button.lastElementChild.textContent = follows ? say("pause") : unseen ? say("more", { n: number(unseen) }) : say("follow");
}

function setFollow(value) {
    follows = value;
    if (value) {
        unseen = 0;
        lines.toEnd();
    }
    showFollow();
}

$("jk-log-follow").addEventListener("click", () => setFollow(!follows));
$("jk-log-earlier").addEventListener("click", () => then(earlier));
// whoever scrolls up wants to read; whoever comes back to the end wants what follows
let top = 0;
$("jk-log-view").addEventListener("scroll", () => {
    const wentUp = $("jk-log-view").scrollTop < top;
    top = $("jk-log-view").scrollTop;
    if (follows && wentUp && !lines.atEnd) setFollow(false);
    else if (!follows && !wentUp && lines.atEnd && !lines.needle) setFollow(true);
});

// --- searching -------------------------------------------------------------------------------------------------------

function search() {
    hits = lines.find($("jk-log-text").value);
    const place = hits.indexOf(lines.marked);
    const some = lines.needle !== "";
    const here = log.first > 0 ? "Here" : ""; // what is not on the page is not searched
    const counts = { n: number(place + 1), all: number(hits.length) };
    $("jk-log-found").textContent = !some ? "" : hits.length ? say(`found${here}`, counts) : say(`none${here}`);
    if (!some) lines.marked = -1;
    lines.draw();
}

function go(step) {
    if (!hits.length) return;
    setFollow(false);
    const place = hits.indexOf(lines.marked);
    const next = place < 0 ? (step > 0 ? 0 : hits.length - 1) : (place + step + hits.length) % hits.length;
    lines.marked = hits[next];
    search();
    lines.show(lines.marked);
}

$("jk-log-text").addEventListener("input", () => {
    lines.marked = -1;
    search();
    if (hits.length) go(1);
});
$("jk-log-text").addEventListener("keydown", (event) => {
    if (event.key !== "Enter") return;
    event.preventDefault();
    go(event.shiftKey ? -1 : 1);
});
$("jk-log-up").addEventListener("click", () => go(-1));
$("jk-log-down").addEventListener("click", () => go(1));

then(start).then(show);
