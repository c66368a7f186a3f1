// Which columns the sheet must have: those of the parameters that are not written on the page. The empty sheet has them too.

const sheet = document.getElementById("sms-sheet");
const columns = [...document.querySelectorAll("[data-column]")];

function show() {
    const address = new URL(sheet.href);
    address.searchParams.delete("filled");
    for (const column of columns) {
        const name = column.dataset.column;
        const filled = document.querySelector(`[data-parameter="${name}"]`).value.trim() !== "";
        column.querySelector("[data-required]").hidden = filled;
        column.querySelector("[data-same]").hidden = !filled;
        if (filled) address.searchParams.append("filled", name);
    }
    sheet.href = address;
}

if (sheet) {
    document.addEventListener("input", (event) => {
        if (event.target.matches("[data-parameter]")) show();
    });
    show();
}
