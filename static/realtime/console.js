// The console: opens a socket to the gateway and shows what travels. One module, no build step.

const about = JSON.parse(document.getElementById("console-about").textContent);
const $ = (id) => document.getElementById(id);
const say = (key, values = {}) =>
    (about.texts[key] ?? key).replace(/\{(\w+)\}/g, (_, name) => values[name] ?? "");

const ROW = 32; // height of a row in the list, as in console.css
const KEPT = 50_000; // frames; older ones are let go
const HEARTBEAT = "~ping";
const WHO = "~whoami";
const TOPICS = "~topics";

function element(tag, properties = {}, ...children) {
    const made = Object.assign(document.createElement(tag), properties);
    made.append(...children);
    return made;
}

function icon(name) {
    const made = element("span", { className: "material-symbols-outlined", textContent: name });
    made.setAttribute("aria-hidden", "true");
    return made;
}

function counted(what, count) {
    return say(count === 1 ? what : `${what}s`, { count });
}

function tell(place, text, tone = "") {
    place.textContent = text;
    place.dataset.tone = tone;
}

function size(bytes) {
    if (bytes < 1024) return `${bytes} B`;
    return bytes < 1048576 ? `${(bytes / 1024).toFixed(1)} KB` : `${(bytes / 1048576).toFixed(1)} MB`;
}

const remembered = {
    read(name) {
        try {
            const found = JSON.parse(localStorage.getItem(`gatehouse.console.${name}`));
            return Array.isArray(found) ? found : [];
        } catch {
            return [];
        }
    },
    write(name, value) {
        try {
            localStorage.setItem(`gatehouse.console.${name}`, JSON.stringify(value));
        } catch {
            // storage is full or closed: it is a convenience, nothing depends on it
        }
    },
};

// --- JSON: where is it wrong, and what does it look like ---------------------------------------------------------

class JsonProblem extends Error {
    constructor(key, at) {
        super(key);
        this.at = at;
    }
}

const SPACE = /[ \t\n\r]*/y;
const NUMBER = /-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?/y;
const WORD = /[A-Za-z]+/y;

// Browsers word their JSON errors differently and some hide the place, so the place is looked for here.
function findJsonProblem(text) {
    let at = 0;
    const match = (pattern) => {
        pattern.lastIndex = at;
        const found = pattern.exec(text);
        if (found) at = pattern.lastIndex;
        return found?.[0];
    };
    const fail = (key, place = at) => {
        throw new JsonProblem(key, place);
    };
    const string = () => {
        const start = at++;
        for (; at < text.length; at++) {
            if (text[at] === '"') return void at++;
            if (text[at] < " ") fail("jsonControl");
            if (text[at] !== "\\") continue;
            at++;
            if (text[at] === "u" ? !/^[0-9a-fA-F]{4}$/.test(text.slice(at + 1, at + 5)) : !'"\\/bfnrt'.includes(text[at] ?? "?"))
                fail("jsonEscape", at - 1);
        }
        fail("jsonString", start);
    };
    const several = (end, one) => {
        at++;
        match(SPACE);
        if (text[at] === end) return void at++;
        for (;;) {
            match(SPACE);
            one();
            match(SPACE);
            if (text[at] === end) return void at++;
            if (text[at] !== ",") fail("jsonComma");
            at++;
        }
    };
    const value = (depth) => {
        if (depth > 200) fail("jsonDeep");
        match(SPACE);
        if (text[at] === '"') return string();
        if (text[at] === "[") return several("]", () => value(depth + 1));
        if (text[at] === "{")
            return several("}", () => {
                if (text[at] !== '"') fail("jsonKey");
                string();
                match(SPACE);
                if (text[at] !== ":") fail("jsonColon");
                at++;
                value(depth + 1);
            });
        const start = at;
        const word = match(WORD);
        if (word) return ["true", "false", "null"].includes(word) ? undefined : fail("jsonWord", start);
        if (!match(NUMBER)) fail(/[-+.\d]/.test(text[at] ?? "") ? "jsonNumber" : "jsonValue");
    };
    try {
        value(0);
        match(SPACE);
        if (at < text.length) fail("jsonEnd");
        return null;
    } catch (problem) {
        if (problem instanceof JsonProblem) return problem;
        throw problem;
    }
}

