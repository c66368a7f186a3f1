// One socket in a drawer: what its node knows of it, what may be changed, and its frames while somebody watches.

import { $, ask, element, icon, say, size, span, tell, tool } from "./parts.js";
import { Watch } from "./watch.js";

const EVERY = 2500;
const AUTOMATIC = /^(everyone$|user\.|role\.|department\.)/;

export class Drawer {
    /** `acts` has `send(one)` and `disconnect(one)`, which the page asks about. */
    constructor(about, acts) {
        this.about = about;
        this.one = null;
        this.timer = 0;
        this.dialog = $("one");
        this.watch = new Watch(about);
        $("one-close").addEventListener("click", () => this.dialog.close());
        this.dialog.addEventListener("close", () => this.closed());
        this.dialog.addEventListener("click", (event) => event.target === this.dialog && this.dialog.close());
        $("one-send").addEventListener("click", () => acts.send(this.one));
        $("one-disconnect").addEventListener("click", () => acts.disconnect(this.one));
        $("one-watch").addEventListener("click", () => this.watch.toggle(this.one.id));
        $("one-join").addEventListener("submit", (event) => this.submit(event, () => ({ join: [$("one-group").value.trim()] })));
        $("one-set").addEventListener("submit", (event) => this.submit(event, () => ({ settings: { [$("one-key").value.trim()]: $("one-value").value } })));
        for (const [id, may] of [["one-send", "maySend"], ["one-disconnect", "mayDisconnect"], ["one-watch", "mayTap"], ["one-join", "mayChange"], ["one-set", "mayChange"]])
            $(id).hidden = !about[may];
        const id = decodeURIComponent(location.hash.slice(1));
        if (id) this.open({ id });
    }

    address() {
        return this.about.one.replace(/0$/, encodeURIComponent(this.one.id));
    }

    open(one) {
        this.one = one;
        history.replaceState(null, "", `${location.pathname}${location.search}#${encodeURIComponent(one.id)}`);
        this.tell("");
        this.dialog.classList.remove("gone");
        if (one.groups) this.show(one);
        if (!this.dialog.open) this.dialog.showModal();
        this.look();
    }

    closed() {
        clearTimeout(this.timer);
        this.watch.stop();
        this.one = null;
        history.replaceState(null, "", location.pathname + location.search);
    }

    async look() {
        clearTimeout(this.timer);
        const { id } = this.one;
        try {
            const found = await ask(this.address());
            if (this.one?.id !== id) return;
            this.show(found);
            if (this.dialog.classList.contains("gone")) this.tell("");
            this.dialog.classList.remove("gone");
        } catch (problem) {
            if (this.one?.id !== id) return;
            this.dialog.classList.add("gone");
            const ended = problem.status === 404; // no other ever has its id
            if (!ended || $("one-say").dataset.tone !== "ok") this.tell(problem.message, "bad"); // else: somebody here ended it
            if (ended) return;
        }
        if (this.one?.id === id) this.timer = setTimeout(() => this.look(), EVERY);
    }

    tell(text, tone = "") {
        tell($("one-say"), text, tone);
    }

    async submit(event, read) {
        event.preventDefault();
        if (await this.change(read())) event.target.reset();
    }

    async change(wanted) {
        try {
            this.show(await ask(this.address(), "PATCH", wanted));
            this.tell(say("changed"), "ok");
            return true;
        } catch (problem) {
            this.tell(problem.message, "bad");
            return false;
        }
    }

    show(one) {
        this.one = one;
        const name = one.user_id ? one.name || one.username : say("guest");
        const link = one.user_id && this.about.user;
        $("one-name").replaceChildren(link ? element("a", { href: this.about.user.replace("/0/", `/${one.user_id}/`), textContent: name }) : name);
        $("one-sub").textContent = [one.user_id && one.username !== name ? one.username : "", one.device].filter(Boolean).join(" · ");
        const since = new Date(one.since * 1000);
        this.fact("since", say("since", { time: since.toLocaleString(), ago: say("ago", { time: span(Date.now() / 1000 - one.since) }) }));
        for (const key of ["received", "sent"]) this.fact(key, one[key].toLocaleString());
        this.fact("buffered", size(one.buffered));
        for (const key of ["id", "node", "address", "network", "language", "user_agent", "last_error"]) this.fact(key, one[key]);
        this.showGroups(one);
        this.showSettings(Object.entries(one.settings ?? {}));
    }

    fact(name, value) {
        this.dialog.querySelector(`[data-one="${name}"]`).textContent = value || "–";
    }

    showGroups({ groups }) {
        const ordered = [...groups].sort((a, b) => AUTOMATIC.test(a) - AUTOMATIC.test(b) || a.localeCompare(b));
        this.redraw($("one-groups"), ordered, () => ordered.map((group) => this.chip(group)));
    }

    chip(group) {
        const automatic = AUTOMATIC.test(group);
        const made = element("span", { className: `con-chip${automatic ? "" : " joined"}`, title: automatic ? say("automatic") : "" }, group);
        if (automatic || !this.about.mayChange) return made;
        const leave = element("button", { type: "button", title: say("leaveGroup", { group }) }, icon("close"));
        leave.setAttribute("aria-label", leave.title);
        leave.addEventListener("click", () => this.change({ leave: [group] }));
        made.append(leave);
        return made;
    }

    showSettings(settings) {
        this.redraw($("one-settings"), settings, () => (settings.length ? settings.map(([key, value]) => this.setting(key, value)) : [say("nothing")]));
    }

    setting(key, value) {
        const made = element("div", {}, element("dt", { textContent: key }), element("dd", { textContent: value }));
        if (this.about.mayChange) made.append(tool(say("removeSetting", { key }), "close", () => this.change({ settings: { [key]: null } })));
        return made;
    }

    /** Draw anew only what changed, so that what is pointed at stays where it is. */
    redraw(place, what, draw) {
        const key = JSON.stringify([this.one.id, what]);
        if (place.dataset.shows === key) return;
        place.dataset.shows = key;
        place.replaceChildren(...draw());
    }
}
