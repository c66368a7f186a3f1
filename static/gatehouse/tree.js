// Departments in order: the list is flat, each row knows its depth; what follows deeper lies below.
// A move is shown, sent, and taken back when the server refuses it.

const tree = document.querySelector("[data-tree]");
const STEP = 22; // px of indentation a level, see gatehouse.css

const rows = () => [...tree.querySelectorAll("li[data-id]")];
const depth = (row) => Number(row.dataset.depth);

function setDepth(row, value) {
    row.dataset.depth = value;
    row.style.setProperty("--depth", value);
}

/** The row with all that lies below it. */
function branch(row) {
    const all = rows();
    const from = all.indexOf(row);
    const to = all.findIndex((one, place) => place > from && depth(one) <= depth(row));
    return all.slice(from, to < 0 ? undefined : to);
}

function parentOf(row) {
    let one = row.previousElementSibling;
    while (one && depth(one) >= depth(row)) one = one.previousElementSibling;
    return one;
}

function siblingBefore(row) {
    let one = row.previousElementSibling;
    while (one && depth(one) > depth(row)) one = one.previousElementSibling;
    return one && depth(one) === depth(row) ? one : null;
}

function siblingAfter(row) {
    const next = branch(row).at(-1).nextElementSibling;
    return next && depth(next) === depth(row) ? next : null;
}

/** Put a branch before `beside` (null: at the end), its top at depth `to`. */
function put(moved, beside, to) {
    const by = to - depth(moved[0]);
    for (const one of moved) {
        tree.insertBefore(one, beside);
        setDepth(one, depth(one) + by);
    }
}

const MOVES = {
    up(row) {
        const other = siblingBefore(row);
        return other && (() => put(branch(row), other, depth(row)));
    },
    down(row) {
        const other = siblingAfter(row);
        return other && (() => put(branch(other), row, depth(row)));
    },
    out(row) {
        const above = parentOf(row);
        return above && (() => put(branch(row), branch(above).at(-1).nextElementSibling, depth(above)));
    },
    in(row) {
        const other = siblingBefore(row);
        return other && (() => put(branch(row), branch(row).at(-1).nextElementSibling, depth(row) + 1));
    },
};

function refresh() {
    for (const row of rows()) {
        for (const button of row.querySelectorAll("[data-move]")) {
            // not `disabled`: the keyboard's place would be lost
            button.setAttribute("aria-disabled", String(!MOVES[button.dataset.move](row)));
        }
    }
}

const snapshot = () => rows().map((row) => [row, row.dataset.depth]);

function restore(before) {
    for (const [row, value] of before) {
        tree.append(row);
        setDepth(row, value);
    }
}

function complain(text, stale) {
    const note = document.querySelector("[data-problem]");
    note.hidden = !text;
    note.querySelector("[data-text]").textContent = text;
    note.querySelector("[data-again]").hidden = !stale;
}

let saving = false;

async function move(row, change) {
    if (saving) return;
    const before = snapshot();
    change();
    if (before.every(([one, value], place) => rows()[place] === one && one.dataset.depth === value)) return;
    saving = true;
    tree.setAttribute("aria-busy", "true");
    complain("", false);
    try {
        const [parent, after, next] = [parentOf(row), siblingBefore(row), siblingAfter(row)];
        const id = (one) => (one ? Number(one.dataset.id) : null);
        const answer = await fetch(location.href, {
            method: "POST",
            headers: { "Content-Type": "application/json", "X-CSRFToken": tree.dataset.csrf },
            body: JSON.stringify({
                department: id(row),
                parent: id(parent),
                after: id(after),
                before: after ? null : id(next),
                version: tree.dataset.version,
            }),
        });
        const said = await answer.json();
        if (answer.ok) {
            tree.dataset.version = said.version;
            document.querySelector("[data-said]").textContent =
                tree.dataset.moved + row.querySelector("[data-name]").textContent;
        } else {
            restore(before);
            complain(said.message, said.stale);
        }
    } catch {
        restore(before);
        complain(tree.dataset.away, true);
    }
    tree.removeAttribute("aria-busy");
    saving = false;
    refresh();
}

tree.addEventListener("click", async (event) => {
    const button = event.target.closest("[data-move]");
    if (!button) return;
    const row = button.closest("li");
    const change = MOVES[button.dataset.move](row);
    if (!change) return;
    await move(row, change);
    button.focus();
});

document.querySelector("[data-again]").addEventListener("click", () => location.reload());

// --- dragging: with a mouse, a pen or a finger ---

function startDragging(event) {
    const handle = event.target.closest("[data-handle]");
    if (!handle || saving || event.button) return;
    event.preventDefault();
    const row = handle.closest("li");
    const moved = branch(row);
    const before = snapshot();
    const [startX, startDepth] = [event.clientX, depth(row)];
    // the list, not the handle: what is moved in the page loses its capture
    tree.setPointerCapture(event.pointerId);
    for (const one of moved) one.classList.add("gh-dragged");

    const follow = (at) => {
        const others = rows().filter((one) => !moved.includes(one));
        const beside = others.find((one) => {
            const box = one.getBoundingClientRect();
            return at.clientY < box.top + box.height / 2;
        });
        const above = beside ? others[others.indexOf(beside) - 1] : others.at(-1);
        const most = above ? depth(above) + 1 : 0;
        const least = beside ? depth(beside) : 0;
        const wanted = startDepth + Math.round((at.clientX - startX) / STEP);
        put(moved, beside ?? null, Math.max(least, Math.min(most, wanted)));
        const edge = 60;
        if (at.clientY < edge) scrollBy(0, -12);
        else if (at.clientY > innerHeight - edge) scrollBy(0, 12);
    };
    const end = async (how) => {
        tree.removeEventListener("pointermove", follow);
        for (const kind of ["pointerup", "pointercancel"]) tree.removeEventListener(kind, end);
        removeEventListener("keydown", escape);
        for (const one of moved) one.classList.remove("gh-dragged");
        const after = snapshot();
        restore(before);
        if (how.type === "pointerup") await move(row, () => restore(after));
    };
    const escape = (key) => key.key === "Escape" && end(key);
    tree.addEventListener("pointermove", follow);
    for (const kind of ["pointerup", "pointercancel"]) tree.addEventListener(kind, end);
    addEventListener("keydown", escape);
}

tree.addEventListener("pointerdown", startDragging);
refresh();
