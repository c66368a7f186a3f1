// Parts of a page that ask a Jenkins: the page stands at once, each part is fetched, and again every few seconds.

import { listen } from "./live.js";

const page = document.getElementById("jk-parts");
const AGAIN = Number(page.dataset.again || 0) * 1000;

async function load(part) {
    try {
        const answer = await fetch(part.dataset.part, { credentials: "same-origin" });
        if (answer.redirected || !answer.ok) throw new Error();
        const html = await answer.text();
        // somebody who is typing or pressing there is not disturbed
        if (!part.contains(document.activeElement) || document.activeElement.tagName === "BODY") part.innerHTML = html;
    } catch {
        part.innerHTML = '<p class="jk-bad" role="status"></p>';
        part.firstElementChild.textContent = page.dataset.away;
    }
    if (AGAIN) setTimeout(() => again(part), AGAIN);
}

function again(part) {
    if (document.hidden) setTimeout(() => again(part), AGAIN);
    else load(part);
}

for (const part of page.querySelectorAll("[data-part]")) load(part);

listen(() => {}); // for what concerns the person
