//! Sums that NVIDIA's cards make among themselves (NCCL), without the host.
//!
//! It has been type-checked, and never run: no machine with two such cards was at hand. So it is
//! trusted only after a sum whose result is known; where that is wrong, sums are made on the host,
//! as with all other devices.

use std::panic::{AssertUnwindSafe, catch_unwind};

use burn::tensor::distributed::{ReduceOperation, all_reduce};
use burn::tensor::{Device, Tensor};

use super::ModelError;
use super::collective::{Collective, Rank};
use super::fast_weights::Matrices;
use super::tokens::on_host;

/// Numbers of the sum on trial: more than one block of any kernel.
const TRIAL: usize = 4096;

/// A rank on a card of its own.
struct AllReduce {
    /// Where ranks meet before they sum: a card waits for ever for one that does not come.
    rank: Rank,
    devices: Vec<Device>,
}

impl Collective for AllReduce {
    fn sum(&self, matrices: Matrices) -> Result<Matrices, ModelError> {
        self.rank.meet(1.0)?;
        Ok(matrices.map(|it| on_cards(it, &self.devices)))
    }
}

/// Sums on the cards where each of them can, else on the host. `devices` are those of all ranks, in
/// their order.
///
/// # Errors
/// Where a rank is gone.
pub(super) fn choose(rank: Rank, devices: Vec<Device>) -> Result<Box<dyn Collective>, ModelError> {
    let ranks = devices.len() as f32;
    rank.meet(1.0)?;
    let is_right = on_trial(&devices[rank.index()], &devices);
    let all_right = rank.meet(if is_right { 1.0 } else { 0.0 })? >= ranks - 0.5;
    if all_right {
        return Ok(Box::new(AllReduce { rank, devices }));
    }
    log::warn!("the cards cannot sum among themselves (is NCCL there?): the host does it");
    Ok(Box::new(rank))
}

/// Whether ones summed over all cards are as many as there are cards.
fn on_trial(own: &Device, devices: &[Device]) -> bool {
    // Where NCCL is missing the library panics.
    let sum = catch_unwind(AssertUnwindSafe(|| {
        let ones = Tensor::<2>::ones([1, TRIAL], own);
        on_host(on_cards(ones, devices))
    }));
    let Ok(Ok(sum)) = sum else { return false };
    let numbers = sum.convert::<f32>().try_into_vec::<f32>();
    numbers.is_ok_and(|it| it.iter().all(|it| *it == devices.len() as f32))
}

fn on_cards(tensor: Tensor<2>, devices: &[Device]) -> Tensor<2> {
    all_reduce(tensor, ReduceOperation::Sum, devices.to_vec()).resolve()
}
