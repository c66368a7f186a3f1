// Watching a socket: our own socket asks for its frames, again and again, until somebody has seen enough.

import { Frames } from "./frames.js";
import { Line } from "./line.js";
import { $, counted, say, span, tell } from "./parts.js";

const ENDED = { closed: "endedClosed", time: "endedTime", left: "endedLeft" };

export class Watch {
    constructor(about) {
        this.about = about;
        this.frames = null;
        this.id = "";
        this.until = 0;
        this.begun = false; // the socket's node sends its frames
        this.line = new Line(about.socket, {
            state: (name) => this.showState(name),
            opened: () => this.renew(),
            frame: () => {},
            closed: ({ reason, again }) => again === null && this.id && this.end(reason),
            pushed: (frame) => this.received(frame),
        });
    }

    toggle(id) {
        if (this.id) this.stop();
        else this.start(id);
    }

    start(id) {
        this.frames ??= new Frames();
        this.frames.clear();
        this.id = id;
        this.until = 0;
        this.begun = false;
        $("one-frames").hidden = false;
        $("one-frames").scrollIntoView({ block: "nearest", behavior: "smooth" });
        this.say("");
        this.showButton();
        if (this.line.open) this.renew();
        else this.line.connect({ protocols: [this.about.subprotocol] });
        this.timer = setInterval(() => this.renew(), this.about.tapAgain * 1000);
        this.clock = setInterval(() => this.showTime(), 1000);
    }

    /** Say that we still watch; who stops saying so is forgotten. */
    async renew() {
        const { id } = this;
        if (!id || !this.line.open) return;
        try {
            const { seconds } = await this.line.ask("tap.start", { connection: id });
            if (this.id !== id) return;
            this.until ||= performance.now() + seconds * 1000;
            this.begun = true;
            this.showState("online");
        } catch (problem) {
            if (this.id === id && problem?.code) this.end(problem.message, "bad");
        }
    }

    received({ topic, data }) {
        if (topic !== "tap.frames" || data.connection !== this.id) return;
        for (const one of data.frames) this.add(one);
        if (data.left_out) this.frames.add({ way: "note", text: counted("leftOut", data.left_out), frame: null, size: 0 });
        if (data.ended) this.end(say(ENDED[data.ended]));
    }

    add({ at, way, topic, text, size, cut }) {
        let frame = null;
        try {
            if (way !== "note" && !cut) frame = JSON.parse(text);
        } catch {
            // bytes of an app: shown as they are
        }
        this.frames.add({ at: new Date(at * 1000), way, topic, text, frame, size, cut });
    }

    stop() {
        if (!this.id) return;
        this.line.ask("tap.stop", { connection: this.id }).catch(() => {});
        this.end(say("endedLeft"));
        this.line.disconnect();
    }

    end(why, tone = "") {
        clearInterval(this.timer);
        clearInterval(this.clock);
        this.id = "";
        this.say(why, tone);
        this.showButton();
        this.showState(this.line.open ? "online" : "offline");
    }

    say(text, tone = "") {
        tell($("watch-says"), text, tone);
    }

    showButton() {
        const [icon, words] = $("one-watch").children;
        icon.textContent = this.id ? "visibility_off" : "visibility";
        words.textContent = say(this.id ? "unwatch" : "watch");
    }

    showState(name) {
        if (name !== "online") this.begun = false;
        const watching = this.id && this.begun;
        $("watch-state").dataset.state = watching ? "online" : this.id ? "waiting" : "offline";
        if (this.id && name === "waiting") this.say(say("lineLost"));
        this.showTime();
    }

    showTime() {
        const left = this.until ? span(Math.max(0, (this.until - performance.now()) / 1000)) : "…";
        $("watch-state").lastElementChild.textContent = this.id ? say("watching", { time: left }) : say("notWatching");
    }
}
