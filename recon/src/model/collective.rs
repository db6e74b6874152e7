//! What several devices that share a sequence tell each other, and who has which of its views.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use burn::tensor::{Tensor, TensorData};

use super::ModelError;
use super::decoder::numbers;
use super::fast_weights::Matrices;
use super::network::Op;
use super::tokens::on_host;

/// Ranks that hold some of the views each. Views meet only in the fast weights' updates, so sums
/// of those are all that travels before the Gaussians do.
pub trait Collective {
    /// The sum of all ranks' matrices, on this rank's device. Every rank asks equally often.
    ///
    /// # Errors
    /// Where a rank is gone.
    fn sum(&self, matrices: Matrices) -> Result<Matrices, ModelError>;
}

/// One device that holds all views.
#[derive(Clone, Copy, Debug, Default)]
pub struct Alone;

impl Collective for Alone {
    fn sum(&self, matrices: Matrices) -> Result<Matrices, ModelError> {
        Ok(matrices)
    }
}

/// One of several ranks in this program, whatever their devices: sums are made on the host.
///
/// Each belongs to a thread of its own, which waits in [`Collective::sum`] until the others have
/// come there too. A rank that is dropped, because it failed, was cancelled or is done, is gone:
/// whoever waits for it then is told so.
#[derive(Debug)]
pub struct Rank {
    index: usize,
    meeting: Arc<Meeting>,
}

impl Rank {
    /// So many that sum together.
    pub fn all(count: usize) -> Vec<Self> {
        let meeting = Arc::new(Meeting {
            round: Mutex::new(Round {
                number: 0,
                parts: vec![None; count],
                sum: Arc::default(),
                is_over: false,
            }),
            turned: Condvar::new(),
        });
        let rank = |index| Self {
            index,
            meeting: Arc::clone(&meeting),
        };
        (0..count).map(rank).collect()
    }

    /// Which of the ranks it is.
    pub fn index(&self) -> usize {
        self.index
    }

    /// Waits until all ranks have come here, and tells the sum of what they brought.
    ///
    /// # Errors
    /// Where a rank is gone.
    pub fn meet(&self, brought: f32) -> Result<f32, ModelError> {
        let sums = self.meeting.sum(self.index, vec![vec![brought]])?;
        Ok(sums.iter().flatten().sum())
    }
}

impl Collective for Rank {
    fn sum(&self, matrices: Matrices) -> Result<Matrices, ModelError> {
        let mut own = Vec::with_capacity(matrices.len());
        for it in &matrices {
            own.push(numbers(on_host(it.clone())?.convert::<f32>())?);
        }
        let sums = self.meeting.sum(self.index, own)?;
        let mut i = 0;
        Ok(matrices.map(|it| {
            let sum = TensorData::new(sums[i].clone(), it.dims());
            i += 1;
            Tensor::from_data(sum, &it.device())
        }))
    }
}

impl Drop for Rank {
    fn drop(&mut self) {
        self.meeting.lock().is_over = true;
        self.meeting.turned.notify_all();
    }
}

/// Numbers of several arrays.
type Arrays = Vec<Vec<f32>>;

/// Where ranks wait for each other.
#[derive(Debug)]
struct Meeting {
    round: Mutex<Round>,
    /// A round is complete, or there will be no more.
    turned: Condvar,
}

#[derive(Debug)]
struct Round {
    number: u64,
    /// What each rank has brought to this round.
    parts: Vec<Option<Arrays>>,
    /// Of the round before.
    sum: Arc<Arrays>,
    /// A rank is gone.
    is_over: bool,
}

impl Meeting {
    fn lock(&self) -> MutexGuard<'_, Round> {
        // A rank that panicked is gone, and what it had locked is whole.
        self.round.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn sum(&self, index: usize, own: Arrays) -> Result<Arc<Arrays>, ModelError> {
        let mut round = self.lock();
        if round.is_over {
            return Err(ModelError::RankGone);
        }
        let number = round.number;
        round.parts[index] = Some(own);
        if round.parts.iter().all(Option::is_some) {
            // In the order of the ranks, so that the sum does not depend on who came first.
            let parts = round.parts.iter_mut().filter_map(Option::take);
            let sum = parts.reduce(add).unwrap_or_default();
            round.sum = Arc::new(sum);
            round.number += 1;
            self.turned.notify_all();
            return Ok(Arc::clone(&round.sum));
        }
        while round.number == number && !round.is_over {
            let woken = self.turned.wait(round);
            round = woken.unwrap_or_else(PoisonError::into_inner);
        }
        if round.number == number {
            return Err(ModelError::RankGone);
        }
        Ok(Arc::clone(&round.sum))
    }
}

fn add(mut sum: Arrays, part: Arrays) -> Arrays {
    for (sum, part) in sum.iter_mut().zip(part) {
        for (sum, part) in sum.iter_mut().zip(part) {
            *sum += part;
        }
    }
    sum
}

/// A rank's part of a sequence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Share {
    /// Which of the sequence's views it holds, in their order.
    pub views: Vec<usize>,
    /// What is done with them, counted as this rank counts its views; as many updates as on every
    /// other rank.
    pub ops: Vec<Op>,
}

impl Share {
    /// Views are dealt out by turns, so that every rank has its part of every chunk: rank r has
    /// the views r, r + ranks, r + 2 ranks, …
    pub fn of(ops: &[Op], views: usize, rank: usize, ranks: usize) -> Self {
        let ranks = ranks.max(1);
        // How many of the first `end` views are this rank's.
        let own = |end: usize| (end + ranks - 1).saturating_sub(rank) / ranks;
        let ops = ops.iter().map(|it| Op {
            views: own(it.views.start)..own(it.views.end),
            ..*it
        });
        Self {
            views: (rank..views).step_by(ranks).collect(),
            ops: ops.collect(),
        }
    }
}

/// What all ranks made of their views, in the order of the sequence: the way back from
/// [`Share::views`].
pub fn gather<T>(shares: Vec<Vec<T>>) -> Vec<T> {
    let mut shares: Vec<_> = shares.into_iter().map(Vec::into_iter).collect();
    let mut all = Vec::new();
    loop {
        let before = all.len();
        all.extend(shares.iter_mut().filter_map(Iterator::next));
        if all.len() == before {
            return all;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::config::Scan;
    use super::super::network::operations;
    use super::*;

    #[test]
    fn views_are_dealt_out_and_gathered_again() {
        for (views, ranks) in [(8, 2), (7, 2), (5, 3), (2, 4), (0, 2), (3, 1)] {
            let ops = operations(Scan::Autoregressive, 3, views, views);
            let shares: Vec<Share> = (0..ranks)
                .map(|rank| Share::of(&ops, views, rank, ranks))
                .collect();
            for (i, op) in ops.iter().enumerate() {
                let mut of_op: Vec<usize> = shares
                    .iter()
                    .flat_map(|it| it.views[it.ops[i].views.clone()].to_vec())
                    .collect();
                of_op.sort_unstable();
                assert_eq!(of_op, op.views.clone().collect::<Vec<_>>());
            }
            let gathered = gather(shares.into_iter().map(|it| it.views).collect());
            assert_eq!(gathered, (0..views).collect::<Vec<_>>());
        }
    }

    #[test]
    fn who_waits_for_a_rank_that_is_gone_is_told() {
        let mut ranks = Rank::all(2);
        drop(ranks.pop());
        let meeting = &ranks[0].meeting;
        let error = meeting.sum(0, vec![vec![1.0]]).unwrap_err();
        assert!(matches!(error, ModelError::RankGone), "{error}");
    }
}
