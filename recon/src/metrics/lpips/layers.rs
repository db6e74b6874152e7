//! The networks, as lists of what is done in turn.

use super::LpipsNet;

/// What is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Layer {
    /// A convolution and a ReLU.
    Convolve {
        /// Its place in torchvision's `features`.
        index: usize,
        inputs: usize,
        outputs: usize,
        /// Side of the kernel.
        size: usize,
        stride: usize,
        padding: usize,
    },
    /// Largest of `size` × `size` pixels.
    MaxPool { size: usize, stride: usize },
    /// Features are compared.
    Compare { index: usize, channels: usize },
}

/// The network's layers up to the last that is compared.
pub(super) fn layers(net: LpipsNet) -> Vec<Layer> {
    match net {
        LpipsNet::Vgg => vgg(),
        LpipsNet::Alex => alex(),
    }
}

/// Simonyan and Zisserman, "Very Deep Convolutional Networks for Large-Scale Image Recognition"
/// (2014), configuration D, compared before each pooling.
fn vgg() -> Vec<Layer> {
    let mut layers = Vec::new();
    let (mut index, mut inputs) = (0, 3);
    for (block, (outputs, count)) in [(64, 2), (128, 2), (256, 3), (512, 3), (512, 3)]
        .into_iter()
        .enumerate()
    {
        if 0 < block {
            layers.push(Layer::MaxPool { size: 2, stride: 2 });
            index += 1;
        }
        for _ in 0..count {
            layers.push(Layer::Convolve {
                index,
                inputs,
                outputs,
                size: 3,
                stride: 1,
                padding: 1,
            });
            // The ReLU has a place of its own.
            index += 2;
            inputs = outputs;
        }
        layers.push(Layer::Compare {
            index: block,
            channels: outputs,
        });
    }
    layers
}

/// Krizhevsky, "One weird trick for parallelizing convolutional neural networks" (2014), as
/// torchvision has it, compared after each convolution.
fn alex() -> Vec<Layer> {
    let mut layers = Vec::new();
    let mut inputs = 3;
    for (block, (index, outputs, size, stride, padding)) in [
        (0, 64, 11, 4, 2),
        (3, 192, 5, 1, 2),
        (6, 384, 3, 1, 1),
        (8, 256, 3, 1, 1),
        (10, 256, 3, 1, 1),
    ]
    .into_iter()
    .enumerate()
    {
        if block == 1 || block == 2 {
            layers.push(Layer::MaxPool { size: 3, stride: 2 });
        }
        layers.push(Layer::Convolve {
            index,
            inputs,
            outputs,
            size,
            stride,
            padding,
        });
        layers.push(Layer::Compare {
            index: block,
            channels: outputs,
        });
        inputs = outputs;
    }
    layers
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn convolutions_have_torchvisions_places() {
        let indices = |net| -> Vec<usize> {
            let layers = layers(net).into_iter();
            layers
                .filter_map(|it| match it {
                    Layer::Convolve { index, .. } => Some(index),
                    _ => None,
                })
                .collect()
        };
        assert_eq!(indices(LpipsNet::Alex), [0, 3, 6, 8, 10]);
        let vgg = [0, 2, 5, 7, 10, 12, 14, 17, 19, 21, 24, 26, 28];
        assert_eq!(indices(LpipsNet::Vgg), vgg);
    }
}
