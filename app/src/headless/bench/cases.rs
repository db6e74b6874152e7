//! The catalogue of what is measured. Names are those of Brush's benchmark where it has the case,
//! so that two programs can be run in turn on one machine.

use serde::Serialize;

/// Where splats come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Scene {
    /// [`recon::synthetic::clustered`]: translucent clusters all through the view.
    Clustered,
    /// [`recon::synthetic::demo_scene`]: surfaces, mostly opaque.
    Demo,
}

/// One scene at one size.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Case {
    /// The benchmark it belongs to.
    pub group: &'static str,
    /// Where the splats come from.
    pub scene: Scene,
    /// How many.
    pub splats: usize,
    /// Their degree of spherical harmonics.
    pub sh_degree: u32,
    /// Image width in pixels.
    pub width: u32,
    /// Image height in pixels.
    pub height: u32,
}

impl Case {
    /// A case of `group` with images of `size` (width, height).
    pub fn new(
        group: &'static str,
        scene: Scene,
        splats: usize,
        sh_degree: u32,
        size: [u32; 2],
    ) -> Self {
        let [width, height] = size;
        Self {
            group,
            scene,
            splats,
            sh_degree,
            width,
            height,
        }
    }

    /// Its name; no other case has it.
    pub fn name(&self) -> String {
        let scene = match self.scene {
            Scene::Clustered => "",
            Scene::Demo => " demo",
        };
        let splats = match self.splats {
            n @ 1_000_000.. => format!("{}M", n as f64 / 1e6),
            n => format!("{}k", n as f64 / 1e3),
        };
        format!(
            "{} {splats}{scene} {}x{} SH{}",
            self.group, self.width, self.height, self.sh_degree
        )
    }

    /// Whether the other case draws the very same splats.
    pub(super) fn same_splats(&self, other: &Self) -> bool {
        let splats = |it: &Self| (it.scene, it.splats, it.sh_degree);
        splats(self) == splats(other)
    }
}

/// What is measured, small scenes first; cases of the same splats follow each other.
pub fn cases(quick: bool) -> Vec<Case> {
    let mut cases = small();
    if !quick {
        cases.extend(large());
    }
    cases
}

/// What a CPU adapter draws within a second.
fn small() -> Vec<Case> {
    let mut cases = Vec::new();
    for (scene, sh_degree) in [
        (Scene::Clustered, 0),
        (Scene::Clustered, 3),
        (Scene::Demo, 3),
    ] {
        for (splats, size) in [
            (5_000, [256, 256]),
            (20_000, [256, 256]),
            (20_000, [540, 960]),
            (200_000, [256, 256]),
        ] {
            cases.push(Case::new("render_small", scene, splats, sh_degree, size));
        }
    }
    cases
}

/// What needs a GPU.
fn large() -> Vec<Case> {
    let mut cases = Vec::new();
    let mut add = |group, splats, sh_degree, size| {
        let case = Case::new(group, Scene::Clustered, splats, sh_degree, size);
        cases.push(case);
    };
    for sh_degree in [0, 3] {
        for splats in [500_000, 1_000_000, 2_500_000] {
            add("render_1080p", splats, sh_degree, [1920, 1080]);
        }
        for size in [[1024, 1024], [1920, 1080], [2560, 1440], [3200, 1800]] {
            add("render_2m_splats", 2_000_000, sh_degree, size);
        }
        add("render_1080p", 6_000_000, sh_degree, [1920, 1080]);
    }
    cases
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn every_case_has_its_own_name() {
        let cases = cases(false);
        let names: HashSet<String> = cases.iter().map(Case::name).collect();
        assert_eq!(names.len(), cases.len());
        assert!(names.contains("render_1080p 2.5M 1920x1080 SH3"));
        assert!(names.contains("render_small 20k demo 540x960 SH3"));
    }
}
