// A list of frames: thousands are kept, a screenful exists in the document.

import { $, clock, copy, counted, element, icon, say, size } from "./parts.js";
import { inline, pretty, tree } from "./json.js";

const ROW = 32; // height of a row, as in parts.css
const KEPT = 50_000; // older ones are let go
const ARROWS = { in: "arrow_downward", out: "arrow_upward", note: "info" };
const SIGNS = { in: "<", out: ">", note: "*" };

/**
 * One frame: `way` is "in", "out" or "note"; `text` what travelled, `frame` what it means where it could be read.
 * `own` marks what the page itself asks all the time, which is hidden unless heartbeats are wanted.
 */
export class Frames {
    constructor({ again = null } = {}) {
        this.all = [];
        this.shown = [];
        this.held = [];
        this.paused = false;
        this.following = true;
        this.selected = null;
        this.pool = [];
        this.again = again;
        this.scroll = $("frames-scroll");
        this.look();
        this.listen();
        this.draw();
    }

    listen() {
        this.scroll.addEventListener("scroll", () => this.scrolled(), { passive: true });
        this.scroll.addEventListener("keydown", (event) => this.step(event));
        $("frames-rows").addEventListener("click", (event) => {
            const row = event.target.closest(".con-frame");
            if (row) this.select(this.shown[Number(row.dataset.index)]);
        });
        for (const [id, happens] of [["frames-filter", "input"], ["frames-way", "change"], ["frames-heartbeats", "change"]])
            $(id)?.addEventListener(happens, () => this.sift());
        $("frames-pause").addEventListener("click", () => this.pause(!this.paused));
        $("frames-clear").addEventListener("click", () => this.clear());
        $("frames-follow").addEventListener("click", () => this.follow());
        $("frames-copy").addEventListener("click", () => copy($("frames-copy"), this.asText()));
        $("frames-save").addEventListener("click", () => this.save());
        $("detail-close").addEventListener("click", () => this.select(null));
        $("detail-copy").addEventListener("click", () => copy($("detail-copy"), this.selected.frame ? pretty(this.selected.frame) : this.selected.text));
        $("detail-again").hidden = !this.again;
        $("detail-again").addEventListener("click", () => this.again(this.selected.frame));
        new ResizeObserver(() => this.draw()).observe(this.scroll);
    }

    add(one) {
        const kept = { at: new Date(), topic: one.frame?.topic ?? "", bad: Boolean(one.frame?.error), ...one };
        if (this.paused) this.held.push(kept);
        else this.keep([kept]);
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

    /** Read what is asked for, once, and not for each frame. */
    look() {
        this.words = $("frames-filter").value.toLowerCase().split(/\s+/).filter(Boolean);
        this.way = $("frames-way").value;
        this.heartbeats = $("frames-heartbeats")?.checked ?? true;
    }

    wanted(one) {
        if (one.own && !this.heartbeats) return false;
        if (this.way && one.way !== this.way) return false;
        if (!this.words.length) return true;
        const text = `${one.topic} ${one.text}`.toLowerCase();
        return this.words.every((word) => (word.length > 1 && word[0] === "-" ? !text.includes(word.slice(1)) : text.includes(word)));
    }

    sift() {
        this.look();
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
        $("frames-pause").setAttribute("aria-pressed", String(paused));
        $("frames-pause").firstElementChild.textContent = paused ? "play_arrow" : "pause";
        $("frames-pause").title = say(paused ? "resume" : "pause");
        this.draw();
    }

    select(one) {
        this.selected = one ?? null;
        if (one) this.following = false;
        this.inspect();
        if (one) this.reveal(this.shown.indexOf(one));
        this.draw();
    }

    inspect() {
        const one = this.selected;
        $("detail").hidden = !one;
        if (!one) return;
        const kind = one.way === "note" ? "note" : one.frame?.error ? "error" : one.frame && "id" in one.frame ? "reply" : "push";
        $("detail-topic").textContent = one.topic;
        const about = [clock(one.at), say(one.way), one.way === "in" && say(kind), size(one.size), one.cut && say("cutShort")];
        $("detail-about").textContent = about.filter(Boolean).join(" · ");
        $("tree").replaceChildren(one.frame ? tree(one.frame) : element("div", { textContent: one.text }));
        $("detail-again").disabled = one.way !== "out" || !one.frame;
    }

    reveal(index) {
        const top = index * ROW;
        const { scrollTop, clientHeight } = this.scroll;
        if (top < scrollTop) this.scroll.scrollTop = top;
        else if (top + ROW > scrollTop + clientHeight) this.scroll.scrollTop = top + ROW - clientHeight;
    }

    step(event) {
        const by = { ArrowDown: 1, ArrowUp: -1 }[event.key];
        if (event.key === "Escape" && this.selected) {
            event.stopPropagation();
            event.preventDefault();
            this.select(null);
        }
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
        $("frames-space").style.height = `${shown.length * ROW}px`;
        if (this.following) scroll.scrollTop = shown.length * ROW;
        const first = Math.max(0, Math.floor(scroll.scrollTop / ROW) - 4);
        const last = Math.min(shown.length, Math.ceil((scroll.scrollTop + scroll.clientHeight) / ROW) + 4);
        while (this.pool.length < last - first) this.pool.push(this.row());
        $("frames-rows").style.transform = `translateY(${first * ROW}px)`;
        this.pool.forEach((row, position) => this.fill(row, first + position < last ? first + position : -1));
        $("frames-empty").hidden = shown.length > 0;
        $("frames-follow").hidden = this.following || shown.length * ROW <= scroll.clientHeight;
        $("frames-count").textContent = this.paused ? say("paused", { count: this.held.length }) : this.number();
    }

    number() {
        const [shown, all] = [this.shown.length, this.all.length];
        return shown === all ? counted("frame", all) : say("shown", { shown: shown.toLocaleString(), all: all.toLocaleString() });
    }

    row() {
        const cells = ["time", "way", "topic", "data", "size"].map((name) => element("span", { className: `con-${name}` }));
        const row = element("div", { className: "con-frame" }, ...cells);
        row.cells = cells;
        cells[1].append(icon(ARROWS.in));
        $("frames-rows").append(row);
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
        way.firstChild.textContent = ARROWS[one.way];
        way.title = say(one.way);
        topic.textContent = one.topic;
        data.textContent = preview(one);
        bytes.textContent = one.way === "note" ? "" : size(one.size);
    }

    asText() {
        return this.shown.map((one) => `${one.at.toISOString()} ${SIGNS[one.way]} ${one.text}`).join("\n");
    }

    save() {
        const address = URL.createObjectURL(new Blob([this.asText()], { type: "text/plain" }));
        element("a", { href: address, download: `frames-${new Date().toISOString().slice(0, 19).replaceAll(":", "")}.txt` }).click();
        setTimeout(() => URL.revokeObjectURL(address), 1000);
    }
}

function preview(one) {
    if (!one.frame) return one.text.slice(0, 400);
    const inner = one.frame.error ?? one.frame.data;
    return inner === undefined ? "" : inline(inner).slice(0, 400);
}
