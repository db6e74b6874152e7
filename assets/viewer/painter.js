// Draws the splats with WebGL 2, in three steps:
// 1. project: a fragment a splat works out its ellipse and colour, into two textures;
// 2. splats: a quad a splat, back to front, blended into a frame of half floats (8 bits would
//    round at every splat);
// 3. present: the frame over the background, on the canvas.

const WIDTH = 2048; // of the textures that hold splats, in texels

class Painter {
    constructor(gl, settings) {
        this.gl = gl;
        this.settings = settings;
        const has_floats = gl.getExtension("EXT_color_buffer_float")
            || gl.getExtension("EXT_color_buffer_half_float");
        this.frame_format = has_floats ? gl.RGBA16F : gl.RGBA8;
        this.project = this.program("screen.vert", "project.frag");
        this.splats = this.program("splat.vert", "splat.frag", "splat");
        this.present = this.program("screen.vert", "present.frag");
        this.nothing = gl.createVertexArray();
        this.quads = gl.createVertexArray();
        this.order = gl.createBuffer();
        gl.bindVertexArray(this.quads);
        gl.bindBuffer(gl.ARRAY_BUFFER, this.order);
        gl.enableVertexAttribArray(0);
        gl.vertexAttribIPointer(0, 1, gl.UNSIGNED_INT, 0, 0);
        gl.vertexAttribDivisor(0, 1);
        gl.bindVertexArray(null);
        this.count = 0;
        this.frame_size = [0, 0];
    }

    program(vertex, fragment, attribute) {
        const gl = this.gl;
        const program = gl.createProgram();
        for (const [kind, name] of [[gl.VERTEX_SHADER, vertex], [gl.FRAGMENT_SHADER, fragment]]) {
            const shader = gl.createShader(kind);
            gl.shaderSource(shader, document.getElementById(name).textContent.trim());
            gl.compileShader(shader);
            if (!gl.getShaderParameter(shader, gl.COMPILE_STATUS) && !gl.isContextLost()) {
                throw new Error(name + ": " + gl.getShaderInfoLog(shader));
            }
            gl.attachShader(program, shader);
        }
        if (attribute) { gl.bindAttribLocation(program, 0, attribute); }
        gl.linkProgram(program);
        if (!gl.getProgramParameter(program, gl.LINK_STATUS) && !gl.isContextLost()) {
            throw new Error(fragment + ": " + gl.getProgramInfoLog(program));
        }
        const places = new Map();
        return {
            use: () => gl.useProgram(program),
            at: (name) => {
                if (!places.has(name)) { places.set(name, gl.getUniformLocation(program, name)); }
                return places.get(name);
            },
        };
    }

