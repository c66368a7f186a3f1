// For pages outside the admin: the chosen theme, copying the request number, going back, trying again.

(() => {
    let theme = "auto";
    try {
        theme = JSON.parse(localStorage.getItem("adminTheme")) ?? "auto";
    } catch {
        /* nothing was chosen, or storage is closed */
    }
    const dark = theme === "dark" || (theme === "auto" && matchMedia("(prefers-color-scheme: dark)").matches);
    document.documentElement.classList.toggle("dark", dark);
})();

document.addEventListener("click", async (event) => {
    const button = event.target.closest("button");
    if (!button) return;
    if ("copy" in button.dataset) {
        await navigator.clipboard.writeText(button.dataset.copy);
        button.textContent = button.dataset.copied;
    } else if ("back" in button.dataset) {
        history.back();
    } else if ("retry" in button.dataset) {
        location.reload();
    }
});

document.addEventListener("DOMContentLoaded", () => {
    if (document.querySelector("[data-retry]")) setInterval(() => navigator.onLine && location.reload(), 5000);
});
