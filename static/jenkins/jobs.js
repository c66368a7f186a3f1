// The tree of jobs and a job's page: folders open and close, jobs are found by name, and what changes is drawn at once.

import { $, about, calmly, fetched, listen } from "./live.js";

const CLOSED = "gatehouse.jenkins.closed";
const body = $("jk-body");
const whole = $("jk-find") !== null; // the tree, not a job's page
let closed = new Set(remembered());

function remembered() {
    try {
        return JSON.parse(sessionStorage.getItem(CLOSED)) ?? [];
    } catch {
        return [];
    }
}

function remember() {
    try {
        sessionStorage.setItem(CLOSED, JSON.stringify([...closed]));
    } catch {
        // storage is closed: the next page begins with everything open
    }
}

// --- folders and filters ---------------------------------------------------------------------------------------------

const keyOf = (row) => `${row.closest("[data-server]")?.dataset.server}:${row.dataset.name}`;

function above(name) {
    const parts = name.split("/").slice(0, -1);
    return parts.map((_, place) => parts.slice(0, place + 1).join("/"));
}

// --- views: asked of Jenkins once the page stands ---------------------------------------------------------------------

const views = new Map(); // by server: what it told, once it did
const chosen = new Map(); // by server: the name of a view

async function askForViews(select) {
    const server = select.closest("[data-server]").dataset.server;
    if (!views.has(server)) {
        views.set(server, []);
        const answer = await fetch(select.dataset.views, { credentials: "same-origin" }).catch(() => null);
        if (answer?.ok) views.set(server, (await answer.json()).views.map(({ name, jobs }) => ({ name, jobs: new Set(jobs) })));
    }
    showViews();
}

function showViews() {
    for (const select of body.querySelectorAll("select[data-views]")) {
        const server = select.closest("[data-server]").dataset.server;
        const told = views.get(server) ?? [];
        select.hidden = told.length < 2; // the one that has everything is no choice
        if (select.hidden || select.options.length > 1) continue;
        for (const view of told) select.add(new Option(view.name, view.name));
        select.value = chosen.get(server) ?? "";
    }
}

/** Whether a job is in the view that was chosen, by itself or with a folder above it. */
function inView(server, name) {
    const view = (views.get(server) ?? []).find((one) => one.name === chosen.get(server));
    return !view || [name, ...above(name)].some((one) => view.jobs.has(one));
}

body.addEventListener("change", (event) => {
    if (!event.target.matches("select[data-views]")) return;
    chosen.set(event.target.closest("[data-server]").dataset.server, event.target.value);
    arrange();
});

function arrange() {
    const text = $("jk-find")?.value.trim().toLocaleLowerCase() ?? "";
    const status = $("jk-status")?.value ?? "";
    const filtered = Boolean(text || status);
    for (const table of body.querySelectorAll(".jk-tree")) {
        const server = table.closest("[data-server]")?.dataset.server;
        const narrowed = filtered || Boolean(chosen.get(server));
        const rows = [...table.rows].filter((row) => row.dataset.name);
        const wanted = new Set();
        for (const row of rows) {
            if (row.dataset.isFolder !== undefined) continue;
            const fits = row.dataset.name.toLocaleLowerCase().includes(text) && (!status || row.dataset.status === status) && inView(server, row.dataset.name);
            if (fits) for (const name of [row.dataset.name, ...above(row.dataset.name)]) wanted.add(name);
        }
        for (const row of rows) {
            const inside = whole && above(row.dataset.name).some((name) => closed.has(`${server}:${name}`));
            row.hidden = narrowed ? !wanted.has(row.dataset.name) : inside;
            row.querySelector(".jk-fold")?.setAttribute("aria-expanded", String(narrowed || !closed.has(keyOf(row))));
        }
    }
}

body.addEventListener("click", (event) => {
    const row = event.target.closest(".jk-fold")?.closest("tr");
    if (!row) return;
    const key = keyOf(row);
    if (!closed.delete(key)) closed.add(key);
    remember();
    arrange();
});
$("jk-find")?.addEventListener("input", arrange);
$("jk-find")?.form.addEventListener("submit", (event) => event.preventDefault());
$("jk-status")?.addEventListener("change", arrange);
$("jk-server")?.addEventListener("change", (event) => event.target.form.submit());

// --- what changes ----------------------------------------------------------------------------------------------------

function badge(status) {
    const look = about.statuses[status];
    const made = document.createElement("span");
    made.className = `gh-badge gh-${look.tone}`;
    const icon = document.createElement("span");
    icon.className = "material-symbols-outlined";
    icon.setAttribute("aria-hidden", "true");
    icon.textContent = look.icon;
    made.append(icon, look.text);
    return made;
}

function draw(job) {
    const places = document.querySelectorAll(`[data-job="${job.id}"]`);
    for (const place of places) {
        if (place.dataset.status !== undefined) place.dataset.status = job.status;
        place.querySelector("[data-cell=status]")?.replaceChildren(badge(job.status));
        const next = place.querySelector("[data-cell=next]");
        if (next) next.textContent = `#${job.next_number}`;
        place.classList.remove("jk-changed");
        void place.offsetWidth; // so that the same line can light up twice
        place.classList.add("jk-changed");
    }
    return places.length > 0;
}

async function anew() {
    const page = whole ? await fetched() : null;
    if (page) body.replaceChildren(...page.body.childNodes);
    if (!whole && $("jk-builds")) {
        const answer = await fetch(location.href, { credentials: "same-origin" });
        const found = new DOMParser().parseFromString(await answer.text(), "text/html").getElementById("jk-builds");
        if (found) $("jk-builds").replaceChildren(...found.childNodes);
    }
    showViews();
    arrange();
}

const look = calmly(anew);

listen(
    (topic, data) => {
        if (topic === "jenkins.jobs") {
            const known = data.jobs.map(draw).every(Boolean);
            const stale = document.querySelector(`[data-server="${data.server}"] .jk-stale`) !== null;
            if (whole && (!known || data.gone.length || stale !== (data.stale_since !== null))) look();
            else arrange();
        } else if (topic === "jenkins.builds" && !whole && document.querySelector(`[data-job="${data.job}"]`)) look();
    },
    (_line, before) => before && look(),
);
arrange();
for (const select of body.querySelectorAll("select[data-views]")) askForViews(select);
