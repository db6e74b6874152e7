//! All parameters of the network, by the published names.

use std::collections::BTreeMap;

use burn::tensor::{Device, FloatDType, Tensor, TensorData};
use rand::{Rng, SeedableRng};
use rand_pcg::Pcg64Mcg;

use super::decoder::numbers;
use super::tokens::on_host;
use super::{ModelConfig, ModelError};
use crate::io::weights::{self, Tensors};

/// The parameters. Each is a matrix here, a vector one of one row; a linear layer's is stored
/// \[out × in\] and used as y = x · Wᵀ, the fast weights' are stored \[in × out\] and used as y = x · w.
#[derive(Clone, Debug)]
pub struct Weights {
    /// \[d × 12 P²\].
    pub tokenizer: Tensor<2>,
    /// \[1 × d\].
    pub input_norm: Tensor<2>,
    /// One a layer.
    pub blocks: Vec<BlockWeights>,
    /// \[1 × d\].
    pub decoder_norm: Tensor<2>,
    /// \[P² · channels × d\].
    pub decoder: Tensor<2>,
    /// Of [`ModelConfig::pixel_head`].
    pub pixel: Option<PixelWeights>,
}

/// Parameters of the small network that has the last word on each pixel.
#[derive(Clone, Debug)]
pub struct PixelWeights {
    /// \[hidden × what it sees\].
    pub expand: Tensor<2>,
    /// \[channels × hidden\].
    pub project: Tensor<2>,
}

/// Parameters of a block's three layers.
#[derive(Clone, Debug)]
pub struct BlockWeights {
    /// Attention within a view.
    pub attention: AttentionWeights,
    /// The layer whose weights are trained while it runs.
    pub lact: LactWeights,
    /// The layer of every token for itself.
    pub mlp: MlpWeights,
}

/// Parameters of the attention.
#[derive(Clone, Debug)]
pub struct AttentionWeights {
    /// \[1 × d\].
    pub norm: Tensor<2>,
    /// \[3 d × d\]: rows of q, k, v, each head by head.
    pub to_qkv: Tensor<2>,
    /// \[d × d\].
    pub project: Tensor<2>,
    /// \[1 × d / heads\].
    pub q_norm: Tensor<2>,
    /// \[1 × d / heads\].
    pub k_norm: Tensor<2>,
}

/// Parameters of the layer with fast weights.
#[derive(Clone, Debug)]
pub struct LactWeights {
    /// \[1 × d\].
    pub norm: Tensor<2>,
    /// Where the fast weights begin: w0 \[d × dh\], w1 \[dh × d\], w2 \[d × dh\].
    pub slow: [Tensor<2>; 3],
    /// \[3 d × d\].
    pub to_qkv: Tensor<2>,
    /// \[d × d\].
    pub project: Tensor<2>,
    /// \[3 × d\]: a token's learning rate for w0, w1, w2.
    pub rates: Tensor<2>,
    /// \[1 × 3\].
    pub rates_bias: Tensor<2>,
    /// \[1 × d\].
    pub out_norm: Tensor<2>,
}

/// Parameters of the MLP.
#[derive(Clone, Debug)]
pub struct MlpWeights {
    /// \[1 × d\].
    pub norm: Tensor<2>,
    /// \[hidden × d\].
    pub expand: Tensor<2>,
    /// \[d × hidden\].
    pub project: Tensor<2>,
}

/// What a file held beside what was wanted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ignored {
    /// Tensors with names that the network does not know.
    pub tensors: usize,
}

/// Where parameters come from: tensors under names that may all begin with the same words.
pub trait Source {
    /// All names.
    fn names(&self) -> Vec<String>;

    /// The shape of a tensor, or why it cannot be read; `None` where there is none of this name.
    fn shape(&self, name: &str) -> Option<Result<Vec<usize>, String>>;

    /// The numbers of a tensor that is there, row-major. Asked once for each.
    ///
    /// # Errors
    /// Where they cannot be read.
    fn values(&mut self, name: &str) -> Result<Vec<f32>, ModelError>;
}

impl Source for BTreeMap<String, weights::Tensor> {
    fn names(&self) -> Vec<String> {
        self.keys().cloned().collect()
    }

    fn shape(&self, name: &str) -> Option<Result<Vec<usize>, String>> {
        self.get(name).map(|it| Ok(it.shape.clone()))
    }

    fn values(&mut self, name: &str) -> Result<Vec<f32>, ModelError> {
        Ok(self.remove(name).unwrap_or_default().values)
    }
}

/// Makes the parameter of a name and shape.
type Maker<'a> = &'a mut dyn FnMut(&str, [usize; 2]) -> Result<Tensor<2>, ModelError>;

impl Weights {
    /// Random parameters as the authors begin with: N(0, 0.02²) for linear layers, fan-in scaled
    /// for the fast weights, ones for norms, zeros for biases.
    pub fn random(config: &ModelConfig, seed: u64, device: &Device) -> Self {
        let mut random = RandomValues::new(seed);
        Self::build(config, &mut |name, shape| {
            Ok(tensor(random.next(name, shape), shape, device))
        })
        .unwrap_or_else(|_: ModelError| unreachable!("every name gets a tensor"))
    }

