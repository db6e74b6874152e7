//! Which of the decoded Gaussians are kept: the most opaque, and some of the others by chance.

use rand_mt::Mt;

use super::config::Prune;

/// Indices of the Gaussians to keep: the most opaque in falling order, then those kept by chance.
/// `views` is how many input views there were. All of them, in their order, where nothing is to be
/// left out.
///
/// Chance is the Mersenne Twister's and drawn as PyTorch's `randperm` does on the CPU, so that the
/// same seed keeps the same ones as there.
pub fn keep(opacity_logits: &[f32], prune: &Prune, views: usize, seed: u32) -> Vec<usize> {
    let (most, random) = if views < prune.many_views {
        (prune.keep, prune.random)
    } else {
        (prune.keep_many, prune.random_many)
    };
    let count = opacity_logits.len();
    if most <= 0.0 {
        return (0..count).collect();
    }
    let part = |fraction: f64| ((fraction * count as f64) as usize).min(count);
    let (most, random) = (exact(most), exact(random));
    let num_opaque = part(most);
    let num_random = part((1.0 - most) * random).min(count - num_opaque);
    let mut order: Vec<usize> = (0..count).collect();
    order.sort_by(|a, b| opacity_logits[*b].total_cmp(&opacity_logits[*a]));
    let others = order.split_off(num_opaque);
    order.extend(
        permutation(others.len(), seed)
            .into_iter()
            .take(num_random)
            .map(|i| others[i]),
    );
    order
}

/// The decimal fraction that a person wrote: 0.4 in single precision is a little more than 0.4.
fn exact(fraction: f32) -> f64 {
    (f64::from(fraction) * 1e6).round() / 1e6
}

/// A random order of 0 … `count` (Fisher and Yates).
fn permutation(count: usize, seed: u32) -> Vec<usize> {
    let mut random = Mt::new(seed);
    let mut all: Vec<usize> = (0..count).collect();
    for i in 0..count.saturating_sub(1) {
        let step = random.next_u32() as usize % (count - i);
        all.swap(i, i + step);
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_most_opaque_come_first_and_some_of_the_others_after() {
        let logits = [0.0, 3.0, -1.0, 2.0, 1.0, -2.0, -3.0, -4.0, -5.0, -6.0];
        let prune = Prune {
            keep: 0.3,
            random: 0.5,
            ..Prune::default()
        };
        let kept = keep(&logits, &prune, 4, 1);
        assert_eq!(&kept[..3], &[1, 3, 4]);
        assert_eq!(kept.len(), 3 + 3);
        let mut all = kept.clone();
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), kept.len());
        assert_eq!(keep(&logits, &prune, 64, 1).len(), 3);
    }

    #[test]
    fn nothing_is_left_out_where_nothing_is_to_be() {
        let prune = Prune {
            keep: 0.0,
            ..Prune::default()
        };
        assert_eq!(keep(&[1.0, 2.0], &prune, 1, 0), [0, 1]);
        assert!(keep(&[], &Prune::default(), 1, 0).is_empty());
    }
}
