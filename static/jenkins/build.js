// Follows one build: when it moves on, its page is fetched again. Everything is on the server, so a reload loses nothing.

import { $, about, calmly, fetched, listen } from "./live.js";

const AGAIN_SECONDS = 5;
const body = $("jk-body");
const shown = () => body.firstElementChild;

/** Somebody is about to say why: their words stay until they are sent, or nobody may decide any more. */
function writes() {
    return Boolean(body.querySelector(".jk-decide input[name=reason]")?.value);
}

async function anew() {
    const page = await fetched();
    if (!page) return;
    const state = page.body.firstElementChild?.dataset.state;
    if (state === shown().dataset.state && writes()) return;
    body.replaceChildren(...page.body.childNodes);
    tell("jenkins:build", { state });
}

const look = calmly(anew, 150);

const tell = (name, detail) => document.dispatchEvent(new CustomEvent(name, { detail }));

export const line = listen(
    (topic, data) => {
        if (topic === "jenkins.builds" && data.id === about.build) look();
        tell("jenkins:pushed", { topic, data });
    },
    (_line, before) => {
        if (before) look();
        tell("jenkins:opened", { before });
    },
);

setInterval(() => {
    // while it runs the bar moves on, and a push may have been missed
    if (shown().dataset.moves !== undefined && !document.hidden) look();
}, AGAIN_SECONDS * 1000);
