//! What an editor asks of splats and shows of them: which are meant, what they give to pictures,
//! how they look with marks.
//!
//! The parts: [`ScreenMask`] (pixels that a gesture covers), [`Query`] (which splats are meant;
//! [`Property`] is what can be asked of one) with [`Selector`], which finds them on the GPU,
//! [`Contribution`] (what splats give to pictures, so that only those that are seen can be meant)
//! and [`Wardrobe`] (a copy to be shown, in which marked splats look different).
//!
//! What is deliberately absent: no splat is ever changed here, and nothing is remembered of what
//! was selected. That is the business of whoever keeps the list of edits.

mod contribution;
mod dress;
mod mask;
mod property;
mod query;
mod selector;

pub use contribution::Contribution;
pub use dress::{Look, Wardrobe, marks};
pub use mask::ScreenMask;
pub use property::Property;
pub use query::Query;
pub use selector::Selector;
