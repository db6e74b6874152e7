// A camera path, and going along it: play, pause, a place on it.
//
// The path comes without curves: times, a pose at each of them (place, rotation w x y z, vertical
// field of view in degrees), and which of the poses are held until the next one's time.

class CameraPath {
    constructor({ looped, times, poses, held }) {
        this.looped = looped;
        this.times = times;
        this.poses = poses;
        this.held = new Set(held);
        this.start = times[0];
        this.end = times[times.length - 1];
    }

    // The same time within the path: round a loop, not beyond the ends of another.
    within(seconds) {
        const whole = this.end - this.start;
        if (!this.looped || whole <= 0) {
            return Math.min(Math.max(seconds, this.start), this.end);
        }
        const passed = (seconds - this.start) % whole;
        return this.start + (passed < 0 ? passed + whole : passed);
    }

    // Where the camera is: {pose, fov}, the rows of camera to world and degrees.
    at(seconds) {
        const now = this.within(seconds);
        let low = 0, high = this.times.length;  // the last pose whose time has come
        while (1 < high - low) {
            const middle = (low + high) >> 1;
            if (this.times[middle] <= now) { low = middle; } else { high = middle; }
        }
        const from = this.poses[low];
        if (low + 1 === this.poses.length || this.held.has(low)) { return stance(from); }
        const to = this.poses[low + 1];
        const part = (now - this.times[low]) / (this.times[low + 1] - this.times[low]);
        const mixed = from.map((it, k) => it + (to[k] - it) * part);
        const [w, x, y, z] = slerp(from.slice(3, 7), to.slice(3, 7), part);
        return stance([mixed[0], mixed[1], mixed[2], w, x, y, z, mixed[7]]);
    }
}

// The shorter way from one rotation to another (Shoemake, "Animating Rotation with Quaternion
// Curves", 1985).
function slerp(a, b, t) {
    let cosine = a.reduce((sum, it, k) => sum + it * b[k], 0);
    const side = cosine < 0 ? -1 : 1;
    cosine = Math.min(side * cosine, 1);
    const angle = Math.acos(cosine);
    // Where they are all but the same, a straight line is as good.
    const near = angle < 1e-4;
    const s = near ? 1 - t : Math.sin((1 - t) * angle) / Math.sin(angle);
    const u = side * (near ? t : Math.sin(t * angle) / Math.sin(angle));
    return a.map((it, k) => s * it + u * b[k]);
}

function stance([px, py, pz, qw, qx, qy, qz, fov]) {
    const length = Math.hypot(qw, qx, qy, qz) || 1;
    const [w, x, y, z] = [qw / length, qx / length, qy / length, qz / length];
    const pose = [
        1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y), px,
        2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x), py,
        2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y), pz,
    ];
    return { pose, fov };
}

// Goes along the path on a page that is told where to stand.
class Player {
    constructor(path, page) {
        this.path = path;
        this.page = page;
        this.seconds = path.start;
        this.playing = false;
        this.button = document.getElementById("play");
        this.slider = document.getElementById("when");
        this.slider.min = path.start;
        this.slider.max = path.end;
        const moves = path.start < path.end;
        this.button.hidden = this.slider.hidden = !moves;
        this.button.addEventListener("click", () => { this.button.blur(); this.flip(); });
        this.slider.addEventListener("input", () => this.seek(Number(this.slider.value)));
        this.slider.addEventListener("change", () => this.slider.blur());
        this.show();
    }

    // Plays or pauses; at the end it begins again.
    flip() {
        if (!this.playing && this.path.end <= this.seconds) { this.seconds = this.path.start; }
        this.playing = !this.playing && this.path.start < this.path.end;
        this.last = null;
        this.show();
        this.page.wake();
    }

    pause() {
        if (!this.playing) { return; }
        this.playing = false;
        this.show();
    }

    seek(seconds) {
        this.playing = false;
        this.stand(seconds);
        this.page.touch();
    }

    // Moves on to a frame's time, in milliseconds; whether it moved.
    step(now) {
        if (!this.playing) { return false; }
        // A page that was not shown for a while goes on from where it was.
        const passed = this.last === null ? 0 : Math.min(Math.max(now - this.last, 0), 500);
        this.last = now;
        const seconds = this.seconds + passed / 1000;
        if (!this.path.looped && this.path.end <= seconds) { this.playing = false; }
        this.stand(seconds);
        return true;
    }

    stand(seconds) {
        this.seconds = this.path.within(seconds);
        this.page.stand(this.path.at(this.seconds));
        this.show();
    }

    show() {
        this.button.textContent = this.playing ? "Pause" : "Play";
        this.slider.value = this.seconds;
    }
}
