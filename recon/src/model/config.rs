//! What kind of network a set of weights belongs to: sizes, frames, ranges. Kept beside the weights.

use serde::{Deserialize, Serialize};

use super::ModelError;
use super::stereo::{Hint, Stereo};

/// A network of the tttLRM kind. `Default` is the one that was published as `dl3dv_full.pt`.
///
/// Letters in the rest of [`crate::model`]: d = `dim`, P = `patch_size`, n = H·W / P² tokens a view.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ModelConfig {
    /// Width of a token, d.
    pub dim: usize,
    /// Blocks, each attention, fast weights and an MLP.
    pub layers: usize,
    /// Heads of the attention; they share d.
    pub heads: usize,
    /// Hidden width of the fast weights, as a multiple of d.
    pub fast_inner: usize,
    /// Hidden width of the MLP, as a multiple of d.
    pub mlp_inner: usize,
    /// Side of a patch in pixels, P.
    pub patch_size: usize,
    /// Width that photos are resized to, in pixels: a multiple of P.
    pub image_width: usize,
    /// Height that photos are resized to, in pixels: a multiple of P.
    pub image_height: usize,
    /// Degree of the splats' harmonics.
    pub sh_degree: u32,
    /// How the fast weights see the input views.
    pub scan: Scan,
    /// Views of one update in [`Scan::Autoregressive`].
    pub chunk_views: usize,
    /// Where the cameras are put before the network sees them.
    pub frame: Frame,
    /// From a depth logit to a distance.
    pub depth: DepthRange,
    /// Splats begin as their pixels: the decoded colour is added to the pixel's, and the decoded
    /// scale is in units of the pixel's width at the splat's distance. Not in the published
    /// networks; small ones learn the faster, and run at other sizes than they were trained at.
    pub from_pixels: bool,
    /// Whether each pixel comes with a hint of how far away it is, from which the decoded distance
    /// begins; for [`DepthRange::Relative`].
    pub stereo: Option<Stereo>,
    /// Hidden width of a small network that has the last word on each pixel's numbers, and sees its
    /// colour and hint again; 0 for none.
    pub pixel_head: usize,
    /// Added to the decoded log-scale.
    pub log_scale_bias: f32,
    /// Upper bound of the log-scale, normalised units.
    pub max_log_scale: f32,
    /// Added to the decoded opacity logit.
    pub opacity_bias: f32,
    /// Steps of the Newton–Schulz iteration.
    pub newton_schulz_steps: usize,
    /// Which splats are kept.
    pub prune: Prune,
    /// The selective update of the fast weights; `None` leaves it out, as in the paper's main runs.
    pub elastic: Option<Elastic>,
}

impl Default for ModelConfig {
    fn default() -> Self {
        Self {
            dim: 768,
            layers: 24,
            heads: 12,
            fast_inner: 4,
            mlp_inner: 4,
            patch_size: 8,
            image_width: 960,
            image_height: 536,
            sh_degree: 3,
            scan: Scan::Full,
            chunk_views: 4,
            frame: Frame::MeanCam,
            depth: DepthRange::Linear { max: 500.0 },
            from_pixels: false,
            stereo: None,
            pixel_head: 0,
            log_scale_bias: -2.3,
            max_log_scale: -1.2,
            opacity_bias: -2.0,
            newton_schulz_steps: 5,
            prune: Prune::default(),
            elastic: None,
        }
    }
}

/// How the fast weights see the input views.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scan {
    /// One update from all of them.
    #[default]
    Full,
    /// One update a chunk, each at the weights that the last one left.
    Autoregressive,
}

/// Where the cameras are put before the network sees them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Frame {
    /// [`crate::dataset::normalise::mean_cam`].
    #[default]
    MeanCam,
    /// [`crate::dataset::normalise::first_cam`].
    FirstCam,
    /// [`crate::dataset::normalise::focused`]: what the cameras look at is the origin.
    Focused,
}

/// From the mean x of the three depth logits to the distance t along the pixel's unit ray,
/// normalised units.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DepthRange {
    /// t = `max` · σ(x), as released for scenes.
    Linear {
        /// The largest distance.
        max: f32,
    },
    /// For an object at the origin: t = ‖o‖ + `radius` · (2 σ(x) − 1), o the camera's centre, and
    /// never less than 0.
    Object {
        /// Half the range, around the distance of the origin.
        radius: f32,
    },
    /// t = ‖o‖ · exp(x), with x cut to ±`most`; for [`Frame::Focused`], where ‖o‖ is about how far
    /// away is what the camera looks at.
    Relative {
        /// Largest logarithm of a distance, in units of the origin's.
        most: f32,
    },
}

