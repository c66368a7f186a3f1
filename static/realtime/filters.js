// What the list of sockets is narrowed down to, in what order and at which page: all of it is in the address of the page.

import { $, element, icon, say } from "./parts.js";

const AGES = ["younger_than", "older_than"];

export class Filters {
    /** `changed()` is called when something else is wanted. */
    constructor(changed) {
        this.changed = changed;
        this.wanted = new URLSearchParams(location.search);
        this.selects = [...document.querySelectorAll("#filters select")];
        $("search").value = this.get("q");
        $("search").addEventListener("input", () => {
            clearTimeout(this.typing);
            this.typing = setTimeout(() => this.want("q", $("search").value.trim()), 200);
        });
        $("filters").addEventListener("submit", (event) => event.preventDefault());
        for (const select of this.selects) select.addEventListener("change", () => this.want(select.name, select.value));
        for (const button of document.querySelectorAll("[data-sort]")) button.addEventListener("click", () => this.sort(button.dataset.sort));
        this.show();
    }

    get(key) {
        return this.wanted.get(key) ?? "";
    }

    want(key, value) {
        if (key === "age") {
            for (const name of AGES) this.wanted.delete(name);
            [key, value] = value ? value.split("=") : ["age", ""];
        }
        if (value) this.wanted.set(key, value);
        else this.wanted.delete(key);
        if (key !== "page") this.wanted.delete("page");
        history.replaceState(null, "", `${location.pathname}${this.wanted.size ? `?${this.wanted}` : ""}${location.hash}`);
        this.show();
        this.changed();
    }

    sort(name) {
        const now = this.get("sort") || "-since";
        const textual = name === "name" || name === "address";
        this.want("sort", textual ? (now === name ? `-${name}` : name) : now === `-${name}` ? name : `-${name}`);
    }

    show() {
        for (const select of this.selects) {
            const value = this.valueOf(select.name);
            if (![...select.options].some((one) => one.value === value)) select.append(element("option", { value, textContent: value }));
            select.value = value;
            select.parentElement.classList.toggle("on", Boolean(value));
        }
        $("more-filters").replaceChildren(...["user", "address"].filter((key) => this.wanted.has(key)).map((key) => this.chip(key)));
        const sort = this.get("sort") || "-since";
        for (const button of document.querySelectorAll("[data-sort]")) {
            delete button.dataset.order;
            if (sort.replace("-", "") === button.dataset.sort) button.dataset.order = sort.startsWith("-") ? "down" : "up";
        }
    }

    valueOf(name) {
        if (name !== "age") return this.get(name);
        const age = AGES.find((one) => this.wanted.has(one));
        return age ? `${age}=${this.get(age)}` : "";
    }

    chip(key) {
        const what = say(`filter_${key}`, { value: this.get(key) });
        const drop = element("button", { type: "button", title: say("dropFilter", { what }) }, icon("close"));
        drop.setAttribute("aria-label", drop.title);
        drop.addEventListener("click", () => this.want(key, ""));
        return element("span", { className: "con-chip joined" }, what, drop);
    }

    /** A button that narrows the list down to `value`. */
    button(key, value, className = "live-link") {
        const made = element("button", { type: "button", className, textContent: value, title: say("filterBy", { what: say(`filter_${key}`, { value }) }) });
        made.addEventListener("click", () => this.want(key, value));
        return made;
    }

    /** Offer what is there at this moment: [[name, how many]]. */
    offer(name, found) {
        const select = this.selects.find((one) => one.name === name);
        if (select === document.activeElement) return; // it may be open
        const value = this.get(name);
        const all = value && !found.some(([known]) => known === value) ? [...found, [value, 0]] : found;
        const options = all.map(([known, count]) => element("option", { value: known, textContent: say("groupOption", { name: known, count: count.toLocaleString() }) }));
        select.replaceChildren(element("option", { value: "", textContent: say("any") }), ...options);
        select.value = value;
    }
}
