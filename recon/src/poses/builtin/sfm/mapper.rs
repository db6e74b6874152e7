//! From two-view geometries to cameras and points, stage by stage.

use cumulus3d_ba::{BaConfig, Loss};
use cumulus3d_core::reconstruction::NormalizeOptions;
use cumulus3d_core::{FeatureStore, ImageId, MatchGraph, MatchGraphOptions, Reconstruction};
use cumulus3d_sfm::absolute_pose::AbsolutePoseOptions;
use cumulus3d_sfm::global_mapper::{
    build_view_graph, filter_normalized_reproj_error, init_reconstruction,
    post_positioning_filters, retriangulation_stage, rotation_averaging_round,
};
use cumulus3d_sfm::positioning::global_positioning;
use cumulus3d_sfm::tracks::establish_tracks;
use cumulus3d_sfm::{
    GlobalSfmOptions, PointTriangulatorOptions, RegistrationOptions, RegistrationOrder,
    TriangulationScope, register_images, triangulate_points,
};

use super::geometry::MIN_INLIERS;
use super::model::{MIN_OBSERVATIONS, live};
use super::progress::guarded;
use super::{Features, PoseError, Reporter};

/// Rounds of bundle adjustment on the first points.
const ROUNDS: usize = 3;

/// Reprojection errors in pixels that observations may have in the last rounds.
const LIMITS_PX: [f64; 3] = [4.0, 2.5, 2.0];

/// Points seen under a smaller angle than this have no depth, degrees.
const MIN_ANGLE: f64 = 1.5;

/// With this many photos and more the principal point is found too …
const MIN_PHOTOS_FOR_CENTRE: usize = 20;

/// … and with this many observations: with fewer it drifts, as turning the cameras hides it.
const MIN_OBSERVATIONS_FOR_CENTRE: usize = 10_000;

/// Farthest that it may move, as a part of the image's size: lenses are centred better than that,
/// and what goes farther is the drift that turning the cameras makes up for.
const MAX_SHIFT: f64 = 0.02;

/// Steps told to the caller.
const STEPS: usize = 5 + ROUNDS + 1 + LIMITS_PX.len() + 2;

/// A model and the matches it stands on.
pub(super) struct Built {
    /// Cameras and points; without any where nothing could be built.
    pub(super) model: Reconstruction,
    /// What went wrong, in words.
    pub(super) trouble: Option<String>,
}

/// Runs the stages. What the photos do not allow is no error but an empty model: the gate then
/// tells photo by photo why.
pub(super) fn build(
    store: &FeatureStore,
    features: &[Features],
    seed: u64,
    report: &mut Reporter<'_>,
) -> Result<Built, PoseError> {
    let graph = MatchGraph::from_store(store, &graph_options());
    let mut stages = Stages {
        model: Reconstruction::new(),
        graph: &graph,
        features,
        options: options(features.len(), seed),
        done: 0,
    };
    let trouble = match stages.run(store, report) {
        Ok(()) => None,
        Err(PoseError::Failed(text)) => {
            stages.model = Reconstruction::new();
            Some(text)
        }
        Err(error) => return Err(error),
    };
    Ok(Built {
        model: stages.model,
        trouble,
    })
}

/// Which pairs count.
pub(super) fn graph_options() -> MatchGraphOptions {
    MatchGraphOptions {
        min_num_matches: MIN_INLIERS,
        ignore_watermarks: true,
        ..MatchGraphOptions::default()
    }
}

fn options(photos: usize, seed: u64) -> GlobalSfmOptions {
    let mut options = GlobalSfmOptions {
        tri_complete_max_reproj_error: 2.0 * LIMITS_PX[0],
        tri_merge_max_reproj_error: 2.0 * LIMITS_PX[0],
        ..GlobalSfmOptions::default()
    };
    options.positioning.random_seed = seed;
    // Few photos have few points that three of them see.
    options.tracks.min_num_views_per_track = if photos < 5 { 2 } else { 3 };
    options
}

struct Stages<'a> {
    model: Reconstruction,
    graph: &'a MatchGraph,
    features: &'a [Features],
    options: GlobalSfmOptions,
    done: usize,
}

