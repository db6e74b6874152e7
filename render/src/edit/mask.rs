//! Which pixels of an image a gesture covers: a rectangle, a polygon, the stroke of a brush.

use std::ops::Range;

use glam::Vec2;

/// One bit a pixel of an image. Places are in pixels from its top left corner; pixel `(i, j)` has
/// its centre at `(i + 0.5, j + 0.5)`. What lies outside the image is cut off.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ScreenMask {
    width: u32,
    height: u32,
    words: Vec<u32>,
}

impl ScreenMask {
    /// No pixel is set.
    pub fn empty(width: u32, height: u32) -> Self {
        let pixels = width as usize * height as usize;
        Self {
            width,
            height,
            words: vec![0; pixels.div_ceil(32)],
        }
    }

    /// All pixels are set.
    pub fn full(width: u32, height: u32) -> Self {
        let mut mask = Self::empty(width, height);
        set_bits(&mut mask.words, 0..width as usize * height as usize);
        mask
    }

    /// The pixels that are wanted, by their number row by row.
    pub fn of(width: u32, height: u32, wanted: impl Fn(usize) -> bool) -> Self {
        let mut mask = Self::empty(width, height);
        for at in (0..width as usize * height as usize).filter(|it| wanted(*it)) {
            mask.words[at / 32] |= 1 << (at % 32);
        }
        mask
    }

    /// The pixels that the rectangle between two opposite corners touches: one at least where both
    /// corners are the same place in the image. None where a corner is not finite.
    pub fn rect(width: u32, height: u32, corners: [Vec2; 2]) -> Self {
        let mut mask = Self::empty(width, height);
        let [a, b] = corners;
        if a.is_finite() && b.is_finite() {
            // Centres of the outermost pixels.
            let (low, high) = (a.min(b).floor() + 0.5, a.max(b).floor() + 0.5);
            for row in between(low.y, high.y, height) {
                mask.set_row(row, between(low.x, high.x, width));
            }
        }
        mask
    }

    /// The pixels whose centres lie inside a polygon by the even-odd rule; it is closed from the
    /// last point to the first. A lasso is a polygon of many points. Points that are not finite are
    /// left out.
    pub fn polygon(width: u32, height: u32, points: &[Vec2]) -> Self {
        let mut mask = Self::empty(width, height);
        let points: Vec<Vec2> = finite(points).collect();
        let mut crossings: Vec<Vec<f32>> = vec![Vec::new(); height as usize];
        let ends = points.iter().cycle().skip(1);
        for (&a, &b) in points.iter().zip(ends) {
            let (top, bottom) = if a.y <= b.y { (a, b) } else { (b, a) };
            for row in up_to(top.y, bottom.y, height) {
                let part = (row as f32 + 0.5 - top.y) / (bottom.y - top.y);
                crossings[row as usize].push(top.x + part * (bottom.x - top.x));
            }
        }
        for (row, mut crossings) in (0..).zip(crossings) {
            crossings.sort_unstable_by(f32::total_cmp);
            for inside in crossings.chunks_exact(2) {
                mask.set_row(row, up_to(inside[0], inside[1], width));
            }
        }
        mask
    }

    /// The pixels whose centres a brush of this radius, in pixels, covers on its way along `points`.
    pub fn stroke(width: u32, height: u32, points: &[Vec2], radius: f32) -> Self {
        let mut mask = Self::empty(width, height);
        mask.paint(points, radius);
        mask
    }

    /// Adds a stroke, so that a long one can be painted as it comes: each part from the last point
    /// of the one before.
    pub fn paint(&mut self, points: &[Vec2], radius: f32) {
        if !(0.0 <= radius && radius.is_finite()) {
            return;
        }
        let points: Vec<Vec2> = finite(points).collect();
        // The last point by itself: a stroke may be one point long.
        let ends = points.iter().skip(1).chain(points.last());
        for (&a, &b) in points.iter().zip(ends) {
            let (low, high) = (a.y.min(b.y) - radius, a.y.max(b.y) + radius);
            for row in between(low, high, self.height) {
                if let Some([left, right]) = stroke_span([a, b], radius, row as f32 + 0.5) {
                    self.set_row(row, between(left, right, self.width));
                }
            }
        }
    }

    /// Width of the image in pixels.
    pub fn width(&self) -> u32 {
        self.width
    }

    /// Height of the image in pixels.
    pub fn height(&self) -> u32 {
        self.height
    }

    /// The bits: pixel `p`, counted row by row, is bit `p % 32` of word `p / 32`. Bits beyond the
    /// last pixel are 0.
    pub fn words(&self) -> &[u32] {
        &self.words
    }

    /// Whether a pixel is set; those outside the image are not.
    pub fn contains(&self, x: u32, y: u32) -> bool {
        let at = y as usize * self.width as usize + x as usize;
        x < self.width && y < self.height && self.words[at / 32] >> (at % 32) & 1 == 1
    }

    /// How many pixels are set.
    pub fn count(&self) -> u64 {
        self.words.iter().map(|it| u64::from(it.count_ones())).sum()
    }

