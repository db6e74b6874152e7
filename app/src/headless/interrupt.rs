//! Ctrl-C while an optimisation runs: the first ends it and keeps what there is, the second ends
//! the program at once.

use std::sync::atomic::{AtomicU8, Ordering};

/// Nothing runs that could keep something: Ctrl-C ends the program.
const IDLE: u8 = 0;
/// An optimisation runs.
const HEEDED: u8 = 1;
/// It was interrupted, and has not been told yet.
const ASKED: u8 = 2;
/// It has been told; whoever asks again means it.
const TOLD: u8 = 3;

static STATE: AtomicU8 = AtomicU8::new(IDLE);

/// What shells expect of a program that Ctrl-C ended: 128 and the number of the signal.
const EXIT_CODE: i32 = 130;

/// As long as it lives, the first Ctrl-C is heard by [`Interrupts::taken`].
#[derive(Debug)]
pub(super) struct Interrupts(&'static AtomicU8);

impl Interrupts {
    /// Listens from now on. Where the system grants no handler, Ctrl-C does what it always did.
    pub(super) fn heed() -> Self {
        STATE.store(HEEDED, Ordering::SeqCst);
        let answer = || {
            let first = STATE.compare_exchange(HEEDED, ASKED, Ordering::SeqCst, Ordering::SeqCst);
            if first.is_err() {
                std::process::exit(EXIT_CODE);
            }
        };
        if let Err(err) = ctrlc::set_handler(answer) {
            log::warn!("Ctrl-C will not keep what there is: {err}");
        }
        Self(&STATE)
    }

    /// Whether there was a Ctrl-C, once.
    pub(super) fn taken(&self) -> bool {
        self.0
            .compare_exchange(ASKED, TOLD, Ordering::SeqCst, Ordering::SeqCst)
            .is_ok()
    }
}

impl Drop for Interrupts {
    fn drop(&mut self) {
        self.0.store(IDLE, Ordering::SeqCst);
    }
}
