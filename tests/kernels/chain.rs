//! The kernels of a frame, run one at a time over arrays that tests can read and change.

use rand::RngExt;
use rand_pcg::Pcg64Mcg;
use render::gpu::{ChunkUniform, Counters, DispatchArgs, FrameUniform, Gpu, GpuVec, Groups};
use render::gpu::{Recorder, ScanParams};
use render::kernels as k;
use render::rasterizer::{Capacity, Counted, KeyValues, Projected, SortScratch, frame_uniform};
use render::{Camera, GpuSplats, Intrinsics, RenderConfig, Splats};

use super::{Kernels, kernels, per, run};

/// Written behind the end of arrays, to see that nothing else is.
pub(super) const UNTOUCHED: u32 = 0xdead_beef;
/// How many such words.
pub(super) const GUARD: usize = 4096;

/// The arrays of a frame.
pub(super) struct Chain<'a> {
    gpu: &'a Gpu,
    kernels: &'static Kernels,
    splats: GpuSplats,
    pub(super) uniform: FrameUniform,
    pub(super) frame: GpuVec<FrameUniform>,
    pub(super) counters: GpuVec<Counters>,
    pub(super) dispatches: GpuVec<DispatchArgs>,
    pub(super) visible_bits: GpuVec<u32>,
    pub(super) block_offsets: GpuVec<u32>,
    pub(super) depth: KeyValues,
    pub(super) projected_a: GpuVec<[f32; 4]>,
    pub(super) projected_b: GpuVec<[f32; 4]>,
    pub(super) projected_c: GpuVec<[f32; 4]>,
    pub(super) tile_counts: GpuVec<u32>,
    pub(super) pair_offsets: GpuVec<u32>,
    pub(super) pairs: KeyValues,
    pub(super) tile_ranges: GpuVec<[u32; 2]>,
    pub(super) image: GpuVec<[f32; 4]>,
    pub(super) depths: GpuVec<f32>,
    pub(super) pixels: GpuVec<u32>,
    scratch: SortScratch,
    tile_bits: u32,
}

impl<'a> Chain<'a> {
    /// With room for `pairs` pairs and every splat.
    pub(super) fn new(
        gpu: &'a Gpu,
        splats: &Splats,
        camera: &Camera,
        config: &RenderConfig,
        pairs: usize,
    ) -> Self {
        let n = splats.len();
        let capacity = Capacity {
            image_size: [camera.intrinsics.width, camera.intrinsics.height],
            splats: n,
            visible: n,
            pairs,
        };
        let splats = GpuSplats::upload(gpu, splats).unwrap();
        let uniform = frame_uniform(camera, config, &splats, &capacity);
        let [across, down] = capacity.tiles();
        let pixels = (uniform.image_size[0] * uniform.image_size[1]) as usize;
        let zeros = |len| GpuVec::<u32>::zeroed(gpu, "test", len).unwrap();
        let fours = |len| GpuVec::<[f32; 4]>::zeroed(gpu, "test", len).unwrap();
        let keys = |len| KeyValues::new(gpu, len).unwrap();
        let chain = Self {
            gpu,
            kernels: kernels(gpu),
            splats,
            uniform,
            frame: GpuVec::from_slice(gpu, "frame", &[uniform]).unwrap(),
            counters: GpuVec::zeroed(gpu, "counters", 1).unwrap(),
            dispatches: GpuVec::zeroed(gpu, "dispatches", 6).unwrap(),
            visible_bits: zeros(capacity.blocks() * 8),
            block_offsets: zeros(capacity.blocks()),
            depth: keys(n),
            projected_a: fours(n),
            projected_b: fours(n),
            projected_c: fours(n),
            tile_counts: zeros(n),
            pair_offsets: zeros(capacity.blocks()),
            pairs: keys(pairs + GUARD),
            tile_ranges: GpuVec::zeroed(gpu, "ranges", (across * down) as usize).unwrap(),
            image: fours(pixels),
            depths: GpuVec::zeroed(gpu, "depths", pixels).unwrap(),
            pixels: GpuVec::zeroed(gpu, "pixels", pixels).unwrap(),
            scratch: SortScratch::new(gpu, n.max(pairs)).unwrap(),
            tile_bits: capacity.tile_bits(),
        };
        for array in chain.pairs.keys.iter().chain(&chain.pairs.values) {
            array.write(gpu, &vec![UNTOUCHED; pairs + GUARD]);
        }
        chain
    }

    pub(super) fn chunks(&self) -> impl Iterator<Item = (&GpuVec<ChunkUniform>, &GpuVec<f32>)> {
        self.splats
            .chunks()
            .iter()
            .map(|it| (&it.uniform, &it.params))
    }

