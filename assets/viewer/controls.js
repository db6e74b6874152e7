// Mouse, touch and keys.

const TURN_PER_HEIGHT = 3;    // radians for a drag over the height of the page
const ZOOM_PER_NOTCH = 0.88;  // distance after one notch of the wheel
const PIXELS_PER_NOTCH = 100; // of browsers that count pixels

function listen(page) {
    const pointers = new Map();
    const spread = () => {
        const [a, b] = [...pointers.values()];
        return { x: (a.x + b.x) / 2, y: (a.y + b.y) / 2, size: Math.hypot(a.x - b.x, a.y - b.y) };
    };
    const offset = (x, y) => [
        (x - 0.5 * canvas.clientWidth) / page.focal(), (y - 0.5 * canvas.clientHeight) / page.focal()];

    canvas.addEventListener("contextmenu", (event) => event.preventDefault());
    canvas.addEventListener("pointerdown", (event) => {
        if (!page.loaded) { return; }
        canvas.setPointerCapture(event.pointerId);
        pointers.set(event.pointerId, { x: event.clientX, y: event.clientY });
    });
    canvas.addEventListener("pointermove", (event) => {
        const before = pointers.get(event.pointerId);
        if (!before) { return; }
        const two = pointers.size === 2 ? spread() : null;
        const [dx, dy] = [event.clientX - before.x, event.clientY - before.y];
        pointers.set(event.pointerId, { x: event.clientX, y: event.clientY });
        if (two) {
            const now = spread();
            page.view.pan(now.x - two.x, now.y - two.y, page.focal());
            if (0 < now.size) { page.view.zoom(two.size / now.size, offset(now.x, now.y)); }
        } else if (pointers.size === 1) {
            drag(page, event, dx, dy);
        }
        page.touch();
    });
    for (const ending of ["pointerup", "pointercancel"]) {
        canvas.addEventListener(ending, (event) => pointers.delete(event.pointerId));
    }
    canvas.addEventListener("wheel", (event) => {
        event.preventDefault();
        if (!page.loaded) { return; }
        const unit_size = [1 / PIXELS_PER_NOTCH, 1 / 3, 1][event.deltaMode];
        const factor = Math.pow(ZOOM_PER_NOTCH, -event.deltaY * unit_size);
        page.view.zoom(factor, offset(event.clientX, event.clientY));
        page.touch();
    }, { passive: false });
    canvas.addEventListener("dblclick", (event) => {
        if (page.loaded) { page.pick(event.clientX, event.clientY); }
    });
    new ResizeObserver(() => page.resize()).observe(canvas);
    listen_to_keys(page);
    buttons(page);
}

function drag(page, event, dx, dy) {
    const turn = TURN_PER_HEIGHT / canvas.clientHeight;
    const is_left = (event.buttons & 1) !== 0;
    if (!is_left || event.shiftKey) {
        page.view.pan(dx, dy, page.focal());
    } else if (event.altKey) {
        page.view.look(dx * turn, dy * turn);
    } else {
        page.view.orbit(dx * turn, dy * turn);
    }
}

function listen_to_keys(page) {
    addEventListener("keydown", (event) => {
        if (event.ctrlKey || event.metaKey || !page.loaded) { return; }
        page.held.add(event.code);
        if (event.code === "KeyF" || event.code === "Home") { page.go_home(); }
        if (event.key === "?" || event.code === "F1") { toggle_help(); event.preventDefault(); }
        if (event.key === "Escape") { document.getElementById("help").hidden = true; }
        if (event.code === "Space" && page.player) {
            page.player.flip();
            event.preventDefault();
        }
        if (event.altKey) { event.preventDefault(); }
        page.wake();
    });
    addEventListener("keyup", (event) => page.held.delete(event.code));
    addEventListener("blur", () => page.held.clear());
}

function buttons(page) {
    document.getElementById("ask").addEventListener("click", toggle_help);
}

function toggle_help() {
    const help = document.getElementById("help");
    help.hidden = !help.hidden;
}
