//! The algorithm: a dataset's photos in, chunk by chunk or all at once; after each chunk the splats
//! of the whole scene out, in the dataset's coordinates.
//!
//! ```text
//! Full     all photos ─► one run ─► splats
//! Replay   chunk ─► run on all photos so far, from the beginning ─► splats     cost ∝ chunks²
//! Causal   chunk ─► fast weights learn; every view so far is asked again ─► splats
//! Merge    chunk ─► fast weights learn; splats of its own views join those there are
//! ```
//! A chunk's photos are not decoded before the listener has had the splats of the chunk before.

use std::ops::ControlFlow;
use std::sync::Arc;

use render::Splats;
use serde::{Deserialize, Serialize};

use super::config::Elastic;
use super::device::on_device;
use super::network::{Network, Numerics};
use super::run::Run;
use super::sharing::Sharing;
use super::{KeptScene, ModelError, ViewChoice};
use crate::dataset::Dataset;

/// How photos meet the network.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// All at once, with the network's own scan: one update for [`super::Scan::Full`], one for
    /// every [`super::ModelConfig::chunk_views`] for [`super::Scan::Autoregressive`]. What papers
    /// measured.
    #[default]
    Full,
    /// After every chunk the published autoregressive operations are run anew on all photos so
    /// far: each result is that of a run on these alone, cameras normalised over these alone.
    Replay,
    /// The paper's Algorithm 1: a chunk updates the fast weights once, and all views so far are
    /// then asked again.
    Causal,
    /// *Predict & merge*: as [`Mode::Causal`], but only the chunk's own views are asked, and
    /// their splats join the earlier ones. The cheapest, and the worst: earlier splats do not
    /// learn from later photos.
    Merge,
}

impl Mode {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Full, Self::Replay, Self::Causal, Self::Merge];

    /// What a person calls it.
    pub fn label(self) -> &'static str {
        match self {
            Self::Full => "Full",
            Self::Replay => "Replay",
            Self::Causal => "Causal",
            Self::Merge => "Predict & merge",
        }
    }
}

/// Settings of a reconstruction.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ReconstructConfig {
    /// How photos meet the network.
    pub mode: Mode,
    /// How input views are chosen.
    pub choice: ViewChoice,
    /// How many are chosen, where the choice asks for a number.
    pub views: usize,
    /// Views of a chunk in all modes but [`Mode::Full`]; the last may have fewer.
    pub chunk: usize,
    /// Whether cameras are normalised over inputs and held-out views together, as the paper's
    /// evaluation does, instead of over the inputs only.
    pub with_targets: bool,
    /// The selective update of the fast weights; `None`: as the network's settings have it.
    pub selective: Option<Elastic>,
    /// In which numbers the network runs.
    pub numerics: Numerics,
    /// Of the random part of pruning; its lower 32 bits count.
    pub seed: u64,
    /// Display RGB, 0 to 1, behind photos with transparency: white in the paper.
    pub background: [f32; 3],
}

impl Default for ReconstructConfig {
    fn default() -> Self {
        Self {
            mode: Mode::default(),
            choice: ViewChoice::default(),
            views: 32,
            chunk: 4,
            with_targets: false,
            selective: None,
            numerics: Numerics::default(),
            seed: 0,
            background: [1.0; 3],
        }
    }
}

impl ReconstructConfig {
    /// The network as these settings run it: in their numbers, with their selective update.
    ///
    /// # Errors
    /// [`ModelError::NoDevice`] where its device has no half precision and that is asked for.
    pub fn adapt(&self, network: Network) -> Result<Network, ModelError> {
        let mut network = network.with_numerics(self.numerics)?;
        network.config.elastic = self.selective.or(network.config.elastic);
        Ok(network)
    }
}

/// What a chunk came to.
#[derive(Clone, Debug)]
pub struct Chunk {
    /// Counts from 0.
    pub index: usize,
    /// How many there are; `None` once photos have come meanwhile, as more may.
    pub of: Option<usize>,
    /// The views that were seen up to here, as indices into the dataset's, in their order.
    pub views_seen: Vec<usize>,
    /// The whole scene as it is known now, in the dataset's coordinates.
    pub splats: Splats,
    /// Time from the chunk's first photo to these splats, seconds.
    pub secs: f32,
    /// What the network knows of the scene, to [`go_on`] from another day; in [`Mode::Causal`].
    pub kept: Option<Box<KeptScene>>,
}

/// What [`reconstruct`] tells.
#[derive(Clone, Debug)]
pub enum ReconstructUpdate {
    /// How far a piece of work is.
    Preparing {
        /// Which, in words.
        what: String,
        /// How much of it is done.
        done: u64,
        /// How much there is.
        total: u64,
    },
    /// Something was left out, and why.
    Warned(String),
    /// A chunk is through.
    Chunk(Chunk),
}

/// Hears what [`reconstruct`] tells, and says whether to go on.
pub type ReconstructListener<'a> = &'a mut dyn FnMut(ReconstructUpdate) -> ControlFlow<()>;

