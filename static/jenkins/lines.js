// Lines of a log: kept within bounds, and only those in sight are in the document.

import { PLAIN, after, dress, pieces, stripped } from "./ansi.js";

const HEIGHT = 20; // px a line, see jenkins.css
const AROUND = 30; // lines above and below what is in sight
const LONGEST = 4000; // characters of a line that are drawn

export class Lines {
    constructor(view) {
        this.view = view;
        this.all = view.firstElementChild;
        this.place = this.all.firstElementChild;
        this.lines = []; // {text, look}: as it came, and the look in which it begins
        this.open = ""; // the last line, as long as it has no end
        this.look = PLAIN; // in which the open line begins
        this.numbered = true; // the first line is the log's first
        this.needle = "";
        this.marked = -1;
        this.fitted = 0; // lines that the view is high enough for
        view.addEventListener("scroll", () => this.render(), { passive: true });
        new ResizeObserver(() => this.render()).observe(view);
    }

    get count() {
        return this.lines.length + (this.open ? 1 : 0);
    }

    get atEnd() {
        return this.view.scrollTop + this.view.clientHeight >= this.view.scrollHeight - HEIGHT;
    }

    /** Add text to the end; return how many lines came. */
    append(text) {
        const before = this.count;
        const parts = (this.open + text).split("\n");
        this.open = parts.pop();
        for (const part of parts) {
            this.lines.push({ text: part, look: this.look });
            this.look = after(part, this.look);
        }
        return this.count - before;
    }

    /** Put whole lines before the first; what is in sight stays where it is. */
    prepend(text) {
        const parts = text.split("\n");
        if (parts.at(-1) === "") parts.pop();
        let look = PLAIN;
        const made = parts.map((part) => {
            const line = { text: part, look };
            look = after(part, look);
            return line;
        });
        this.lines = made.concat(this.lines);
        if (this.marked >= 0) this.marked += made.length;
        this.fit();
        this.view.scrollTop += made.length * HEIGHT;
        this.draw();
    }

    /** Forget the first lines; what is in sight stays where it is, unless the end is followed anyway. */
    drop(count, following) {
        this.lines.splice(0, count);
        this.numbered = false;
        this.marked = this.marked >= count ? this.marked - count : -1;
        if (!following) this.view.scrollTop = Math.max(0, this.view.scrollTop - count * HEIGHT);
    }

    clear() {
        Object.assign(this, { lines: [], open: "", look: PLAIN, numbered: true, marked: -1 });
    }

    fit() {
        this.fitted = this.count;
        this.all.style.height = `${this.count * HEIGHT}px`;
    }

    toEnd() {
        this.fit();
        this.view.scrollTop = this.view.scrollHeight;
        this.draw();
    }

    show(number) {
        this.view.scrollTop = Math.max(0, number * HEIGHT - this.view.clientHeight / 2);
        this.draw();
    }

    at(number) {
        return number < this.lines.length ? this.lines[number] : { text: this.open, look: this.look };
    }

    draw() {
        this.fit();
        this.render();
    }

    render() {
        const first = Math.max(0, Math.floor(this.view.scrollTop / HEIGHT) - AROUND);
        const last = Math.min(this.fitted, this.count, Math.ceil((this.view.scrollTop + this.view.clientHeight) / HEIGHT) + AROUND);
        const drawn = [];
        for (let number = first; number < last; number++) drawn.push(this.row(number));
        this.place.replaceChildren(...drawn);
        this.place.style.transform = `translateY(${first * HEIGHT}px)`;
    }

    row(number) {
        const row = document.createElement("div");
        row.className = number === this.marked ? "jk-log-line jk-log-here" : "jk-log-line";
        if (this.numbered) row.dataset.number = number + 1;
        const { text, look } = this.at(number);
        for (const [piece, its] of pieces(text.slice(0, LONGEST), look)[0]) this.write(row, piece, its);
        if (text.length > LONGEST) row.append(" …");
        return row;
    }

    write(row, piece, look) {
        const place = document.createElement("span");
        dress(place, look);
        if (!this.needle) place.textContent = piece;
        else {
            const folded = piece.toLowerCase();
            let at = 0;
            for (let hit = folded.indexOf(this.needle); hit >= 0; hit = folded.indexOf(this.needle, at)) {
                const mark = document.createElement("mark");
                mark.textContent = piece.slice(hit, hit + this.needle.length);
                place.append(piece.slice(at, hit), mark);
                at = hit + this.needle.length;
            }
            place.append(piece.slice(at));
        }
        row.append(place);
    }

    /** The numbers of the lines that hold the text. */
    find(text) {
        this.needle = text.toLowerCase();
        const found = [];
        if (this.needle) for (let number = 0; number < this.count; number++) if (this.holds(number)) found.push(number);
        return found;
    }

    holds(number) {
        return stripped(this.at(number).text).toLowerCase().includes(this.needle);
    }
}
