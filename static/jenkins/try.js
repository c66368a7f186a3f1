// Tries a Jenkins server with what is in the form, before anything is saved.

const button = document.getElementById("jk-try");
const says = document.getElementById("jk-try-says");
const form = document.querySelector("form[id$=_form]");

function tell(text, tone) {
    says.textContent = text;
    says.className = tone;
}

button.addEventListener("click", async () => {
    const asked = new URLSearchParams({ id: button.dataset.id });
    for (const name of ["url", "user", "token", "networks"]) asked.set(name, form?.elements[name]?.value ?? "");
    button.disabled = true;
    tell(button.dataset.asking, "gh-faint");
    try {
        const answer = await fetch(button.dataset.url, { method: "POST", headers: { "X-CSRFToken": button.dataset.csrf }, body: asked });
        const said = await answer.json();
        tell(said.says, said.ok ? "jk-good" : "jk-bad");
    } catch {
        tell(button.dataset.away, "jk-bad");
    }
    button.disabled = false;
});
