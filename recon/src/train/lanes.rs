//! Scenes side by side, each on one thread.
//!
//! The matrices of a small network are so small that several threads inside one product wait for
//! each other more than they compute. Whole scenes have nothing to wait for.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use rayon::prelude::*;
use rayon::{ThreadPool, ThreadPoolBuilder};

use super::TrainError;

/// Pools of one thread: what runs on one finds no other to share its products with.
#[derive(Debug)]
pub(super) struct Lanes {
    pools: Vec<ThreadPool>,
}

impl Lanes {
    /// So many.
    ///
    /// # Errors
    /// [`TrainError::Threads`] where the system grants none.
    pub(super) fn new(count: usize) -> Result<Self, TrainError> {
        let pool = |_| ThreadPoolBuilder::new().num_threads(1).build();
        let pools = (0..count.max(1)).map(pool).collect::<Result<_, _>>();
        let pools = pools.map_err(|it| TrainError::Threads(it.to_string()))?;
        Ok(Self { pools })
    }

    /// How many there are.
    pub(super) fn count(&self) -> usize {
        self.pools.len()
    }

    /// `job` for every number below `count`, in their order; of errors the first. It is told the
    /// number of its lane too, which no other has at that time.
    pub(super) fn run<T: Send>(
        &self,
        count: usize,
        job: &(impl Fn(usize, usize) -> Result<T, TrainError> + Sync),
    ) -> Result<Vec<T>, TrainError> {
        let next = AtomicUsize::new(0);
        let lane = |(lane, pool): (usize, &ThreadPool)| {
            pool.install(|| {
                let mut done = Vec::new();
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    if count <= number {
                        return done;
                    }
                    done.push((number, job(lane, number)));
                }
            })
        };
        let mut done: Vec<_> = self
            .pools
            .par_iter()
            .enumerate()
            .flat_map_iter(lane)
            .collect();
        done.sort_by_key(|it| it.0);
        done.into_iter().map(|it| it.1).collect()
    }
}

/// What `job` gives, and how long it took.
pub(super) fn timed<T>(job: impl FnOnce() -> T) -> (T, Duration) {
    let begun = Instant::now();
    let found = job();
    (found, begun.elapsed())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn jobs_are_in_order_and_alone() {
        let lanes = Lanes::new(3).unwrap();
        assert_eq!(lanes.count(), 3);
        let job = |_, number| Ok((number, rayon::current_num_threads()));
        let found = lanes.run(20, &job).unwrap();
        assert!(found.iter().zip(0..).all(|(it, number)| *it == (number, 1)));
        assert!(lanes.run(0, &job).unwrap().is_empty());
        let failing = |_, number| match number {
            0..5 => Ok(()),
            _ => Err(TrainError::Broken(number as u32)),
        };
        let error = lanes.run(20, &failing).unwrap_err();
        assert!(matches!(error, TrainError::Broken(5)), "{error}");
    }
}
