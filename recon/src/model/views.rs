//! Which photos the network sees, and each as it takes them: straightened, at its size, without
//! transparency.

use std::ops::ControlFlow;
use std::sync::Arc;

use glam::DAffine3;
use serde::{Deserialize, Serialize};

use super::rays::Grid;
use super::stereo::Hint;
use super::{ModelConfig, ModelError};
use crate::dataset::kmeans::choose_views;
use crate::dataset::{Dataset, Lens, Split};
use crate::io::IoError;
use crate::io::photo::{AlphaUse, Photo, PhotoLoader, PhotoOptions, TargetSize};

/// What decoded photos may take while they wait to be looked at.
const CACHE_BYTES: usize = 256 << 20;

/// How input views are chosen among those that are not held out.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ViewChoice {
    /// The list that was published with the scene for this number, else k-means over positions
    /// and directions: [`choose_views`], the paper's.
    #[default]
    KMeans,
    /// Evenly over the dataset's order, the first and the last among them.
    Even,
    /// All of them, whatever the number.
    All,
    /// These views of the dataset, whatever the number.
    Listed(Vec<usize>),
}

impl ViewChoice {
    /// Indices of the chosen views: `count` of them or as many as there are. Ascending, which is
    /// the order in time of a video; a list stays in its own order.
    ///
    /// # Errors
    /// [`ModelError::Views`] where there is nothing to choose from, and where a list names views
    /// that are not there or may not be seen.
    pub fn choose(&self, dataset: &Dataset, count: usize) -> Result<Vec<usize>, ModelError> {
        let fail = |what: String| Err(ModelError::Views(what));
        let candidates: Vec<usize> = usable(dataset, Split::Train).collect();
        if candidates.is_empty() {
            return fail(format!(
                "none of the {} views of \u{201c}{}\u{201d} can be seen by the network: all are held out, left \
                 out or without a pose. Hold out fewer, or find poses with `accrete poses`",
                dataset.views.len(),
                dataset.name
            ));
        }
        if count == 0 && matches!(self, Self::KMeans | Self::Even) {
            return fail("no view is asked for: at least one is needed".to_owned());
        }
        Ok(match self {
            Self::KMeans => {
                let chosen = choose_views(dataset, count).into_iter();
                chosen
                    .filter(|i| dataset.views[*i].c2w.is_finite())
                    .collect()
            }
            Self::Even => even(candidates.len(), count)
                .map(|i| candidates[i])
                .collect(),
            Self::All => candidates,
            Self::Listed(list) => {
                if list.is_empty() {
                    return fail("the list of input views is empty".to_owned());
                }
                if let Some(wrong) = list.iter().find(|i| candidates.binary_search(i).is_err()) {
                    return fail(refusal(dataset, *wrong));
                }
                list.clone()
            }
        })
    }
}

impl ViewChoice {
    /// [`Self::choose`] among the views that are not `seen` yet: none where all are.
    ///
    /// # Errors
    /// Those of [`Self::choose`], but for that one.
    pub fn choose_unseen(
        &self,
        dataset: &Dataset,
        count: usize,
        seen: &[usize],
    ) -> Result<Vec<usize>, ModelError> {
        if seen.is_empty() {
            return self.choose(dataset, count);
        }
        if let Self::Listed(_) = self {
            let listed = self.choose(dataset, count)?;
            return Ok(listed.into_iter().filter(|i| !seen.contains(i)).collect());
        }
        let mut rest = dataset.clone();
        for i in seen {
            if let Some(view) = rest.views.get_mut(*i) {
                view.ignored = true;
            }
        }
        if usable(&rest, Split::Train).next().is_none() {
            return Ok(Vec::new());
        }
        self.choose(&rest, count)
    }
}

/// Why a listed view cannot be an input.
fn refusal(dataset: &Dataset, index: usize) -> String {
    let Some(view) = dataset.views.get(index) else {
        return format!(
            "input view {index} is not there: \u{201c}{}\u{201d} has {} views, numbered from 0",
            dataset.name,
            dataset.views.len()
        );
    };
    let why = if view.ignored {
        "was left out. Take it in again"
    } else if view.split == Split::HeldOut {
        "is held out to measure by. Hold out others"
    } else {
        "has no usable pose. Find poses with `accrete poses`"
    };
    format!(
        "input view {index} ({}) {why}, or list another one",
        view.name
    )
}

/// `count` of 0 … `len`, evenly, with both ends.
fn even(len: usize, count: usize) -> impl Iterator<Item = usize> {
    let count = count.min(len);
    (0..count).map(move |i| match count {
        1 => len / 2,
        _ => (i * (len - 1) + (count - 1) / 2) / (count - 1),
    })
}

/// Indices of the views of a split that are not left out and have a pose, ascending.
pub fn usable(dataset: &Dataset, split: Split) -> impl Iterator<Item = usize> {
    let views = dataset.views.iter().enumerate();
    views
        .filter(move |(_, it)| it.split == split && !it.ignored && it.c2w.is_finite())
        .map(|(i, _)| i)
}

