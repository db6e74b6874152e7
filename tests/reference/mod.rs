//! Every compute kernel again in plain Rust: what it should compute, said as simply as possible.
//!
//! None of these knows of tiles, batches or workgroups except where the kernel's result is about
//! them. Geometry is in f64, so that a difference is the kernel's.

/// Running sums within blocks, in levels.
pub(crate) mod accumulate;
/// Noise times the covariance, by matrices.
pub(crate) mod add_noise;
/// Adam, drawn towards the identity.
pub(crate) mod adjust_exposure;
/// Blends all splats at each pixel, one pixel after the other.
pub(crate) mod blend;
/// Walks each pixel's splats back to front and adds up what gradients are made of.
pub(crate) mod blend_backward;
/// The same.
pub(crate) mod blend_backward_atomic;
/// The same.
pub(crate) mod blend_backward_eights;
/// The same.
pub(crate) mod blend_backward_eights_atomic;
/// As `blend`.
pub(crate) mod blend_eights;
/// The window's rows over pixels, one at a time.
pub(crate) mod blur_rows;
/// The same over slopes.
pub(crate) mod blur_slopes;
/// The nearest point of a region.
pub(crate) mod confine;
/// Adds up weights, pixel by pixel.
pub(crate) mod contribute;
/// Marks the splats whose box reaches the image.
pub(crate) mod cull;
/// Adam, one number at a time.
pub(crate) mod descend;
/// Equation 9 of 3DGS-MCMC as a double sum, and 3DGS's split.
pub(crate) mod divide;
/// Whether a splat may be pruned, and when its turn comes.
pub(crate) mod doubt;
/// Draws by weight, looking at each splat in turn.
pub(crate) mod draw;
/// Colours mixed as they are displayed.
pub(crate) mod dress;
/// The first of an order.
pub(crate) mod elect;
/// Finds the tiles an ellipse reaches by trying each.
pub(crate) mod emit;
/// Morton codes bit by bit.
pub(crate) mod encode;
/// An affine map of colours.
pub(crate) mod expose;
/// Differences of that.
pub(crate) mod expose_backward;
/// Opacities become fainter.
pub(crate) mod fade;
/// How far inside a query's borders a splat is.
pub(crate) mod find;
/// How far pixels are from the photo.
pub(crate) mod find_errors;
/// A plane in another order.
pub(crate) mod gather;
/// The derivative of SSIM's definition, pixel by pixel.
pub(crate) mod loss_backward;
/// Errors stretched, and a mark above a tenth.
pub(crate) mod mark_errors;
/// The finest pixel at a splat, camera by camera.
pub(crate) mod measure_filter;
/// L1, squared error and SSIM by the 11×11 window itself.
pub(crate) mod measure_loss;
/// Whether a splat stays, and how eager it is to grow.
pub(crate) mod nominate;
/// Adds the tile counts of each 256 splats in the order of depth.
pub(crate) mod pair_count;
/// Projects one splat by the matrices of the paper and evaluates its colour.
pub(crate) mod project;
/// Differences of the projection.
pub(crate) mod project_backward;
/// Numbers by chance from a seed and a place.
pub(crate) mod random;
/// Finds where each tile's pairs begin and end by looking at every pair.
pub(crate) mod ranges;
/// Running sum over blocks, the total as a counter, and the dispatches that follow from it.
pub(crate) mod scan;
/// What a view says of one splat that is alone in it.
pub(crate) mod score;
/// What is shown of each pixel: colour, depth ramp, normals or alpha.
pub(crate) mod shade;
/// Digits per partition and per block.
pub(crate) mod sort_count;
/// Where the keys of each digit begin, for each partition.
pub(crate) mod sort_scan;
/// The standard library's stable sort by one digit.
pub(crate) mod sort_scatter;
/// Where the keys of each digit begin, for each block of partitions.
pub(crate) mod sort_spine;
/// The same.
pub(crate) mod stream_backward;
/// The same.
pub(crate) mod stream_backward_atomic;
/// Adds up and weighs.
pub(crate) mod sum_loss;
/// Adds each pair to its splat.
pub(crate) mod sum_pairs;
/// Adds up blocks and turns the camera's position into its matrix.
pub(crate) mod sum_pose;
/// Each splat's number as often as it has copies.
pub(crate) mod trace;
/// What a splat weighs in the draws.
pub(crate) mod weigh;