    /// The parameters among the tensors of a file that was read as a whole.
    ///
    /// # Errors
    /// [`ModelError::Weights`] listing all that are missing or have another shape.
    pub fn from_tensors(
        config: &ModelConfig,
        mut tensors: Tensors,
        device: &Device,
    ) -> Result<(Self, Ignored), ModelError> {
        Self::read(config, &mut tensors, device)
    }

    /// The parameters among the tensors of a source, read one after the other.
    ///
    /// # Errors
    /// [`ModelError::Weights`] listing all that are missing or have another shape; what the source
    /// says.
    pub fn read(
        config: &ModelConfig,
        source: &mut dyn Source,
        device: &Device,
    ) -> Result<(Self, Ignored), ModelError> {
        config.check()?;
        let names = source.names();
        let prefix = prefix(&names);
        let wrong = misfits(config, source, prefix);
        if !wrong.is_empty() {
            return Err(ModelError::Weights(list(&wrong)));
        }
        let weights = Self::build(config, &mut |name, shape| {
            let values = source.values(&format!("{prefix}{name}"))?;
            Ok(tensor(values, shape, device))
        })?;
        let ignored = Ignored {
            tensors: names.len() - config.parameters().len(),
        };
        Ok((weights, ignored))
    }

    /// All parameters under their official names and shapes.
    ///
    /// # Errors
    /// Where the device does not give them.
    pub fn to_tensors(&self, config: &ModelConfig) -> Result<Tensors, ModelError> {
        let all = config.parameters().into_iter().zip(self.list());
        let all = all.map(|((name, shape), it)| {
            let values = numbers(on_host(it)?)?;
            Ok((name, weights::Tensor { shape, values }))
        });
        all.collect()
    }

    /// With the matrices of the linear layers in half precision; norms, rates and the slow weights
    /// stay as they are.
    #[must_use]
    pub fn in_half(mut self) -> Self {
        const LARGE: [&str; 5] = [
            "tokenizer.1.weight",
            "to_qkv.weight",
            "c_proj.weight",
            "c_fc.weight",
            "decoder.1.weight",
        ];
        self.visit(&mut |name, it| {
            if LARGE.iter().any(|end| name.ends_with(end)) {
                *it = it.clone().cast(FloatDType::F16);
            }
        });
        self
    }

    /// All parameters in the order of [`ModelConfig::parameters`].
    pub fn list(&self) -> Vec<Tensor<2>> {
        let mut all = Vec::new();
        self.clone().visit(&mut |_, it| all.push(it.clone()));
        all
    }

    /// Shows every parameter with its official name, in the order of
    /// [`ModelConfig::parameters`], and takes what the visitor leaves in its place.
    pub fn visit(&mut self, visitor: &mut dyn FnMut(&str, &mut Tensor<2>)) {
        visitor("tokenizer.1.weight", &mut self.tokenizer);
        visitor("input_layernorm.weight", &mut self.input_norm);
        for (i, block) in self.blocks.iter_mut().enumerate() {
            let mut show = |name: &str, it: &mut Tensor<2>| {
                visitor(&format!("blocks.{i}.module_list.{name}"), it);
            };
            let BlockWeights {
                attention,
                lact,
                mlp,
            } = block;
            show("0.ln.weight", &mut attention.norm);
            show("0.f.to_qkv.weight", &mut attention.to_qkv);
            show("0.f.c_proj.weight", &mut attention.project);
            show("0.f.q_norm.weight", &mut attention.q_norm);
            show("0.f.k_norm.weight", &mut attention.k_norm);
            show("1.ln.weight", &mut lact.norm);
            let [w0, w1, w2] = &mut lact.slow;
            show("1.f.w0", w0);
            show("1.f.w1", w1);
            show("1.f.w2", w2);
            show("1.f.to_qkv.weight", &mut lact.to_qkv);
            show("1.f.c_proj.weight", &mut lact.project);
            show("1.f.lr_fc.weight", &mut lact.rates);
            show("1.f.lr_fc.bias", &mut lact.rates_bias);
            show("1.f.o_norm.weight", &mut lact.out_norm);
            show("2.ln.weight", &mut mlp.norm);
            show("2.f.c_fc.weight", &mut mlp.expand);
            show("2.f.c_proj.weight", &mut mlp.project);
        }
        visitor("decoder.0.weight", &mut self.decoder_norm);
        visitor("decoder.1.weight", &mut self.decoder);
        if let Some(pixel) = &mut self.pixel {
            visitor("pixel.0.weight", &mut pixel.expand);
            visitor("pixel.1.weight", &mut pixel.project);
        }
    }

