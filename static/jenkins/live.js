// What the pages of Jenkins share: one socket that joins their groups, and a body that is fetched again.

import { Line } from "../realtime/line.js";

export const about = JSON.parse(document.getElementById("jk-about").textContent);
export const $ = (id) => document.getElementById(id);

const PING_SECONDS = 10;

/** Listen to `about.groups`; `pushed(topic, data)` hears what they say, `opened(line)` each time the socket is there. */
export function listen(pushed, opened = () => {}) {
    let before = false;
    const line = new Line(about.socket, {
        state: (name) => $("jk-live")?.setAttribute("data-state", name),
        opened: async () => {
            for (const group of about.groups) await line.ask("join", { group }).catch(() => {});
            opened(line, before); // what happened meanwhile was not heard
            before = true;
        },
        frame: () => {},
        closed: () => {},
        pushed: (frame) => {
            if (!frame.data) return;
            if (frame.topic === "jenkins.builds" && frame.data.event) notice(frame.data);
            pushed(frame.topic, frame.data);
        },
    });
    line.connect({ protocols: [about.subprotocol] });
    setInterval(() => line.write({ topic: "ping" }), PING_SECONDS * 1000);
    return line;
}

/** The page's body as the server has it now, as a document of its own; null when it cannot be had. */
export async function fetched() {
    const address = new URL(location.href);
    address.searchParams.set("part", "1");
    const answer = await fetch(address, { credentials: "same-origin" }).catch(() => null);
    if (!answer?.ok || answer.redirected) return null;
    return new DOMParser().parseFromString(await answer.text(), "text/html");
}

/** Call `work` once when calls come in a burst, and never twice at the same time. */
export function calmly(work, milliseconds = 400) {
    let timer = 0;
    let running = false;
    return function again() {
        clearTimeout(timer);
        timer = setTimeout(async () => {
            if (running) return again();
            running = true;
            await work().catch(() => {});
            running = false;
        }, milliseconds);
    };
}

// --- what concerns the person: a build of theirs is over, or one waits for them -------------------------------------

const SHOWN_SECONDS = 15;

function element(tag, className, text = "") {
    return Object.assign(document.createElement(tag), { className, textContent: text });
}

function notice({ id, event, name, state }) {
    const { url, states, asked, close } = about.notices;
    const look = states[state];
    if (!look || location.pathname === url.replace("{id}", id)) return; // it is in sight already
    const place = $("jk-notices") ?? document.body.appendChild(Object.assign(element("div", "jk-notices"), { id: "jk-notices" }));
    place.setAttribute("role", "status");
    const made = element("div", `jk-notice gh-${look.tone}`);
    const icon = element("span", "material-symbols-outlined", look.icon);
    icon.setAttribute("aria-hidden", "true");
    const link = Object.assign(element("a", "", name), { href: url.replace("{id}", id) });
    const words = element("span", "jk-notice-words");
    words.append(link, element("small", "", event === "asked" ? asked : look.text));
    const button = Object.assign(element("button", "jk-tool"), { type: "button", title: close });
    button.append(element("span", "material-symbols-outlined", "close"));
    button.setAttribute("aria-label", close);
    button.addEventListener("click", () => made.remove());
    made.append(icon, words, button);
    place.append(made);
    setTimeout(() => made.remove(), SHOWN_SECONDS * 1000);
}
