// Shows what a text would say and cost while it is written. Everything is worked out by the server.

const place = document.getElementById("sms-previews");
const WAIT_MS = 250;
let timer = 0;

function texts() {
    const written = [...document.querySelectorAll("textarea[data-text]")]
        .filter((area) => !area.name.includes("__prefix__") && area.value.trim())
        .map((area) => ({
            language: document.querySelector(`[name="${area.name.replace(/-text$/, "-language")}"]`)?.value ?? "",
            text: area.value,
        }));
    const kept = [...place.querySelectorAll("[data-raw]")].map((one) => ({ language: one.dataset.language, text: one.dataset.raw }));
    return document.querySelector("textarea[data-text]") ? written : kept;
}

function values() {
    return Object.fromEntries([...document.querySelectorAll("[data-parameter]")].map((one) => [one.dataset.parameter, one.value]));
}

function draw(previews) {
    const names = JSON.parse(place.dataset.names);
    const model = document.getElementById("sms-preview");
    place.replaceChildren(
        ...previews.map((one, at) => {
            const part = model.content.firstElementChild.cloneNode(true);
            part.querySelector("h3").textContent = names[one.language] ?? one.language;
            part.querySelector("[data-said]").textContent = one.text;
            part.querySelector(".sms-sign").textContent = one.sign ? `【${one.sign}】` : "";
            const line = part.querySelector("[data-about]");
            const words = one.parts === 1 ? line.dataset.one : line.dataset.many;
            line.textContent = words.replace("{letters}", one.letters).replace("{n}", one.parts).replace("{cost}", one.cost);
            const raw = asked[at];
            part.querySelector("[data-said]").dataset.raw = raw.text;
            part.querySelector("[data-said]").dataset.language = raw.language;
            return part;
        }),
    );
}

let asked = [];

async function refresh() {
    asked = texts();
    const answer = await fetch(place.dataset.url, {
        method: "POST",
        credentials: "same-origin",
        headers: { "Content-Type": "application/json", "X-CSRFToken": document.querySelector("[name=csrfmiddlewaretoken]").value },
        body: JSON.stringify({ texts: asked, values: values() }),
    });
    if (answer.ok) draw((await answer.json()).previews);
}

document.addEventListener("input", (event) => {
    if (!event.target.closest("textarea[data-text], [data-parameter], select")) return;
    clearTimeout(timer);
    timer = setTimeout(() => refresh().catch(() => {}), WAIT_MS);
});

// another template asks for other parameters
document.addEventListener("change", (event) => {
    if (!event.target.matches("select[data-reload]")) return;
    const address = new URL(location.href);
    address.searchParams.set(event.target.name, event.target.value);
    location.href = address;
});

refresh().catch(() => {});
