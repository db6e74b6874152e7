// Where the viewer stands and what it turns about: a pivot, a distance to it, an orientation.
//
// Camera axes are x right, y down, z forward; rotations are matrices of three columns, which are
// those axes in the world. `up` is the world direction that stays on top.

const add = (a, b) => [a[0] + b[0], a[1] + b[1], a[2] + b[2]];
const scaled = (a, s) => [a[0] * s, a[1] * s, a[2] * s];
const minus = (a, b) => add(a, scaled(b, -1));
const dot = (a, b) => a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
const cross = (a, b) => [
    a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]];
const unit = (a) => scaled(a, 1 / (Math.hypot(...a) || 1));

// `v` turned about the unit vector `axis` (Rodrigues).
function turned(v, axis, angle) {
    const c = Math.cos(angle), s = Math.sin(angle);
    return add(add(scaled(v, c), scaled(cross(axis, v), s)), scaled(axis, dot(axis, v) * (1 - c)));
}

// The axes of a camera that looks along `forward`, with `up` on top.
function facing(forward, up) {
    const z = unit(forward);
    let x = cross(z, up);
    if (Math.hypot(...x) < 1e-6) { x = cross(z, Math.abs(z[0]) < 0.9 ? [1, 0, 0] : [0, 1, 0]); }
    x = unit(x);
    return [x, cross(z, x), z];
}

class Viewpoint {
    constructor(settings) {
        this.up = unit(settings.up);
        this.low = settings.low;
        this.high = settings.high;
        this.first = settings.camera;
        const radius = 0.5 * Math.hypot(...minus(this.high, this.low));
        this.radius = 1e-6 < radius ? radius : 1;
    }

    // The first view: the given one, or all of the scene from the front, a little from above.
    // `half` are the tangents of half the field of view, across and down.
    home(half) {
        if (this.first) { this.stand_at(this.first); return; }
        const wanted = Math.abs(this.up[2]) < 0.5 ? [0, 0, 1] : [0, 1, 0];
        const front = unit(minus(wanted, scaled(this.up, dot(wanted, this.up))));
        const elevation = 0.3;
        const forward = minus(
            scaled(front, Math.cos(elevation)), scaled(this.up, Math.sin(elevation)));
        this.axes = facing(forward, this.up);
        this.pivot = scaled(add(this.low, this.high), 0.5);
        let needed = 0;
        for (let corner = 0; corner < 8; corner += 1) {
            const at = [0, 1, 2].map((k) => (corner >> k & 1 ? this.high : this.low)[k]);
            const seen = this.axes.map((axis) => dot(axis, minus(at, this.pivot)));
            const across = Math.max(Math.abs(seen[0]) / half[0], Math.abs(seen[1]) / half[1]);
            needed = Math.max(needed, 1.06 * across - seen[2]);
        }
        this.distance = 1e-6 < needed ? needed : 2 * this.radius;
    }

    // At a pose: twelve numbers, the rows of camera to world.
    stand_at(pose) {
        this.axes = [0, 1, 2].map((k) => unit([pose[k], pose[4 + k], pose[8 + k]]));
        const eye = [pose[3], pose[7], pose[11]];
        const middle = scaled(add(this.low, this.high), 0.5);
        this.distance = Math.max(dot(minus(middle, eye), this.axes[2]), 0.1 * this.radius);
        this.pivot = add(eye, scaled(this.axes[2], this.distance));
    }

    eye() { return minus(this.pivot, scaled(this.axes[2], this.distance)); }

    pose() {
        const [x, y, z] = this.axes, eye = this.eye();
        return [0, 1, 2].flatMap((k) => [x[k], y[k], z[k], eye[k]]);
    }

    // Turns about the pivot: `yaw` about the world's up, `pitch` about the image's horizontal.
    orbit(yaw, pitch) {
        let axes = this.axes.map((axis) => turned(axis, this.up, -yaw));
        // Pitch is cut where it would pass the pole, so that a drag never flips the scene.
        const steepness = Math.min(Math.max(dot(axes[2], this.up), -1), 1);
        const elevation = Math.asin(steepness), limit = Math.asin(0.9995);
        const low = -Math.max(limit, -elevation), high = Math.max(limit, elevation);
        const wanted = Math.min(Math.max(elevation - pitch, low), high);
        axes = axes.map((axis) => turned(axis, axes[0], wanted - elevation));
        const z = unit(axes[2]);
        const x = unit(minus(axes[0], scaled(z, dot(axes[0], z))));
        this.axes = [x, cross(z, x), z];
    }

    // The same about the eye.
    look(yaw, pitch) {
        const eye = this.eye();
        this.orbit(yaw, pitch);
        this.pivot = add(eye, scaled(this.axes[2], this.distance));
    }

    // What lies at the pivot's depth follows the pointer; `focal` in the same pixels.
    pan(dx, dy, focal) {
        this.move([-dx * this.distance / focal, -dy * this.distance / focal, 0]);
    }

    // Along the camera's axes, world units.
    move(by) {
        for (let k = 0; k < 3; k += 1) { this.pivot = add(this.pivot, scaled(this.axes[k], by[k])); }
    }

    // Keeps what lies under the pointer at the pivot's depth where it is. `offset`: the pointer
    // from the middle, over the focal length.
    zoom(factor, offset) {
        const wanted = Math.min(Math.max(this.distance * factor, 1e-4 * this.radius), 1e3 * this.radius);
        const part = (1 - wanted / this.distance) * this.distance;
        this.move([offset[0] * part, offset[1] * part, 0]);
        this.distance = wanted;
    }

    // World units a second.
    fly_speed() {
        return Math.min(Math.max(0.6 * this.distance, 0.05 * this.radius), 2 * this.radius);
    }
}