    /// Whether no pixel is set.
    pub fn is_empty(&self) -> bool {
        self.words.iter().all(|it| *it == 0)
    }

    fn set_row(&mut self, row: u32, columns: Range<u32>) {
        let first = row as usize * self.width as usize;
        let bits = first + columns.start as usize..first + columns.end as usize;
        set_bits(&mut self.words, bits);
    }
}

fn finite(points: &[Vec2]) -> impl Iterator<Item = Vec2> {
    points.iter().copied().filter(|it| it.is_finite())
}

fn set_bits(words: &mut [u32], bits: Range<usize>) {
    let mut at = bits.start;
    while at < bits.end {
        let first = at % 32;
        let count = (32 - first).min(bits.end - at);
        words[at / 32] |= (u32::MAX >> (32 - count)) << first;
        at += count;
    }
}

/// The pixels of a row of `size` whose centres lie from `low` up to `high`, both included.
fn between(low: f32, high: f32, size: u32) -> Range<u32> {
    let end = ((high + 0.5).floor().max(0.0) as u32).min(size);
    ((low - 0.5).ceil().max(0.0) as u32).min(end)..end
}

/// The same without `high`, so that neighbours share no pixel.
fn up_to(low: f32, high: f32, size: u32) -> Range<u32> {
    let end = ((high - 0.5).ceil().max(0.0) as u32).min(size);
    ((low - 0.5).ceil().max(0.0) as u32).min(end)..end
}

/// Where the row at height `y` enters and leaves all that lies within `radius` of a line from one
/// point to another: two discs and the rectangle between them. Together they are convex, so that
/// the leftmost and the rightmost place of the three suffice.
fn stroke_span([a, b]: [Vec2; 2], radius: f32, y: f32) -> Option<[f32; 2]> {
    let disc = |centre: Vec2| {
        let down = y - centre.y;
        let half = (radius * radius - down * down).max(0.0).sqrt();
        (down.abs() <= radius).then_some([centre.x - half, centre.x + half])
    };
    let across = radius * (b - a).normalize_or_zero().perp();
    let corners = [a + across, b + across, b - across, a - across];
    let edges = (0..4).map(|k| {
        let [from, to] = [corners[k], corners[(k + 1) % 4]];
        let part = (y - from.y) / (to.y - from.y);
        let x = from.x + part * (to.x - from.x);
        ((from.y <= y) != (to.y <= y)).then_some([x, x])
    });
    let spans = [disc(a), disc(b)].into_iter().chain(edges).flatten();
    spans.reduce(|[left, right], [low, high]| [left.min(low), right.max(high)])
}

#[cfg(test)]
mod tests {
    use super::*;

    const WIDTH: u32 = 45;
    const HEIGHT: u32 = 23;

    fn centre(x: u32, y: u32) -> Vec2 {
        Vec2::new(x as f32 + 0.5, y as f32 + 0.5)
    }

    /// Every pixel is as `expected` says, but for those that are `undecided`.
    fn check(
        mask: &ScreenMask,
        expected: impl Fn(Vec2) -> bool,
        undecided: impl Fn(Vec2) -> bool,
    ) -> u64 {
        let mut set = 0;
        for y in 0..HEIGHT {
            for x in 0..WIDTH {
                let at = centre(x, y);
                assert!(
                    mask.contains(x, y) == expected(at) || undecided(at),
                    "{x} {y}"
                );
                set += u64::from(mask.contains(x, y));
            }
        }
        assert_eq!(set, mask.count());
        set
    }

    fn never(_: Vec2) -> bool {
        false
    }

    /// Points all around the image and outside of it, of a fixed sequence.
    fn scattered(seed: u32, count: u32) -> Vec<Vec2> {
        let number = |k: u32| {
            let bits = (seed * 1000 + k).wrapping_mul(2_654_435_761);
            (bits >> 8) as f32 / (1 << 24) as f32
        };
        let place = |k| Vec2::new(70.0 * number(2 * k) - 12.0, 40.0 * number(2 * k + 1) - 8.0);
        (0..count).map(place).collect()
    }

    fn from_segment(point: Vec2, a: Vec2, b: Vec2) -> f32 {
        let along = b - a;
        let part = (point - a).dot(along) / along.length_squared().max(1e-12);
        point.distance(a + part.clamp(0.0, 1.0) * along)
    }

    #[test]
    fn full_and_empty_masks_are() {
        for (width, height) in [(0, 0), (0, 9), (1, 1), (32, 2), (45, 23)] {
            let full = ScreenMask::full(width, height);
            assert_eq!(full.count(), u64::from(width * height));
            assert!(!full.contains(width, 0) && !full.contains(0, height));
            let empty = ScreenMask::empty(width, height);
            assert!(empty.is_empty() && empty.words().len() == full.words().len());
            assert_eq!((empty.width(), empty.height()), (width, height));
        }
    }

