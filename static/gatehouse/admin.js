// What every admin page does besides unfold: live counts in the sidebar, copying, and a page for when the server is away.

const PULSE_SECONDS = 15;

async function beat() {
    const counts = document.querySelectorAll("[data-count]");
    if (!counts.length || document.hidden) return;
    const answer = await fetch("/admin/pulse/", { headers: { Accept: "application/json" } });
    if (!answer.ok) return;
    const found = await answer.json();
    for (const count of counts) {
        const number = found[count.dataset.count];
        if (number === undefined) continue;
        (count.querySelector("b") ?? count).textContent = number;
        if (count.classList.contains("gh-count")) count.hidden = !number;
    }
}

setInterval(() => beat().catch(() => {}), PULSE_SECONDS * 1000);

document.addEventListener("click", async (event) => {
    const button = event.target.closest("[data-copy]");
    if (!button) return;
    event.preventDefault();
    await navigator.clipboard.writeText(button.dataset.copy);
    if (button.dataset.copied) button.textContent = button.dataset.copied;
});

document.addEventListener("click", (event) => event.target.closest("[data-print]") && print());

// the palette listens to keys only: pasting and Chinese input methods press none that it hears
document.addEventListener("input", (event) => {
    if (event.target.id === "search-input-command") event.target.dispatchEvent(new KeyboardEvent("keyup"));
});

if ("serviceWorker" in navigator) {
    window.addEventListener("load", () => {
        navigator.serviceWorker
            .register(`/admin/away.js?${document.documentElement.lang}`, { scope: "/admin/" })
            .catch(() => {});
    });
}
