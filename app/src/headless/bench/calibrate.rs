//! A fixed piece of GPU work: what it takes tells how fast, and how busy, a machine is.

use std::time::Instant;

use ::render::gpu::{Counters, DispatchArgs, Gpu, GpuError, GpuVec, Recorder};
use ::render::rasterizer::{
    Counted, KeyValues, PARTITION, PARTITIONS_PER_BLOCK, Sort, SortScratch,
};
use serde::Serialize;

const KEYS: usize = 1_000_000;
const KEY_BITS: u32 = 32;
const RUNS: usize = 7;

/// Time of the radix sort of a million random 32-bit keys with values.
#[derive(Clone, Debug, Serialize)]
pub struct Calibration {
    /// How many keys.
    pub sorted_keys: usize,
    /// Median of the runs, in milliseconds.
    pub ms: f64,
}

impl Calibration {
    /// Sorts some times, from the same keys each time.
    ///
    /// # Errors
    /// [`GpuError::Invalid`] where the result is out of order, and what the device has to tell.
    pub fn measure(gpu: &Gpu) -> Result<Self, GpuError> {
        let keys: Vec<u32> = (0..KEYS as u32).map(scrambled).collect();
        let partitions = KEYS.div_ceil(PARTITION);
        let counters = Counters {
            num_visible: 0,
            num_pairs: KEYS as u32,
            wanted_visible: 0,
            wanted_pairs: KEYS as u32,
        };
        let counters = GpuVec::from_slice(gpu, "calibration", &[counters])?;
        let row = |len: usize| DispatchArgs {
            x: len as u32,
            y: 1,
            z: 1,
        };
        // Three dispatches for each counter, as the sort expects them: by key, by partition, by
        // block. Pairs are the second counter.
        let dispatches = [
            row(0),
            row(0),
            row(0),
            row(KEYS),
            row(partitions),
            row(partitions.div_ceil(PARTITIONS_PER_BLOCK)),
        ];
        let dispatches = GpuVec::from_slice(gpu, "calibration", &dispatches)?;
        let scratch = SortScratch::new(gpu, KEYS)?;
        let pairs = KeyValues::new(gpu, KEYS)?;
        let sort = Sort::new(gpu)?;
        let bound = sort.bind(gpu, Counted::Pairs, KEY_BITS, &counters, &scratch, &pairs)?;

        let mut times_ms = Vec::new();
        // The first run only warms up.
        for _ in 0..=RUNS {
            pairs.keys[0].write(gpu, &keys);
            gpu.queue.submit([]);
            gpu.wait()?;
            let clock = Instant::now();
            let mut recorder = Recorder::new(gpu, None, false);
            sort.record(&mut recorder, &dispatches, &bound);
            recorder.submit(gpu);
            gpu.wait()?;
            times_ms.push(clock.elapsed().as_secs_f64() * 1e3);
        }
        let sorted = pairs.keys[KeyValues::sorted(KEY_BITS)].read(gpu)?;
        if !sorted.is_sorted() {
            let message = "the calibration's keys came back out of order";
            return Err(GpuError::Invalid(message.to_owned()));
        }
        Ok(Self {
            sorted_keys: KEYS,
            ms: super::median(&mut times_ms[1..]),
        })
    }
}

/// A number that looks random: the finaliser of MurmurHash3, a bijection on 32 bits.
fn scrambled(number: u32) -> u32 {
    let mut x = number;
    x = (x ^ x >> 16).wrapping_mul(0x85eb_ca6b);
    x = (x ^ x >> 13).wrapping_mul(0xc2b2_ae35);
    x ^ x >> 16
}
