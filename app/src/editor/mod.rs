//! The editor as the window sees it: which tool is in hand, what is set on it, and the edits of the
//! scene that is shown. Pure: nothing is drawn here and no file is read.

mod cleaning;
pub mod gizmo;
pub mod grips;
mod tool;
mod versions;

use std::sync::Arc;

use glam::Vec3;
use recon::edit::{
    Bits, ColourChange, CropScope, EditError, EditOp, Edited, History, Mode, Pick, Region,
    SELECTED, Shape, Similarity, is_free, spacing,
};
use recon::worker::Snapshot;
use render::edit::Property;
use render::{Camera, Splats};

pub use cleaning::{Cleaning, Strengths};
pub use tool::Tool;
pub use versions::{Sequel, Version, Versions, Way};

/// Points that are clicked one after the other: two are a distance, three a floor.
pub const MOST_POINTS: usize = 3;

/// Something about edits that the user wants.
#[derive(Clone, Debug)]
pub enum EditAction {
    /// Take a tool in hand.
    Use(Tool),
    /// New settings of the tools, as a whole.
    Set(Box<Tools>),
    /// Do an edit.
    Do(Box<EditOp>),
    /// Change the selection by what a camera sees inside a shape.
    Outline {
        /// The camera, of the viewport's size.
        camera: Camera,
        /// The shape, in its pixels.
        shape: Shape,
        /// How the selection changes.
        mode: Mode,
    },
    /// Change the selection by what is meant.
    Pick(Box<Pick>, Mode),
    /// Show what would be; nothing is done yet. `None` shows what is.
    Try(Option<Box<Preview>>),
    /// A point of the scene was clicked with the tool in hand.
    Point(Vec3),
    /// Forget the points that were clicked.
    ForgetPoints,
    /// Take the last edit back.
    Undo,
    /// Do the edit again that was taken back.
    Redo,
    /// Take edits back, or do them again, until so many are done.
    GoTo(usize),
    /// Go back to the scene before it was optimised again, or forth to what was made of it.
    GoToVersion(Way),
    /// Choose a splat file to merge in the system's dialog.
    AskForMerge,
    /// Measure what clean-up goes by.
    Measure,
    /// Show what clean-up of these strengths would remove.
    CleanWith(Strengths),
    /// Remove what clean-up has found.
    Clean,
    /// Begin to optimise the scene as it is edited.
    OptimiseAgain,
}

/// What is shown before it is done.
#[derive(Clone, Debug, PartialEq)]
pub enum Preview {
    /// The scene after one more edit.
    Op(EditOp),
    /// Splats that would go.
    Doomed(Bits),
}

/// Settings of the tools.
#[derive(Clone, Debug, PartialEq)]
pub struct Tools {
    /// How a new pick changes the selection.
    pub mode: Mode,
    /// Only splats that can be seen are picked on the screen, not those behind.
    pub seen_only: bool,
    /// From the middle of the brush to its border, in the screen's points.
    pub brush_radius: f32,
    /// How far off a colour may be.
    pub tolerance: f32,
    /// The box or ball that the volume tools, crops and the region of interest use.
    pub region: Region,
    /// Which splats a range picks.
    pub range: Range,
    /// Colours that are being chosen.
    pub colour: ColourChange,
    /// A move that is being typed.
    pub by: Typed,
    /// Moves go by steps.
    pub snaps: bool,
    /// When a crop counts.
    pub crop: CropScope,
    /// Splats fainter than this would go.
    pub opacity_below: f32,
    /// Splats larger than this would go, world units.
    pub scale_above: f32,
    /// By how much a selection grows at a time, world units.
    pub step: f32,
    /// The name under which a selection is kept.
    pub name: String,
    /// What the clicked distance is in truth.
    pub length: f32,
    /// What an optimisation of the edited scene may change.
    pub again: Again,
}

/// What an optimisation of the edited scene may change.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Again {
    /// All that is not locked.
    #[default]
    All,
    /// What is selected.
    Selection,
    /// What lies inside the box or ball.
    Region,
}

impl Again {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::All, Self::Selection, Self::Region];

    /// What a person calls it.
    pub fn label(self) -> &'static str {
        match self {
            Self::All => "All that is not locked",
            Self::Selection => "The selection",
            Self::Region => "Inside the box or ball",
        }
    }
}

/// A range of a number.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Range {
    /// The number.
    pub property: Property,
    /// The lower limit.
    pub low: f32,
    /// The upper limit.
    pub high: f32,
}

/// A move in numbers.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Typed {
    /// World units.
    pub shift: Vec3,
    /// Degrees about x, then y, then z.
    pub degrees: Vec3,
    /// Factor.
    pub scale: f32,
}

impl Default for Typed {
    fn default() -> Self {
        Self {
            shift: Vec3::ZERO,
            degrees: Vec3::ZERO,
            scale: 1.0,
        }
    }
}

impl Typed {
    /// The move about a point.
    pub fn about(&self, pivot: Vec3) -> Similarity {
        let [x, y, z] = self.degrees.to_array().map(f32::to_radians);
        let rotation = glam::Quat::from_rotation_z(z)
            * glam::Quat::from_rotation_y(y)
            * glam::Quat::from_rotation_x(x);
        Similarity::about(pivot, rotation, self.scale, self.shift)
    }
}

