//! Several devices that share a sequence: a thread for each, of which the caller's is the first.

use std::ops::ControlFlow;
use std::panic::resume_unwind;
use std::sync::Arc;
use std::thread;

use crate::dataset::Dataset;
use crate::model::{
    Collective, KeptScene, Listener, ModelError, Network, Op, Rank, RankJob, ReconstructConfig,
    ReconstructListener, SceneMemory, Share, Sharing, Tokens, gather, reconstruct_shared,
};

/// What is done with the views of a sequence, on whichever device a view is.
pub struct Sequence<'a, T> {
    /// How many views there are.
    pub views: usize,
    /// As [`operations`](crate::model::operations) lists them.
    pub ops: &'a [Op],
    /// Puts a view's tokens behind the others on the network's device.
    pub load: &'a Load<'a>,
    /// What is kept of a view that has been through the network.
    pub keep: &'a Keep<'a, T>,
}

/// Takes a network, the index of a view in the sequence, and the tokens of the views before it on
/// this device.
pub type Load<'a> = dyn Fn(&Network, usize, &mut Tokens) -> Result<(), ModelError> + Sync + 'a;

/// Takes a network, the index of a view in the sequence, the tokens of this device's views, and
/// the view's index among those.
pub type Keep<'a, T> = dyn Fn(&Network, usize, &Tokens, usize) -> Result<T, ModelError> + Sync + 'a;

/// Sends a sequence through copies of a network on several devices, and gives what is kept of its
/// views in their order, with the fast weights of the first device. The listener hears of the
/// first device; where it ends the run, the others end at their next sum.
///
/// # Errors
/// What went wrong first on any device.
pub fn run_shared<T: Send>(
    networks: &[Network],
    sequence: &Sequence<'_, T>,
    listener: Listener<'_>,
) -> Result<(Vec<T>, SceneMemory), ModelError> {
    let results = on_ranks(networks.len(), listener, &|rank, listener| {
        let network = &networks[rank.index()];
        let share = Share::of(sequence.ops, sequence.views, rank.index(), networks.len());
        let mut tokens = Tokens::new(network.budget.stream_bytes, &network.device);
        for view in &share.views {
            (sequence.load)(network, *view, &mut tokens)?;
        }
        let mut memory = network.begin();
        let collective: &dyn Collective = &rank;
        network.run(&mut tokens, &mut memory, &share.ops, collective, listener)?;
        let views = share.views.iter().enumerate();
        let kept = views.map(|(i, view)| (sequence.keep)(network, *view, &tokens, i));
        Ok((kept.collect::<Result<Vec<T>, _>>()?, memory))
    })?;
    let (shares, memories): (Vec<_>, Vec<_>) = results.into_iter().unzip();
    let memory = memories.into_iter().next().unwrap_or_default();
    Ok((gather(shares), memory))
}

/// [`reconstruct_shared`] on the networks' devices, a thread for each. `are_cards` is
/// [`Devices::are_cards`](crate::model::Devices::are_cards).
///
/// # Errors
/// Those of [`reconstruct_shared`].
pub fn reconstruct_on(
    kept: Option<KeptScene>,
    dataset: &Arc<Dataset>,
    config: &ReconstructConfig,
    (networks, are_cards): (&[Network], bool),
    more: &mut dyn FnMut() -> Option<Arc<Dataset>>,
    listener: ReconstructListener<'_>,
) -> Result<ControlFlow<()>, ModelError> {
    let sharing = Sharing {
        networks,
        crew: &crew,
        are_cards,
    };
    reconstruct_shared(kept, dataset, config, sharing, more, listener)
}

fn crew(count: usize, listener: Listener<'_>, job: &RankJob<'_>) -> Result<(), ModelError> {
    on_ranks(count, listener, job).map(|_| ())
}

/// Runs `job` once for every rank, the first on this thread with the listener, and gives their
/// results in the order of the ranks.
///
/// # Errors
/// What went wrong first; that a rank was left alone is told only where nothing else went wrong.
pub fn on_ranks<T: Send>(
    count: usize,
    listener: Listener<'_>,
    job: &(dyn Fn(Rank, Listener<'_>) -> Result<T, ModelError> + Sync),
) -> Result<Vec<T>, ModelError> {
    let mut ranks = Rank::all(count).into_iter();
    let Some(first) = ranks.next() else {
        return Ok(Vec::new());
    };
    let results: Vec<Result<T, ModelError>> = thread::scope(|scope| {
        let others: Vec<_> = ranks
            .map(|rank| scope.spawn(move || job(rank, &mut |_, _| ControlFlow::Continue(()))))
            .collect();
        let first = job(first, listener);
        let others = others.into_iter().map(|it| match it.join() {
            Ok(result) => result,
            Err(panic) => resume_unwind(panic),
        });
        std::iter::once(first).chain(others).collect()
    });
    let mut found = None;
    let mut all = Vec::with_capacity(count);
    for result in results {
        match result {
            Ok(it) => all.push(it),
            Err(error) if matches!(found, None | Some(ModelError::RankGone)) => {
                found = Some(error);
            }
            Err(_) => {}
        }
    }
    found.map_or(Ok(all), Err)
}
