//! Takes a checkpoint before a run first writes, on a thread where blocking is allowed.

use std::path::PathBuf;

use futures::future::BoxFuture;

use super::{Checkpoints, KEPT_DAYS, Reason, expired, newly_left_out};
use crate::agent::{Checkpointer, Moment, Taken};
use crate::base::Stopwatch;
use crate::protocol::{Report, ReportKind};

/// Names shown in a notice.
const MOST_NAMED: usize = 5;

impl Checkpointer for Checkpoints {
    fn before_write(
        &self,
        at: Moment,
        besides: Vec<PathBuf>,
    ) -> BoxFuture<'static, Result<Option<Taken>, Report>> {
        let this = self.clone();
        Box::pin(async move {
            let (watch, request) = (Stopwatch::start(), at.request);
            let looked = tokio::task::spawn_blocking(move || {
                let before = this.list().map(|(all, _)| all).unwrap_or_default();
                let taken = this.take_with(Reason::Turn, None, at, &besides);
                let old = !expired(&before, KEPT_DAYS).is_empty();
                (this, before, taken, old)
            });
            let (this, before, taken, old) = looked.await.map_err(gone)?;
            let taken = taken.map_err(not_taken)?;
            if old {
                // Beside the turn; what fails here is tried again by the next.
                drop(tokio::task::spawn_blocking(move || this.prune(KEPT_DAYS, false)));
            }
            let left = newly_left_out(&taken, before.last());
            let notice = (!left.is_empty()).then(|| {
                Report::note(format!("the checkpoint does not hold {}", some_of(&left)))
                    .hint("`iosm checkpoints list --json` says which; deleting those cannot be undone")
            });
            Ok(Some(Taken { id: taken.id, name: taken.name, request, ms: watch.millis(), notice }))
        })
    }

    fn hold(&self, besides: Vec<PathBuf>) -> BoxFuture<'static, Result<(), Report>> {
        let this = self.clone();
        Box::pin(async move {
            let held = tokio::task::spawn_blocking(move || this.add(&besides));
            held.await.map_err(gone)?.map_err(not_taken)
        })
    }
}

fn gone(error: tokio::task::JoinError) -> Report {
    Report::new(ReportKind::Internal, "taking a checkpoint broke off").cause(error.to_string())
}

/// Says what it means that there is none.
fn not_taken(report: Report) -> Report {
    let mut told =
        Report::new(report.kind, "no checkpoint was taken: this turn's changes cannot be rolled back")
            .cause(report.message)
            .hint("deleting files that nothing else holds is asked about until one is taken");
    told.causes.extend(report.causes);
    told.hints.extend(report.hints);
    told
}

fn some_of(paths: &[&str]) -> String {
    let shown = paths.iter().take(MOST_NAMED).copied().collect::<Vec<_>>().join(", ");
    match paths.len().saturating_sub(MOST_NAMED) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}