function describe(problem, text) {
    const before = text.slice(0, problem.at).split("\n");
    return say("jsonPlace", { line: before.length, column: before.at(-1).length + 1, problem: say(problem.message) });
}

const TOKENS = /("(?:[^"\\]|\\.)*"?)(\s*:)?|(-?\d[\d.eE+-]*)|\b(true|false|null)\b/g;

function painted(text, badAt = -1) {
    const pieces = [];
    let last = 0;
    const plain = (from, to) => {
        if (badAt < from || badAt >= to) return void pieces.push(text.slice(from, to));
        const bad = element("span", { className: "tok-bad", textContent: text[badAt] === "\n" ? " \n" : text[badAt] });
        pieces.push(text.slice(from, badAt), bad, text.slice(badAt + 1, to));
    };
    for (const found of text.matchAll(TOKENS)) {
        plain(last, found.index);
        const [whole, string, colon, number] = found;
        const kind = string ? (colon ? "key" : "text") : number ? "number" : "word";
        const end = found.index + (string ? string.length : whole.length);
        const bad = badAt >= found.index && badAt < end;
        pieces.push(element("span", { className: `tok-${kind}${bad ? " tok-bad" : ""}`, textContent: text.slice(found.index, end) }));
        last = end;
    }
    plain(last, text.length);
    if (badAt >= text.length) pieces.push(element("span", { className: "tok-bad", textContent: " " }));
    return pieces;
}

class Editor {
    constructor(frame) {
        this.frame = frame;
        this.area = frame.querySelector("textarea");
        this.paper = frame.querySelector("pre");
        this.says = frame.parentElement.querySelector("[data-says]");
        this.area.addEventListener("input", () => this.check());
        this.area.addEventListener("scroll", () => (this.paper.scrollTop = this.area.scrollTop));
        this.area.addEventListener("keydown", (event) => this.indent(event));
        this.check();
    }

    get text() {
        return this.area.value;
    }

    set text(value) {
        this.area.value = value;
        this.check();
    }

    get problem() {
        return this.text.trim() ? findJsonProblem(this.text) : null;
    }

    get value() {
        return this.text.trim() ? JSON.parse(this.text) : undefined;
    }

    check() {
        const problem = this.problem;
        this.paper.replaceChildren(...painted(this.text, problem?.at), "\n");
        this.paper.scrollTop = this.area.scrollTop;
        this.frame.toggleAttribute("data-bad", Boolean(problem));
        this.area.setAttribute("aria-invalid", String(Boolean(problem)));
        tell(this.says, problem ? describe(problem, this.text) : "", problem ? "bad" : "");
        return !problem;
    }

