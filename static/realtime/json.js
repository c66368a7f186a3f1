// JSON as people write and read it: where it is wrong, and what it looks like.

import { counted, element, say, tell } from "./parts.js";

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
export function findJsonProblem(text) {
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

export class Editor {
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

/** The first bytes of something that is no text. */
export function hex(bytes) {
    const shown = [...bytes.slice(0, 64)].map((byte) => byte.toString(16).padStart(2, "0")).join(" ");
    return `${counted("byte", bytes.length)}: ${shown}${bytes.length > 64 ? " …" : ""}`;
}

/** JSON on one line; bytes and very large numbers, which it does not know, as they are shown. */
export function inline(value) {
    return JSON.stringify(value, (_, inner) => (inner instanceof Uint8Array ? hex(inner) : typeof inner === "bigint" ? String(inner) : inner));
}

/** JSON over several lines. */
export function pretty(value) {
    return JSON.stringify(JSON.parse(inline(value)), null, 2);
}

/** A value unfolded as far as it is short; the rest unfolds on demand. */
export function tree(value, name = null, depth = 0) {
    const label = name === null ? [] : [element("span", { className: "tok-key", textContent: name }), ": "];
    if (value instanceof Uint8Array) return element("div", {}, ...label, element("span", { className: "tok-word", textContent: hex(value) }));
    if (value === null || typeof value !== "object") {
        const kind = typeof value === "string" ? "text" : typeof value === "number" ? "number" : "word";
        return element("div", {}, ...label, element("span", { className: `tok-${kind}`, textContent: inline(value) }));
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