impl Default for Tools {
    fn default() -> Self {
        Self {
            mode: Mode::Replace,
            seen_only: false,
            brush_radius: 24.0,
            tolerance: 0.1,
            region: Region::between(-Vec3::ONE, Vec3::ONE),
            range: Range {
                property: Property::Opacity,
                low: 0.0,
                high: 0.1,
            },
            colour: ColourChange::default(),
            by: Typed::default(),
            snaps: false,
            crop: CropScope::Export,
            opacity_below: 0.02,
            scale_above: 1.0,
            step: 0.01,
            name: String::new(),
            length: 1.0,
            again: Again::All,
        }
    }
}

/// The editor.
#[derive(Clone, Debug, Default)]
pub struct Editor {
    /// What the pointer does.
    pub tool: Tool,
    /// Settings of the tools.
    pub tools: Tools,
    /// The edits; `None` before the first.
    pub document: Option<Document>,
    /// What is shown before it is done.
    pub preview: Option<Preview>,
    /// What clean-up has measured and found.
    pub cleaning: Cleaning,
    /// Points that were clicked.
    pub points: Vec<Vec3>,
    /// The scene before it was optimised again, and what was made of it.
    pub versions: Versions,
}

/// The edits of a scene.
#[derive(Clone, Debug)]
pub struct Document {
    /// The edits.
    pub history: History,
    /// The snapshot that is edited, by its id.
    pub snapshot: u64,
    /// The optimisation that began with this scene and has shown nothing yet.
    pub again: Option<Sequel>,
    /// How many times something was done.
    pub version: u64,
    /// The version that was exported or saved.
    pub saved: u64,
}

impl Document {
    /// No edits of a snapshot.
    pub fn new(snapshot: &Snapshot) -> Self {
        let splats = Arc::new(snapshot.file.splats.clone());
        Self {
            history: History::new(splats),
            snapshot: snapshot.id,
            again: None,
            version: 0,
            saved: 0,
        }
    }

    /// Whether an edit would be lost by closing.
    pub fn is_unsaved(&self) -> bool {
        let done = self.history.ops().take(self.history.done());
        self.saved != self.version && done.into_iter().any(|it| !it.only_selects())
    }
}

impl Editor {
    /// A scene is shown anew: no edits, regions and steps as large as it is.
    pub fn begin(&mut self, snapshot: Option<&Snapshot>) {
        *self = Self::default();
        if let Some(snapshot) = snapshot {
            self.measure(snapshot);
        }
    }

    /// Sizes that fit a scene.
    fn measure(&mut self, snapshot: &Snapshot) {
        if let Some((low, high)) = snapshot.main_bounds {
            self.tools.region = Region::between(low, high);
            self.tools.scale_above = 0.05 * (high - low).length();
        }
        let step = 2.0 * spacing(&snapshot.file.splats);
        if step.is_normal() {
            self.tools.step = step;
        }
    }

    /// The scene as it stands; `None` before the first edit.
    pub fn now(&self) -> Option<&Edited> {
        self.document.as_ref().map(|it| it.history.now())
    }

    /// How many splats are selected.
    pub fn selected(&self) -> usize {
        self.now().map_or(0, |it| it.count(SELECTED))
    }

    /// Where the whole scene was moved to.
    pub fn placement(&self) -> Similarity {
        self.now().map_or(Similarity::IDENTITY, |it| it.placement)
    }

    /// The edits, begun where there are none.
    pub fn document_of(&mut self, snapshot: &Snapshot) -> &mut Document {
        self.document.get_or_insert_with(|| Document::new(snapshot))
    }

    /// Does an edit.
    ///
    /// # Errors
    /// [`EditError`]; nothing has changed then.
    pub fn apply(&mut self, op: EditOp, snapshot: &Snapshot) -> Result<(), EditError> {
        self.preview = None;
        let document = self.document_of(snapshot);
        document.history.apply(op)?;
        document.version += 1;
        self.versions.forget_after();
        Ok(())
    }

    /// Takes an edit back, does it again, or goes to one of them.
    pub fn go(&mut self, way: impl FnOnce(&mut History)) {
        self.preview = None;
        if let Some(document) = &mut self.document {
            let before = document.history.done();
            way(&mut document.history);
            if document.history.done() != before {
                document.version += 1;
            }
        }
    }

    /// What the pointer moves: the selection, or everything where nothing is selected. Its middle.
    pub fn pivot(&self, whole: Vec3) -> Vec3 {
        let bounds = self.now().and_then(|it| it.bounds_of(SELECTED));
        bounds.map_or(whole, |(low, high)| 0.5 * (low + high))
    }

    /// The colour of the splat that is nearest to a point, in units of its own size.
    pub fn colour_at(splats: &Splats, marks: Option<&[u8]>, point: Vec3) -> Option<[f32; 3]> {
        let free = |i: &usize| marks.is_none_or(|it| is_free(it[*i]));
        let distance = |i: usize| {
            let local = splats.rotation(i).inverse() * (point - splats.means[i]);
            let off = (local / splats.scales(i)).length_squared();
            if 0.05 < splats.opacity(i) {
                off
            } else {
                f32::INFINITY
            }
        };
        let nearest = (0..splats.len())
            .filter(free)
            .map(|i| (distance(i), i))
            .filter(|it| it.0.is_finite())
            .min_by(|a, b| a.0.total_cmp(&b.0))?;
        let rgb = render::sh::rgb_from_dc(splats.sh(nearest.1)[0]);
        Some(rgb.clamp(Vec3::ZERO, Vec3::ONE).to_array())
    }
}
