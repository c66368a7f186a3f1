// Providers in order: moved by buttons or dragged, by mouse, pen or finger. The form sends them as they stand.

const list = document.querySelector("[data-order]");
const said = document.querySelector("[data-said]");
const rows = () => [...list.querySelectorAll("li")].filter((row) => row.querySelector("[data-move]"));

function refresh() {
    rows().forEach((row, at, all) => {
        row.querySelector("[data-place]").textContent = at + 1;
        // not `disabled`: the keyboard's place would be lost
        row.querySelector("[data-move=up]").setAttribute("aria-disabled", String(at === 0));
        row.querySelector("[data-move=down]").setAttribute("aria-disabled", String(at === all.length - 1));
    });
}

function tell(row) {
    const values = { name: row.querySelector("[data-name]").textContent, place: rows().indexOf(row) + 1, all: rows().length };
    said.textContent = list.dataset.moved.replace(/\{(\w+)\}/g, (_whole, name) => values[name]);
}

list.addEventListener("click", (event) => {
    const button = event.target.closest("[data-move]");
    if (!button || button.getAttribute("aria-disabled") === "true") return;
    const row = button.closest("li");
    if (button.dataset.move === "up") row.previousElementSibling.before(row);
    else row.nextElementSibling.after(row);
    refresh();
    tell(row);
    button.focus();
});

list.addEventListener("pointerdown", (event) => {
    const row = event.target.closest("[data-handle]")?.closest("li");
    if (!row || event.button) return;
    event.preventDefault();
    const before = rows();
    // the list, not the handle: what is moved in the page loses its capture
    list.setPointerCapture(event.pointerId);
    row.classList.add("gh-dragged");
    const follow = (at) => {
        const beside = rows().find((one) => {
            const box = one.getBoundingClientRect();
            return one !== row && at.clientY < box.top + box.height / 2;
        });
        list.insertBefore(row, beside ?? null);
        refresh();
    };
    const end = (how) => {
        list.removeEventListener("pointermove", follow);
        for (const kind of ["pointerup", "pointercancel"]) list.removeEventListener(kind, end);
        removeEventListener("keydown", escape);
        row.classList.remove("gh-dragged");
        if (how.type !== "pointerup") list.append(...before);
        refresh();
        tell(row);
    };
    const escape = (key) => key.key === "Escape" && end(key);
    list.addEventListener("pointermove", follow);
    for (const kind of ["pointerup", "pointercancel"]) list.addEventListener(kind, end);
    addEventListener("keydown", escape);
});

refresh();
