//! What the app and the worker tell each other.

use std::path::PathBuf;
use std::sync::Arc;

use glam::Vec3;
use render::gpu::GpuError;
use render::{GpuSplats, Splats};

use super::optimise_messages::{Adjustment, LiveSplats, Moment, OptimiseJob, OptimiseReport};
use super::reconstruct_messages::{ChunkEvaluation, ReconstructJob, ReconstructReport};
use crate::camera_path::CameraPath;
use crate::dataset::Dataset;
use crate::edit::{MeasureError, Measured};
use crate::film::{Film, FilmError, FilmReport};
use crate::io::{ExportOptions, IoError, Project, SplatFile, SplatFormat, SplatSummary};
use crate::model::ModelError;
use crate::optim::{Evaluation, OptimError, TrainProgress};
use crate::poses::video::{FrameConfig, Frames};
use crate::poses::{GateReport, LivePoses, Mapper, Photos, PoseConfig, PoseError};

/// What the app asks of the worker.
#[derive(Clone, Debug)]
pub enum Command {
    /// Open whatever lies there: splats are put on the GPU, photos are described.
    Open(PathBuf),
    /// Put splats on the GPU that were read already; nothing that is open is closed.
    ShowSplats {
        /// The splats.
        file: Arc<SplatFile>,
        /// What a person calls them.
        name: String,
    },
    /// Read splats that are to join the scene; nothing that is open is closed.
    OpenPart(PathBuf),
    /// Find camera poses, keep them beside the photos if they hold, and open the result.
    FindPoses {
        /// The photos.
        photos: Arc<Photos>,
        /// By which engine.
        engine: EngineChoice,
        /// How.
        config: PoseConfig,
        /// Where to keep the poses, which are then not opened; `None` for `.accrete` beside the
        /// photos.
        out: Option<PathBuf>,
    },
    /// Take the sharpest frames out of a video and open their folder.
    TakeFrames {
        /// The video.
        video: PathBuf,
        /// Where to; `None` for a folder beside the video.
        out: Option<PathBuf>,
        /// How many, and as what.
        config: FrameConfig,
        /// Also where frames lie there already.
        anew: bool,
    },
    /// Generate the demo scene.
    Demo {
        /// Seed of the generator.
        seed: u64,
        /// How many splats.
        num_splats: usize,
        /// Degree of their harmonics.
        sh_degree: u32,
    },
    /// Write splats to a file.
    Export {
        /// What to write.
        file: Arc<SplatFile>,
        /// In which format, whatever it was read from.
        format: SplatFormat,
        /// Where to.
        path: PathBuf,
        /// What is changed on the way.
        options: ExportOptions,
        /// What a `.html` can play, in the coordinates of `file`; without keyframes it plays
        /// nothing.
        camera_path: CameraPath,
    },
    /// Read a camera path. The cameras of a list are `1 / fps` seconds apart.
    OpenCameraPath {
        /// Keyframes, a list of cameras, or a project.
        path: PathBuf,
        /// Images a second.
        fps: u32,
    },
    /// Write a camera path.
    SaveCameraPath {
        /// Where to.
        path: PathBuf,
        /// The keyframes.
        camera_path: CameraPath,
    },
    /// Draw splats into a picture, numbered pictures or a video.
    Film(Box<FilmJob>),
    /// Measure splats for clean-up. They are all that are left of a scene, where the dataset's
    /// cameras know them ([`Subject`](crate::edit::Subject)).
    MeasureSplats {
        /// The splats.
        splats: Arc<Splats>,
        /// The photos' cameras; `None` where there are none.
        dataset: Option<Arc<Dataset>>,
        /// Whether they are drawn as ones that were optimised with antialiasing.
        antialiased: bool,
    },
    /// Write a project into its folder.
    SaveProject {
        /// What it is made of.
        project: Arc<Project>,
        /// The folder.
        path: PathBuf,
    },
    /// Let the network make splats of posed photos, and optimise them where that is asked for.
    Reconstruct(Box<ReconstructJob>),
    /// Optimise splats until they look as the photos do.
    Optimise(Box<OptimiseJob>),
    /// Hold the running optimisation or reconstruction.
    Pause,
    /// Let it go on.
    Resume,
    /// Change a setting of the running optimisation, or of the one that follows the running
    /// reconstruction.
    Adjust(Adjustment),
    /// Measure the running optimisation on held-out photos now.
    Evaluate,
    /// Take a snapshot of the running optimisation now: it can be shown later and saved.
    TakeSnapshot,
    /// Write a checkpoint of the running optimisation now; of a causal reconstruction what the
    /// network knows of the scene.
    SaveCheckpoint,
    /// End the running job. An optimisation or reconstruction keeps what it has.
    Cancel,
}

/// What is drawn into files.
#[derive(Clone, Debug)]
pub struct FilmJob {
    /// The splats.
    pub file: Arc<SplatFile>,
    /// The same on the GPU, where they lie there already and nobody changes them.
    pub on_gpu: Option<GpuSplats>,
    /// From where, how, and where to.
    pub film: Film,
}

