// The form of a schedule: another job asks for other parameters.

document.addEventListener("change", async (event) => {
    const place = document.getElementById("jk-parameters");
    if (event.target.id !== "id_job" || !place) return;
    const job = event.target.value;
    place.replaceChildren();
    if (!job) return;
    const answer = await fetch(place.dataset.url.replace("/0/", `/${job}/`), { credentials: "same-origin" }).catch(() => null);
    if (!answer?.ok || event.target.value !== job) return;
    const made = new DOMParser().parseFromString(await answer.text(), "text/html");
    place.replaceChildren(...made.body.childNodes);
});
