// Follows one import or export: numbers come over the socket, or are asked for where there is none; when the state
// changes, the page's own body is fetched again. Everything is on the server, so a reload loses nothing.

const ASK_SECONDS = 2;
const place = document.getElementById("sheets-job");
const language = document.documentElement.lang || undefined;

function draw(job) {
    const bar = place.querySelector("[data-bar]");
    if (!bar) return;
    const number = new Intl.NumberFormat(language);
    const share = job.total ? Math.min(100, (100 * job.done) / job.total) : 0;
    bar.querySelector(".gh-progress").classList.toggle("sheets-endless", !job.total);
    bar.querySelector(".gh-progress i").style.width = `${share}%`;
    bar.querySelector("[data-done]").textContent = number.format(job.done);
    bar.querySelector("[data-of]").hidden = !job.total;
    bar.querySelector("[data-total]").textContent = number.format(job.total);
    fill(bar.querySelector("[data-rate]"), "{rate}", job.rate, number);
    fill(bar.querySelector("[data-left]"), "{left}", job.seconds_left, number);
}

function fill(element, name, value, number) {
    element.textContent = value ? element.dataset.text.replace(name, number.format(value)) : "";
}

async function refresh() {
    const address = new URL(location.href);
    address.searchParams.set("part", "1");
    const answer = await fetch(address, { credentials: "same-origin" });
    if (answer.ok) place.innerHTML = await answer.text();
}

const shown = () => place.querySelector("[data-state]");
const running = () => shown()?.hasAttribute("data-running");

async function take(job) {
    if (job.id !== place.dataset.job) return;
    if (job.state === shown()?.dataset.state) draw(job);
    else await refresh();
}

let heard = 0;

function listen() {
    const socket = new WebSocket(`${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/ws/`, "gatehouse.v1");
    const heartbeat = setInterval(() => socket.readyState === 1 && socket.send('{"topic":"ping"}'), 10000);
    socket.addEventListener("message", (event) => {
        const frame = JSON.parse(event.data);
        if (frame.topic !== place.dataset.topic) return;
        heard = Date.now();
        take(frame.data).catch(() => {});
        if (!running()) socket.close();
    });
    socket.addEventListener("close", () => clearInterval(heartbeat));
}

async function ask() {
    if (!running() || document.hidden || Date.now() - heard < ASK_SECONDS * 1000) return;
    const answer = await fetch(place.dataset.progress, { credentials: "same-origin" });
    if (answer.ok) await take(await answer.json());
}

if (running()) {
    listen();
    setInterval(() => ask().catch(() => {}), ASK_SECONDS * 1000);
    ask().catch(() => {});
}
