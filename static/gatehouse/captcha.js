// The captcha of a form: the work is done in workers while the person types, and goes with the form as `captcha`.
// A form sent before the work is done waits for it. What the parts are called: templates/gatehouse/captcha.html.

const MARGIN_MS = 15_000; // a solution that would be too old on arrival is not sent

class Captcha {
    constructor(box) {
        this.box = box;
        this.form = box.closest("form");
        this.field = box.querySelector("input");
        this.said = box.querySelector("[data-said]");
        this.take(JSON.parse(document.getElementById("captcha-challenge").textContent));
        this.form.addEventListener("submit", (event) => this.hold(event));
        box.querySelector("button").addEventListener("click", () => this.renew());
        // what the browser kept of a page that was left holds a solution that was used
        addEventListener("pageshow", (event) => event.persisted && this.renew());
        this.solve();
    }

    take(told) {
        this.challenge = told.captcha;
        this.staleAt = Date.now() + told.expires_in * 1000 - MARGIN_MS;
    }

    hold(event) {
        if (this.field.value && Date.now() < this.staleAt) return;
        event.preventDefault();
        this.isSending = true;
        if (!this.field.value && this.workers?.length) return;
        this.renew();
    }

    async renew() {
        this.field.value = "";
        this.show("working");
        try {
            const about = (this.form.elements.username ?? this.form.elements.phone)?.value ?? "";
            const answer = await fetch(`${this.box.dataset.again}&about=${encodeURIComponent(about)}`);
            if (!answer.ok) throw new Error(`HTTP ${answer.status}`);
            this.take(await answer.json());
            this.solve();
        } catch {
            this.fail();
        }
    }

    solve() {
        this.stop();
        this.show("working");
        const number = Math.min(4, Math.max(1, Math.floor((navigator.hardwareConcurrency || 2) / 2)));
        try {
            this.workers = Array.from({ length: number }, () => new Worker(this.box.dataset.worker));
        } catch {
            this.fail();
            return;
        }
        this.workers.forEach((worker, counterStart) => {
            worker.onmessage = ({ data }) => (data && "counter" in data ? this.done(data) : this.fail());
            worker.onerror = () => this.fail();
            worker.postMessage({ type: "work", challenge: this.challenge, counterStart, counterStep: number });
        });
    }

    stop() {
        this.workers?.forEach((worker) => worker.terminate());
        this.workers = [];
    }

    done(solution) {
        this.stop();
        this.field.value = btoa(JSON.stringify({ challenge: this.challenge, solution }));
        this.show("done");
        if (this.isSending) this.form.requestSubmit();
        this.isSending = false;
    }

    fail() {
        this.stop();
        this.isSending = false;
        this.show("failed");
    }

    show(state) {
        this.box.dataset.state = state;
        this.said.textContent = this.said.dataset[state];
    }
}

document.querySelectorAll("[data-captcha]").forEach((box) => new Captcha(box));
