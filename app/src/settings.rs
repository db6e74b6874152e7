//! What the program remembers: how scenes are drawn, which panes show, files opened before.

use std::path::{Path, PathBuf};

use glam::Vec3;
use recon::model::{DeviceChoice, RemoteAddress};
use render::{RenderConfig, Style};
use serde::{Deserialize, Serialize};

use crate::keys::Keymap;
use crate::theme;

/// Name of the folder that settings are kept in, where the system keeps such.
pub(crate) const FOLDER: &str = "accrete";

/// Under which name eframe's storage keeps the settings.
pub(crate) const STORAGE_KEY: &str = "settings";

/// Files that are remembered.
const MAX_RECENTS: usize = 10;

/// Everything that is remembered from one start to the next.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Settings {
    /// How splats are drawn.
    pub render: RenderConfig,
    /// Vertical field of view, in degrees.
    pub fov_degrees: f32,
    /// Which world axis points up.
    pub up: UpAxis,
    /// Lines over the scene.
    pub overlays: Overlays,
    /// Files opened before, the newest first.
    pub recents: Vec<PathBuf>,
    /// Whether the inspector shows.
    pub inspector: bool,
    /// Whether messages show.
    pub log: bool,
    /// Whether small copies of the photos show.
    pub film_strip: bool,
    /// The user's LPIPS weights, a file or a folder of them.
    pub lpips: Option<PathBuf>,
    /// The network for instant splats.
    pub network: NetworkSettings,
    /// What keys and mouse do.
    pub keys: Keymap,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            render: RenderConfig {
                background: theme::BACKGROUND,
                ..RenderConfig::default()
            },
            fov_degrees: 50.0,
            up: UpAxis::default(),
            overlays: Overlays::default(),
            recents: Vec::new(),
            inspector: true,
            log: false,
            film_strip: true,
            lpips: None,
            network: NetworkSettings::default(),
            keys: Keymap::default(),
        }
    }
}

impl Settings {
    /// From what was stored; the defaults where that cannot be read.
    pub fn from_json(json: &str) -> Self {
        serde_json::from_str(json)
            .inspect_err(|err| log::warn!("the stored settings cannot be read: {err}"))
            .map(Self::within_limits)
            .unwrap_or_default()
    }

    /// For storing.
    pub fn to_json(&self) -> String {
        serde_json::to_string(self)
            .inspect_err(|err| log::warn!("the settings cannot be stored: {err}"))
            .unwrap_or_default()
    }

    /// Puts `path` in front of the files opened before.
    pub fn remember(&mut self, path: &Path) {
        let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
        self.recents.retain(|it| *it != path);
        self.recents.insert(0, path);
        self.recents.truncate(MAX_RECENTS);
    }

    /// Stored numbers may be anything: each is brought to where its slider could put it.
    fn within_limits(mut self) -> Self {
        let defaults = Self::default();
        if !(10.0..=120.0).contains(&self.fov_degrees) {
            self.fov_degrees = defaults.fov_degrees;
        }
        if !(0.0..=1.0).contains(&self.render.eps2d) {
            self.render.eps2d = defaults.render.eps2d;
        }
        if !(0.5..=10.0).contains(&self.render.point_radius_px) {
            self.render.point_radius_px = defaults.render.point_radius_px;
        }
        if !self
            .render
            .background
            .iter()
            .all(|it| (0.0..=1.0).contains(it))
        {
            self.render.background = defaults.render.background;
        }
        self
    }

    /// Shows `style`.
    #[must_use]
    pub fn with_style(mut self, style: Style) -> Self {
        self.render.style = style;
        self
    }
}

/// Which network makes instant splats, and on what.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct NetworkSettings {
    /// The user's file of its weights.
    pub weights: Option<PathBuf>,
    /// The file of its settings; `None` looks for one beside the weights.
    pub config: Option<PathBuf>,
    /// What it runs on.
    pub device: DeviceChoice,
    /// Another machine's address as it was typed: it holds a token, and is kept nowhere.
    #[serde(skip)]
    pub remote: String,
}

impl NetworkSettings {
    /// Takes what was typed or pasted as the other machine's address, with all that a terminal had
    /// before it.
    pub fn type_remote(&mut self, text: &str) {
        text.clone_into(&mut self.remote);
        let word = text.split_whitespace().find(|it| it.starts_with("remote:"));
        self.device = DeviceChoice::Remote(word.and_then(|it| it.parse().ok()));
    }

    /// Why what was typed is no address; `None` where it is one or nothing was typed.
    pub fn remote_problem(&self) -> Option<String> {
        let text = self.remote.trim();
        let is_wrong = self.device == DeviceChoice::Remote(None) && !text.is_empty();
        let word = text.split_whitespace().find(|it| it.starts_with("remote:"));
        let found = is_wrong.then(|| word.unwrap_or(text).parse::<RemoteAddress>());
        found?.err().map(|it| it.to_string())
    }
}