    pub(super) fn cull(&self) {
        for (chunk, params) in self.chunks() {
            let arrays = k::cull::Arrays {
                frame: &self.frame,
                chunk,
                params,
                visible_bits: &self.visible_bits,
                block_sums: &self.block_offsets,
            };
            let kernel = &self.kernels.cull;
            let bound = kernel.bind(self.gpu, &arrays);
            run(
                self.gpu,
                kernel.kernel(),
                &bound,
                per(self.splats.len(), 256),
            );
        }
    }

    pub(super) fn scan(&self, counted: Counted) {
        let (block_sums, num_blocks) = match counted {
            Counted::Visible => (&self.block_offsets, self.splats.len().div_ceil(256)),
            Counted::Pairs => (&self.pair_offsets, 0),
        };
        let params = ScanParams {
            counter: counted as u32,
            num_blocks: num_blocks as u32,
        };
        let arrays = k::scan::Arrays {
            frame: &self.frame,
            params: &GpuVec::from_slice(self.gpu, "scan", &[params]).unwrap(),
            block_sums,
            counters: &self.counters,
            dispatches: &self.dispatches,
        };
        let kernel = &self.kernels.scan;
        let bound = kernel.bind(self.gpu, &arrays);
        run(self.gpu, kernel.kernel(), &bound, Groups::Direct(1, 1));
    }

    pub(super) fn project(&self) {
        for (chunk, params) in self.chunks() {
            let arrays = k::project::Arrays {
                frame: &self.frame,
                chunk,
                params,
                visible_bits: &self.visible_bits,
                block_offsets: &self.block_offsets,
                depth_keys: &self.depth.keys[0],
                visible_ids: &self.depth.values[0],
                projected_a: &self.projected_a,
                projected_b: &self.projected_b,
                projected_c: &self.projected_c,
                tile_counts: &self.tile_counts,
            };
            let kernel = &self.kernels.project;
            let bound = kernel.bind(self.gpu, &arrays);
            run(
                self.gpu,
                kernel.kernel(),
                &bound,
                per(self.splats.len(), 256),
            );
        }
    }

    fn sort(&self, counted: Counted, bits: u32, pairs: &KeyValues) {
        let sort = &self.kernels.sort;
        let bound = sort
            .bind(
                self.gpu,
                counted,
                bits,
                &self.counters,
                &self.scratch,
                pairs,
            )
            .unwrap();
        let mut recorder = Recorder::new(self.gpu, None, false);
        sort.record(&mut recorder, &self.dispatches, &bound);
        recorder.submit(self.gpu);
        self.gpu.wait().unwrap();
    }

    pub(super) fn sort_depth(&self) {
        self.sort(Counted::Visible, 32, &self.depth);
    }

    pub(super) fn sort_tiles(&self) {
        self.sort(Counted::Pairs, self.tile_bits, &self.pairs);
    }

    /// Visible splats from depth ranks, once sorted.
    pub(super) fn order(&self) -> &GpuVec<u32> {
        &self.depth.values[KeyValues::sorted(32)]
    }

    /// Copy of the pairs that holds them sorted.
    pub(super) fn sorted(&self) -> usize {
        KeyValues::sorted(self.tile_bits)
    }

    pub(super) fn pair_count(&self) {
        let arrays = k::pair_count::Arrays {
            counters: &self.counters,
            order: self.order(),
            tile_counts: &self.tile_counts,
            block_sums: &self.pair_offsets,
        };
        let kernel = &self.kernels.pair_count;
        let bound = kernel.bind(self.gpu, &arrays);
        let groups = Groups::Indirect(&self.dispatches, 0);
        run(self.gpu, kernel.kernel(), &bound, groups);
    }

    pub(super) fn emit(&self) {
        let arrays = k::emit::Arrays {
            frame: &self.frame,
            counters: &self.counters,
            order: self.order(),
            tile_counts: &self.tile_counts,
            block_offsets: &self.pair_offsets,
            projected_a: &self.projected_a,
            projected_b: &self.projected_b,
            projected_c: &self.projected_c,
            pair_tiles: &self.pairs.keys[0],
            pair_splats: &self.pairs.values[0],
        };
        let kernel = &self.kernels.emit;
        let bound = kernel.bind(self.gpu, &arrays);
        let groups = Groups::Indirect(&self.dispatches, 0);
        run(self.gpu, kernel.kernel(), &bound, groups);
    }

    pub(super) fn ranges(&self) {
        let arrays = k::ranges::Arrays {
            frame: &self.frame,
            counters: &self.counters,
            pair_tiles: &self.pairs.keys[self.sorted()],
            tile_ranges: &self.tile_ranges,
        };
        let kernel = &self.kernels.ranges;
        let bound = kernel.bind(self.gpu, &arrays);
        let groups = Groups::Indirect(&self.dispatches, 3);
        run(self.gpu, kernel.kernel(), &bound, groups);
    }

