// Completion of topics from the server's own list, and what each of them wants.

import { $, element, say } from "./parts.js";

export class Completion {
    /** `wanted` says by topic what its data looks like; `taken(topic)` is called for one that was picked from the list. */
    constructor(wanted, taken) {
        this.wanted = wanted;
        this.taken = taken;
        this.topics = [];
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

    know(topics) {
        this.topics = topics;
        this.explain();
    }

    get typed() {
        return this.input.value.trim().toLowerCase();
    }

    get chosen() {
        return this.topics.find(({ topic }) => topic === this.typed);
    }

    get example() {
        return this.wanted[this.typed]?.example;
    }

    offer() {
        const { typed } = this;
        const found = this.topics.filter(({ topic }) => topic.includes(typed) && topic !== typed);
        found.sort((a, b) => b.topic.startsWith(typed) - a.topic.startsWith(typed) || a.topic.localeCompare(b.topic));
        this.list.replaceChildren(...found.map((one) => option(one)));
        this.at = -1;
        this.list.hidden = !found.length;
        this.input.setAttribute("aria-expanded", String(found.length > 0));
        this.explain();
    }

    /** Say below the field what the topic does, who may ask, and what its data looks like. */
    explain() {
        const one = this.chosen;
        $("topic-about").replaceChildren(...(one ? about(one, this.wanted[one.topic]) : []));
        $("fill-in").hidden = !this.example;
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
        this.explain();
        this.taken(topic);
    }
}

function option({ topic, about: text }) {
    const made = element("li", {}, element("b", { textContent: topic }), element("small", { textContent: text }));
    made.dataset.topic = topic;
    made.setAttribute("role", "option");
    return made;
}

function about({ about: text, permission }, wanted) {
    const parts = [element("span", { textContent: text })];
    if (permission) parts.push(element("span", { textContent: say("wants", { permission }) }));
    for (const { name, kind, required, about: title } of wanted?.fields ?? [])
        parts.push(element("code", { textContent: [`${name}: ${kind}`, required && say("required")].filter(Boolean).join(", "), title }));
    return parts;
}
