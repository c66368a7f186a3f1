// Filters topics and events while somebody types.

const filter = document.getElementById("ref-filter");
const members = [...document.querySelectorAll("[data-member]")];
const links = [...document.querySelectorAll("[data-name]")];

function show() {
    const words = filter.value.toLowerCase().split(/\s+/).filter(Boolean);
    const fits = (text) => words.every((word) => text.toLowerCase().includes(word));
    for (const member of members) member.hidden = !fits(member.textContent);
    const shown = new Set(members.filter((one) => !one.hidden).map((one) => one.id));
    for (const link of links) link.parentElement.hidden = !shown.has(link.hash.slice(1));
    for (const group of document.querySelectorAll(".ref-group")) {
        group.hidden = !members.some((one) => !one.hidden && group.contains(one));
    }
    document.getElementById("ref-none").hidden = shown.size > 0;
}

filter.addEventListener("input", show);
filter.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && filter.value) {
        filter.value = "";
        show();
        event.preventDefault();
    }
});
