//! When a snapshot was taken: after a chunk of a reconstruction, or after a step of an optimisation.

use std::fmt;

use recon::worker::Moment;

/// When a snapshot was taken. An optimisation follows a reconstruction, so every step comes after
/// every chunk.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum When {
    /// After a chunk of a reconstruction, counted from 0.
    Chunk(usize),
    /// After a step of an optimisation.
    Step(u32),
}

impl When {
    /// Of a snapshot.
    pub fn of(moment: &Moment) -> Self {
        match &moment.chunk {
            Some(chunk) => Self::Chunk(chunk.index),
            None => Self::Step(moment.step),
        }
    }

    /// In words, at the beginning of a line.
    pub fn label(self) -> String {
        match self {
            Self::Chunk(index) => format!("Chunk {}", index + 1),
            Self::Step(step) => format!("Step {step}"),
        }
    }
}

/// In words, within a line.
impl fmt::Display for When {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Chunk(index) => write!(f, "chunk {}", index + 1),
            Self::Step(step) => write!(f, "step {step}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use recon::worker::SeenChunk;

    use super::*;

    #[test]
    fn steps_come_after_chunks() {
        let chunk = Moment {
            chunk: Some(SeenChunk {
                index: 7,
                of: None,
                views_seen: [1, 2].into(),
            }),
            ..Moment::default()
        };
        let step = Moment {
            step: 1,
            ..Moment::default()
        };
        let (chunk, step) = (When::of(&chunk), When::of(&step));
        assert!(chunk < step && When::Chunk(0) < chunk);
        assert_eq!(
            (chunk.label().as_str(), step.to_string().as_str()),
            ("Chunk 8", "step 1")
        );
    }
}
