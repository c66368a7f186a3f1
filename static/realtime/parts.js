// What the pages of the gateway share: small pieces of the document, and their texts.

export const $ = (id) => document.getElementById(id);

const texts = {};

/** Take over the texts that the template handed out. */
export function learn(given) {
    Object.assign(texts, given);
}

export function say(key, values = {}) {
    return (texts[key] ?? key).replace(/\{(\w+)\}/g, (_, name) => values[name] ?? "");
}

/** `what` names a text for one, `${what}s` the one for several. */
export function counted(what, count) {
    return say(count === 1 ? what : `${what}s`, { count: count.toLocaleString() });
}

export function element(tag, properties = {}, ...children) {
    const made = Object.assign(document.createElement(tag), properties);
    made.append(...children);
    return made;
}

export function icon(name) {
    const made = element("span", { className: "material-symbols-outlined", textContent: name });
    made.setAttribute("aria-hidden", "true");
    return made;
}

/** A button that is an icon; `name` is what it does, for who does not see it. */
export function tool(name, picture, act) {
    const made = element("button", { type: "button", className: "con-tool", title: name }, icon(picture));
    made.setAttribute("aria-label", name);
    made.addEventListener("click", act);
    return made;
}

export function tell(place, text, tone = "") {
    place.textContent = text;
    place.dataset.tone = tone;
}

export function size(bytes) {
    if (bytes < 1024) return `${bytes} B`;
    return bytes < 1048576 ? `${(bytes / 1024).toFixed(1)} KB` : `${(bytes / 1048576).toFixed(1)} MB`;
}

export function clock(at) {
    const two = (number) => String(number).padStart(2, "0");
    return `${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}.${String(at.getMilliseconds()).padStart(3, "0")}`;
}

/** How long: the largest unit, rounded down. */
export function span(seconds) {
    const [n, unit] =
        seconds < 60 ? [seconds, "s"] : seconds < 3600 ? [seconds / 60, "min"] : seconds < 86400 ? [seconds / 3600, "h"] : [seconds / 86400, "d"];
    return say(unit, { n: Math.max(0, Math.floor(n)) });
}

/** All texts in `value`, however deep: the messages of an error's fields. */
export function leaves(value) {
    if (typeof value === "string") return [value];
    return value ? Object.values(value).flatMap(leaves) : [];
}

/** Ask our server; what it refuses is thrown in its own words. */
export async function ask(address, method = "GET", body = undefined) {
    const headers = { Accept: "application/json", "Accept-Language": document.documentElement.lang };
    if (method !== "GET") Object.assign(headers, { "Content-Type": "application/json", "X-CSRFToken": csrfToken() });
    let answer;
    try {
        answer = await fetch(address, { method, headers, body: body === undefined ? undefined : JSON.stringify(body) });
    } catch {
        throw Object.assign(new Error(say("unanswered")), { passes: true });
    }
    const said = await answer.json().catch(() => ({}));
    if (answer.ok) return said;
    const [message, details] = [said.error?.message ?? answer.statusText, leaves(said.error?.fields).join(" ")];
    const words = details ? say("refusal", { message, details }) : message;
    throw Object.assign(new Error(words), { status: answer.status, passes: answer.status === 429 || answer.status >= 500 });
}

function csrfToken() {
    return document.querySelector("[name=csrfmiddlewaretoken]")?.value ?? "";
}

export async function copy(button, text) {
    await navigator.clipboard.writeText(text);
    const before = button.title;
    button.firstElementChild.textContent = "check";
    button.title = say("copied");
    setTimeout(() => {
        button.firstElementChild.textContent = "content_copy";
        button.title = before;
    }, 1200);
}