    indent(event) {
        if (event.key !== "Enter" || event.ctrlKey || event.metaKey || event.isComposing) return;
        const { selectionStart: at, value } = this.area;
        const line = value.slice(value.lastIndexOf("\n", at - 1) + 1, at);
        const deeper = /[{[]\s*$/.test(line) ? "  " : "";
        event.preventDefault();
        this.area.setRangeText(`\n${line.match(/^\s*/)[0]}${deeper}`, at, this.area.selectionEnd, "end");
        this.check();
    }
}

function tree(value, name = null, depth = 0) {
    const label = name === null ? [] : [element("span", { className: "tok-key", textContent: name }), ": "];
    if (value === null || typeof value !== "object") {
        const kind = typeof value === "string" ? "text" : typeof value === "number" ? "number" : "word";
        return element("div", {}, ...label, element("span", { className: `tok-${kind}`, textContent: JSON.stringify(value) }));
    }
    const entries = Object.entries(value);
    const [open, close] = Array.isArray(value) ? ["[", "]"] : ["{", "}"];
    if (!entries.length) return element("div", {}, ...label, open + close);
    const note = element("small", { textContent: counted(Array.isArray(value) ? "item" : "field", entries.length) });
    const node = element("details", { open: depth < 2 || entries.length < 4 }, element("summary", {}, ...label, `${open} `, note, ` ${close}`));
    const fill = () => {
        if (node.open && node.childElementCount === 1)
            node.append(element("div", { className: "con-kids" }, ...entries.map(([key, inner]) => tree(inner, key, depth + 1))));
    };
    node.addEventListener("toggle", fill);
    fill();
    return node;
}

// --- frames: a list of thousands of which a screenful exists -------------------------------------------------------

class Frames {
    constructor() {
        this.all = [];
        this.shown = [];
        this.held = [];
        this.paused = false;
        this.following = true;
        this.selected = null;
        this.pool = [];
        this.numbered = 0;
        this.scroll = $("scroll");
        this.scroll.addEventListener("scroll", () => this.scrolled(), { passive: true });
        this.scroll.addEventListener("keydown", (event) => this.step(event));
        $("rows").addEventListener("click", (event) => {
            const row = event.target.closest(".con-frame");
            if (row) this.select(this.shown[Number(row.dataset.index)]);
        });
        $("filter").addEventListener("input", () => this.sift());
        $("direction").addEventListener("change", () => this.sift());
        $("heartbeats").addEventListener("change", () => this.sift());
        new ResizeObserver(() => this.draw()).observe(this.scroll);
        this.draw();
    }

    add(way, text, frame, more = {}) {
        const one = { number: ++this.numbered, at: new Date(), way, text, frame, ...more };
        one.topic = more.topic ?? frame?.topic ?? "";
        one.own = typeof frame?.id === "string" && frame.id.startsWith("~");
        one.bad = Boolean(frame?.error) || more.bad;
        one.size = more.size ?? new Blob([text]).size;
        if (this.paused) this.held.push(one);
        else this.keep([one]);
        this.draw();
    }

    keep(frames) {
        for (const one of frames) {
            this.all.push(one);
            if (this.wanted(one)) this.shown.push(one);
        }
        if (this.all.length > KEPT * 1.1) {
            this.all.splice(0, this.all.length - KEPT);
            this.sift();
        }
    }

    wanted(one) {
        if (one.own && !$("heartbeats").checked) return false;
        const way = $("direction").value;
        if (way && one.way !== way) return false;
        const words = $("filter").value.toLowerCase().split(/\s+/).filter(Boolean);
        const text = words.length ? `${one.topic} ${one.text}`.toLowerCase() : "";
        return words.every((word) => (word.length > 1 && word[0] === "-" ? !text.includes(word.slice(1)) : text.includes(word)));
    }

    sift() {
        this.shown = this.all.filter((one) => this.wanted(one));
        this.following = true;
        this.draw();
    }

    clear() {
        this.all = [];
        this.shown = [];
        this.held = [];
        this.select(null);
    }

    pause(paused) {
        this.paused = paused;
        if (!paused) this.keep(this.held.splice(0));
        this.draw();
    }

    select(one) {
        this.selected = one ?? null;
        if (one) this.following = false;
        inspect(this.selected);
        if (one) this.reveal(this.shown.indexOf(one));
        this.draw();
    }

    reveal(index) {
        const top = index * ROW;
        const { scrollTop, clientHeight } = this.scroll;
        if (top < scrollTop) this.scroll.scrollTop = top;
        else if (top + ROW > scrollTop + clientHeight) this.scroll.scrollTop = top + ROW - clientHeight;
    }

    step(event) {
        const by = { ArrowDown: 1, ArrowUp: -1 }[event.key];
        if (event.key === "Escape") this.select(null);
        if (!by || !this.shown.length) return;
        event.preventDefault();
        const now = this.shown.indexOf(this.selected);
        const next = Math.min(this.shown.length - 1, Math.max(0, now < 0 ? this.shown.length - 1 : now + by));
        this.select(this.shown[next]);
    }

    scrolled() {
        const { scrollTop, clientHeight, scrollHeight } = this.scroll;
        this.following = scrollTop + clientHeight >= scrollHeight - ROW;
        this.draw();
    }

    follow() {
        this.following = true;
        this.draw();
    }

    draw() {
        this.drawing ??= requestAnimationFrame(() => {
            this.drawing = null;
            this.paint();
        });
    }

    paint() {
        const { shown, scroll } = this;
        $("space").style.height = `${shown.length * ROW}px`;
        if (this.following) scroll.scrollTop = shown.length * ROW;
        const first = Math.max(0, Math.floor(scroll.scrollTop / ROW) - 4);
        const last = Math.min(shown.length, Math.ceil((scroll.scrollTop + scroll.clientHeight) / ROW) + 4);
        while (this.pool.length < last - first) this.pool.push(this.row());
        $("rows").style.transform = `translateY(${first * ROW}px)`;
        this.pool.forEach((row, position) => this.fill(row, first + position < last ? first + position : -1));
        $("empty").hidden = shown.length > 0;
        $("follow").hidden = this.following || shown.length * ROW <= scroll.clientHeight;
        const filtered = shown.length !== this.all.length;
        const count = filtered ? say("shown", { shown: shown.length, all: this.all.length }) : counted("frame", shown.length);
        $("count").textContent = this.paused ? say("paused", { count: this.held.length }) : count;
    }

    row() {
        const cells = ["time", "way", "topic", "data", "size"].map((name) => element("span", { className: `con-${name}` }));
        const row = element("div", { className: "con-frame" }, ...cells);
        row.cells = cells;
        cells[1].append(icon("arrow_downward"));
        $("rows").append(row);
        return row;
    }

    fill(row, index) {
        row.hidden = index < 0;
        row.style.display = index < 0 ? "none" : "";
        if (index < 0) return;
        const one = this.shown[index];
        row.dataset.index = index;
        row.setAttribute("aria-selected", String(one === this.selected));
        if (row.shows === one) return;
        row.shows = one;
        row.dataset.way = one.way;
        row.classList.toggle("bad", Boolean(one.bad));
        const [time, way, topic, data, bytes] = row.cells;
        time.textContent = clock(one.at);
        way.firstChild.textContent = { in: "arrow_downward", out: "arrow_upward", note: "info" }[one.way];
        way.title = say(one.way);
        topic.textContent = one.topic;
        data.textContent = preview(one);
        bytes.textContent = one.way === "note" ? "" : size(one.size);
    }

    asText() {
        return this.shown.map((one) => `${one.at.toISOString()} ${one.way === "in" ? "<" : one.way === "out" ? ">" : "*"} ${one.text}`).join("\n");
    }
}

function clock(at) {
    const two = (number) => String(number).padStart(2, "0");
    return `${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}.${String(at.getMilliseconds()).padStart(3, "0")}`;
}

function preview(one) {
    if (!one.frame) return one.text.slice(0, 400);
    const inner = one.frame.error ?? one.frame.data;
    return inner === undefined ? "" : JSON.stringify(inner).slice(0, 400);
}

function inspect(one) {
    $("detail").hidden = !one;
    if (!one) return;
    $("detail-topic").textContent = one.topic;
    const kind = one.way === "note" ? say("note") : one.frame?.error ? say("error") : one.frame && "id" in one.frame ? say("reply") : say("push");
    $("detail-about").textContent = [clock(one.at), say(one.way), one.way === "in" && kind, size(one.size)].filter(Boolean).join(" · ");
    $("tree").replaceChildren(one.frame ? tree(one.frame) : element("div", { textContent: one.text }));
    $("detail-again").disabled = one.way !== "out";
}

// --- the line ------------------------------------------------------------------------------------------------------

class Line {
    constructor(frames) {
        this.frames = frames;
        this.socket = null;
        this.asked = 0;
        this.waiting = new Map();
        this.topics = [];
        this.state("offline");
    }

    get open() {
        return this.socket?.readyState === WebSocket.OPEN;
    }

    state(name, text = "") {
        $("state").dataset.state = name;
        $("state").lastElementChild.textContent = text || say(name === "refused" ? "offline" : name);
        const busy = name === "online" || name === "connecting";
        $("connect").textContent = say(busy ? "disconnect" : "connect");
        $("connect").classList.toggle("gh-button-primary", !busy);
        for (const id of ["send", "join", "who-again"]) $(id).disabled = name !== "online";
        for (const one of document.querySelectorAll('[name="mode"]')) one.disabled = busy;
    }

    connect({ mode, token, ticket, subprotocol }) {
        const address = new URL(about.socket, location.href);
        address.protocol = location.protocol === "https:" ? "wss:" : "ws:";
        if (mode === "ticket") address.searchParams.set("ticket", ticket);
        const protocols = subprotocol.split(",").map((one) => one.trim()).filter(Boolean);
        tell($("line-says"), "");
        this.state("connecting");
        try {
            this.socket = new WebSocket(address, protocols);
        } catch (problem) {
            this.state("refused");
            return tell($("line-says"), problem.message, "bad");
        }
        this.socket.binaryType = "arraybuffer";
        const { socket } = this;
        socket.addEventListener("open", () => this.opened(mode, token));
        socket.addEventListener("message", (event) => this.received(event.data));
        socket.addEventListener("close", (event) => socket === this.socket && this.closed(event));
    }

    disconnect() {
        this.state("closing");
        this.socket?.close(1000);
    }

    async opened(mode, token) {
        this.state("online");
        if (mode === "guest") await this.ask("unauth", undefined, "~unauth").catch(() => {});
        if (mode === "token") {
            const shown = this.ask("auth", { access: token }, "~auth");
            await shown.catch((problem) => tell($("line-says"), problem.message, "bad"));
        }
        if (!this.open) return;
        this.ask("topics.list", undefined, TOPICS).then((found) => (this.topics = found), () => {});
        this.look();
        this.beat();
        this.heart = setInterval(() => this.beat(), 5000);
    }

    beat() {
        if (!this.open) return;
        const started = performance.now();
        this.ask("ping", undefined, HEARTBEAT)
            .then(() => {
                const took = performance.now() - started;
                const shown = `${took < 10 ? took.toFixed(1) : Math.round(took)} ms`;
                fact("rtt", shown);
                if (this.open) this.state("online", `${say("online")} · ${shown}`);
            })
            .catch(() => {});
        this.look();
    }

    look() {
        this.ask("whoami", undefined, WHO).then(showWho, () => {});
    }

    ask(topic, data, id) {
        const unique = `${id}-${++this.asked}`;
        return new Promise((resolve, reject) => {
            this.waiting.set(unique, { resolve, reject });
            this.write({ id: unique, topic, ...(data === undefined ? {} : { data }) }, topic === "auth");
        });
    }

    write(frame, secret = false) {
        if (!this.open) return;
        const text = JSON.stringify(frame);
        this.socket.send(text);
        const shown = secret ? { ...frame, data: { access: "•••" } } : frame;
        this.frames.add("out", JSON.stringify(shown), shown, { size: new Blob([text]).size });
    }

    received(data) {
        if (data instanceof ArrayBuffer) {
            const hex = [...new Uint8Array(data.slice(0, 64))].map((byte) => byte.toString(16).padStart(2, "0")).join(" ");
            return this.frames.add("in", hex, null, { topic: say("binary", { size: size(data.byteLength) }), size: data.byteLength });
        }
        let frame = null;
        try {
            frame = JSON.parse(data);
        } catch {
            // shown as it is
        }
        this.frames.add("in", data, frame);
        const waiting = this.waiting.get(frame?.id);
        if (!waiting) return;
        this.waiting.delete(frame.id);
        if (frame.error) waiting.reject(frame.error);
        else waiting.resolve(frame.data);
    }

    closed({ code, reason }) {
        clearInterval(this.heart);
        for (const { reject } of this.waiting.values()) reject(new Error());
        this.waiting.clear();
        this.socket = null;
        const ours = code === 1000 || code === 1005;
        this.state(ours ? "offline" : "refused");
        const about = code === 1006 ? say("cut") : `${say("closed", { code })}${reason ? `: ${reason}` : ""}`;
        this.frames.add("note", about, null, { topic: String(code), bad: !ours, size: 0 });
        if (!ours) tell($("line-says"), `${about} ${code >= 4500 ? say("never") : say("again")}`, "bad");
        showWho(null);
    }
}

function fact(name, value) {
    document.querySelector(`[data-fact="${name}"]`).textContent = value ?? "–";
}

function showWho(who) {
    fact("user", who && (who.user ? `${who.user.name || who.user.username} (${who.user.id})` : say("guest")));
    for (const name of ["connection", "node", "address"]) fact(name, who?.[name]);
    fact("since", who && new Date(who.since * 1000).toLocaleTimeString());
    for (const name of ["received", "sent"]) fact(name, who?.counters[name].toLocaleString());
    fact("buffered", who && size(who.counters.buffered));
    if (!who) fact("rtt", null);
    const settings = who && Object.entries(who.settings);
    fact("settings", settings?.length ? settings.map(([key, value]) => `${key} = ${value}`).join(", ") : null);
    showGroups(who?.groups ?? []);
}

const AUTOMATIC = /^(everyone$|user\.|role\.|department\.)/;

function showGroups(groups) {
    const key = groups.join("\n");
    if ($("groups").dataset.shows === key) return;
    $("groups").dataset.shows = key;
    const ordered = [...groups].sort((a, b) => AUTOMATIC.test(a) - AUTOMATIC.test(b) || a.localeCompare(b));
    $("groups").replaceChildren(
        ...ordered.map((group) => {
            if (AUTOMATIC.test(group)) return element("span", { className: "con-chip", textContent: group, title: say("automatic") });
            const leave = element("button", { type: "button", title: say("leave", { group }) }, icon("close"));
            leave.setAttribute("aria-label", leave.title);
            leave.addEventListener("click", () => line.ask("leave", { group }, "leave").finally(() => line.look()));
            return element("span", { className: "con-chip joined" }, group, leave);
        }),
    );
}

// --- what is remembered --------------------------------------------------------------------------------------------

class Memory {
    constructor(name, limit, empty) {
        Object.assign(this, { name, limit, empty, menu: $(name), items: remembered.read(name) });
        this.menu.addEventListener("toggle", () => this.menu.open && this.draw());
        document.addEventListener("click", (event) => this.menu.contains(event.target) || (this.menu.open = false));
        this.menu.addEventListener("keydown", (event) => event.key === "Escape" && (this.menu.open = false));
    }

    add(item) {
        const same = (other) => other.topic === item.topic && other.text === item.text && other.name === item.name;
        this.items = [item, ...this.items.filter((other) => !same(other))].slice(0, this.limit);
        remembered.write(this.name, this.items);
        if (this.menu.open) this.draw();
    }

    remove(item) {
        this.items = this.items.filter((other) => other !== item);
        remembered.write(this.name, this.items);
        this.draw();
    }

    draw() {
        const rows = this.items.map((item) => {
            const use = element("button", { type: "button" }, element("b", { textContent: item.name ?? item.topic }), element("small", { textContent: item.text || "–" }));
            use.addEventListener("click", () => {
                compose(item.topic, item.text);
                this.menu.open = false;
            });
            const remove = element("button", { type: "button", className: "con-tool", title: say("remove") }, icon("close"));
            remove.setAttribute("aria-label", say("remove"));
            remove.addEventListener("click", (event) => {
                event.stopPropagation();
                this.remove(item);
            });
            return element("div", { className: "con-item" }, use, remove);
        });
        this.menu.querySelector(".con-list").replaceChildren(...(rows.length ? rows : [element("p", { className: "con-none", textContent: say(this.empty) })]));
    }
}

// --- completion of topics -------------------------------------------------------------------------------------------

class Completion {
    constructor() {
        this.input = $("topic");
        this.list = $("topic-options");
        this.at = -1;
        this.input.addEventListener("input", () => this.offer());
        this.input.addEventListener("focus", () => this.offer());
        this.input.addEventListener("blur", () => setTimeout(() => this.close(), 120));
        this.input.addEventListener("keydown", (event) => this.key(event));
        this.list.addEventListener("mousedown", (event) => {
            event.preventDefault();
            this.take(event.target.closest("li")?.dataset.topic);
        });
    }

    offer() {
        const typed = this.input.value.trim().toLowerCase();
        const found = line.topics.filter(({ topic }) => topic.includes(typed) && topic !== typed);
        found.sort((a, b) => b.topic.startsWith(typed) - a.topic.startsWith(typed) || a.topic.localeCompare(b.topic));
        this.list.replaceChildren(
            ...found.map(({ topic, about: text }) => {
                const option = element("li", {}, element("b", { textContent: topic }), element("small", { textContent: text }));
                option.dataset.topic = topic;
                option.setAttribute("role", "option");
                return option;
            }),
        );
        this.at = -1;
        this.list.hidden = !found.length;
        this.input.setAttribute("aria-expanded", String(found.length > 0));
    }

    close() {
        this.list.hidden = true;
        this.input.setAttribute("aria-expanded", "false");
    }

    key(event) {
        if (this.list.hidden) return;
        const options = [...this.list.children];
        const by = { ArrowDown: 1, ArrowUp: -1 }[event.key];
        if (event.key === "Escape") this.close();
        if (by) {
            this.at = (this.at + by + options.length) % options.length;
            options.forEach((one, position) => one.setAttribute("aria-selected", String(position === this.at)));
            options[this.at].scrollIntoView({ block: "nearest" });
        }
        if ((event.key === "Enter" || event.key === "Tab") && this.at >= 0 && !event.ctrlKey) this.take(options[this.at].dataset.topic);
        else if (!by) return;
        event.preventDefault();
    }

    take(topic) {
        if (!topic) return;
        this.input.value = topic;
        this.close();
        editor.area.focus();
    }
}

// --- putting it together --------------------------------------------------------------------------------------------

const frames = new Frames();
const line = new Line(frames);
const editor = new Editor($("data").closest("[data-editor]"));
const history = new Memory("history", 50, "noHistory");
const snippets = new Memory("snippets", 200, "noSnippets");
new Completion();

function compose(topic, text) {
    $("topic").value = topic;
    editor.text = text;
    $("data").focus();
}

function chosen(name) {
    return document.querySelector(`[name="${name}"]:checked`).value;
}

async function post(address, body) {
    const cookie = document.cookie.split("; ").find((one) => one.startsWith(`${about.csrfCookie}=`));
    const headers = { "Content-Type": "application/json", "X-CSRFToken": cookie?.slice(about.csrfCookie.length + 1) ?? "", "Accept-Language": document.documentElement.lang };
    const answer = await fetch(address, { method: "POST", headers, body: JSON.stringify(body) });
    const said = await answer.json().catch(() => ({}));
    if (answer.ok) return said;
    const { message, fields } = said.error ?? {};
    throw new Error([message ?? answer.statusText, ...leaves(fields)].join(" "));
}

function leaves(value) {
    if (typeof value === "string") return [value];
    return value ? Object.values(value).flatMap(leaves) : [];
}

async function getTicket() {
    try {
        $("ticket").value = (await post(about.ticket, {})).ticket;
        tell($("line-says"), say("ticketReady"), "ok");
    } catch (problem) {
        tell($("line-says"), say("ticketFailed", { message: problem.message }), "bad");
    }
}

function toggleLine() {
    if (line.socket) return line.disconnect();
    const how = { mode: chosen("mode"), token: $("token").value.trim(), ticket: $("ticket").value.trim(), subprotocol: $("subprotocol").value };
    if (how.mode === "token" && !how.token) return tell($("line-says"), say("noToken"), "bad");
    if (how.mode === "ticket" && !how.ticket) return tell($("line-says"), say("noTicket"), "bad");
    line.connect(how);
    if (how.mode === "ticket") $("ticket").value = "";
}

function send() {
    const topic = $("topic").value.trim();
    if (!line.open || !editor.check()) return;
    if (!topic) return tell(editor.says, say("needsTopic"), "bad");
    const data = editor.value;
    const frame = { ...($("wants-reply").checked ? { id: ++line.asked } : {}), topic, ...(data === undefined ? {} : { data }) };
    line.write(frame, topic === "auth");
    if (topic !== "auth") history.add({ topic, text: editor.text });
}

$("connect").addEventListener("click", toggleLine);
$("get-ticket").addEventListener("click", getTicket);
$("send").addEventListener("click", send);
$("who-again").addEventListener("click", () => line.look());
for (const field of [$("data"), $("topic")])
    field.addEventListener("keydown", (event) => {
        if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) send();
    });

for (const one of document.querySelectorAll('[name="mode"]'))
    one.addEventListener("change", () => {
        for (const field of document.querySelectorAll("[data-mode]")) field.hidden = field.dataset.mode !== chosen("mode");
    });

$("save-snippet").addEventListener("click", () => {
    const name = prompt(say("nameSnippet"), $("topic").value);
    if (name) snippets.add({ name: name.slice(0, 80), topic: $("topic").value.trim(), text: editor.text });
});

$("join-form").addEventListener("submit", async (event) => {
    event.preventDefault();
    const group = $("group").value.trim();
    if (!group || !line.open) return;
    try {
        await line.ask("join", { group }, "join");
        $("group").value = "";
        tell($("groups-say"), "");
    } catch (problem) {
        tell($("groups-say"), problem.message, "bad");
    }
    line.look();
});

$("pause").addEventListener("click", () => {
    frames.pause(!frames.paused);
    $("pause").setAttribute("aria-pressed", String(frames.paused));
    $("pause").firstElementChild.textContent = frames.paused ? "play_arrow" : "pause";
    $("pause").title = say(frames.paused ? "resume" : "pause");
});
$("clear").addEventListener("click", () => frames.clear());
$("follow").addEventListener("click", () => frames.follow());

async function copy(button, text) {
    await navigator.clipboard.writeText(text);
    const before = button.title;
    button.firstElementChild.textContent = "check";
    button.title = say("copied");
    setTimeout(() => {
        button.firstElementChild.textContent = "content_copy";
        button.title = before;
    }, 1200);
}

$("copy").addEventListener("click", () => copy($("copy"), frames.asText()));
$("save").addEventListener("click", () => {
    const link = element("a", { href: URL.createObjectURL(new Blob([frames.asText()], { type: "text/plain" })), download: `frames-${new Date().toISOString().slice(0, 19).replaceAll(":", "")}.txt` });
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 1000);
});
$("detail-close").addEventListener("click", () => frames.select(null));
$("detail-copy").addEventListener("click", () => copy($("detail-copy"), frames.selected.frame ? JSON.stringify(frames.selected.frame, null, 2) : frames.selected.text));
$("detail-again").addEventListener("click", () => {
    const { frame } = frames.selected;
    compose(frame.topic, frame.data === undefined ? "" : JSON.stringify(frame.data, null, 2));
});

if (about.maySend) {
    const push = new Editor($("push-data").closest("[data-editor]"));
    for (const one of document.querySelectorAll('[name="to"]'))
        one.addEventListener("change", () => {
            $("who-field").hidden = chosen("to") === "all";
            if (chosen("to") !== "all") $("who-field").firstElementChild.textContent = say(`to_${chosen("to")}`);
        });
    $("push-form").addEventListener("submit", async (event) => {
        event.preventDefault();
        const [kind, who, topic] = [chosen("to"), $("who").value.trim(), $("push-topic").value.trim()];
        if (!push.check()) return;
        if (!topic) return tell($("push-says"), say("needsTopic"), "bad");
        if (kind !== "all" && !who) return tell($("push-says"), say("needsWho"), "bad");
        const to = kind === "all" ? { all: true } : { [kind]: kind === "user" && /^\d+$/.test(who) ? Number(who) : who };
        try {
            await post(about.messages, { to, topic, data: push.value ?? null });
            tell($("push-says"), say("sent", { who: kind === "all" ? say("everyone") : who }), "ok");
        } catch (problem) {
            tell($("push-says"), say("sendFailed", { message: problem.message }), "bad");
        }
    });
}