    #[test]
    fn rectangles_hold_what_they_touch() {
        let corners = [Vec2::new(30.2, 3.9), Vec2::new(4.7, 17.1)];
        for corners in [corners, [corners[1], corners[0]]] {
            let mask = ScreenMask::rect(WIDTH, HEIGHT, corners);
            let inside = |at: Vec2| {
                let pixel = at.floor();
                (4.0..=30.0).contains(&pixel.x) && (3.0..=17.0).contains(&pixel.y)
            };
            assert_eq!(check(&mask, inside, never), 27 * 15);
        }
        let click = ScreenMask::rect(WIDTH, HEIGHT, [Vec2::new(7.3, 8.8); 2]);
        assert!(click.count() == 1 && click.contains(7, 8));
        let beyond = [Vec2::splat(-1e30), Vec2::splat(1e30)];
        let all = ScreenMask::rect(WIDTH, HEIGHT, beyond);
        assert_eq!(all, ScreenMask::full(WIDTH, HEIGHT));
        let beside = [Vec2::new(-9.0, 2.0), Vec2::new(-0.1, 9.0)];
        assert!(ScreenMask::rect(WIDTH, HEIGHT, beside).is_empty());
        let nowhere = [Vec2::ZERO, Vec2::new(f32::NAN, 3.0)];
        assert!(ScreenMask::rect(WIDTH, HEIGHT, nowhere).is_empty());
    }

    #[test]
    fn polygons_are_even_odd() {
        for seed in 0..40 {
            let points = scattered(seed, 3 + seed % 9);
            let edges = || points.iter().zip(points.iter().cycle().skip(1));
            // Rays to the right.
            let inside = |at: Vec2| {
                let crossed = edges().filter(|(a, b)| {
                    let part = (at.y - a.y) / (b.y - a.y);
                    (a.y <= at.y) != (b.y <= at.y) && at.x < a.x + part * (b.x - a.x)
                });
                crossed.count() % 2 == 1
            };
            let near = |at| edges().any(|(a, b)| from_segment(at, *a, *b) < 1e-3);
            let mask = ScreenMask::polygon(WIDTH, HEIGHT, &points);
            check(&mask, inside, near);
        }
        for points in [0, 1, 2].map(|count| scattered(3, count)) {
            assert!(ScreenMask::polygon(WIDTH, HEIGHT, &points).is_empty());
        }
        // A pentagram has a hole.
        let star: Vec<Vec2> = (0..5)
            .map(|k| Vec2::new(20.0, 11.5) + 11.0 * Vec2::from_angle(k as f32 * 2.513_274_1))
            .collect();
        let mask = ScreenMask::polygon(WIDTH, HEIGHT, &star);
        assert!(!mask.contains(20, 11) && mask.contains(30, 11) && 60 < mask.count());
    }

    #[test]
    fn polygons_side_by_side_share_no_pixel() {
        let corner = |x: f32, y: f32| Vec2::new(x, y);
        let [a, b, c, d] = [
            corner(0.0, 0.0),
            corner(45.0, 0.0),
            corner(45.0, 23.0),
            corner(0.0, 23.0),
        ];
        let middle = corner(20.5, 10.5);
        let parts = [
            [a, b, middle],
            [b, c, middle],
            [c, d, middle],
            [d, a, middle],
        ];
        let masks = parts.map(|it| ScreenMask::polygon(WIDTH, HEIGHT, &it));
        let all = |at: Vec2| {
            let pixel = at.floor();
            let holds = |it: &&ScreenMask| it.contains(pixel.x as u32, pixel.y as u32);
            masks.iter().filter(holds).count() == 1
        };
        check(&ScreenMask::full(WIDTH, HEIGHT), all, never);
    }

    #[test]
    fn strokes_are_all_within_the_radius() {
        for seed in 0..40 {
            let points = scattered(seed, 1 + seed % 5);
            let radius = [0.0, 0.7, 3.3, 12.0][seed as usize % 4];
            let distance = |at: Vec2| {
                let ends = points.iter().skip(1).chain(points.last());
                let lines = points.iter().zip(ends);
                let apart = lines.map(|(a, b)| from_segment(at, *a, *b));
                apart.fold(f32::INFINITY, f32::min)
            };
            let mask = ScreenMask::stroke(WIDTH, HEIGHT, &points, radius);
            let near = |at| (distance(at) - radius).abs() < 1e-3;
            check(&mask, |at| distance(at) <= radius, near);
            // Painted piece by piece it is the same.
            let mut pieces = ScreenMask::empty(WIDTH, HEIGHT);
            for piece in points.windows(2).chain([&points[points.len() - 1..]]) {
                pieces.paint(piece, radius);
            }
            assert_eq!(pieces, mask);
        }
        for radius in [-1.0, f32::NAN, f32::INFINITY] {
            let mask = ScreenMask::stroke(WIDTH, HEIGHT, &scattered(1, 4), radius);
            assert!(mask.is_empty());
        }
        let broken = [Vec2::new(f32::NAN, 1.0), Vec2::new(5.5, 5.5)];
        assert_eq!(ScreenMask::stroke(WIDTH, HEIGHT, &broken, 0.6).count(), 1);
    }
}
