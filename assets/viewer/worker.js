// What runs beside the page: unpacks the splats into textures, then sorts them by depth.
//
// The function is handed to a worker as text, so it may use nothing from outside.
// `post(message, transferred)` answers. Messages: {settings}, {piece} (bytes of the deflated
// splats, in order), {end}, {row, near, id, order} (sort), {ray, id} (what lies under the pointer).
function splatWorker(post) {
    const GROUP = 256;
    const WIDTH = 2048; // of all textures, in texels
    let settings = null;
    let writer = null;
    let unpacked = null;
    let means = null;
    let opacities = null;

    // Inflates what `piece`s bring into one array of the size that the settings lead to.
    function begin() {
        const total = stream_bytes(settings.splats, settings.degree);
        const bytes = new Uint8Array(total);
        const inflate = new DecompressionStream("deflate");
        writer = inflate.writable.getWriter();
        // Said by the reader; here it would only be said twice.
        writer.closed.catch(() => {});
        const reader = inflate.readable.getReader();
        unpacked = (async () => {
            let filled = 0;
            for (;;) {
                const { value, done } = await reader.read();
                if (done) { break; }
                if (total < filled + value.length) { throw new Error("the splats are damaged"); }
                bytes.set(value, filled);
                filled += value.length;
                post({ progress: filled / total });
            }
            if (filled !== total) { throw new Error("the page is not complete"); }
            return bytes;
        })();
        unpacked.then(finish).catch((error) => post({ error: String(error.message || error) }));
    }

    function stream_bytes(splats, degree) {
        const groups = Math.ceil(splats / GROUP);
        return groups * 12 * 4 + splats * (17 + 3 * ((degree + 1) * (degree + 1) - 1));
    }

    function texture(texels, words, Kind) {
        const rows = Math.max(1, Math.ceil(texels / WIDTH));
        return { rows, values: new Kind(rows * WIDTH * words) };
    }

    // From columns of bytes to texels; see recon/src/io/html for the columns.
    function finish(bytes) {
        const { splats, degree } = settings;
        const group_count = Math.ceil(splats / GROUP);
        const view = new DataView(bytes.buffer);
        const groups = texture(2 * group_count, 4, Float32Array);
        const number = (group, k) => view.getFloat32(4 * (12 * group + k), true);
        for (let group = 0; group < group_count; group += 1) {
            // Log-scale: lowest and step; colour step; harmonics step; then the lowest colour.
            for (let k = 0; k < 7; k += 1) { groups.values[8 * group + k] = number(group, 4 + k); }
        }
        let next = group_count * 48;
        const column = () => bytes.subarray(next, next += splats);
        const columns = (count) => Array.from({ length: count }, column);
        const place_bytes = columns(6); // x high, x low, y high, …
        const rotation = columns(4);
        const scale = columns(3);
        const opacity = column();
        const colour = columns(3);

        const places = texture(splats, 4, Uint32Array);
        const looks = texture(splats, 2, Uint32Array);
        const as_floats = new Float32Array(places.values.buffer);
        means = new Float32Array(3 * splats);
        for (let i = 0; i < splats; i += 1) {
            const group = Math.floor(i / GROUP);
            for (let k = 0; k < 3; k += 1) {
                const steps = 256 * place_bytes[2 * k][i] + place_bytes[2 * k + 1][i];
                const mean = number(group, k) + number(group, 3) * steps;
                as_floats[4 * i + k] = mean;
                means[3 * i + k] = as_floats[4 * i + k];
            }
            places.values[4 * i + 3] =
                rotation[0][i] | rotation[1][i] << 8 | rotation[2][i] << 16 | rotation[3][i] << 24;
            looks.values[2 * i] =
                scale[0][i] | scale[1][i] << 8 | scale[2][i] << 16 | opacity[i] << 24;
            looks.values[2 * i + 1] = colour[0][i] | colour[1][i] << 8 | colour[2][i] << 16;
        }
        opacities = opacity;

        const coefficients = 3 * ((degree + 1) * (degree + 1) - 1);
        const harmonics = texture(degree * splats, 4, Uint32Array);
        const as_bytes = new Uint8Array(harmonics.values.buffer);
        for (let k = 0; k < coefficients; k += 1) {
            const one = column();
            for (let i = 0; i < splats; i += 1) { as_bytes[16 * degree * i + k] = one[i]; }
        }
        const textures = { places, looks, harmonics, groups };
        post({ textures }, Object.values(textures).map((it) => it.values.buffer));
    }

    // Back to front by the exact depth: the bits of positive floats are ordered like them, so two
    // counting sorts of 16 bits each do. `row` is the third row of world to camera.
    const histograms = [new Uint32Array(65536), new Uint32Array(65536)];
    let depths = new Float32Array(0);
    let ids = [new Uint32Array(0), new Uint32Array(0)];
    function sort({ row, near, id, order }) {
        const splats = settings.splats;
        if (depths.length !== splats) {
            depths = new Float32Array(splats);
            ids = [new Uint32Array(splats), new Uint32Array(splats)];
        }
        const bits = new Uint32Array(depths.buffer);
        const [low, high] = histograms;
        low.fill(0);
        high.fill(0);
        let count = 0;
        for (let i = 0; i < splats; i += 1) {
            const depth = row[0] * means[3 * i] + row[1] * means[3 * i + 1]
                + row[2] * means[3 * i + 2] + row[3];
            if (!(near < depth)) { continue; }
            depths[i] = depth;
            low[bits[i] & 65535] += 1;
            high[bits[i] >>> 16] += 1;
            ids[0][count] = i;
            count += 1;
        }
        // The largest first: where a value's entries end, counted from the top.
        for (const histogram of histograms) {
            let before = 0;
            for (let k = 65535; 0 <= k; k -= 1) {
                const own = histogram[k];
                histogram[k] = before;
                before += own;
            }
        }
        for (let k = 0; k < count; k += 1) {
            const i = ids[0][k];
            ids[1][low[bits[i] & 65535]++] = i;
        }
        const sorted = order && order.length === splats ? order : new Uint32Array(splats);
        for (let k = 0; k < count; k += 1) {
            const i = ids[1][k];
            sorted[high[bits[i] >>> 16]++] = i;
        }
        post({ sorted, count, id }, [sorted.buffer]);
    }

    // The depth of the nearest splat that is not faint and whose middle lies close to a ray from
    // the eye: `ray` is the eye, the direction (of depth 1), the forward axis, and how far off a
    // middle may lie at depth 1.
    function pick({ ray, id }) {
        const { eye, direction, forward, off } = ray;
        let nearest = Infinity;
        for (let i = 0; i < settings.splats; i += 1) {
            if (opacities[i] < 64) { continue; }
            const x = means[3 * i] - eye[0], y = means[3 * i + 1] - eye[1], z = means[3 * i + 2] - eye[2];
            const depth = x * forward[0] + y * forward[1] + z * forward[2];
            if (depth <= 0 || nearest <= depth) { continue; }
            const dx = x - depth * direction[0], dy = y - depth * direction[1], dz = z - depth * direction[2];
            if (dx * dx + dy * dy + dz * dz < off * off * depth * depth) { nearest = depth; }
        }
        post({ depth: nearest, id });
    }

    return (message) => {
        if (message.settings) { settings = message.settings; begin(); }
        if (message.piece) { writer.write(message.piece).catch(() => {}); }
        if (message.end) { writer.close().catch(() => {}); }
        if (message.row) { sort(message); }
        if (message.ray) { pick(message); }
    };
}