/// A photo as the network takes it.
#[derive(Clone, Debug, PartialEq)]
pub struct InputView {
    /// Index into the dataset's views.
    pub view: usize,
    /// Camera to world, the dataset's coordinates.
    pub c2w: DAffine3,
    /// fx, fy, cx, cy in pixels of [`Self::rgb`].
    pub lens: [f32; 4],
    /// sRGB, row by row, at the network's size.
    pub rgb: Vec<[u8; 3]>,
    /// Which pixels become splats, row by row; `None`: all. What a mask takes out and what a
    /// straightened photo does not reach does not.
    pub counts: Option<Vec<bool>>,
    /// What the views that are there say of its pixels, for networks that take hints.
    pub hint: Option<Hint>,
}

impl InputView {
    /// From a photo that already has its size, laid over `background`.
    pub fn new(view: usize, c2w: DAffine3, photo: &Photo, background: [u8; 3]) -> Self {
        let Lens { fx, fy, cx, cy, .. } = photo.lens;
        let pixels = photo.rgba.as_chunks::<4>().0.iter();
        let counts = photo.mask.as_ref();
        Self {
            view,
            c2w,
            lens: [fx, fy, cx, cy].map(|it| it as f32),
            rgb: pixels.map(|it| over(*it, background)).collect(),
            counts: counts.map(|it| it.iter().map(|it| 127 < *it).collect()),
            hint: None,
        }
    }

    /// The colours from 0 to 1, as [`super::Network::tokenise`] takes them.
    pub fn colours(&self) -> Vec<[f32; 3]> {
        self.rgb.iter().copied().map(unit_colour).collect()
    }
}

/// From bytes to 0 … 1.
pub(super) fn unit_colour(rgb: [u8; 3]) -> [f32; 3] {
    rgb.map(|it| f32::from(it) / 255.0)
}

/// A pixel with straight alpha over a colour, rounded as Pillow's `paste` does.
fn over([r, g, b, alpha]: [u8; 4], behind: [u8; 3]) -> [u8; 3] {
    let mixed = |front: u8, behind: u8| {
        let alpha = u32::from(alpha);
        // Division by 255, rounded, without dividing.
        let sum = u32::from(front) * alpha + u32::from(behind) * (255 - alpha) + 128;
        (((sum >> 8) + sum) >> 8) as u8
    };
    [
        mixed(r, behind[0]),
        mixed(g, behind[1]),
        mixed(b, behind[2]),
    ]
}

/// Reads a dataset's photos for a network.
#[derive(Clone, Debug)]
pub struct InputLoader {
    photos: PhotoLoader,
    background: [u8; 3],
}

impl InputLoader {
    /// Photos become exactly as large as the network of `config` takes them, their sides each by
    /// its own factor (Lanczos; spec of the published loader). `background` is the display RGB,
    /// 0 to 1, behind transparent ones, and where a straightened one does not reach: both are what
    /// no photo shows, and white there is what the published weights know.
    pub fn new(dataset: Arc<Dataset>, config: &ModelConfig, background: [f32; 3]) -> Self {
        let Grid { width, height, .. } = Grid::new(config);
        let options = PhotoOptions {
            alpha: AlphaUse::Transparency,
            clear_outside: true,
            size: TargetSize::Exact(width as u32, height as u32),
            ..PhotoOptions::default()
        };
        Self {
            photos: PhotoLoader::new(dataset, options, CACHE_BYTES),
            background: background.map(|it| (255.0 * it).round() as u8),
        }
    }

    /// Whose photos they are.
    pub fn dataset(&self) -> &Arc<Dataset> {
        self.photos.dataset()
    }

    /// Decodes photos in parallel and shows them in this order, here and one at a time, with the
    /// number of the view, until `visit` breaks. None is decoded before this is called.
    pub fn for_each(
        &self,
        views: &[usize],
        visit: &mut dyn FnMut(usize, Result<InputView, IoError>) -> ControlFlow<()>,
    ) -> ControlFlow<()> {
        self.photos.for_each_in_order(views, &mut |view, loaded| {
            let input = loaded.map(|photo| {
                // A view that was loaded is there.
                let found = self.dataset().views.get(view);
                let c2w = found.map_or(DAffine3::IDENTITY, |it| it.c2w);
                InputView::new(view, c2w, &photo, self.background)
            });
            visit(view, input)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn even_views_reach_from_end_to_end() {
        let chosen = |len, count| even(len, count).collect::<Vec<_>>();
        assert_eq!(chosen(10, 4), [0, 3, 6, 9]);
        assert_eq!(chosen(10, 1), [5]);
        assert_eq!(chosen(3, 8), [0, 1, 2]);
        assert!(chosen(0, 3).is_empty());
        for count in 2..50 {
            let all = chosen(50, count);
            assert_eq!((all[0], all[count - 1], all.len()), (0, 49, count));
            assert!(all.windows(2).all(|it| it[0] < it[1]), "{all:?}");
        }
    }

    #[test]
    fn what_is_transparent_shows_what_is_behind() {
        assert_eq!(over([10, 20, 30, 255], [255; 3]), [10, 20, 30]);
        assert_eq!(over([10, 20, 30, 0], [255, 1, 2]), [255, 1, 2]);
        assert_eq!(over([0, 255, 100, 128], [255; 3]), [127, 255, 177]);
    }
}
