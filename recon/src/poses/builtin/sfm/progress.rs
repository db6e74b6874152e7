//! Telling how far a stage is, and turning what goes wrong inside the crates into our words.

use std::ops::ControlFlow;
use std::panic::{AssertUnwindSafe, catch_unwind};

use cumulus3d_core::Error;

use crate::poses::{LivePoses, PoseError, PoseUpdate};

/// The caller's closure, whose answer becomes an error.
pub(in crate::poses) struct Reporter<'a> {
    report: &'a mut dyn FnMut(PoseUpdate) -> ControlFlow<()>,
}

impl<'a> Reporter<'a> {
    pub(in crate::poses) fn new(report: &'a mut dyn FnMut(PoseUpdate) -> ControlFlow<()>) -> Self {
        Self { report }
    }

    fn send(&mut self, update: PoseUpdate) -> Result<(), PoseError> {
        match (self.report)(update) {
            ControlFlow::Continue(()) => Ok(()),
            ControlFlow::Break(()) => Err(PoseError::Cancelled),
        }
    }

    /// Says that of `total` steps `done` are behind us.
    pub(in crate::poses) fn progress(
        &mut self,
        what: &str,
        done: usize,
        total: usize,
    ) -> Result<(), PoseError> {
        self.send(PoseUpdate::Progressed {
            what: what.to_owned(),
            done: done as u64,
            total: total as u64,
        })
    }

    /// Shows the model as it stands.
    pub(in crate::poses) fn live(&mut self, live: LivePoses) -> Result<(), PoseError> {
        self.send(PoseUpdate::Live(live))
    }

    /// Says that something is odd.
    pub(in crate::poses) fn warn(&mut self, text: String) -> Result<(), PoseError> {
        self.send(PoseUpdate::Warned(text))
    }
}

/// Runs one stage of the crates. They are young: what panics inside of them is an error here, and
/// their messages, some of them Korean, are replaced by ours.
pub(in crate::poses) fn guarded<T>(
    stage: &str,
    run: impl FnOnce() -> Result<T, Error>,
) -> Result<T, PoseError> {
    let failed = |cause: &str| PoseError::Failed(format!("{stage} failed: {cause}"));
    match catch_unwind(AssertUnwindSafe(run)) {
        Ok(Ok(it)) => Ok(it),
        Ok(Err(error)) => Err(failed(&cause(&error))),
        Err(_) => Err(failed(
            "the engine met a case that it cannot handle. Leave out odd photos, or use COLMAP",
        )),
    }
}

fn cause(error: &Error) -> String {
    match error {
        Error::Io(it) => it.to_string(),
        Error::Unsupported(_) => "the engine does not know this kind of camera".to_owned(),
        Error::InvalidArgument(_) | Error::Invariant(_) => {
            "the photos have too little in common to say where they were taken. Take more, with \
             more overlap"
                .to_owned()
        }
        Error::Parse { .. } | Error::Format(_) => "the engine's own records are damaged".to_owned(),
        Error::NotFound(_) | Error::AlreadyExists(_) => {
            "the engine lost track of its photos. Try again, or use COLMAP".to_owned()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn panics_and_foreign_words_become_ours() {
        let panicked = guarded::<()>("Placing cameras", || panic!("index out of bounds"));
        let text = panicked.unwrap_err().to_string();
        assert!(text.starts_with("Placing cameras failed"), "{text}");
        let failed = guarded::<()>("Placing cameras", || {
            Err(Error::InvalidArgument(
                "회전 평균: 연결 성분 없음".to_owned(),
            ))
        });
        assert!(failed.unwrap_err().to_string().is_ascii());
        let mut stop = |_| ControlFlow::Break(());
        let mut report = Reporter::new(&mut stop);
        assert!(matches!(
            report.progress("a", 0, 1),
            Err(PoseError::Cancelled)
        ));
    }
}
