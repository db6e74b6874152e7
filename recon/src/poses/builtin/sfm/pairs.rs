//! Which photos are compared with which.

use std::collections::BTreeSet;

use cumulus3d_core::{DESCRIPTOR_DIM, Descriptors};
use rayon::prelude::*;

use super::descriptors::matches;
use super::{Features, PoseConfig, PoseError, Reporter};

/// Up to this many pairs, all are compared in full.
const MAX_PAIRS: usize = 2000;

/// Features per photo, the largest first, that decide which pairs are worth more: fewer where
/// there are many pairs, within these bounds.
const SAMPLE: std::ops::RangeInclusive<usize> = 96..=320;

/// Comparisons of two features that this may take, where the bounds allow it.
const MAX_COMPARISONS: f64 = 1e9;

/// Partners that a photo keeps after that.
const PARTNERS: usize = 24;

/// Partners far away in a sequence that a photo keeps: where the way meets itself.
const LOOPS: usize = 4;

/// Matches of the sample below which a pair is not one.
const MIN_SAMPLE_MATCHES: usize = 3;

/// Fewer features than this cannot make a pair.
const MIN_FEATURES: usize = 15;

/// The pairs to compare, ascending, smaller index first.
pub(super) fn choose(
    features: &[Features],
    config: &PoseConfig,
    report: &mut Reporter<'_>,
) -> Result<Vec<(usize, usize)>, PoseError> {
    let usable = |it: &usize| MIN_FEATURES <= features[*it].len();
    let usable: Vec<usize> = (0..features.len()).filter(usable).collect();
    let all = all_pairs(&usable);
    let Some(neighbours) = config.sequential.map(|it| it.max(1)) else {
        if all.len() <= MAX_PAIRS {
            return Ok(all);
        }
        let scored = score(features, &all, report)?;
        return Ok(best(&scored, PARTNERS));
    };
    let (near, far): (Vec<_>, Vec<_>) = all.into_iter().partition(|(a, b)| b - a <= neighbours);
    let scored = score(features, &far, report)?;
    let mut pairs: BTreeSet<(usize, usize)> = near.into_iter().collect();
    pairs.extend(best(&scored, LOOPS));
    Ok(pairs.into_iter().collect())
}

/// The pairs of each photo of `new` with all others, ascending, smaller index first.
pub(super) fn choose_new(
    features: &[Features],
    new: &BTreeSet<usize>,
    report: &mut Reporter<'_>,
) -> Result<Vec<(usize, usize)>, PoseError> {
    let usable = |it: &usize| MIN_FEATURES <= features[*it].len();
    let usable: Vec<usize> = (0..features.len()).filter(usable).collect();
    let mut pairs = all_pairs(&usable);
    pairs.retain(|(a, b)| new.contains(a) || new.contains(b));
    if pairs.len() <= MAX_PAIRS {
        return Ok(pairs);
    }
    Ok(best(&score(features, &pairs, report)?, PARTNERS))
}

fn all_pairs(photos: &[usize]) -> Vec<(usize, usize)> {
    let pairs = |(i, a): (usize, &usize)| {
        let a = *a;
        photos[i + 1..].iter().map(move |b| (a, *b))
    };
    photos.iter().enumerate().flat_map(pairs).collect()
}

/// A pair and how much its samples have in common.
type Scored = ((usize, usize), usize);

fn score(
    features: &[Features],
    pairs: &[(usize, usize)],
    report: &mut Reporter<'_>,
) -> Result<Vec<Scored>, PoseError> {
    const STAGE: &str = "Choosing pairs";
    let count = (MAX_COMPARISONS / pairs.len().max(1) as f64).sqrt() as usize;
    let count = count.clamp(*SAMPLE.start(), *SAMPLE.end());
    // Features come largest first.
    let sample = |it: &Features| {
        let bytes = it.descriptors.as_slice();
        let front = &bytes[..bytes.len().min(count * DESCRIPTOR_DIM)];
        Descriptors::from_vec(front.to_vec()).unwrap_or_default()
    };
    let samples: Vec<Descriptors> = features.iter().map(sample).collect();
    let mut scored = Vec::with_capacity(pairs.len());
    report.progress(STAGE, 0, pairs.len())?;
    for chunk in pairs.chunks(512) {
        scored.par_extend(chunk.par_iter().map(|&(a, b)| {
            let common = matches(&samples[a], &samples[b]).len();
            ((a, b), common)
        }));
        report.progress(STAGE, scored.len(), pairs.len())?;
    }
    Ok(scored)
}

/// The `partners` best pairs of each photo.
fn best(scored: &[Scored], partners: usize) -> Vec<(usize, usize)> {
    let mut sorted: Vec<&Scored> = scored
        .iter()
        .filter(|(_, common)| MIN_SAMPLE_MATCHES <= *common)
        .collect();
    sorted.sort_by_key(|(pair, common)| (std::cmp::Reverse(*common), *pair));
    let last = scored.iter().map(|((_, b), _)| b + 1).max().unwrap_or(0);
    let mut counts = vec![0; last];
    let mut pairs = BTreeSet::new();
    for ((a, b), _) in sorted {
        if counts[*a] < partners || counts[*b] < partners {
            counts[*a] += 1;
            counts[*b] += 1;
            pairs.insert((*a, *b));
        }
    }
    pairs.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_photo_keeps_its_best_partners() {
        assert_eq!(all_pairs(&[0, 2, 5]), [(0, 2), (0, 5), (2, 5)]);
        let scored = [
            ((0, 1), 9),
            ((0, 2), 50),
            ((1, 2), 40),
            ((2, 3), 2),
            ((1, 3), 7),
        ];
        // 3 shares more with 1 than nothing; 0 and 1 have better partners than one another.
        assert_eq!(best(&scored, 1), [(0, 2), (1, 2), (1, 3)]);
    }
}
