//! What is marked on a splat: a byte of flags each.

pub use render::edit::marks::{DELETED, HIDDEN, LOCKED, SELECTED};

/// It lies outside a crop: neither shown nor saved, but an optimisation still sees it.
pub const CROPPED: u8 = 16;

/// Whether it can be selected and changed.
pub fn is_free(marks: u8) -> bool {
    marks & (DELETED | HIDDEN | LOCKED | CROPPED) == 0
}

/// Whether it is drawn.
pub fn is_shown(marks: u8) -> bool {
    marks & (DELETED | HIDDEN | CROPPED) == 0
}
