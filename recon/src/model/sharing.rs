//! One network on several devices that share the views of a scene (§4.3 of the tttLRM paper).
//!
//! ```text
//! views      dealt out over the devices by turns, tokens and attention stay where the view is
//! updates    every device sums the directions of its own tokens; the sum over all devices is
//!            orthogonalised on each, so that all have the same fast weights
//! splats     opacities of all views meet on the host and choose; each device decodes its own
//! ```

use std::sync::{Mutex, MutexGuard, PoisonError};

use burn::tensor::Tensor;

use super::collective::{Collective, Rank, Share};
use super::network::{Listener, Network, Op};
use super::{ModelError, Tokens};

/// Networks with the same weights, each on its device, and who runs them at the same time.
#[derive(Clone, Copy)]
pub struct Sharing<'a> {
    /// One for every rank, at least one.
    pub networks: &'a [Network],
    /// Runs ranks where there are several.
    pub crew: &'a Crew<'a>,
    /// Whether the devices are NVIDIA's cards, no two the same, which sum among themselves where
    /// they can. Else sums are made on the host.
    pub are_cards: bool,
}

/// Runs a job once for each of so many ranks, all at the same time, the first with the listener.
pub type Crew<'a> = dyn Fn(usize, Listener<'_>, &RankJob<'_>) -> Result<(), ModelError> + Sync + 'a;

/// What every rank does.
pub type RankJob<'a> = dyn Fn(Rank, Listener<'_>) -> Result<(), ModelError> + Sync + 'a;

impl<'a> Sharing<'a> {
    /// A network that has all views to itself.
    pub fn alone(network: &'a Network) -> Self {
        Self {
            networks: std::slice::from_ref(network),
            crew: &|_, _, _| Err(ModelError::RankGone),
            are_cards: false,
        }
    }

    /// The network that has a view.
    pub(super) fn of_view(&self, view: usize) -> &'a Network {
        &self.networks[view % self.networks.len()]
    }
}

/// Tokens of a sequence's views, each on the device that has the view.
pub(super) struct Spread<'a> {
    sharing: Sharing<'a>,
    /// Of each device.
    tokens: Vec<Mutex<Tokens>>,
    views: usize,
}

impl<'a> Spread<'a> {
    /// Of no views yet.
    pub(super) fn new(sharing: Sharing<'a>) -> Self {
        let tokens = sharing.networks.iter();
        let tokens = tokens.map(|it| Mutex::new(Tokens::new(it.budget.stream_bytes, &it.device)));
        Self {
            sharing,
            tokens: tokens.collect(),
            views: 0,
        }
    }

    /// How many views there are.
    pub(super) fn len(&self) -> usize {
        self.views
    }

    /// The network that makes the next view's tokens.
    pub(super) fn next_network(&self) -> &'a Network {
        self.sharing.of_view(self.views)
    }

    /// Adds the next view's tokens.
    pub(super) fn push(&mut self, tokens: Tensor<2>) -> Result<(), ModelError> {
        let rank = self.views % self.tokens.len();
        self.of_rank(rank).push(tokens)?;
        self.views += 1;
        Ok(())
    }

    /// A view's.
    pub(super) fn get(&self, view: usize) -> Tensor<2> {
        let ranks = self.tokens.len();
        self.of_rank(view % ranks).get(view / ranks)
    }

    /// Those of a rank, all of them where there is no other.
    pub(super) fn of_rank(&self, rank: usize) -> MutexGuard<'_, Tokens> {
        // A rank that panicked has ended the run.
        let tokens = self.tokens[rank].lock();
        tokens.unwrap_or_else(PoisonError::into_inner)
    }

    /// Sends them through all layers, from the slow weights on.
    pub(super) fn run(&self, ops: &[Op], listener: Listener<'_>) -> Result<(), ModelError> {
        let Sharing { networks, crew, .. } = self.sharing;
        if let [network] = networks {
            let tokens = &mut self.of_rank(0);
            return network.run_alone(tokens, &mut network.begin(), ops, listener);
        }
        let job = |rank: Rank, listener: Listener<'_>| {
            let index = rank.index();
            let network = &networks[index];
            let share = Share::of(ops, self.views, index, networks.len());
            let collective = self.collective(rank)?;
            let tokens = &mut self.of_rank(index);
            let memory = &mut network.begin();
            network.run(tokens, memory, &share.ops, &*collective, listener)
        };
        crew(networks.len(), listener, &job)
    }

    #[cfg(feature = "cuda")]
    fn collective(&self, rank: Rank) -> Result<Box<dyn Collective>, ModelError> {
        if !self.sharing.are_cards {
            return Ok(Box::new(rank));
        }
        let devices = self.sharing.networks.iter();
        let devices = devices.map(|it| it.device.clone());
        super::all_reduce::choose(rank, devices.collect())
    }

    #[cfg(not(feature = "cuda"))]
    #[expect(clippy::unnecessary_wraps, reason = "cards may fail")]
    #[expect(clippy::unused_self, reason = "cards are asked for")]
    fn collective(&self, rank: Rank) -> Result<Box<dyn Collective>, ModelError> {
        Ok(Box::new(rank))
    }
}