/// Which engine looks for poses.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum EngineChoice {
    /// The built-in one; COLMAP as well, where it is found and the first result does not hold.
    #[default]
    Auto,
    /// The built-in one.
    Builtin,
    /// COLMAP.
    Colmap {
        /// The program; `None` looks for it.
        program: Option<PathBuf>,
        /// Let it use a graphics card.
        gpu: bool,
        /// Which of its mappers.
        mapper: Mapper,
    },
}

impl EngineChoice {
    /// COLMAP as it is found, on the processor.
    pub const COLMAP: Self = Self::Colmap {
        program: None,
        gpu: false,
        mapper: Mapper::Incremental,
    };
}

/// What the worker tells the app, in the past tense.
#[derive(Clone, Debug)]
pub enum Event {
    /// A file was read.
    Opened(Opened),
    /// Splats that are to join the scene were read.
    PartOpened(PathBuf, Arc<SplatFile>),
    /// A folder, zip or pose file was opened: photos with poses.
    DatasetOpened(Arc<Dataset>),
    /// A project was read; nothing of it is on the GPU yet. What is odd was told before.
    ProjectOpened {
        /// Its folder.
        path: PathBuf,
        /// What it is made of.
        project: Arc<Project>,
    },
    /// A project was written into its folder.
    ProjectSaved(PathBuf),
    /// A camera path was read.
    CameraPathOpened(PathBuf, CameraPath),
    /// A camera path was written.
    CameraPathSaved(PathBuf),
    /// Splats were measured for clean-up.
    SplatsMeasured(Arc<Measured>),
    /// A folder or zip of photos without poses was opened.
    PhotosOpened(Arc<Photos>),
    /// A video was opened. No frame was decoded yet.
    VideoOpened(PathBuf),
    /// Frames of a video were written; their folder is opened next.
    FramesTaken(Frames),
    /// An unfinished model: cameras and points as they stand. May be dropped when nobody reads.
    PosesGrew(LivePoses),
    /// The search for poses is over, and this is what they are worth. Where they hold they are
    /// kept, and [`Event::DatasetOpened`] follows.
    PosesFound(GateReport),
    /// Points known beforehand, or of an unfinished model, as small splats to be shown.
    PointsUpdated(Snapshot),
    /// Something is odd and does not prevent the job, in words for a person.
    Warned(String),
    /// A part of the job is done. May be dropped when nobody reads.
    Progressed(Progress),
    /// A scene is on the GPU, ready to be drawn.
    SplatsUpdated(Snapshot),
    /// Splats in the making. May be dropped when nobody reads.
    SplatsGrew(LiveSplats),
    /// Steps were done. May be dropped when nobody reads.
    Trained(TrainProgress),
    /// Held-out photos were compared.
    Evaluated(Evaluation),
    /// Held-out photos were compared with what the network made of the views so far;
    /// [`Event::SplatsUpdated`] came before.
    ChunkEvaluated(ChunkEvaluation),
    /// Photos were added to the folder that is being reconstructed: the dataset with them. The
    /// views that were there keep their indices.
    DatasetGrew(Arc<Dataset>),
    /// A reconstruction is held, until [`Event::Resumed`] or its end.
    Paused,
    /// A reconstruction goes on.
    Resumed,
    /// What the network knows of a scene was written: a reconstruction can go on from it another
    /// day.
    SceneKept {
        /// Where to.
        path: PathBuf,
        /// How many views it has seen.
        views: usize,
        /// Its size.
        bytes: u64,
    },
    /// A reconstruction is over; [`Event::SplatsUpdated`] came before. Where it is optimised, that
    /// begins now.
    Reconstructed(ReconstructReport),
    /// A checkpoint was written: the optimisation can go on from it another day.
    CheckpointSaved {
        /// Where to.
        path: PathBuf,
        /// After which step.
        step: u32,
    },
    /// An optimisation is over; [`Event::SplatsUpdated`] came before.
    Optimised(OptimiseReport),
    /// A file was written.
    Exported {
        /// Where to.
        path: PathBuf,
        /// Its size.
        bytes: u64,
        /// What its format could not hold, in words for a person.
        losses: Vec<String>,
    },
    /// A film or a picture was written.
    Filmed(FilmReport),
    /// What was asked for while another job was under way is done, or was given up; that job goes on.
    DoneMeanwhile,
    /// The job ended by itself.
    Finished,
    /// The job ended because it was told to.
    Cancelled,
    /// The job ended with an error.
    Failed(WorkerError),
}

/// What a file was found to be.
#[derive(Clone, Debug, PartialEq)]
pub struct Opened {
    /// The file; `None` for a generated scene.
    pub path: Option<PathBuf>,
    /// Its format.
    pub format: SplatFormat,
    /// How many splats it holds.
    pub splats: usize,
    /// What was odd, in words for a person.
    pub warnings: Vec<String>,
}

