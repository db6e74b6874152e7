//! Splat files, pose files, photos: what a path holds, reading it, writing it.
//!
//! [`open`] takes whatever is dropped; [`open_splats`] and [`save`] go by path too; each format's
//! module reads and writes bytes. In memory every scene has the axes of a 3DGS `.ply` (the camera
//! convention of COLMAP: x right, y down, z forward); a format with other axes converts when it is
//! read and written.
//!
//! Nothing is allocated because a header claims it: what the file holds is checked first.

mod bounded;
mod brown;
mod camera_path;
pub mod checkpoint;
mod clean;
pub mod colmap;
pub mod compressed_ply;
mod error;
mod export_options;
mod fold_lists;
mod folder;
mod format;
pub mod html;
pub mod inria_cameras;
mod json;
pub mod kept_scene;
mod listed_camera;
pub mod llff;
mod lpips;
pub mod metashape;
mod morton;
mod open;
mod open_splats;
pub mod opencv_cameras;
pub mod photo;
mod photo_names;
mod photos;
mod picture;
mod picture_files;
pub mod ply;
pub mod point_cloud;
mod posed;
mod project;
mod quantised;
mod reading;
pub mod reality_capture;
mod recognise;
mod rigid;
mod save;
mod save_dataset;
mod scene_list;
mod settings;
pub mod sog;
pub mod splat;
pub mod spz;
mod summary;
pub mod transforms;
mod video;
pub mod weights;
mod write_photos;
mod write_sample;
mod writing;

pub use camera_path::{
    PathFile, camera_path_from_json, camera_path_to_json, read_camera_path, read_path_file,
    write_camera_path, write_keyframes,
};
pub use error::{FormatError, IoError};
pub use export_options::{ExportAxes, ExportOptions};
pub use fold_lists::{FoldLists, read_fold_lists};
pub use folder::{Folder, RESULTS_FOLDER};
pub use format::{SplatFile, SplatFormat, losses};
pub use lpips::{LpipsFound, open_lpips};
pub use open::{OpenOptions, Opened, open, open_dataset, open_with};
pub use open_splats::open_splats;
pub use photos::open_plain_photos;
pub use picture::save_png;
pub use picture_files::{PictureFiles, Staged};
pub use project::{
    DatasetPlace, PROJECT_ENDING, Project, ViewChoice, open_project, project_folder, save_project,
};
pub use recognise::recognise_pose_file;
pub use save::{replace, save, save_with_page};
pub use save_dataset::{DatasetFormat, SavedDataset, save_dataset};
pub use scene_list::read_scene_list;
pub use settings::{parse_settings, read_settings, settings_beside};
pub use summary::SplatSummary;
pub use video::Video;
pub use weights::{Tensor, Tensors, WeightsFile};
pub use write_photos::write_photos;
pub use write_sample::{DEPTH_PER_UNIT, SampleFiles, read_pictures, write_sample};
