//! The integration tests, as one binary.
#![expect(clippy::unwrap_used, reason = "a test may panic")]
#![expect(clippy::print_stdout, reason = "measured errors are worth reading")]

/// Camera lists that other programs wrote.
mod camera_paths;
/// Splats measured for clean-up; projects saved and opened.
mod cleaning;
/// COLMAP models: written and read back, a real one, damaged ones.
mod colmap;
/// Photo and frame drawn together.
mod compare_view;
/// Posed and plain photos: real captures, several pose files in one folder, hostile folders.
mod datasets;
/// Splats become more and fewer and change places, with all that belongs to them.
mod densify;
/// The editor's kernels: splats found, measured by what they give to pictures, shown with marks.
mod edit_kernels;
/// Splats measured on photos that were held out.
mod evaluation;
/// Films and pictures by the worker.
mod films;
/// Splat files as people have them: of other programs, written and read back, damaged.
mod formats;
/// The same for SPZ and SOG.
mod formats_spz_sog;
/// A device that cannot do what is asked says so, and goes on.
mod gpu_errors;
/// The backward rasteriser agrees with golden files and with finite differences.
mod gradients;
/// Each kernel agrees with its plain twin; frames grow, repeat and show every style.
mod kernels;
/// Metrics agree with the programs that papers measured with.
mod metrics;
/// The network agrees, layer by layer, with the published program.
mod model;
/// Photos through a tiny network of random weights into splats in the dataset's coordinates.
mod model_frames;
/// Causal streaming, kept scenes, ranks that share a sequence, small budgets.
mod model_stream;
/// Networks in files: containers, numbers, settings beside them, what is missing.
mod model_weights;
/// Splats optimised for photos: orders, checkpoints, strategies, what goes wrong.
mod optimise;
/// Photos of every kind and turn, damaged ones, streams of them; views chosen and normalised.
mod photos;
/// Poses of real captures are right, not just read: colours of points, epipolar lines.
mod pose_conventions;
/// Pose files other than COLMAP's: real ones, written and read back, damaged.
mod pose_formats;
/// Poses from photos alone: the built-in engine, the gate, kept results, initial points.
mod poses;
/// COLMAP as a pose engine, played by a script.
mod poses_colmap;
/// The forward rasteriser agrees with golden files.
mod raster;
/// The worker's reconstruction: chunks, cancelling, optimising, watching, bad weights.
mod reconstructing;
/// The plain twins of the kernels.
mod reference;
/// Every shader is valid, translates to each back end, and agrees with its Rust structs.
mod shaders;
/// Splats drawn and differentiated on the processor agree with the kernels.
mod software;
/// Photos of the generated scene, written as a folder.
mod synthetic_photos;
/// House rules that the compiler does not check.
mod tidy;
/// Networks under training: gradients, a few steps, checkpoints.
mod train;
/// Splats under optimisation: steps, memory, copies.
mod training;
/// Panels and the application, without a window.
mod ui;
/// The web page that shows splats: its parts, the splats inside, what a browser draws.
mod web_page;
/// The worker answers commands with events, and stops when dropped.
mod worker;
