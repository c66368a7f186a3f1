// Follows one message while it waits or is being sent. Everything is on the server, so a reload loses nothing.

const ASK_SECONDS = 2;
const place = document.getElementById("sms-message");
const moves = () => place.querySelector("[data-moves]") !== null;

async function refresh() {
    const address = new URL(location.href);
    address.searchParams.set("part", "1");
    const answer = await fetch(address, { credentials: "same-origin" });
    if (answer.ok) place.innerHTML = await answer.text();
}

const timer = setInterval(() => {
    if (!moves()) clearInterval(timer);
    else if (!document.hidden) refresh().catch(() => {});
}, ASK_SECONDS * 1000);
