//! A snapshot of the workspace before the first call of a run that may write.

use std::path::PathBuf;

use futures::FutureExt;
use futures::future::{BoxFuture, Shared};

use super::driver::Agent;
use crate::protocol::{Effect, Event, Report};
use crate::session::SessionLog;

/// Where a conversation stands when a checkpoint is taken.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Moment {
    /// The turn of the user that goes on, or the last one; 0 before the first.
    pub turn: u32,
    /// The request to the model that comes next, or whose calls run.
    pub request: u32,
    /// The last entry of the log; 0 where there is none.
    pub entry: u64,
    /// The entry of the user's message that began the run; 0 outside one.
    pub said: u64,
}

/// A checkpoint that was taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Taken {
    pub id: String,
    pub name: Option<String>,
    /// The request to the model that it was taken before.
    pub request: u32,
    pub ms: u64,
    /// What the user should know of it, such as files that it does not hold.
    pub notice: Option<Report>,
}

impl Taken {
    /// What a face is told.
    pub fn events(self) -> impl Iterator<Item = Event> {
        let Taken { id, name, request: turn, ms, notice } = self;
        let notice = notice.map(|report| Event::Notice { report });
        std::iter::once(Event::Checkpoint { id, name, turn, ms }).chain(notice)
    }
}

/// Takes checkpoints. It stands on a higher floor, where their store is.
pub trait Checkpointer: Send + Sync {
    /// Takes one before a run writes for the first time. `None` where none is wanted; an error says why
    /// there is none. `besides`: files that it must hold although they are ignored.
    fn before_write(
        &self,
        at: Moment,
        besides: Vec<PathBuf>,
    ) -> BoxFuture<'static, Result<Option<Taken>, Report>>;

    /// Has the checkpoint that was taken last hold these files too, as they are now.
    fn hold(&self, besides: Vec<PathBuf>) -> BoxFuture<'static, Result<(), Report>>;
}

/// Whether a run's first write is covered; the same for all its calls.
pub(super) type Guard = Shared<BoxFuture<'static, bool>>;

/// What the model hears of a call that was not run.
pub(super) const UNPROTECTED: &str = "Not run: no checkpoint of the workspace could be taken, and this call deletes what nothing else holds. Call it again and the user is asked, or leave those files.";

impl Agent {
    /// Whether a call with these effects must be covered before it runs.
    pub(super) fn must_cover(&self, effects: &[Effect]) -> bool {
        self.parts.checkpointer.is_some() && effects.iter().any(Effect::may_write)
    }

    /// The guard of this run, set up by its first call that may write. A later call that takes away what is
    /// ignored waits until that is held too.
    pub(super) fn guard(&mut self, besides: Vec<PathBuf>) -> Option<Guard> {
        let checkpointer = self.parts.checkpointer.clone()?;
        let (events, kernel) = (self.parts.events.clone(), self.parts.kernel.clone());
        if let Some(before) = self.guard.clone().filter(|_| !besides.is_empty()) {
            let holding = checkpointer.hold(besides);
            let cover = async move {
                if !before.await {
                    return false;
                }
                let Err(report) = holding.await else { return true };
                let _ = kernel.checkpoints_work(false);
                let _ = events.send(Event::Notice { report }).await;
                false
            };
            self.guard = Some(cover.boxed().shared());
        } else if self.guard.is_none() {
            let taking = checkpointer.before_write(self.moment(), besides);
            let cover = async move {
                let (told, covered): (Vec<Event>, bool) = match taking.await {
                    Ok(taken) => (taken.into_iter().flat_map(Taken::events).collect(), true),
                    Err(report) => (vec![Event::Notice { report }], false),
                };
                // A journal that cannot be written ends the run as soon as the call is admitted.
                let known = kernel.checkpoints_work(covered).is_ok();
                for event in told {
                    let _ = events.send(event).await;
                }
                covered && known
            };
            self.guard = Some(cover.boxed().shared());
        }
        self.guard.clone()
    }

    /// Where the conversation stands now.
    pub fn moment(&self) -> Moment {
        let log = self.parts.log.as_ref();
        Moment {
            turn: log.map_or(0, SessionLog::turns),
            request: self.turn(),
            entry: log.map_or(0, SessionLog::at),
            said: if self.is_running() { self.said } else { 0 },
        }
    }
}
