// Lines over time: one for each node and one for their sum. SVG, no library.

import { element, say, span } from "./parts.js";

const SVG = "http://www.w3.org/2000/svg";
const [WIDTH, HEIGHT] = [600, 120];

// Told apart by most people who see colours differently (Okabe and Ito), and by their dashes.
const COLOURS = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#56b4e9", "#e69f00"];
const DASHES = ["", "6 3", "2 3", "8 3 2 3", "12 4", "4 2 1 2"];

export function strokeOf(index) {
    return { colour: COLOURS[index % COLOURS.length], dash: DASHES[(index + Math.floor(index / COLOURS.length)) % DASHES.length] };
}

/** A short line as it is drawn, for a legend. */
export function sample(index) {
    const { colour, dash } = strokeOf(index);
    const picture = svg("svg", { viewBox: "0 0 28 8", class: "graph-sample", "aria-hidden": "true" });
    picture.append(svg("line", { x1: 0, x2: 28, y1: 4, y2: 4, stroke: colour, "stroke-dasharray": dash, class: "graph-line" }));
    return picture;
}

function svg(tag, attributes = {}) {
    const made = document.createElementNS(SVG, tag);
    for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
    return made;
}

/** The next round number above: 1, 2 or 5 times a power of ten. */
function ceiling(value, least) {
    if (value <= least) return least;
    const power = 10 ** Math.floor(Math.log10(value));
    return [1, 2, 5, 10].find((step) => step * power >= value) * power;
}

export class Chart {
    /** `format` writes a value; the axis ends at a round number of `unit`s, at `least` of them. */
    constructor({ title, format, least = 1, unit = 1 }) {
        Object.assign(this, { format, least, unit });
        this.value = element("strong", { className: "graph-value", textContent: "–" });
        this.top = element("span");
        this.picture = svg("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: "none", role: "img", "aria-label": title });
        for (const part of [0, 0.5, 1]) this.picture.append(svg("line", { x1: 0, x2: WIDTH, y1: HEIGHT * part, y2: HEIGHT * part, class: "graph-grid" }));
        this.area = svg("path", { class: "graph-area" });
        this.lines = svg("g");
        this.sum = svg("path", { class: "graph-line graph-sum" });
        this.cross = svg("line", { y1: 0, y2: HEIGHT, class: "graph-cross", visibility: "hidden" });
        this.picture.append(this.area, this.lines, this.sum, this.cross);
        this.tip = element("div", { className: "graph-tip", hidden: true });
        this.plot = element("div", { className: "graph-plot" }, this.picture, this.top, this.tip);
        this.plot.addEventListener("pointermove", (event) => this.point(event));
        this.plot.addEventListener("pointerleave", () => this.point(null));
        this.root = element("section", { className: "gh-card graph" }, element("h2", { textContent: title }), this.value, this.plot);
    }

    /** Draw `moments` ({at, sum, nodes: Map(id → value)}) of the last `reach` seconds; `nodes` are [{id, name}]. */
    draw(moments, nodes, reach) {
        Object.assign(this, { moments, nodes, reach });
        this.now = moments.at(-1)?.at ?? 0;
        const last = moments.at(-1)?.sum;
        const highest = this.unit * ceiling(Math.max(0, ...moments.map((one) => one.sum ?? 0)) / this.unit, this.least);
        this.value.textContent = last === undefined ? "–" : this.format(last);
        this.top.textContent = this.format(highest);
        this.highest = highest;
        const several = nodes.length > 1;
        this.lines.replaceChildren(...(several ? nodes.map(({ id }, index) => this.line(id, index)) : []));
        const path = this.path((one) => one.sum);
        this.sum.setAttribute("d", path);
        this.area.setAttribute("d", path && !several ? `${path}L${WIDTH},${HEIGHT}L${this.x(moments[0].at)},${HEIGHT}Z` : "");
        if (this.pointer) this.point(this.pointer);
    }

    line(id, index) {
        const { colour, dash } = strokeOf(index);
        return svg("path", { d: this.path((one) => one.nodes.get(id)), class: "graph-line", stroke: colour, "stroke-dasharray": dash });
    }

    x(at) {
        return Math.round((WIDTH * (1 - (this.now - at) / this.reach)) * 10) / 10;
    }

    y(value) {
        return Math.round(HEIGHT * (1 - value / this.highest) * 10) / 10;
    }

    /** A gap where nothing is known: a node that was silent is not drawn as idle. */
    path(read) {
        let [path, begun] = ["", false];
        for (const one of this.moments) {
            const value = read(one);
            if (value !== undefined) path += `${begun ? "L" : "M"}${this.x(one.at)},${this.y(value)}`;
            begun = value !== undefined;
        }
        return path;
    }

    point(event) {
        this.pointer = event;
        this.tip.hidden = !event || !this.moments?.length;
        this.cross.setAttribute("visibility", this.tip.hidden ? "hidden" : "visible");
        if (this.tip.hidden) return;
        const box = this.plot.getBoundingClientRect();
        const share = (event.clientX - box.left) / box.width;
        const at = this.now - (1 - share) * this.reach;
        const one = this.moments.reduce((near, other) => (Math.abs(other.at - at) < Math.abs(near.at - at) ? other : near));
        for (const name of ["x1", "x2"]) this.cross.setAttribute(name, this.x(one.at));
        this.tip.replaceChildren(...this.words(one));
        this.tip.classList.toggle("left", share > 0.5);
    }

    words(one) {
        const when = element("small", { textContent: this.now - one.at < 1 ? say("now") : say("ago", { time: span(this.now - one.at) }) });
        const write = (value) => (value === undefined ? "–" : this.format(value));
        if (this.nodes.length < 2) return [when, element("b", { textContent: write(one.sum) })];
        const rows = this.nodes.slice(0, 8).map(({ id, name }, index) => element("div", {}, sample(index), element("span", { textContent: name }), element("b", { textContent: write(one.nodes.get(id)) })));
        return [when, ...rows, element("div", {}, element("span", { textContent: say("sum") }), element("b", { textContent: write(one.sum) }))];
    }
}