    /// Asks `source` for every parameter, in the order of [`ModelConfig::parameters`].
    fn build(config: &ModelConfig, source: Maker<'_>) -> Result<Self, ModelError> {
        let mut all = config.parameters().into_iter();
        let mut next = || {
            let (name, shape) = all.next().unwrap_or_default();
            source(&name, matrix(&shape))
        };
        let tokenizer = next()?;
        let input_norm = next()?;
        let mut blocks = Vec::with_capacity(config.layers);
        for _ in 0..config.layers {
            blocks.push(BlockWeights {
                attention: AttentionWeights {
                    norm: next()?,
                    to_qkv: next()?,
                    project: next()?,
                    q_norm: next()?,
                    k_norm: next()?,
                },
                lact: LactWeights {
                    norm: next()?,
                    slow: [next()?, next()?, next()?],
                    to_qkv: next()?,
                    project: next()?,
                    rates: next()?,
                    rates_bias: next()?,
                    out_norm: next()?,
                },
                mlp: MlpWeights {
                    norm: next()?,
                    expand: next()?,
                    project: next()?,
                },
            });
        }
        let (decoder_norm, decoder) = (next()?, next()?);
        let pixel = if 0 < config.pixel_head {
            Some(PixelWeights {
                expand: next()?,
                project: next()?,
            })
        } else {
            None
        };
        Ok(Self {
            tokenizer,
            input_norm,
            blocks,
            decoder_norm,
            decoder,
            pixel,
        })
    }
}

/// `[out, in]` of a matrix of whatever rank it is stored in.
pub(super) fn matrix(shape: &[usize]) -> [usize; 2] {
    match shape {
        [columns] => [1, *columns],
        [.., rows, columns] => [*rows, *columns],
        [] => [1, 1],
    }
}

fn is_norm(name: &str) -> bool {
    name.ends_with("norm.weight") || name.ends_with("ln.weight") || name == "decoder.0.weight"
}

fn is_fast(name: &str) -> bool {
    [".w0", ".w1", ".w2"].iter().any(|it| name.ends_with(it))
}

fn tensor(values: Vec<f32>, shape: [usize; 2], device: &Device) -> Tensor<2> {
    Tensor::from_data(TensorData::new(values, shape), device)
}

/// Parameters that nobody has trained, tensor by tensor.
pub(super) struct RandomValues(Pcg64Mcg);

impl RandomValues {
    pub(super) fn new(seed: u64) -> Self {
        Self(Pcg64Mcg::seed_from_u64(seed))
    }

    /// The numbers of the next parameter; they depend on all that came before.
    pub(super) fn next(&mut self, name: &str, [rows, columns]: [usize; 2]) -> Vec<f32> {
        let count = rows * columns;
        if name.ends_with("bias") {
            vec![0.0; count]
        } else if is_norm(name) {
            vec![1.0; count]
        } else if is_fast(name) {
            // √2 / √fan-in; their rows are the inputs.
            normal(&mut self.0, count, (2.0 / rows as f32).sqrt())
        } else if name == "pixel.0.weight" {
            normal(&mut self.0, count, 1.0 / (columns as f32).sqrt())
        } else {
            normal(&mut self.0, count, 0.02)
        }
    }
}

/// Normally distributed numbers (Box and Muller).
fn normal(rng: &mut Pcg64Mcg, count: usize, deviation: f32) -> Vec<f32> {
    let mut uniform = || ((rng.next_u32() >> 8) as f32 + 0.5) / (1 << 24) as f32;
    let mut all = Vec::with_capacity(count + 1);
    while all.len() < count {
        let radius = deviation * (-2.0 * uniform().ln()).sqrt();
        let (sin, cos) = (std::f32::consts::TAU * uniform()).sin_cos();
        all.extend([radius * cos, radius * sin]);
    }
    all.truncate(count);
    all
}

/// What stands before the names of the network. Training programs keep it under a name of their
/// own: `model.` in the published files, `module.` where it ran on several devices.
pub(super) fn prefix(names: &[String]) -> &str {
    const ANCHOR: &str = "tokenizer.1.weight";
    let all = names.iter().filter_map(|it| it.strip_suffix(ANCHOR));
    // The shortest, so that averaged copies and states of optimisers come second.
    all.min_by_key(|it| it.len()).unwrap_or_default()
}

/// What a source lacks, or has in another shape.
pub(super) fn misfits(config: &ModelConfig, source: &dyn Source, prefix: &str) -> Vec<String> {
    let wanted = config.parameters().into_iter();
    let wrong = wanted.filter_map(
        |(name, shape)| match source.shape(&format!("{prefix}{name}")) {
            None => Some(format!("{name} {shape:?} is missing")),
            Some(Err(why)) => Some(format!("{name} cannot be read: {why}")),
            Some(Ok(found)) if found != shape => {
                Some(format!("{name} is {found:?} where {shape:?} is wanted"))
            }
            Some(Ok(_)) => None,
        },
    );
    wrong.collect()
}

/// The first few of a list, and how many more there are.
fn list(all: &[String]) -> String {
    const SHOWN: usize = 12;
    let shown = all[..all.len().min(SHOWN)].join("; ");
    match all.len().saturating_sub(SHOWN) {
        0 => shown,
        more => format!("{shown}; and {more} more"),
    }
}
