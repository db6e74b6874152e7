//! Lenses there and back, and against numbers of other programs.
