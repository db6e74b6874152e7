//! Numbers over steps, kept within a bounded number of points.

/// Points that are kept at most.
pub const MAX_POINTS: usize = 2_000;

/// A series that grows and is thinned to every other point where it grows too long.
#[derive(Clone, Debug, PartialEq)]
pub struct Curve {
    points: Vec<[f64; 2]>,
    /// The newest, where the thinning has left it out.
    newest: Option<[f64; 2]>,
    /// One of so many is kept.
    stride: usize,
    /// How many were left out since the last that was kept.
    left_out: usize,
}

impl Default for Curve {
    fn default() -> Self {
        Self {
            points: Vec::new(),
            newest: None,
            stride: 1,
            left_out: 0,
        }
    }
}

impl Curve {
    /// Adds a point at its end. What is no number is left out.
    pub fn push(&mut self, x: f64, y: f64) {
        if !(x.is_finite() && y.is_finite()) {
            return;
        }
        if !self.points.is_empty() && self.left_out + 1 < self.stride {
            self.left_out += 1;
            self.newest = Some([x, y]);
            return;
        }
        self.points.push([x, y]);
        self.newest = None;
        self.left_out = 0;
        // The newest needs a place too.
        if MAX_POINTS <= self.points.len() {
            let mut is_kept = false;
            self.points.retain(|_| {
                is_kept = !is_kept;
                is_kept
            });
            self.newest = Some([x, y]);
            self.stride *= 2;
            self.left_out = 1;
        }
    }

    /// The points, the newest included.
    pub fn points(&self) -> Vec<[f64; 2]> {
        let mut points = self.points.clone();
        points.extend(self.newest);
        points
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.points.is_empty()
    }

    /// The newest value.
    pub fn newest(&self) -> Option<f64> {
        self.newest.or(self.points.last().copied()).map(|it| it[1])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_curves_are_kept_whole() {
        let mut curve = Curve::default();
        assert!(curve.is_empty() && curve.newest().is_none());
        for step in 0..100 {
            curve.push(f64::from(step), 1.0 / f64::from(step + 1));
        }
        curve.push(100.0, f64::NAN);
        assert_eq!(curve.points().len(), 100);
        assert_eq!(curve.newest(), Some(0.01));
    }

    #[test]
    fn long_curves_are_thinned_evenly_and_end_with_the_newest() {
        let mut curve = Curve::default();
        for step in 1..=30_000_u32 {
            curve.push(f64::from(step), f64::from(2 * step));
            let points = curve.points();
            assert!(points.len() <= MAX_POINTS, "{step}: {}", points.len());
            assert_eq!(points.last(), Some(&[f64::from(step), f64::from(2 * step)]));
        }
        let points = curve.points();
        assert!(MAX_POINTS / 3 < points.len(), "{}", points.len());
        assert_eq!(points[0], [1.0, 2.0], "the first stays");
        let gaps = points.windows(2).map(|it| it[1][0] - it[0][0]);
        let (least, most) = gaps.fold((f64::MAX, 0.0), |(a, b): (f64, f64), it| {
            (a.min(it), b.max(it))
        });
        assert!(0.0 < least && most <= 32.0, "{least} {most}");
    }
}
