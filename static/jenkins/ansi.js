// Colours of terminals: a line of text with escape sequences becomes pieces of text with a look.

// CSI sequences, OSC sequences (links, titles), and other escapes; only "m" of the first changes the look
const ESCAPE = /\x1b(?:\[([\d;:]*)[ -/]*([@-~])|\][^\x07\x1b]*(?:\x07|\x1b\\)|[@-Z\\-_=>])/g;
const CONTROL = /[\x00-\x08\x0b-\x1f\x7f]/g;
const PLAIN = Object.freeze({});
const LEVELS = [0, 95, 135, 175, 215, 255];

export { PLAIN };

/** The text alone, as it is searched and copied. */
export function stripped(line) {
    return lastDrawn(line).replace(ESCAPE, "").replace(CONTROL, "");
}

/** Pieces `[text, look]` of a line that begins with `look`, and the look in which it ends. */
export function pieces(line, look) {
    const found = [];
    let at = 0;
    const text = lastDrawn(line);
    const add = (piece) => (piece = piece.replace(CONTROL, "")) && found.push([piece, look]);
    for (const match of text.matchAll(ESCAPE)) {
        add(text.slice(at, match.index));
        at = match.index + match[0].length;
        if (match[2] === "m") look = changed(look, match[1]);
    }
    add(text.slice(at));
    return [found, look];
}

/** The look after a line, without cutting it up: quick for lines without colours. */
export function after(line, look) {
    return line.includes("\x1b") ? pieces(line, look)[1] : look;
}

/** Put a look on an element. */
export function dress(element, look) {
    const classes = ["bold", "dim", "italic", "underline", "strike"].filter((name) => look[name]).map((name) => `jk-${name}`);
    const [fore, back] = look.inverse ? [look.back ?? "inverse", look.fore ?? "inverse"] : [look.fore, look.back];
    if (typeof fore === "number") classes.push(`jk-f${fore}`);
    else if (fore === "inverse") classes.push("jk-fi");
    else if (fore) element.style.color = fore;
    if (typeof back === "number") classes.push(`jk-b${back}`);
    else if (back === "inverse") classes.push("jk-bi");
    else if (back) element.style.backgroundColor = back;
    element.className = classes.join(" ");
}

/** Progress bars write over their line again and again: what was written last is what one sees. */
function lastDrawn(line) {
    const place = line.lastIndexOf("\r", line.length - 2);
    return place < 0 ? line : line.slice(place + 1);
}

function changed(look, codes) {
    const next = { ...look };
    const numbers = codes.split(/[;:]/).map(Number);
    for (let at = 0; at < numbers.length; at++) {
        const code = numbers[at];
        if (code === 0) for (const name of Object.keys(next)) delete next[name];
        else if (code === 1) next.bold = true;
        else if (code === 2) next.dim = true;
        else if (code === 3) next.italic = true;
        else if (code === 4) next.underline = true;
        else if (code === 7) next.inverse = true;
        else if (code === 9) next.strike = true;
        else if (code === 22) delete next.bold, delete next.dim;
        else if (code === 23) delete next.italic;
        else if (code === 24) delete next.underline;
        else if (code === 27) delete next.inverse;
        else if (code === 29) delete next.strike;
        else if (code >= 30 && code <= 37) next.fore = code - 30;
        else if (code >= 90 && code <= 97) next.fore = code - 82;
        else if (code === 39) delete next.fore;
        else if (code >= 40 && code <= 47) next.back = code - 40;
        else if (code >= 100 && code <= 107) next.back = code - 92;
        else if (code === 49) delete next.back;
        else if (code === 38 || code === 48) {
            const [colour, used] = wide(numbers.slice(at + 1));
            if (colour !== null) next[code === 38 ? "fore" : "back"] = colour;
            at += used;
        }
    }
    return Object.keys(next).length ? next : PLAIN;
}

/** One of 256 colours, or red, green and blue; and how many numbers say so. */
function wide([kind, ...rest]) {
    if (kind === 2 && rest.length >= 3) return [`rgb(${rest.slice(0, 3).map(bounded).join(" ")})`, 4];
    if (kind !== 5 || !rest.length) return [null, rest.length + 1];
    const n = bounded(rest[0]);
    if (n < 16) return [n, 2];
    if (n >= 232) return [`rgb(${Array(3).fill(8 + 10 * (n - 232)).join(" ")})`, 2];
    const cube = [Math.floor((n - 16) / 36), Math.floor((n - 16) / 6) % 6, (n - 16) % 6];
    return [`rgb(${cube.map((level) => LEVELS[level]).join(" ")})`, 2];
}

function bounded(n) {
    return Math.max(0, Math.min(255, Number.isFinite(n) ? n : 0));
}
