//! How far a drawn picture is from the one that is wanted, and the gradient of that at its pixels.

use render::Image;

use super::config::Objective;

/// Sizes at which slopes are compared: full, half, quarter.
const LEVELS: usize = 3;

/// Below about this a difference of slopes counts by its square, above by itself.
const SMOOTH: f32 = 0.01;

/// What is wanted, row by row.
#[derive(Clone, Copy, Debug)]
pub struct Wanted<'a> {
    /// Display RGB, 0 to 1.
    pub rgb: &'a [[f32; 3]],
    /// Coverage, 0 to 1.
    pub coverage: &'a [f32],
}

/// Means over a picture.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct PictureLoss {
    /// Squared error.
    pub picture: f32,
    /// Difference of slopes.
    pub structure: f32,
    /// Squared error of coverage.
    pub coverage: f32,
    /// What the perceptual term says.
    pub perceptual: f32,
}

/// Compares, and gives the gradient of the weighted sum: planes of red, green, blue, alpha.
/// `[4 × height × width]`
pub fn compare(
    image: &Image,
    wanted: Wanted<'_>,
    objective: &Objective,
) -> (PictureLoss, Vec<f32>) {
    let (width, height) = (image.width as usize, image.height as usize);
    let pixels = width * height;
    let mut loss = PictureLoss::default();
    let mut gradient = vec![0.0; 4 * pixels];
    let (planes, of_alpha) = gradient.split_at_mut(3 * pixels);
    for (channel, plane) in planes.chunks_mut(pixels.max(1)).enumerate() {
        let off = image.rgb.iter().zip(wanted.rgb);
        let off: Vec<f32> = off.map(|(a, b)| a[channel] - b[channel]).collect();
        let part = 1.0 / (3 * pixels) as f32;
        for (slope, off) in plane.iter_mut().zip(&off) {
            loss.picture += part * off * off;
            *slope += 2.0 * part * objective.picture * off;
        }
        loss.structure += slopes(off, [width, height], objective.structure / 3.0, plane) / 3.0;
    }
    let part = 1.0 / pixels.max(1) as f32;
    for ((slope, a), b) in of_alpha.iter_mut().zip(&image.alpha).zip(wanted.coverage) {
        loss.coverage += part * (a - b) * (a - b);
        *slope = 2.0 * part * objective.coverage * (a - b);
    }
    (loss, gradient)
}

/// The mean over levels of the mean smoothed length of the differences between neighbours of `off`;
/// adds `weight` times its gradient.
fn slopes(off: Vec<f32>, size: [usize; 2], weight: f32, gradient: &mut [f32]) -> f32 {
    let mut levels = vec![(off, size)];
    while levels.len() < LEVELS {
        let Some((last, size)) = levels.last() else {
            break;
        };
        if size[0] < 4 || size[1] < 4 {
            break;
        }
        let next = halved(last, *size);
        levels.push((next, size.map(|it| it / 2)));
    }
    let share = 1.0 / levels.len() as f32;
    let mut sum = 0.0;
    let mut coarser: Option<(Vec<f32>, [usize; 2])> = None;
    for (off, size) in levels.iter().rev() {
        let mut here = vec![0.0; off.len()];
        sum += share * neighbours(off, *size, share * weight, &mut here);
        if let Some((from, small)) = coarser.take() {
            spread(&from, small, &mut here, size[0]);
        }
        coarser = Some((here, *size));
    }
    if let Some((all, _)) = coarser {
        for (to, from) in gradient.iter_mut().zip(all) {
            *to += from;
        }
    }
    sum
}

/// Means of squares of four pixels.
fn halved(from: &[f32], [width, height]: [usize; 2]) -> Vec<f32> {
    let rows = 0..height / 2;
    let mean = |x: usize, y: usize| {
        let at = 2 * y * width + 2 * x;
        0.25 * (from[at] + from[at + 1] + from[at + width] + from[at + width + 1])
    };
    rows.flat_map(|y| (0..width / 2).map(move |x| mean(x, y)))
        .collect()
}

