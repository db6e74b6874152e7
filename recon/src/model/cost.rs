//! What a network costs: arithmetic, and seconds of a reconstruction, of the orthogonaliser in it,
//! of the chunks of a stream. For `accrete bench model`.

use std::hint::black_box;
use std::ops::ControlFlow;
use std::time::Instant;

use glam::{Affine3A, Vec3};

use super::config::Scan;
use super::device::wait_for;
use super::extract::{Seen, extract};
use super::network::{Network, operations};
use super::newton_schulz::orthogonalise;
use super::rays::NetworkCamera;
use super::stream::Stream;
use super::tokens::Tokens;
use super::{ModelConfig, ModelError};

/// Seed of the splats that are kept by chance.
const SEED: u32 = 1;

/// Multiplications and additions of a full reconstruction.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Arithmetic {
    /// Of the blocks, for all tokens of all views.
    pub blocks: f64,
    /// Of the orthogonaliser, whatever the number of views.
    pub newton_schulz: f64,
    /// Of the first layer and of the decoder, were every pixel decoded.
    pub ends: f64,
}

impl Arithmetic {
    /// For so many views.
    pub fn new(config: &ModelConfig, views: usize) -> Self {
        let size = |it: usize| it as f64;
        let (d, n) = (size(config.dim), size(config.tokens_per_view()));
        let (fast, mlp) = (d * size(config.fast_inner), d * size(config.mlp_inner));
        let tokens = n * size(views);
        // Per token: q, k, v and the way out twice; scores and their mixture; six products of an
        // update, three of an answer, two of the MLP.
        let a_token = 2.0 * 8.0 * d * d + 4.0 * n * d + 18.0 * d * fast + 4.0 * d * mlp;
        // Per matrix and step: X Xᵀ and B X, and the square of what is d × d.
        let a_step = 4.0 * d * d * fast + 2.0 * d * d * d;
        let pixels = size(config.patch_size * config.patch_size);
        let out = pixels * size(config.decoded_channels());
        Self {
            blocks: size(config.layers) * tokens * a_token,
            newton_schulz: size(config.layers * 3 * config.newton_schulz_steps) * a_step,
            ends: tokens * 2.0 * d * (size(config.patch_width()) + out),
        }
    }

    /// All of it.
    pub fn total(&self) -> f64 {
        self.blocks + self.newton_schulz + self.ends
    }
}

/// A network with a photo that stands for all.
#[derive(Clone, Debug)]
pub struct Trial<'a> {
    network: &'a Network,
    photo: Vec<[f32; 3]>,
}

/// Seconds of one chunk of a causal stream.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ChunkSecs {
    /// Views that were seen before.
    pub before: usize,
    /// Taking in the chunk.
    pub push: f64,
    /// Asking again for all views that were seen before.
    pub query: f64,
    /// Decoding all views there are then.
    pub decode: f64,
}

impl<'a> Trial<'a> {
    /// With a photo of waves.
    pub fn new(network: &'a Network) -> Self {
        let [width, height] = [network.config.image_width, network.config.image_height];
        let pixel = |i: usize| {
            let (x, y) = ((i % width) as f32, (i / width) as f32);
            [0.11 * x, 0.07 * y, 0.05 * (x + y)].map(|it: f32| 0.5 + 0.5 * it.sin())
        };
        Self {
            network,
            photo: (0..width * height).map(pixel).collect(),
        }
    }

    /// Seconds from the photos of so many views to splats, all at once.
    ///
    /// # Errors
    /// Where the device fails.
    pub fn full(&self, views: usize) -> Result<f64, ModelError> {
        let network = self.network;
        let clock = Instant::now();
        let mut tokens = self.load(0..views, views)?;
        let mut memory = network.begin();
        let ops = operations(Scan::Full, 0, views, views);
        network.run_alone(&mut tokens, &mut memory, &ops, &mut unheard)?;
        self.decode(&tokens, views)?;
        Ok(clock.elapsed().as_secs_f64())
    }

    /// Seconds that the orthogonaliser takes for one update of all layers.
    ///
    /// # Errors
    /// Where the device fails.
    pub fn newton_schulz(&self) -> Result<f64, ModelError> {
        let options = self.network.update_options();
        wait_for(&self.network.device)?;
        let clock = Instant::now();
        for block in &self.network.weights.blocks {
            // Any matrices of the right shapes.
            for it in &block.lact.slow {
                black_box(orthogonalise(it.clone(), options.steps, options.precision));
            }
        }
        wait_for(&self.network.device)?;
        Ok(clock.elapsed().as_secs_f64())
    }

