// One socket to the gateway that comes back by itself, as far as the close code allows it.

import * as msgpack from "./msgpack.js";
import { inline } from "./json.js";

const MSGPACK = "gatehouse.v1.msgpack";
const FINAL = 4500; // from here on a client must not reconnect by itself
const LONGEST_WAIT = 30; // seconds
const encoder = new TextEncoder();

/**
 * `hear` is told what happens: `state(name)` with "connecting", "online", "waiting", "closing", "offline" or "refused";
 * `opened(greeting)`, `frame({way, text, frame, size})`, `closed({code, reason, again})`, where `again` are the seconds
 * until the next attempt or null, and `pushed(frame)`.
 */
export class Line {
    constructor(address, hear) {
        this.address = new URL(address, location.href);
        this.address.protocol = location.protocol === "https:" ? "wss:" : "ws:";
        this.hear = hear;
        this.socket = null;
        this.asked = 0;
        this.attempts = 0;
        this.waiting = new Map();
        this.persistent = true;
        this.timer = 0;
    }

    get open() {
        return this.socket?.readyState === WebSocket.OPEN;
    }

    get busy() {
        return Boolean(this.socket || this.timer);
    }

    /** Open it: `protocols` to offer; `ticket` a function that gets one, asked before each attempt. */
    async connect({ protocols = [], ticket = null }) {
        this.how = { protocols, ticket };
        this.attempts = 0;
        await this.attempt();
    }

    async attempt() {
        clearTimeout(this.timer);
        this.timer = 0;
        this.retryAfter = null;
        this.hear.state("connecting");
        const address = new URL(this.address);
        address.searchParams.set("language", document.documentElement.lang);
        let socket;
        try {
            if (this.how.ticket) address.searchParams.set("ticket", await this.how.ticket());
            socket = this.socket = new WebSocket(address, this.how.protocols);
        } catch (problem) {
            return this.closed({ code: 0, reason: problem.message, passes: Boolean(problem.passes) }); // no ticket, or no address
        }
        socket.binaryType = "arraybuffer";
        socket.addEventListener("message", (event) => socket === this.socket && this.received(event.data));
        socket.addEventListener("close", (event) => socket === this.socket && this.closed(event));
    }

    disconnect() {
        clearTimeout(this.timer);
        if (this.timer) {
            this.timer = 0;
            return this.hear.state("offline");
        }
        this.hear.state("closing");
        this.socket?.close(1000);
    }

    /** Send a frame and wait for its reply; an error frame is thrown. `mark` begins its id. */
    ask(topic, data = undefined, mark = "ask") {
        const id = `${mark}-${++this.asked}`;
        return new Promise((resolve, reject) => {
            if (!this.open) return reject(new Error());
            this.waiting.set(id, { resolve, reject });
            this.write({ id, topic, ...(data === undefined ? {} : { data }) });
        });
    }

    write(frame) {
        if (!this.open) return;
        const packed = this.socket.protocol === MSGPACK;
        const sent = packed ? msgpack.encode(frame) : JSON.stringify(frame);
        this.socket.send(sent);
        const shown = frame.topic === "auth" ? { ...frame, data: { access: "•••" } } : frame;
        this.hear.frame({ way: "out", text: inline(shown), frame: shown, size: packed ? sent.length : encoder.encode(sent).length });
    }

    received(data) {
        const binary = data instanceof ArrayBuffer;
        const one = { way: "in", text: binary ? "" : data, frame: null, size: binary ? data.byteLength : encoder.encode(data).length };
        try {
            one.frame = binary ? this.unpacked(data) : JSON.parse(data);
            if (binary) one.text = inline(one.frame);
        } catch {
            one.bytes = binary ? new Uint8Array(data) : null; // shown as it is
        }
        this.hear.frame(one);
        this.understand(one.frame);
    }

    unpacked(data) {
        if (this.socket.protocol !== MSGPACK) throw new TypeError("bytes of an app");
        return msgpack.decode(new Uint8Array(data));
    }

    understand(frame) {
        if (!frame || typeof frame !== "object") return;
        const waiting = this.waiting.get(frame.id);
        if (waiting) {
            this.waiting.delete(frame.id);
            return frame.error ? waiting.reject(frame.error) : waiting.resolve(frame.data);
        }
        if (frame.topic === "welcome") {
            this.attempts = 0;
            this.hear.state("online");
            this.hear.opened(frame.data);
        }
        if (frame.topic === "kick") this.retryAfter = frame.data?.retry_after ?? null;
        this.hear.pushed?.(frame);
    }

    closed({ code, reason, passes = code < FINAL }) {
        for (const { reject } of this.waiting.values()) reject(new Error());
        this.waiting.clear();
        this.socket = null;
        const ours = code === 1000 || code === 1005;
        const again = this.persistent && !ours && passes ? this.pause() : null;
        this.hear.state(again !== null ? "waiting" : ours ? "offline" : "refused");
        if (again !== null) this.timer = setTimeout(() => this.attempt(), again * 1000);
        this.hear.closed({ code, reason, again });
    }

    /** As long as the server asks for; else longer each time, and not all at once. */
    pause() {
        const backoff = Math.min(LONGEST_WAIT, 2 ** this.attempts++) * (0.5 + Math.random() / 2);
        return this.retryAfter ?? backoff;
    }
}
