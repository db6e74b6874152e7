// The page: reads its own settings and splats, draws when something changed, listens to the user.
//
// For tests and other pages there is `window.accrete`: `ready` (a promise: unpacked),
// `show(camera)` (a promise: drawn, sorted for exactly that camera), `picture(camera)` (the same as
// a PNG in a data URL), `camera()` (where the viewer stands) and `seek(seconds)` (stands still at
// that time of the camera path). A camera is {pose, fx, fy, cx, cy, width, height}: the rows of
// camera to world in twelve numbers, the rest in pixels. The address may end in
// `#camera=` and these eighteen numbers, the pose last.

const settings = JSON.parse(document.getElementById("settings").textContent);
const canvas = document.getElementById("scene");
const message = document.getElementById("message");

function say(text) {
    message.textContent = text;
    message.hidden = text === "";
}

class Page {
    constructor(gl) {
        this.painter = new Painter(gl, settings);
        this.view = new Viewpoint(settings);
        this.fixed = null;     // a camera that was set from outside
        this.order_of = null;  // the pose that the order is of
        this.spare = null;     // an array for the next order
        this.asked = null;     // the pose that is being sorted for, and what waits for it
        this.waiting = [];
        this.held = new Set(); // keys
        this.fov = settings.fov_degrees;
        this.player = settings.path ? new Player(new CameraPath(settings.path), this) : null;
        this.scale = 1;        // part of the pixels while something moves
        this.moved = 0;        // when something last moved
        this.last = 0;
        this.scheduled = false;
        this.loaded = false;
        this.ready = new Promise((resolve, reject) => {
            this.resolve = resolve;
            this.reject = reject;
        });
        this.ready.catch(() => {});
        this.post = start_worker((it) => this.receive(it));
    }

    receive(it) {
        if (it.error) { say("The splats cannot be shown: " + it.error); this.reject(it.error); }
        if (it.progress) { say("Unpacking " + Math.round(100 * it.progress) + " %"); }
        if (it.textures) { this.load(it.textures); }
        if (it.sorted) { this.take_order(it); }
        if (it.depth !== undefined) { this.turn_about(it); }
    }

    load(textures) {
        try {
            this.painter.load(textures);
        } catch (error) {
            this.receive({ error: error.message });
            return;
        }
        this.loaded = true;
        say("");
        this.resize();
        this.stand_first();
        this.resolve();
        this.wake();
    }

    // Frames --------------------------------------------------------------------------------------

    wake() {
        if (this.scheduled || !this.loaded) { return; }
        this.scheduled = true;
        requestAnimationFrame((now) => {
            this.scheduled = false;
            this.frame(now);
        });
    }

    frame(now) {
        const seconds = Math.min((now - this.last) / 1000, 0.1);
        const is_moving = this.fly(seconds) | this.step(now) | now - this.moved < 200;
        if (is_moving && this.last_moved && 0 < seconds) {
            // Fewer pixels where frames take long, more where they do not.
            const change = seconds < 0.025 ? 1.05 : 0.045 < seconds ? 0.85 : 1;
            this.scale = Math.min(Math.max(this.scale * change, 0.3), 1);
        }
        this.last = now;
        this.last_moved = is_moving;
        const camera = this.fixed || this.camera(is_moving ? this.scale : 1);
        const pose = camera.pose;
        if (!this.asked && !same(pose, this.order_of)) { this.ask_order(pose); }
        this.painter.draw(camera);
        const is_sorted = same(pose, this.order_of);
        document.documentElement.dataset.state = is_sorted && !is_moving ? "ready" : "moving";
        if (is_moving) { this.wake(); }
    }

    ask_order(pose) {
        this.asked = pose;
        const row = [pose[2], pose[6], pose[10]];
        row.push(-dot(row, [pose[3], pose[7], pose[11]]));
        const order = this.spare;
        this.spare = null;
        this.post({ row, near: settings.near, order }, order ? [order.buffer] : []);
    }

    take_order({ sorted, count }) {
        this.painter.set_order(sorted, count);
        this.spare = sorted;
        this.order_of = this.asked;
        this.asked = null;
        for (const waiter of this.waiting.splice(0)) { waiter(); }
        this.wake();
    }

    // Draws exactly this camera from now on; resolves when that is done.
    async show(camera) {
        await this.ready;
        this.fixed = camera;
        this.pause();
        document.body.classList.add("bare");
        canvas.width = camera.width;
        canvas.height = camera.height;
        canvas.style.width = camera.width / devicePixelRatio + "px";
        canvas.style.height = camera.height / devicePixelRatio + "px";
        while (!same(camera.pose, this.order_of)) {
            if (!this.asked) { this.ask_order(camera.pose); }
            await new Promise((resolve) => this.waiting.push(resolve));
        }
        // Whoever waits goes on before the browser takes the picture away to show it.
        this.painter.draw(camera);
        document.documentElement.dataset.state = "ready";
    }

    async picture(camera) {
        await this.show(camera);
        return canvas.toDataURL("image/png");
    }

    // The camera ----------------------------------------------------------------------------------

    resize() {
        if (this.fixed) { return; }
        canvas.width = Math.max(1, Math.round(canvas.clientWidth * devicePixelRatio));
        canvas.height = Math.max(1, Math.round(canvas.clientHeight * devicePixelRatio));
        this.wake();
    }

    half_tangents() {
        const half = Math.tan(this.fov * Math.PI / 360);
        return [half * canvas.width / canvas.height, half];
    }

    // In pixels of the page.
    focal() { return 0.5 * canvas.clientHeight / this.half_tangents()[1]; }

