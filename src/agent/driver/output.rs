//! What running commands print, on its way to whoever watches, and how many go on in the background.

use tokio::sync::mpsc;

use super::{Agent, Showing};
use crate::agent::by_user::OWN_WORD;
use crate::agent::turn::{Effect, Input};
use crate::agent::wake::one_ended;
use crate::kernel::KernelError;
use crate::protocol::{Event, Item, Op};

impl Agent {
    /// Shows what the kernel lets through of what commands have printed since.
    pub(super) async fn forward_output(&mut self) {
        for (call_id, piece) in self.live.take() {
            let Some(Showing { call, live, .. }) = self.showing.get_mut(&call_id) else { continue };
            let shown = self.parts.kernel.show(&self.parts.path, call, live, &piece);
            self.show(call_id, shown).await;
        }
    }

    pub(super) async fn end_output(&mut self, call_id: &str) {
        if let Some(Showing { call, live, .. }) = self.showing.remove(call_id) {
            let shown = self.parts.kernel.show_rest(&self.parts.path, &call, live);
            self.show(call.id, shown).await;
        }
    }

    pub(super) async fn show(&mut self, call_id: String, shown: Result<String, KernelError>) {
        match shown {
            Ok(delta) if delta.is_empty() => {}
            Ok(delta) => self.emit(Event::ToolOutput { call_id, delta }).await,
            Err(error) => self.fault(&error),
        }
    }

    pub(super) async fn look_at_background(&mut self) {
        let Some(processes) = self.parts.processes.clone() else { return };
        let running = processes.running();
        if std::mem::replace(&mut self.in_background, running) != running {
            self.emit(Event::Background { running: running as u32 }).await;
        }
        for (name, state) in processes.take_ended() {
            let how = state.words();
            self.note(&format!("the background command {name} {how}")).await;
            let told =
                format!("{OWN_WORD} the background command {name} {how}; bash_output shows its output]");
            if self.is_running() {
                self.inputs.push_back(Input::Prompt(told.into()));
            } else {
                self.perform(Effect::Append(Item::user(told))).await;
            }
        }
    }

    /// The next request of whoever talks with this agent while it has nothing to do; `None` when they are
    /// gone.
    pub async fn next_op(&mut self, ops: &mut mpsc::Receiver<Op>) -> Option<Op> {
        loop {
            tokio::select! {
                op = ops.recv() => return op,
                () = one_ended(self.parts.processes.as_ref()) => self.look_at_background().await,
            }
        }
    }

    /// Ends every running call; what it had printed is shown.
    pub(in crate::agent) async fn stop_running(&mut self) {
        self.running.clear();
        self.forward_output().await;
        let calls: Vec<String> = self.showing.keys().cloned().collect();
        for call_id in calls {
            self.end_output(&call_id).await;
        }
    }
}
