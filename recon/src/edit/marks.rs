//! What is marked on a splat: a byte of flags each.

/// It is selected.
pub const SELECTED: u8 = 1;
/// It was deleted: neither shown nor saved.
pub const DELETED: u8 = 2;
/// It is not shown, but saved.
pub const HIDDEN: u8 = 4;
/// It is shown, but can be neither selected nor changed.
pub const LOCKED: u8 = 8;
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
