{% load i18n static %}{% get_current_language as LANGUAGE_CODE %}const KEPT = "gatehouse-away-{{ LANGUAGE_CODE }}-2";
const PAGE = "{% url "dashboard:away" %}";
const FILES = [
    PAGE,
    "{% static "gatehouse/mark.svg" %}",
    "{% static "gatehouse/colours.css" %}",
    "{% static "gatehouse/gatehouse.css" %}",
    "{% static "gatehouse/page.js" %}",
];

self.addEventListener("install", (event) => {
    event.waitUntil(caches.open(KEPT).then((kept) => kept.addAll(FILES)).then(() => self.skipWaiting()));
});

self.addEventListener("activate", (event) => {
    const clear = async () => {
        for (const name of await caches.keys()) {
            if (name.startsWith("gatehouse-away-") && name !== KEPT) await caches.delete(name);
        }
        await self.clients.claim();
    };
    event.waitUntil(clear());
});

self.addEventListener("fetch", (event) => {
    const { request } = event;
    if (request.mode === "navigate" && request.method === "GET") {
        event.respondWith(fetch(request).catch(async () => (await caches.match(PAGE)) ?? Response.error()));
    } else if (FILES.includes(new URL(request.url).pathname)) {
        event.respondWith(fetch(request).catch(async () => (await caches.match(request)) ?? Response.error()));
    }
});