/// Which splats are kept, by opacity. Fractions of all; 1 − `keep` of them are candidates for the
/// random part.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Prune {
    /// Fraction kept for being the most opaque; 0 keeps all.
    pub keep: f32,
    /// Fraction of the others that is kept by chance.
    pub random: f32,
    /// From so many input views on, the next two fractions count.
    pub many_views: usize,
    /// [`Self::keep`] for many views.
    pub keep_many: f32,
    /// [`Self::random`] for many views.
    pub random_many: f32,
}

impl Default for Prune {
    fn default() -> Self {
        Self {
            keep: 0.4,
            random: 0.1,
            many_views: 64,
            keep_many: 0.3,
            random_many: 0.05,
        }
    }
}

/// The selective update of tttLRM's supplement: weights that matter little for what was seen last
/// are drawn back to their anchor.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Elastic {
    /// How strongly they are drawn, λ. The code names 0.05.
    pub lambda: f32,
    /// Memory of the squared updates, α.
    pub alpha: f32,
    /// Memory of the anchor, β.
    pub beta: f32,
}

impl Default for Elastic {
    fn default() -> Self {
        Self {
            lambda: 0.05,
            alpha: 0.5,
            beta: 0.8,
        }
    }
}

impl ModelConfig {
    /// The network published as `dl3dv_ar.pt`.
    pub fn autoregressive() -> Self {
        Self {
            scan: Scan::Autoregressive,
            frame: Frame::FirstCam,
            ..Self::default()
        }
    }

    /// Tokens of a view, n.
    pub fn tokens_per_view(&self) -> usize {
        (self.image_width / self.patch_size) * (self.image_height / self.patch_size)
    }

    /// Numbers of a pixel in the network's input: the ray's origin, direction and moment, and the
    /// colour.
    pub const INPUT_CHANNELS: usize = 12;

    /// Numbers of a pixel in this network's input: those and, where it has one, the hint.
    pub fn input_channels(&self) -> usize {
        Self::INPUT_CHANNELS + self.hint_channels()
    }

    /// Numbers of a pixel's hint.
    fn hint_channels(&self) -> usize {
        self.stereo.map_or(0, |_| Hint::CHANNELS)
    }

    /// Width of a patch, P² times the numbers of a pixel.
    pub fn patch_width(&self) -> usize {
        self.patch_size * self.patch_size * self.input_channels()
    }

    /// Whether decoding a view takes its photo.
    pub fn decodes_with_photo(&self) -> bool {
        self.from_pixels || self.stereo.is_some() || 0 < self.pixel_head
    }

    /// Coefficients of a splat's harmonics, (degree + 1)².
    pub fn num_harmonics(&self) -> usize {
        (self.sh_degree as usize + 1).pow(2)
    }

    /// Numbers of a decoded pixel: depth 3, harmonics 3 each, log-scale 3, quaternion 4, opacity 1.
    pub fn decoded_channels(&self) -> usize {
        3 + 3 * self.num_harmonics() + 3 + 4 + 1
    }

    /// All parameters: official names with their shapes, in the order of the network.
    pub fn parameters(&self) -> Vec<(String, Vec<usize>)> {
        let (d, pixels) = (self.dim, self.patch_size * self.patch_size);
        let (fast, mlp) = (d * self.fast_inner, d * self.mlp_inner);
        let head = d / self.heads.max(1);
        let mut all = vec![
            ("tokenizer.1.weight".to_owned(), vec![d, self.patch_width()]),
            ("input_layernorm.weight".to_owned(), vec![d]),
        ];
        for i in 0..self.layers {
            let mut add = |name: &str, shape: &[usize]| {
                all.push((format!("blocks.{i}.module_list.{name}"), shape.to_vec()));
            };
            add("0.ln.weight", &[d]);
            add("0.f.to_qkv.weight", &[3 * d, d]);
            add("0.f.c_proj.weight", &[d, d]);
            add("0.f.q_norm.weight", &[head]);
            add("0.f.k_norm.weight", &[head]);
            add("1.ln.weight", &[d]);
            add("1.f.w0", &[1, d, fast]);
            add("1.f.w1", &[1, fast, d]);
            add("1.f.w2", &[1, d, fast]);
            add("1.f.to_qkv.weight", &[3 * d, d]);
            add("1.f.c_proj.weight", &[d, d]);
            add("1.f.lr_fc.weight", &[3, d]);
            add("1.f.lr_fc.bias", &[3]);
            add("1.f.o_norm.weight", &[d]);
            add("2.ln.weight", &[d]);
            add("2.f.c_fc.weight", &[mlp, d]);
            add("2.f.c_proj.weight", &[d, mlp]);
        }
        all.push(("decoder.0.weight".to_owned(), vec![d]));
        let out = pixels * self.decoded_channels();
        all.push(("decoder.1.weight".to_owned(), vec![out, d]));
        if 0 < self.pixel_head {
            let (hidden, numbers) = (self.pixel_head, self.decoded_channels());
            // The pixel's numbers, its colour, its hint, and a 1 for a bias.
            let seen = numbers + 3 + self.hint_channels() + 1;
            all.push(("pixel.0.weight".to_owned(), vec![hidden, seen]));
            all.push(("pixel.1.weight".to_owned(), vec![numbers, hidden]));
        }
        all
    }

