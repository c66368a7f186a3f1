// Something new at a Jenkins: XML is asked for only where it is wanted.

const kind = document.getElementById("id_kind");
const wanted = ["id_xml", "id_file"].map((id) => document.getElementById(id)?.closest(".group")).filter(Boolean);

function show() {
    for (const one of wanted) one.hidden = kind.value !== "upload";
}

if (kind) {
    kind.addEventListener("change", show);
    show();
}