/// The way back of [`halved`].
fn spread(from: &[f32], [width, _]: [usize; 2], to: &mut [f32], to_width: usize) {
    for (at, it) in from.iter().enumerate() {
        let first = 2 * (at / width) * to_width + 2 * (at % width);
        for to_at in [first, first + 1, first + to_width, first + to_width + 1] {
            to[to_at] += 0.25 * it;
        }
    }
}

/// The mean of √(d² + ε²) − ε over differences d of neighbours; adds `weight` times its gradient.
fn neighbours(off: &[f32], [width, height]: [usize; 2], weight: f32, gradient: &mut [f32]) -> f32 {
    let count = 2 * width * height - width - height;
    let part = 1.0 / count.max(1) as f32;
    let mut sum = 0.0;
    let mut pair = |a: usize, b: usize| {
        let d = off[b] - off[a];
        let length = d.hypot(SMOOTH);
        sum += part * (length - SMOOTH);
        let slope = weight * part * d / length;
        gradient[b] += slope;
        gradient[a] -= slope;
    };
    for y in 0..height {
        for x in 0..width {
            let at = y * width + x;
            if x + 1 < width {
                pair(at, at + 1);
            }
            if y + 1 < height {
                pair(at, at + width);
            }
        }
    }
    sum
}

#[cfg(test)]
mod tests {
    use rand::{RngExt, SeedableRng};
    use rand_pcg::Pcg64Mcg;

    use super::*;

    fn total(loss: PictureLoss, objective: &Objective) -> f32 {
        objective.picture * loss.picture
            + objective.structure * loss.structure
            + objective.coverage * loss.coverage
    }

    #[test]
    fn the_gradient_is_that_of_finite_differences() {
        let mut rng = Pcg64Mcg::seed_from_u64(5);
        let (width, height) = (9, 11);
        let mut picture = || -> Vec<[f32; 3]> {
            (0..width * height)
                .map(|_| [rng.random(), rng.random(), rng.random()])
                .collect()
        };
        let (rgb, wanted) = (picture(), picture());
        let alpha: Vec<f32> = picture().iter().map(|it| it[0]).collect();
        let coverage: Vec<f32> = picture().iter().map(|it| it[1]).collect();
        let mut image = Image {
            width: width as u32,
            height: height as u32,
            rgb,
            alpha,
            depth: Vec::new(),
        };
        let objective = Objective {
            structure: 0.7,
            ..Objective::default()
        };
        let wanted = Wanted {
            rgb: &wanted,
            coverage: &coverage,
        };
        let (_, gradient) = compare(&image, wanted, &objective);
        let pixels = width * height;
        let change = |at: usize, by: f32, image: &mut Image| match at / pixels {
            3 => image.alpha[at % pixels] += by,
            channel => image.rgb[at % pixels][channel] += by,
        };
        for at in (0..4 * pixels).step_by(7) {
            let step = 0.005;
            let mut ends = [step, -step].map(|by| {
                change(at, by, &mut image);
                let loss = total(compare(&image, wanted, &objective).0, &objective);
                change(at, -by, &mut image);
                f64::from(loss)
            });
            ends[0] -= ends[1];
            let found = ends[0] / f64::from(2.0 * step);
            let expected = f64::from(gradient[at]);
            assert!((found - expected).abs() < 4e-5, "{at}: {found} {expected}");
        }
    }

    #[test]
    fn equal_pictures_are_not_apart() {
        let image = Image {
            width: 8,
            height: 8,
            rgb: vec![[0.3, 0.4, 0.5]; 64],
            alpha: vec![1.0; 64],
            depth: Vec::new(),
        };
        let wanted = Wanted {
            rgb: &image.rgb,
            coverage: &image.alpha,
        };
        let (loss, gradient) = compare(&image, wanted, &Objective::default());
        assert_eq!(loss, PictureLoss::default());
        assert!(gradient.iter().all(|it| *it == 0.0));
    }
}