    pub(super) fn blend(&self) {
        let arrays = k::blend::Arrays {
            frame: &self.frame,
            tile_ranges: &self.tile_ranges,
            pair_splats: &self.pairs.values[self.sorted()],
            projected_a: &self.projected_a,
            projected_b: &self.projected_b,
            projected_c: &self.projected_c,
            image: &self.image,
            depths: &self.depths,
            pixels: &self.pixels,
        };
        let kernel = if self.uniform.shape == 0 {
            &self.kernels.blend
        } else {
            &self.kernels.blend_hard
        };
        let bound = kernel.bind(self.gpu, &arrays);
        let [across, down] = self.uniform.tile_count;
        run(
            self.gpu,
            kernel.kernel(),
            &bound,
            Groups::Direct(across, down),
        );
    }

    /// The same by `blend_eights`; false where the device cannot run it, or splats are hard.
    pub(super) fn blend_eights(&self) -> bool {
        let Some(kernel) = &self.kernels.blend_eights else {
            return false;
        };
        if self.uniform.shape != 0 {
            return false;
        }
        let arrays = k::blend_eights::Arrays {
            frame: &self.frame,
            tile_ranges: &self.tile_ranges,
            pair_splats: &self.pairs.values[self.sorted()],
            projected_a: &self.projected_a,
            projected_b: &self.projected_b,
            projected_c: &self.projected_c,
            image: &self.image,
            depths: &self.depths,
            pixels: &self.pixels,
        };
        let bound = kernel.bind(self.gpu, &arrays);
        let [across, down] = self.uniform.tile_count;
        let tiles = Groups::Direct(across, down);
        run(self.gpu, kernel.kernel(), &bound, tiles);
        true
    }

    /// Up to the projected splats in order of depth.
    pub(super) fn run_to_order(&self) {
        self.cull();
        self.scan(Counted::Visible);
        self.project();
        self.sort_depth();
    }

    /// Up to the pairs, not yet sorted.
    pub(super) fn run_to_pairs(&self) {
        self.run_to_order();
        self.pair_count();
        self.scan(Counted::Pairs);
        self.emit();
    }

    /// Up to the image.
    pub(super) fn run_to_image(&self) {
        self.run_to_pairs();
        self.sort_tiles();
        self.ranges();
        self.blend();
    }

    /// The visible splats on the host.
    pub(super) fn projected(&self) -> Projected {
        let counters = self.counters.read(self.gpu).unwrap()[0];
        let n = counters.num_visible as usize;
        Projected {
            counters,
            visible_bits: self.visible_bits.read(self.gpu).unwrap(),
            a: self.projected_a.read_range(self.gpu, 0, n).unwrap(),
            b: self.projected_b.read_range(self.gpu, 0, n).unwrap(),
            c: self.projected_c.read_range(self.gpu, 0, n).unwrap(),
            tile_counts: self.tile_counts.read_range(self.gpu, 0, n).unwrap(),
        }
    }
}

/// Splats from visible ones.
pub(super) fn splats_from_bits(bits: &[u32]) -> Vec<usize> {
    (0..bits.len() * 32)
        .filter(|i| bits[i / 32] >> (i % 32) & 1 == 1)
        .collect()
}

/// Stands at the origin and looks along z; off-centre, with different focal lengths.
pub(super) fn camera(width: u32, height: u32) -> Camera {
    let intrinsics = Intrinsics {
        fx: 90.0,
        fy: 100.0,
        cx: 0.47 * width as f32,
        cy: 0.55 * height as f32,
        width,
        height,
    };
    Camera::from_w2c(intrinsics, glam::Mat4::IDENTITY)
}

/// Splats of all sizes in, beside and behind the view of `camera`.
pub(super) fn random_splats(rng: &mut Pcg64Mcg, n: usize, sh_degree: u32) -> Splats {
    let mut splats = Splats {
        sh_degree,
        ..Splats::default()
    };
    let coeffs = splats.coeffs_per_splat();
    let mut signed = |size: f32| rng.random_range(-size..size);
    for _ in 0..n {
        let z = 3.0 + signed(4.0);
        let mean = [signed(1.5) * z, signed(1.5) * z, z];
        splats.means.push(mean.into());
        splats.quats.push([(); 4].map(|()| signed(1.0)));
        splats
            .log_scales
            .push([(); 3].map(|()| -3.5 + signed(2.0)).into());
        splats.opacity_logits.push(signed(6.0));
        splats
            .sh_coeffs
            .extend((0..coeffs).map(|_| [(); 3].map(|()| signed(0.6))));
    }
    splats
}