/// [`reconstruct_shared`] on one device.
///
/// # Errors
/// Those of [`reconstruct_shared`].
pub fn reconstruct(
    dataset: &Arc<Dataset>,
    config: &ReconstructConfig,
    network: &Network,
    more: &mut dyn FnMut() -> Option<Arc<Dataset>>,
    listener: ReconstructListener<'_>,
) -> Result<ControlFlow<()>, ModelError> {
    let sharing = Sharing::alone(network);
    reconstruct_shared(None, dataset, config, sharing, more, listener)
}

/// [`reconstruct`] from where a scene was left, in [`Mode::Causal`]: the frame and the views that
/// were seen are the kept ones, and views are chosen among the others, so many more as the settings
/// ask for. Where there is none, the scene is drawn once as it was kept.
///
/// Interrupted after a chunk, kept and gone on with, a scene becomes what it would have become
/// without that.
///
/// # Errors
/// Those of [`reconstruct`]; [`ModelError::Config`] in another mode; [`ModelError::Scene`] where the
/// dataset is not the scene's. That the network is the scene's is for [`KeptScene::open`] to say.
pub fn go_on(
    kept: KeptScene,
    dataset: &Arc<Dataset>,
    config: &ReconstructConfig,
    network: &Network,
    more: &mut dyn FnMut() -> Option<Arc<Dataset>>,
    listener: ReconstructListener<'_>,
) -> Result<ControlFlow<()>, ModelError> {
    let sharing = Sharing::alone(network);
    reconstruct_shared(Some(kept), dataset, config, sharing, more, listener)
}

/// Makes splats of a dataset's photos; each [`Chunk`] that `listener` gets holds all of them so
/// far. Breaks where `listener` does, within a chunk too; what it has by then stays good.
///
/// Cameras are put into the network's frame over the chosen views and, if asked for, the held-out
/// ones. [`Mode::Causal`] and [`Mode::Merge`] cannot move what the fast weights have learnt: there
/// the frame is that of the cameras that are known when the first chunk begins, and cameras that
/// come later may lie outside of −1 … 1. The other modes make it anew.
///
/// When all views are seen, `more` is asked for a dataset that has grown: the same views at their
/// places and others behind them. It may wait for one; `None` ends the reconstruction. New
/// training views join as the next chunks, whatever the choice, and photos that could not be read
/// are tried again. It is asked at the beginning as well while there are no two places that photos
/// were taken from.
///
/// Where several devices share the views, the splats are the same up to rounding. Only
/// [`Mode::Full`] and [`Mode::Replay`] can be shared. A scene that was `kept` is gone on with.
///
/// # Errors
/// [`ModelError::Views`] where there is no view to begin with or no photo can be read;
/// [`ModelError::Config`] for settings that do not fit; what a device refuses.
pub fn reconstruct_shared(
    kept: Option<KeptScene>,
    dataset: &Arc<Dataset>,
    config: &ReconstructConfig,
    sharing: Sharing<'_>,
    more: &mut dyn FnMut() -> Option<Arc<Dataset>>,
    listener: ReconstructListener<'_>,
) -> Result<ControlFlow<()>, ModelError> {
    sharing.of_view(0).config.check()?;
    if kept.is_some() && config.mode != Mode::Causal {
        return Err(ModelError::Config(format!(
            "a kept scene goes on in causal mode, and the mode is {:?}",
            config.mode
        )));
    }
    if config.chunk == 0 && config.mode != Mode::Full {
        return Err(ModelError::Config(
            "chunk is 0; at least one view a chunk is possible".to_owned(),
        ));
    }
    if 1 < sharing.networks.len() && matches!(config.mode, Mode::Causal | Mode::Merge) {
        return Err(ModelError::Config(format!(
            "{} devices are to share the views, which \u{201c}{}\u{201d} cannot do: chunk after chunk meets \
             one memory. Full and replay can; choose one of these, or one device",
            sharing.networks.len(),
            config.mode.label()
        )));
    }
    let mut kept = kept;
    let mut work = || {
        let networks = sharing.networks.iter().cloned();
        let networks: Result<Vec<Network>, ModelError> =
            networks.map(|it| config.adapt(it)).collect();
        let sharing = Sharing {
            networks: &networks?,
            ..sharing
        };
        Run::new(dataset, config, sharing, kept.take(), &mut *listener)?.all(more)
    };
    match on_devices(sharing.networks, &mut work) {
        Err(ModelError::Cancelled) => Ok(ControlFlow::Break(())),
        other => other.map(ControlFlow::Continue),
    }
}

/// [`on_device`] for all of several.
fn on_devices(
    networks: &[Network],
    work: &mut dyn FnMut() -> Result<(), ModelError>,
) -> Result<(), ModelError> {
    match networks {
        [] => work(),
        [first, others @ ..] => on_device(&first.device, || on_devices(others, work)),
    }
}
