//! The desktop application: window, panels, viewport.

pub mod action;
pub mod app;
pub mod keys;
pub mod panels;
pub mod settings;
pub mod state;
mod theme;
pub mod viewport;
pub mod window;

pub use theme::apply as apply_theme;