/// Which world axis points up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum UpAxis {
    /// As in scenes from COLMAP, and in most splat files.
    #[default]
    MinusY,
    /// As in most engines.
    PlusY,
    /// As in maps and CAD.
    PlusZ,
}

impl UpAxis {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::MinusY, Self::PlusY, Self::PlusZ];

    /// What a person calls it.
    pub fn label(self) -> &'static str {
        match self {
            Self::MinusY => "−Y",
            Self::PlusY => "+Y",
            Self::PlusZ => "+Z",
        }
    }

    /// As a unit vector.
    pub fn vector(self) -> Vec3 {
        match self {
            Self::MinusY => Vec3::NEG_Y,
            Self::PlusY => Vec3::Y,
            Self::PlusZ => Vec3::Z,
        }
    }
}

/// Which lines lie over the scene.
#[expect(
    clippy::struct_excessive_bools,
    reason = "switches that are independent of each other"
)]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Overlays {
    /// All of them, at once.
    pub shown: bool,
    /// A grid on the ground.
    pub grid: bool,
    /// The world's axes at its origin.
    pub axes: bool,
    /// A box around all splats.
    pub bounds: bool,
    /// The cameras of posed photos.
    pub cameras: bool,
}

impl Default for Overlays {
    fn default() -> Self {
        Self {
            shown: true,
            grid: true,
            axes: true,
            bounds: false,
            cameras: true,
        }
    }
}

/// One switch of [`Overlays`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Overlay {
    /// All of them.
    All,
    /// The grid.
    Grid,
}

impl Overlays {
    /// Turns one switch. A switch that is turned on while all are hidden shows them again.
    pub fn toggle(&mut self, overlay: Overlay) {
        match overlay {
            Overlay::All => self.shown = !self.shown,
            Overlay::Grid => {
                self.grid = !(self.grid && self.shown);
                self.shown |= self.grid;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_survive_storing() {
        let mut settings = Settings::default().with_style(Style::Depth);
        settings.up = UpAxis::PlusZ;
        settings.overlays.bounds = true;
        settings.remember(Path::new("/scenes/a.ply"));
        settings.network.weights = Some("/weights/a.pt".into());
        settings.network.device = DeviceChoice::Cuda(1);
        assert_eq!(Settings::from_json(&settings.to_json()), settings);
    }

    #[test]
    fn a_token_is_kept_nowhere() {
        const TOKEN: &str = "0123456789abcdef";
        let mut network = NetworkSettings::default();
        network.type_remote(&format!(
            "  accrete reconstruct FOLDER --device remote:ws.{TOKEN}@127.0.0.1:4433\n"
        ));
        assert_eq!(network.remote_problem(), None);
        let mut settings = Settings {
            network,
            ..Settings::default()
        };
        let stored = settings.to_json();
        assert!(stored.contains("remote:ws@127.0.0.1:4433"), "{stored}");
        assert!(!stored.contains(TOKEN), "{stored}");
        settings.network.type_remote("remote:ws@192.168.1.5:4433");
        assert_eq!(settings.network.device, DeviceChoice::Remote(None));
        let problem = settings.network.remote_problem().unwrap();
        assert!(problem.contains("127.0.0.1"), "{problem}");
        settings.network.type_remote("");
        assert_eq!(settings.network.remote_problem(), None);
    }

    #[test]
    fn odd_storage_falls_back() {
        for json in ["", "{", "[]", r#"{"up":"Sideways"}"#] {
            assert_eq!(Settings::from_json(json), Settings::default(), "{json}");
        }
        let odd = Settings::from_json(r#"{"fov_degrees":0.0,"log":true,"new":1}"#);
        assert_eq!(odd.fov_degrees, Settings::default().fov_degrees);
        assert!(odd.log, "what can be read is kept");
    }

    #[test]
    fn recents_are_few_and_different() {
        let mut settings = Settings::default();
        for i in 0..15 {
            settings.remember(Path::new(&format!("/scenes/{i}.ply")));
        }
        settings.remember(Path::new("/scenes/9.ply"));
        assert_eq!(settings.recents.len(), MAX_RECENTS);
        assert_eq!(settings.recents[0], Path::new("/scenes/9.ply"));
        assert_eq!(settings.recents[1], Path::new("/scenes/14.ply"));
    }

    #[test]
    fn the_grid_key_shows_a_hidden_grid() {
        let mut overlays = Overlays::default();
        overlays.toggle(Overlay::All);
        assert!(!overlays.shown);
        overlays.toggle(Overlay::Grid);
        assert!(overlays.shown && overlays.grid);
        overlays.toggle(Overlay::Grid);
        assert!(overlays.shown && !overlays.grid);
    }
}
