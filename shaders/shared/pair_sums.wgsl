// What the backward pass of blending leaves of a pair (or, added up, of a splat): sums over pixels
// from which all gradients of the splat follow.
//
// With σ half the squared Mahalanobis distance, α = min(o e^−σ, α_max), T the transmittance in
// front of the splat, c its colour, g = ∂L/∂(pixel) and R what lies behind the splat:
//   e = c·g,  ∂L/∂α = T e − (R·g)/(1 − α),  v = ∂L/∂σ = −α ∂L/∂α,  w = α T,  Δ = mean − pixel.
// The sums are Σv, ΣvΔ, ΣvΔΔᵀ and Σwg.
//
// Splats are walked front to back, as in the forward pass and with its arithmetic, so that every
// decision falls the same; R·g starts as the whole pixel's and each splat takes its part away.

const SUM_V: u32 = 0u;
const SUM_VX: u32 = 1u;
const SUM_VY: u32 = 2u;
const SUM_VXX: u32 = 3u;
const SUM_VXY: u32 = 4u;
const SUM_VYY: u32 = 5u;
const SUM_RED: u32 = 6u; // then green and blue
const SUM_DEPTH: u32 = 9u;
const SUMS: u32 = 10u;
