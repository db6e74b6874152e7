//! Causal streaming: a scene grows chunk by chunk, and nothing but the fast weights is kept of it.
//!
//! ```text
//! W ← the slow weights
//! for every chunk of views:
//!     push     in every layer: W ← update(W, the chunk's tokens); the tokens go on with the new W
//!     query    any view, one at a time: every layer applies its W
//! ```
//! This is Algorithm 1 of the paper. Memory is one chunk while it is pushed and one view while it
//! is queried, however long the scene is. A full reconstruction queries all views so far after
//! each chunk, those of the chunk excepted: their tokens come out of `push`. *Predict and merge*
//! queries none, and keeps what was decoded of earlier chunks.
//!
//! It is not what [`Scan::Autoregressive`](super::Scan) computes: there, in each layer, early
//! chunks see what late ones taught the layer before.

use burn::tensor::Tensor;

use super::collective::{Alone, Collective};
use super::network::{Listener, Network, Op, SceneMemory};
use super::{ModelError, Tokens};

/// A scene that is being streamed through a network.
#[derive(Clone, Debug)]
pub struct Stream<'a> {
    network: &'a Network,
    memory: SceneMemory,
}

impl<'a> Stream<'a> {
    /// A scene of which nothing was seen yet.
    pub fn new(network: &'a Network) -> Self {
        Self::resume(network, network.begin())
    }

    /// A scene as it was left; `memory` is this network's.
    pub fn resume(network: &'a Network, memory: SceneMemory) -> Self {
        Self { network, memory }
    }

    /// What is kept of the scene.
    pub fn memory(&self) -> &SceneMemory {
        &self.memory
    }

    /// Takes in a chunk: the tokens of its views, as [`Network::tokenise`] gives them, become those
    /// that are decoded. After an error the scene is as it was before; the tokens are of no use.
    ///
    /// Until the chunk is through, the fast weights are held twice.
    ///
    /// # Errors
    /// [`ModelError::Cancelled`] when `listener` says so.
    pub fn push(&mut self, chunk: &mut Tokens, listener: Listener<'_>) -> Result<(), ModelError> {
        if chunk.is_empty() {
            return Ok(()); // no news, no update
        }
        self.push_shared(chunk, &Alone, listener)
    }

    /// [`Self::push`] of a chunk that several devices share; `chunk` has this one's views, of which
    /// there may be none.
    ///
    /// # Errors
    /// [`ModelError::Cancelled`] when `listener` says so; what `collective` has to tell.
    pub fn push_shared(
        &mut self,
        chunk: &mut Tokens,
        collective: &dyn Collective,
        listener: Listener<'_>,
    ) -> Result<(), ModelError> {
        let op = Op {
            views: 0..chunk.len(),
            update: true,
            apply: true,
        };
        let mut memory = self.memory.clone();
        self.network
            .run(chunk, &mut memory, &[op], collective, listener)?;
        self.memory = memory;
        Ok(())
    }

    /// What becomes of a view's tokens \[n × d\], as [`Network::tokenise`] gives them, under the
    /// fast weights as they are: the view may be one that was pushed, or another.
    ///
    /// # Errors
    /// [`ModelError::Cancelled`] when `listener` says so.
    pub fn query(
        &self,
        tokens: Tensor<2>,
        listener: Listener<'_>,
    ) -> Result<Tensor<2>, ModelError> {
        let mut one = Tokens::new(u64::MAX, &self.network.device);
        one.push(tokens)?;
        let op = Op {
            views: 0..1,
            update: false,
            apply: true,
        };
        let mut memory = self.memory.clone(); // handles only
        self.network
            .run_alone(&mut one, &mut memory, &[op], listener)?;
        Ok(one.get(0))
    }
}
