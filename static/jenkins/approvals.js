// What waits for a decision: new ones come, decided ones go; what somebody is writing meanwhile stays.

import { $, calmly, fetched, listen } from "./live.js";

async function anew() {
    const page = await fetched();
    if (!page) return;
    const waiting = $("jk-waiting");
    const fresh = [...page.querySelectorAll("#jk-waiting > *")];
    const ids = new Set(fresh.map((one) => one.dataset.build));
    for (const card of [...waiting.children]) {
        const writes = card.querySelector("input[name=reason]")?.value;
        if (!ids.has(card.dataset.build) && !writes) card.remove();
    }
    const there = new Set([...waiting.children].map((one) => one.dataset.build));
    for (const card of fresh) if (!there.has(card.dataset.build)) waiting.append(card);
    for (const side of page.querySelectorAll("[data-side]")) {
        document.querySelector(`[data-side="${side.dataset.side}"]`).replaceChildren(...side.childNodes);
    }
    if ([...waiting.children].some((one) => one.dataset.build)) waiting.querySelector("[data-empty]")?.remove();
}

const look = calmly(anew);
listen((topic) => topic === "jenkins.builds" && look(), (_line, before) => before && look());
