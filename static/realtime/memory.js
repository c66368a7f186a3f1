// What a browser remembers of the console: frames that were sent, and those saved under a name.

import { $, element, say, tool } from "./parts.js";

function read(name) {
    try {
        const found = JSON.parse(localStorage.getItem(`gatehouse.console.${name}`));
        return Array.isArray(found) ? found : [];
    } catch {
        return [];
    }
}

function write(name, value) {
    try {
        localStorage.setItem(`gatehouse.console.${name}`, JSON.stringify(value));
    } catch {
        // storage is full or closed: it is a convenience, nothing depends on it
    }
}

/** A menu of frames; `use(topic, text)` takes one of them. */
export class Memory {
    constructor(name, limit, empty, use) {
        Object.assign(this, { name, limit, empty, use, menu: $(name), items: read(name) });
        this.menu.addEventListener("toggle", () => this.menu.open && this.draw());
        document.addEventListener("click", (event) => this.menu.contains(event.target) || (this.menu.open = false));
        this.menu.addEventListener("keydown", (event) => event.key === "Escape" && (this.menu.open = false));
    }

    add(item) {
        const same = (other) => other.topic === item.topic && other.text === item.text && other.name === item.name;
        this.items = [item, ...this.items.filter((other) => !same(other))].slice(0, this.limit);
        write(this.name, this.items);
        if (this.menu.open) this.draw();
    }

    remove(item) {
        this.items = this.items.filter((other) => other !== item);
        write(this.name, this.items);
        this.draw();
    }

    draw() {
        const rows = this.items.map((item) => this.row(item));
        const nothing = element("p", { className: "con-none", textContent: say(this.empty) });
        this.menu.querySelector(".con-list").replaceChildren(...(rows.length ? rows : [nothing]));
    }

    row(item) {
        const [name, text] = [item.name ?? item.topic, item.name ? `${item.topic} ${item.text}` : item.text || "–"];
        const use = element("button", { type: "button" }, element("b", { textContent: name }), element("small", { textContent: text }));
        use.addEventListener("click", () => {
            this.use(item.topic, item.text);
            this.menu.open = false;
        });
        const remove = tool(say("remove"), "close", (event) => {
            event.stopPropagation();
            this.remove(item);
        });
        return element("div", { className: "con-item" }, use, remove);
    }
}
