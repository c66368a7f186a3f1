// The upload: shows which file was chosen, takes one that is dropped, and follows the chosen kind of rows.

const drop = document.getElementById("drop");

if (drop) {
    const input = drop.querySelector("input[type=file]");
    // unfold would look for a text field of its own beside every file field
    input.hasChangeListener = true;
    const chosen = drop.querySelector("[data-chosen]");
    const show = () => {
        chosen.textContent = input.files[0]?.name ?? chosen.dataset.empty;
    };
    input.addEventListener("change", () => {
        show();
        // what was said of another file, or of none
        for (const said of document.querySelectorAll(".sheets-drop + .sheets-error")) said.remove();
    });
    for (const kind of ["dragenter", "dragover"]) {
        drop.addEventListener(kind, (event) => {
            event.preventDefault();
            drop.classList.add("sheets-over");
        });
    }
    for (const kind of ["dragleave", "drop"]) drop.addEventListener(kind, () => drop.classList.remove("sheets-over"));
    drop.addEventListener("drop", (event) => {
        event.preventDefault();
        input.files = event.dataTransfer.files;
        input.dispatchEvent(new Event("change"));
    });
    // back from the next page: the browser still knows the file
    show();
}

document.querySelector("[data-reload]")?.addEventListener("change", (event) => {
    // filters of another list mean nothing here
    location.assign(`${location.pathname}?resource=${encodeURIComponent(event.target.value)}`);
});
