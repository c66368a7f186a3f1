// What is in a new view: jobs are found by name, with the folders they are in; how many are chosen is said.

const list = document.getElementById("jk-choices");
const find = document.getElementById("jk-find");
const count = document.getElementById("jk-count");

function above(name) {
    const parts = name.split("/");
    return parts.map((_, place) => parts.slice(0, place + 1).join("/"));
}

function narrow() {
    const text = find.value.trim().toLocaleLowerCase();
    const rows = [...list.querySelectorAll("[data-name]")];
    const wanted = new Set(rows.filter((row) => row.dataset.name.toLocaleLowerCase().includes(text)).flatMap((row) => above(row.dataset.name)));
    for (const row of rows) row.hidden = !wanted.has(row.dataset.name);
}

function tell() {
    const chosen = list.querySelectorAll("input:checked").length;
    count.textContent = chosen ? `· ${chosen}` : "";
}

find.hidden = false;
find.addEventListener("input", narrow);
find.addEventListener("keydown", (event) => event.key === "Enter" && event.preventDefault()); // nobody who searches is done
list.addEventListener("change", tell);
tell();
