//! What the pointer does in the scene.

use serde::{Deserialize, Serialize};

/// What the pointer does in the scene.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Tool {
    /// It moves the camera.
    #[default]
    Look,
    /// It selects inside a rectangle.
    Rectangle,
    /// It selects inside a line drawn by hand.
    Lasso,
    /// It selects inside a line from click to click.
    Polygon,
    /// It selects under a round brush.
    Brush,
    /// It shapes a box.
    Box,
    /// It shapes a ball.
    Ball,
    /// It selects what has the colour of the splat that is clicked.
    Colour,
    /// It clicks points: two make a distance, three a floor.
    Points,
    /// It shifts.
    Move,
    /// It turns.
    Turn,
    /// It scales.
    Scale,
}

impl Tool {
    /// All of them, in the order of the bar.
    pub const ALL: [Self; 12] = [
        Self::Look,
        Self::Rectangle,
        Self::Lasso,
        Self::Polygon,
        Self::Brush,
        Self::Box,
        Self::Ball,
        Self::Colour,
        Self::Points,
        Self::Move,
        Self::Turn,
        Self::Scale,
    ];

    /// What a person calls it.
    pub fn label(self) -> &'static str {
        match self {
            Self::Look => "Look",
            Self::Rectangle => "Rectangle",
            Self::Lasso => "Lasso",
            Self::Polygon => "Polygon",
            Self::Brush => "Brush",
            Self::Box => "Box",
            Self::Ball => "Ball",
            Self::Colour => "Colour",
            Self::Points => "Measure",
            Self::Move => "Move",
            Self::Turn => "Turn",
            Self::Scale => "Scale",
        }
    }

    /// How it is used, in a sentence.
    pub fn hint(self) -> &'static str {
        match self {
            Self::Look => "Drag to turn the scene",
            Self::Rectangle => "Drag to select: Shift adds, Ctrl removes, both intersect",
            Self::Lasso => "Draw around what to select: Shift adds, Ctrl removes, both intersect",
            Self::Polygon => "Click corners, double-click or Enter to close, Escape to give up",
            Self::Brush => "Paint over what to select: Shift adds, Ctrl removes, both intersect",
            Self::Box => "Drag the handles of the box, then select or crop under Edit",
            Self::Ball => "Drag the handles of the ball, then select or crop under Edit",
            Self::Colour => "Click a colour to select splats that have it",
            Self::Points => "Click points: two measure a distance, three level a floor",
            Self::Move => "Drag an arrow to move the selection, or everything",
            Self::Turn => "Drag a ring to turn the selection, or everything",
            Self::Scale => "Drag the handle to scale the selection, or everything",
        }
    }

    /// Whether a drag over the scene belongs to it, not to the camera.
    pub fn draws(self) -> bool {
        matches!(
            self,
            Self::Rectangle | Self::Lasso | Self::Polygon | Self::Brush
        )
    }

    /// Whether a click over the scene belongs to it.
    pub fn clicks(self) -> bool {
        matches!(self, Self::Colour | Self::Points)
    }
}