    camera(scale) {
        const width = Math.max(1, Math.round(canvas.width * scale));
        const height = Math.max(1, Math.round(canvas.height * scale));
        const half = this.half_tangents();
        return {
            pose: this.view.pose(), width, height,
            fx: 0.5 * width / half[0], fy: 0.5 * height / half[1],
            cx: 0.5 * width, cy: 0.5 * height,
        };
    }

    // At {pose, fov}: the rows of camera to world, and the vertical field of view in degrees.
    stand({ pose, fov }) {
        this.view.stand_at(pose);
        this.fov = fov;
    }

    stand_first() {
        this.fov = settings.fov_degrees;
        const { player } = this;
        if (player && !settings.camera) {
            player.stand(player.path.start);
        } else {
            this.view.home(this.half_tangents());
        }
    }

    // Something moved the view by hand.
    touch() {
        this.pause();
        this.moved = performance.now();
        this.wake();
    }

    fly(seconds) {
        const axes = { KeyD: [0, 1], KeyA: [0, -1], KeyQ: [1, 1], KeyE: [1, -1], KeyW: [2, 1], KeyS: [2, -1] };
        const by = [0, 0, 0];
        for (const key of this.held) {
            if (axes[key]) { by[axes[key][0]] += axes[key][1]; }
        }
        if (Math.hypot(...by) === 0) { return false; }
        const fast = this.held.has("ShiftLeft") || this.held.has("ShiftRight");
        const slow = this.held.has("AltLeft") || this.held.has("AltRight");
        const speed = this.view.fly_speed() * (fast ? 4 : 1) * (slow ? 0.25 : 1);
        this.view.move(scaled(unit(by), speed * seconds));
        this.pause();
        return true;
    }

    step(now) { return this.player !== null && this.player.step(now); }

    pause() {
        if (this.player) { this.player.pause(); }
    }

    go_home() {
        this.stand_first();
        this.touch();
    }

    // Turns about what is seen at a place of the page.
    pick(x, y) {
        const focal = this.focal();
        const across = (x - 0.5 * canvas.clientWidth) / focal;
        const down = (y - 0.5 * canvas.clientHeight) / focal;
        const [right, below, forward] = this.view.axes;
        const direction = add(forward, add(scaled(right, across), scaled(below, down)));
        const ray = { eye: this.view.eye(), direction, forward, off: 6 / focal };
        this.picked = direction;
        this.post({ ray });
    }

    turn_about({ depth }) {
        if (!Number.isFinite(depth)) { return; }
        this.view.pivot = add(this.view.eye(), scaled(this.picked, depth));
        this.view.distance = depth;
        this.touch();
    }
}

function same(a, b) { return b !== null && a.every((it, k) => it === b[k]); }

// The worker, or where a browser allows none for a file, the same on the page itself.
function start_worker(receive) {
    const source = "const handle = (" + splatWorker + ")((it, moved) => postMessage(it, moved));"
        + "onmessage = (it) => handle(it.data);";
    try {
        const address = URL.createObjectURL(new Blob([source], { type: "text/javascript" }));
        const worker = new Worker(address);
        worker.onmessage = (it) => receive(it.data);
        worker.onerror = () => receive({ error: "the browser runs no worker" });
        return (it, moved) => worker.postMessage(it, moved || []);
    } catch {
        const handle = splatWorker((it) => setTimeout(receive, 0, it));
        return (it) => handle(it);
    }
}

// The splats lie in elements of some megabytes; each is dropped as soon as it is read.
async function feed(post) {
    post({ settings: { splats: settings.splats, degree: settings.degree } });
    for (const element of document.querySelectorAll("script.splats")) {
        const text = atob(element.textContent.trim());
        element.remove();
        const piece = new Uint8Array(text.length);
        for (let k = 0; k < text.length; k += 1) { piece[k] = text.charCodeAt(k); }
        post({ piece }, [piece.buffer]);
        await new Promise((resolve) => setTimeout(resolve));
    }
    post({ end: true });
}

function camera_of_address() {
    const numbers = new URLSearchParams(location.hash.slice(1)).get("camera");
    const [fx, fy, cx, cy, width, height, ...pose] = (numbers || "").split(",").map(Number);
    const is_whole = pose.length === 12 && [fx, fy, cx, cy, width, height, ...pose].every(Number.isFinite);
    return is_whole ? { pose, fx, fy, cx, cy, width, height } : null;
}

function start() {
    document.getElementById("name").textContent = settings.name;
    document.getElementById("count").textContent = settings.splats.toLocaleString() + " splats";
    if (typeof DecompressionStream === "undefined") {
        say("This browser is too old to unpack the splats. Open the page with one of the last years.");
        return;
    }
    const gl = canvas.getContext("webgl2", {
        alpha: false, antialias: false, depth: false, powerPreference: "high-performance",
    });
    if (!gl) {
        say("This page draws with WebGL 2, which this browser does not have or has switched off. "
            + "Switch hardware acceleration on, or open the page with another browser.");
        return;
    }
    canvas.addEventListener("webglcontextlost", () => {
        say("The graphics device was lost. Reload the page to go on.");
    });
    let page;
    try {
        page = new Page(gl);
    } catch (error) {
        say("This device cannot draw the splats: " + error.message);
        return;
    }
    window.accrete = {
        settings,
        ready: page.ready,
        show: (camera) => page.show(camera),
        picture: (camera) => page.picture(camera),
        camera: () => page.fixed || page.camera(1),
        seek: (seconds) => page.ready.then(() => page.player.seek(seconds)),
    };
    listen(page);
    feed(page.post).catch((error) => page.receive({ error: error.message }));
    const camera = camera_of_address();
    if (camera) { page.show(camera).then(() => { document.title = "ready"; }); }
}

start();