impl Stages<'_> {
    fn run(&mut self, store: &FeatureStore, report: &mut Reporter<'_>) -> Result<(), PoseError> {
        if self.graph.pair_count() == 0 {
            return Err(too_little("no two photos show the same things"));
        }
        self.place(store, report)?;
        for round in 0..ROUNDS {
            self.step("Adjusting cameras and points", report)?;
            self.adjust_round(round)?;
            self.show(report)?;
        }
        self.step("Triangulating points anew", report)?;
        guarded("Triangulating points anew", || {
            retriangulation_stage(&mut self.model, self.graph, &self.options)
        })?;
        self.show(report)?;
        self.refine(report)?;
        self.step("Placing photos left over", report)?;
        for _ in 0..2 {
            if register_left_over(
                &mut self.model,
                store,
                self.graph,
                self.options.positioning.random_seed,
            )?
            .is_empty()
            {
                break;
            }
            self.sharpen(LIMITS_PX[2], true)?;
            self.show(report)?;
        }
        self.step("Last adjustment", report)?;
        self.drop_unheld()?;
        self.centre()?;
        self.model.update_point3d_errors();
        self.show(report)?;
        report.progress("Last adjustment", STEPS, STEPS)
    }

    fn step(&mut self, what: &str, report: &mut Reporter<'_>) -> Result<(), PoseError> {
        self.done += 1;
        report.progress(what, self.done - 1, STEPS)
    }

    fn show(&self, report: &mut Reporter<'_>) -> Result<(), PoseError> {
        report.live(live(&self.model, self.features))
    }

    /// Rotations, then tracks, then positions of cameras and points.
    fn place(&mut self, store: &FeatureStore, report: &mut Reporter<'_>) -> Result<(), PoseError> {
        self.step("Comparing views", report)?;
        self.model = guarded("Comparing views", || init_reconstruction(store, self.graph))?;
        let mut views = guarded("Comparing views", || {
            Ok(build_view_graph(&self.model, self.graph, true))
        })?;
        if views.num_valid_edges() == 0 {
            return Err(too_little(
                "from no two photos the camera's motion can be told",
            ));
        }
        for posed_only in [false, true] {
            self.step("Averaging rotations", report)?;
            guarded("Averaging rotations", || {
                rotation_averaging_round(&mut self.model, &mut views, posed_only, &self.options)
            })?;
        }
        self.step("Following points from photo to photo", report)?;
        let tracks = guarded("Following points from photo to photo", || {
            establish_tracks(&mut self.model, self.graph, &views, &self.options.tracks)
        })?;
        if tracks.num_selected == 0 {
            return Err(too_little("hardly a point is seen in three photos"));
        }
        self.step("Placing cameras and points", report)?;
        guarded("Placing cameras and points", || {
            global_positioning(&mut self.model, &self.options.positioning)?;
            post_positioning_filters(&mut self.model, &self.options);
            Ok(())
        })?;
        self.show(report)
    }

    /// Positions first, then everything; then the worst observations go. The limits tighten from
    /// round to round, as GLOMAP does it.
    fn adjust_round(&mut self, round: usize) -> Result<(), PoseError> {
        guarded("Adjusting cameras and points", || {
            let mut fixed = self.adjustment(Loss::Huber(1.0));
            fixed.constant_world_to_rig_rotation = true;
            fixed.constant_cameras = self.model.cameras().keys().copied().collect();
            cumulus3d_ba::bundle_adjust(&mut self.model, &fixed)?;
            let free = self.adjustment(Loss::Huber(1.0));
            cumulus3d_ba::bundle_adjust(&mut self.model, &free)?;
            self.model.normalize(&NormalizeOptions::default());
            let limit = self.options.max_normalized_reproj_error;
            filter_normalized_reproj_error(&mut self.model, (ROUNDS - round) as f64 * limit);
            let angle = self.options.min_tri_angle_deg;
            self.model
                .filter_points3d_with_small_triangulation_angle(angle, None);
            Ok(())
        })?;
        self.check()
    }

    /// With ever tighter limits.
    fn refine(&mut self, report: &mut Reporter<'_>) -> Result<(), PoseError> {
        for limit in LIMITS_PX {
            self.step("Refining", report)?;
            self.sharpen(limit, true)?;
            self.show(report)?;
        }
        Ok(())
    }

    /// Drops what is farther off than `limit` pixels, then adjusts everything.
    fn sharpen(&mut self, limit: f64, lenses: bool) -> Result<(), PoseError> {
        guarded("Refining", || {
            let model = &mut self.model;
            model.filter_observations_with_large_reprojection_error(limit, None);
            model.filter_points3d_with_small_triangulation_angle(MIN_ANGLE, None);
            let mut config = self.adjustment(Loss::Cauchy(1.0));
            config.refine_focal_length = lenses;
            config.refine_extra_params = lenses;
            cumulus3d_ba::bundle_adjust(&mut self.model, &config)?;
            self.model.normalize(&NormalizeOptions::default());
            Ok(())
        })?;
        self.check()
    }

    /// Lets the principal point go, and takes it back where it runs away.
    fn centre(&mut self) -> Result<(), PoseError> {
        let model = &self.model;
        if model.registered_image_count() < MIN_PHOTOS_FOR_CENTRE
            || model.total_observations() < MIN_OBSERVATIONS_FOR_CENTRE
        {
            return self.sharpen(LIMITS_PX[2], true);
        }
        let before = self.model.clone();
        guarded("Last adjustment", || {
            let mut config = self.adjustment(Loss::Cauchy(1.0));
            config.refine_principal_point = true;
            cumulus3d_ba::bundle_adjust(&mut self.model, &config)?;
            Ok(())
        })?;
        let stayed = self.model.cameras().values().all(|it| {
            let (width, height) = (it.width as f64, it.height as f64);
            let x = (it.principal_point_x() / width - 0.5).abs();
            let y = (it.principal_point_y() / height - 0.5).abs();
            x < MAX_SHIFT && y < MAX_SHIFT
        });
        if !stayed || self.check().is_err() {
            self.model = before;
        }
        guarded("Last adjustment", || {
            let model = &mut self.model;
            model.filter_observations_with_large_reprojection_error(LIMITS_PX[2], None);
            model.filter_points3d_with_small_triangulation_angle(MIN_ANGLE, None);
            model.normalize(&NormalizeOptions::default());
            Ok(())
        })
    }

    /// Photos that too few points hold lose their pose.
    fn drop_unheld(&mut self) -> Result<(), PoseError> {
        guarded("Last adjustment", || {
            let ids: Vec<ImageId> = self.model.registered_images();
            for id in ids {
                let points = self
                    .model
                    .image(id)
                    .map_or(0, cumulus3d_core::Image::num_points3d);
                if points < MIN_OBSERVATIONS {
                    self.model.deregister_image(id)?;
                }
            }
            Ok(())
        })
    }

    fn adjustment(&self, loss: Loss) -> BaConfig {
        BaConfig {
            loss,
            max_num_iterations: self.options.ba_max_num_iterations,
            function_tolerance: 1e-6,
            min_track_length: self.options.tracks.min_num_views_per_track.min(2),
            ..BaConfig::default()
        }
    }

    /// Whether there is still a model, and one of numbers.
    fn check(&self) -> Result<(), PoseError> {
        let is_finite = |id: &ImageId| {
            let pose = self.model.world_to_cam(*id);
            pose.is_some_and(|it| it.to_params().iter().all(|it| it.is_finite()))
        };
        if self.model.num_points3d() == 0 || !self.model.registered_images().iter().all(is_finite) {
            return Err(too_little("the matches contradict one another"));
        }
        let is_odd = |it: &cumulus3d_core::Camera| it.has_implausible_params(0.1, 20.0, 10.0);
        if self.model.cameras().values().any(is_odd) {
            return Err(too_little(
                "the focal length cannot be told from these photos; state it",
            ));
        }
        Ok(())
    }
}

fn too_little(why: &str) -> PoseError {
    PoseError::Failed(format!("no model could be built: {why}"))
}

/// Finds poses for photos without one from the points of the model, the surest first; then their
/// own points. Returns which ones.
pub(super) fn register_left_over(
    model: &mut Reconstruction,
    store: &FeatureStore,
    graph: &MatchGraph,
    seed: u64,
) -> Result<Vec<ImageId>, PoseError> {
    guarded("Placing photos left over", || {
        let options = RegistrationOptions {
            order: RegistrationOrder::VisibilityScore,
            remove_unregistered: false,
            ransac: AbsolutePoseOptions {
                max_error: 2.0 * LIMITS_PX[0],
                random_seed: Some(seed),
                ..AbsolutePoseOptions::default()
            },
            ..RegistrationOptions::default()
        };
        let found = register_images(model, store, graph, &options)?.registered();
        if !found.is_empty() {
            let options = PointTriangulatorOptions {
                scope: TriangulationScope::Images(found.clone()),
                ..PointTriangulatorOptions::default()
            };
            triangulate_points(model, graph, &options)?;
        }
        Ok(found)
    })
}