    /// How many numbers all parameters have together.
    pub fn num_parameters(&self) -> usize {
        let sizes = self.parameters().into_iter();
        sizes
            .map(|(_, shape)| shape.iter().product::<usize>())
            .sum()
    }

    /// Bytes of all parameters in single precision.
    pub fn weights_bytes(&self) -> u64 {
        (self.num_parameters() * size_of::<f32>()) as u64
    }

    /// Bytes that the fast weights of a scene take beside the slow ones, in single precision.
    pub fn scene_bytes(&self) -> u64 {
        let matrix = self.dim * self.dim * self.fast_inner;
        let copies = if self.elastic.is_some() { 3 } else { 1 };
        (3 * matrix * self.layers * copies * size_of::<f32>()) as u64
    }

    /// Bytes that the tokens of a view take while they go through the layers, in single precision.
    pub fn view_bytes(&self) -> u64 {
        (self.tokens_per_view() * self.dim * size_of::<f32>()) as u64
    }

    /// # Errors
    /// Naming what does not fit together.
    pub fn check(&self) -> Result<(), ModelError> {
        let fail = |what: String| Err(ModelError::Config(what));
        let sizes = [
            ("dim", self.dim),
            ("layers", self.layers),
            ("heads", self.heads),
            ("fast_inner", self.fast_inner),
            ("mlp_inner", self.mlp_inner),
            ("patch_size", self.patch_size),
            ("image_width", self.image_width),
            ("image_height", self.image_height),
            ("chunk_views", self.chunk_views),
        ];
        for (name, size) in sizes {
            if size == 0 || 1 << 16 < size {
                return fail(format!("{name} is {size}; 1 to 65536 is possible"));
            }
        }
        if !self.dim.is_multiple_of(self.heads) {
            return fail(format!(
                "dim {} is not a multiple of heads {}",
                self.dim, self.heads
            ));
        }
        for (name, size) in [
            ("image_width", self.image_width),
            ("image_height", self.image_height),
        ] {
            if !size.is_multiple_of(self.patch_size) {
                return fail(format!(
                    "{name} {size} is not a multiple of patch_size {}",
                    self.patch_size
                ));
            }
        }
        if 3 < self.sh_degree {
            return fail(format!(
                "sh_degree is {}; 0 to 3 is possible",
                self.sh_degree
            ));
        }
        if 4096 < self.pixel_head {
            return fail(format!(
                "pixel_head is {}; 0 to 4096 is possible",
                self.pixel_head
            ));
        }
        if let Some(stereo) = &self.stereo {
            stereo.check()?;
            if !matches!(self.depth, DepthRange::Relative { .. }) {
                return fail("stereo is for a relative depth; set depth.relative".to_owned());
            }
        }
        let fractions = [
            ("prune.keep", self.prune.keep),
            ("prune.random", self.prune.random),
            ("prune.keep_many", self.prune.keep_many),
            ("prune.random_many", self.prune.random_many),
        ];
        for (name, fraction) in fractions {
            if !(0.0..=1.0).contains(&fraction) {
                return fail(format!("{name} is {fraction}; 0 to 1 is possible"));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_published_network_has_its_parameters() {
        for config in [ModelConfig::default(), ModelConfig::autoregressive()] {
            config.check().unwrap();
            assert_eq!(config.parameters().len(), 412);
            assert_eq!(config.num_parameters(), 399_985_224);
            assert_eq!(config.tokens_per_view(), 8040);
        }
    }

    #[test]
    fn what_does_not_fit_is_named() {
        let wrong = |change: fn(&mut ModelConfig), word: &str| {
            let mut config = ModelConfig::default();
            change(&mut config);
            let error = config.check().unwrap_err().to_string();
            assert!(error.contains(word), "{error}");
        };
        wrong(|it| it.dim = 0, "dim");
        wrong(|it| it.heads = 7, "heads");
        wrong(|it| it.image_height = 540, "image_height 540");
        wrong(|it| it.sh_degree = 4, "sh_degree");
        wrong(|it| it.prune.keep = f32::NAN, "prune.keep");
    }
}