    texture(format, width, height, source, kind, values) {
        const gl = this.gl;
        const texture = gl.createTexture();
        gl.bindTexture(gl.TEXTURE_2D, texture);
        gl.texStorage2D(gl.TEXTURE_2D, 1, format, width, height);
        gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MIN_FILTER, gl.NEAREST);
        gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MAG_FILTER, gl.NEAREST);
        if (values) { gl.texSubImage2D(gl.TEXTURE_2D, 0, 0, 0, width, height, source, kind, values); }
        return texture;
    }

    // Takes what the worker unpacked to the GPU.
    load({ places, looks, harmonics, groups }) {
        const gl = this.gl;
        const most = gl.getParameter(gl.MAX_TEXTURE_SIZE);
        if (most < Math.max(WIDTH, places.rows, harmonics.rows)) {
            throw new Error("this device cannot hold so many splats (its textures have at most "
                + most + " rows)");
        }
        const up = (format, source, kind, it) =>
            this.texture(format, WIDTH, it.rows, source, kind, it.values);
        this.held = {
            places: up(gl.RGBA32UI, gl.RGBA_INTEGER, gl.UNSIGNED_INT, places),
            looks: up(gl.RG32UI, gl.RG_INTEGER, gl.UNSIGNED_INT, looks),
            harmonics: up(gl.RGBA32UI, gl.RGBA_INTEGER, gl.UNSIGNED_INT, harmonics),
            groups: up(gl.RGBA32F, gl.RGBA, gl.FLOAT, groups),
        };
        this.rows = places.rows;
        this.ellipses = this.texture(gl.RGBA32UI, WIDTH, this.rows);
        this.shown = this.texture(gl.RGBA32UI, WIDTH, this.rows);
        this.projected = this.target([this.ellipses, this.shown]);
    }

    target(textures) {
        const gl = this.gl;
        const target = gl.createFramebuffer();
        gl.bindFramebuffer(gl.FRAMEBUFFER, target);
        const attachments = textures.map((_, k) => gl.COLOR_ATTACHMENT0 + k);
        textures.forEach((texture, k) => gl.framebufferTexture2D(
            gl.FRAMEBUFFER, attachments[k], gl.TEXTURE_2D, texture, 0));
        gl.drawBuffers(attachments);
        return target;
    }

    // The splats that are drawn, farthest first.
    set_order(sorted, count) {
        const gl = this.gl;
        gl.bindBuffer(gl.ARRAY_BUFFER, this.order);
        gl.bufferData(gl.ARRAY_BUFFER, sorted.subarray(0, count), gl.DYNAMIC_DRAW);
        this.count = count;
    }

    // A frame of the camera's size; the canvas may have more pixels.
    draw(camera) {
        const gl = this.gl;
        this.make_frame(camera.width, camera.height);
        gl.disable(gl.BLEND);
        this.project_splats(camera);

        gl.bindFramebuffer(gl.FRAMEBUFFER, this.frame_target);
        gl.viewport(0, 0, camera.width, camera.height);
        gl.clearColor(0, 0, 0, 0);
        gl.clear(gl.COLOR_BUFFER_BIT);
        gl.enable(gl.BLEND);
        gl.blendFunc(gl.ONE, gl.ONE_MINUS_SRC_ALPHA);
        this.splats.use();
        this.bind(this.splats, { ellipses: this.ellipses, shown: this.shown });
        gl.uniform2f(this.splats.at("image_size"), camera.width, camera.height);
        gl.bindVertexArray(this.quads);
        gl.drawArraysInstanced(gl.TRIANGLE_STRIP, 0, 4, this.count);
        gl.bindVertexArray(this.nothing);

        const [width, height] = [gl.canvas.width, gl.canvas.height];
        gl.disable(gl.BLEND);
        gl.bindFramebuffer(gl.FRAMEBUFFER, null);
        gl.viewport(0, 0, width, height);
        this.present.use();
        this.bind(this.present, { frame: this.frame });
        gl.uniform2f(this.present.at("frame_size"), camera.width, camera.height);
        gl.uniform2f(this.present.at("canvas_size"), width, height);
        gl.uniform3fv(this.present.at("background"), this.settings.background);
        gl.drawArrays(gl.TRIANGLES, 0, 3);
    }

    project_splats(camera) {
        const gl = this.gl;
        const { pose, fx, fy, cx, cy, width, height } = camera;
        const at = this.project.at;
        this.project.use();
        gl.bindVertexArray(this.nothing);
        gl.bindFramebuffer(gl.FRAMEBUFFER, this.projected);
        gl.viewport(0, 0, WIDTH, this.rows);
        this.bind(this.project, this.held);
        gl.uniformMatrix4fv(at("camera_from_world"), false, camera_from_world(pose));
        gl.uniform3f(at("eye"), pose[3], pose[7], pose[11]);
        gl.uniform2f(at("focal"), fx, fy);
        gl.uniform2f(at("principal"), cx, cy);
        // Beyond the image and 0.3 of its half size the affine approximation is not followed.
        const margin = [0.15 * width / fx, 0.15 * height / fy];
        gl.uniform2f(at("tangent_low"), -cx / fx - margin[0], -cy / fy - margin[1]);
        gl.uniform2f(at("tangent_high"), (width - cx) / fx + margin[0], (height - cy) / fy + margin[1]);
        gl.uniform1f(at("near"), this.settings.near);
        gl.uniform1i(at("count"), this.settings.splats);
        gl.uniform1i(at("degree"), this.settings.degree);
        gl.uniform1i(at("antialiased"), this.settings.antialiased ? 1 : 0);
        gl.drawArrays(gl.TRIANGLES, 0, 3);
    }

    bind(program, textures) {
        const gl = this.gl;
        Object.entries(textures).forEach(([name, texture], unit) => {
            gl.activeTexture(gl.TEXTURE0 + unit);
            gl.bindTexture(gl.TEXTURE_2D, texture);
            gl.uniform1i(program.at(name), unit);
        });
    }

    make_frame(width, height) {
        const [had_width, had_height] = this.frame_size;
        if (width <= had_width && height <= had_height) { return; }
        const gl = this.gl;
        gl.deleteTexture(this.frame || null);
        gl.deleteFramebuffer(this.frame_target || null);
        this.frame_size = [Math.max(width, had_width), Math.max(height, had_height)];
        this.frame = this.texture(this.frame_format, ...this.frame_size);
        this.frame_target = this.target([this.frame]);
    }
}

// Sixteen numbers, column by column, from the twelve of a pose (rows of camera to world).
function camera_from_world(pose) {
    const axis = (k) => [pose[k], pose[4 + k], pose[8 + k]];
    const eye = [pose[3], pose[7], pose[11]];
    const [x, y, z] = [axis(0), axis(1), axis(2)];
    return [
        x[0], y[0], z[0], 0, x[1], y[1], z[1], 0, x[2], y[2], z[2], 0,
        -dot(x, eye), -dot(y, eye), -dot(z, eye), 1];
}