    /// Seconds of each of so many chunks of a causal stream.
    ///
    /// # Errors
    /// Where the device fails.
    pub fn causal(&self, chunk: usize, chunks: usize) -> Result<Vec<ChunkSecs>, ModelError> {
        let network = self.network;
        let all = chunk * chunks;
        let mut stream = Stream::new(network);
        let mut secs = Vec::with_capacity(chunks);
        for before in (0..all).step_by(chunk.max(1)) {
            let clock = Instant::now();
            let mut pushed = self.load(before..before + chunk, all)?;
            stream.push(&mut pushed, &mut unheard)?;
            wait_for(&network.device)?;
            let push = clock.elapsed().as_secs_f64();

            let clock = Instant::now();
            let mut seen = Tokens::new(network.budget.stream_bytes, &network.device);
            for view in 0..before {
                let tokens =
                    network.tokenise(&camera(&network.config, view, all), &self.photo, None);
                seen.push(stream.query(tokens, &mut unheard)?)?;
            }
            for view in 0..pushed.len() {
                seen.push(pushed.get(view))?;
            }
            wait_for(&network.device)?;
            let query = clock.elapsed().as_secs_f64();

            let clock = Instant::now();
            self.decode(&seen, all)?;
            let decode = clock.elapsed().as_secs_f64();
            secs.push(ChunkSecs {
                before,
                push,
                query,
                decode,
            });
        }
        Ok(secs)
    }

    fn load(&self, views: std::ops::Range<usize>, of: usize) -> Result<Tokens, ModelError> {
        let network = self.network;
        let mut tokens = Tokens::new(network.budget.stream_bytes, &network.device);
        for view in views {
            let camera = camera(&network.config, view, of);
            tokens.push(network.tokenise(&camera, &self.photo, None))?;
        }
        Ok(tokens)
    }

    fn decode(&self, tokens: &Tokens, of: usize) -> Result<(), ModelError> {
        let views = (0..tokens.len()).map(|view| Seen {
            camera: camera(&self.network.config, view, of),
            counts: None,
            rgb: None,
            hint: None,
        });
        let views: Vec<Seen<'_>> = views.collect();
        let splats = extract(
            self.network,
            tokens,
            &views,
            views.len(),
            SEED,
            &mut unheard,
        )?;
        black_box(splats);
        Ok(())
    }
}

fn unheard(_: u64, _: u64) -> ControlFlow<()> {
    ControlFlow::Continue(())
}

/// On a ring around the origin, looking at it.
fn camera(config: &ModelConfig, view: usize, of: usize) -> NetworkCamera {
    let angle = std::f32::consts::TAU * view as f32 / of.max(1) as f32;
    let centre = Vec3::new(angle.sin(), 0.2, -angle.cos());
    let [width, height] = [config.image_width as f32, config.image_height as f32];
    let forward = -centre.normalize();
    let right = forward.cross(Vec3::Y).normalize();
    let down = forward.cross(right);
    let c2w = Affine3A::from_cols(right.into(), down.into(), forward.into(), centre.into());
    NetworkCamera {
        c2w,
        lens: [width, width, 0.5 * width, 0.5 * height],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_published_network_takes_the_arithmetic_that_was_counted_by_hand() {
        let config = ModelConfig::default();
        for (views, tera) in [(16, 266.0), (32, 531.0), (64, 1063.0)] {
            let count = Arithmetic::new(&config, views);
            assert!((count.blocks / 1e12 / tera - 1.0).abs() < 3e-3, "{count:?}");
            assert!((count.newton_schulz / 2.94e12 - 1.0).abs() < 1e-2);
        }
    }

    #[test]
    fn cameras_look_at_the_middle() {
        let config = ModelConfig::default();
        for view in 0..5 {
            let camera = camera(&config, view, 5);
            let forward = camera.c2w.transform_vector3(Vec3::Z);
            assert!(0.999 < forward.dot(-camera.centre().normalize()));
            assert!(0.999 < camera.c2w.matrix3.determinant());
        }
    }
}