/// How far a job is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Progress {
    /// What is being done, as "Reading garden.ply".
    pub what: String,
    /// Steps behind us.
    pub done: u64,
    /// Steps in all.
    pub total: u64,
}

/// A state of the scene. Cheap to clone: the splats are shared.
#[derive(Clone, Debug)]
pub struct Snapshot {
    /// Counts up with every snapshot of this worker.
    pub id: u64,
    /// On the GPU.
    pub splats: GpuSplats,
    /// On the host, with what the file said about them.
    pub file: Arc<SplatFile>,
    /// The file in a few numbers: they take sorting, which no window shall wait for.
    pub summary: Arc<SplatSummary>,
    /// Lower and upper corner of the box around all means, world units; `None` without splats.
    pub bounds: Option<(Vec3, Vec3)>,
    /// The same without the outermost 2 % along each axis: what a viewer frames.
    pub main_bounds: Option<(Vec3, Vec3)>,
    /// What a person calls it.
    pub name: String,
    /// Where it came from; `None` for a generated scene.
    pub path: Option<PathBuf>,
    /// The moment of an optimisation or reconstruction; `None` for all others.
    pub moment: Option<Moment>,
    /// Whose descendants the splats are; `None` where that is not known.
    pub lineage: Option<Lineage>,
}

/// From which splats of an earlier snapshot those of a later one come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lineage {
    /// The earlier snapshot, by its id.
    pub from: u64,
    /// Place in it, for each splat of the later one. `[splats]`
    pub origins: Arc<Vec<u32>>,
}

impl Snapshot {
    /// Measures the splats, which takes a sort of their scales: not for a window's thread.
    pub fn new(
        id: u64,
        splats: GpuSplats,
        file: impl Into<Arc<SplatFile>>,
        name: String,
        path: Option<PathBuf>,
    ) -> Self {
        let file = file.into();
        Self {
            id,
            splats,
            summary: Arc::new(file.summary()),
            bounds: file.splats.bounds(),
            main_bounds: file.splats.robust_bounds(MAIN_PART_TRIM),
            file,
            name,
            path,
            moment: None,
            lineage: None,
        }
    }
}

/// Part of the splats at either end of an axis that is not framed.
const MAIN_PART_TRIM: f32 = 0.02;

/// Why a job failed.
#[derive(Clone, Debug, thiserror::Error)]
pub enum WorkerError {
    /// A file could not be read or written.
    #[error(transparent)]
    Io(#[from] Arc<IoError>),
    /// The GPU refused.
    #[error(transparent)]
    Gpu(#[from] GpuError),
    /// Splats were to be shown by a worker that has no GPU.
    #[error("there is no graphics device to put splats on")]
    NoGpu,
    /// A film or a picture could not be made.
    #[error(transparent)]
    Film(Arc<FilmError>),
    /// No poses were found.
    #[error(transparent)]
    Poses(#[from] Arc<PoseError>),
    /// An optimisation could not begin or go on.
    #[error(transparent)]
    Optimise(Arc<OptimError>),
    /// The network could not be used.
    #[error(transparent)]
    Model(Arc<ModelError>),
    /// Splats could not be measured for clean-up.
    #[error(transparent)]
    Measure(MeasureError),
    /// The job panicked: a fault of this program.
    #[error("{job} stopped because of a fault of this program, please report it: {what}")]
    Panicked {
        /// What was being done.
        job: String,
        /// The panic's message.
        what: String,
    },
}

impl From<IoError> for WorkerError {
    fn from(err: IoError) -> Self {
        Self::Io(Arc::new(err))
    }
}

impl From<FilmError> for WorkerError {
    fn from(err: FilmError) -> Self {
        match err {
            FilmError::Gpu(err) => Self::Gpu(err),
            FilmError::Io(err) => Self::Io(Arc::new(err)),
            other => Self::Film(Arc::new(other)),
        }
    }
}

impl From<MeasureError> for WorkerError {
    fn from(err: MeasureError) -> Self {
        match err {
            MeasureError::Gpu(err) => Self::Gpu(err),
            other => Self::Measure(other),
        }
    }
}

impl From<OptimError> for WorkerError {
    fn from(err: OptimError) -> Self {
        match err {
            OptimError::Gpu(err) => Self::Gpu(err),
            OptimError::Io(err) => Self::Io(Arc::new(err)),
            other => Self::Optimise(Arc::new(other)),
        }
    }
}

impl From<ModelError> for WorkerError {
    fn from(err: ModelError) -> Self {
        match err {
            ModelError::Gpu(err) => Self::Gpu(err),
            ModelError::Io(err) => Self::Io(Arc::new(err)),
            other => Self::Model(Arc::new(other)),
        }
    }
}

impl From<PoseError> for WorkerError {
    fn from(err: PoseError) -> Self {
        Self::Poses(Arc::new(err))
    }
}
