//! Splats under optimisation: steps, memory, what is read, written and copied of them.

/// Steps of whole frames, in chunks, with room, along broken gradients.
mod steps;
