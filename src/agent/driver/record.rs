//! What a run leaves on record: its beginning, its entries, its calls.

use super::Agent;
use crate::agent::turn::{Ending, Input};
use crate::base::new_id;
use crate::kernel::{KernelError, Released, Run};
use crate::protocol::{Effect, Item, Report, ReportKind, Status, TaintMark, ToolCall, Verdict};
use crate::session::{CallRecord, Payload};

impl Agent {
    /// Puts on record that a run begins; without that nothing does.
    pub(super) fn begin(&mut self, first: Input) {
        let prompt = match &first {
            Input::Prompt(words) => Some(words.text.as_str()),
            _ => None,
        };
        let run = Run {
            id: new_id("r"),
            model: self.parts.provider.name().to_owned(),
            task: None,
            trailers: self.parts.trailers,
        };
        self.look_at_head();
        match self.parts.kernel.begin_run(&self.parts.path, run, prompt) {
            Ok(()) => self.inputs.push_back(first),
            Err(error) => {
                self.ending = Some(Ending { status: Status::Error, report: Some(unrecorded(&error)) })
            }
        }
    }

    pub(super) fn look_at_head(&self) {
        if let Some(head) = &self.parts.head {
            self.parts.kernel.at_commit(&self.parts.path, head());
        }
    }

    pub(in crate::agent) fn record(&mut self, call: &ToolCall, effects: &[Effect], verdict: &Verdict) {
        self.fold.judged(&call.id, effects);
        self.write(Payload::Call(CallRecord {
            call_id: call.id.clone(),
            tool: call.tool.clone(),
            effects: effects.to_vec(),
            verdict: verdict.clone(),
        }));
    }

    /// Keeps a mark of taint with the session: one that was cleared, or one that came from elsewhere.
    pub fn keep_mark(&mut self, mark: &TaintMark) {
        self.write(Payload::Taint { agent: self.parts.path.clone(), mark: mark.clone() });
    }

    /// Adds a text that a person let through to the conversation; to be called while no turn runs.
    pub fn tell_released(&mut self, released: Released) {
        let item = released.into_item();
        self.heard(&item);
        self.write(Payload::Item { item: item.clone() });
        self.parts.items.push(item);
    }

    /// Appends to the session, and says where that lies; `None` where no session is kept.
    pub(in crate::agent) fn write(&mut self, payload: Payload) -> Option<u64> {
        let log = self.parts.log.as_mut()?;
        let is_item = matches!(payload, Payload::Item { .. });
        let is_said = matches!(payload, Payload::Item { item: Item::User { .. } });
        match log.append(payload) {
            Ok(entry) => {
                if is_said {
                    self.said = entry;
                }
                if is_item {
                    self.parts.kernel.at_entry(&self.parts.path, entry);
                }
                Some(entry)
            }
            Err(error) => {
                let report = Report::from_error(ReportKind::State, &error)
                    .hint("free some space, or run with --no-session");
                self.parts.log = None;
                self.log_lost = Some(report.clone());
                self.inputs.push_back(Input::Fault(report));
                None
            }
        }
    }

    pub(in crate::agent) fn fault(&mut self, error: &KernelError) {
        self.inputs.push_back(Input::Fault(unrecorded(error)));
    }
}

fn unrecorded(error: &KernelError) -> Report {
    Report::from_error(ReportKind::State, error)
        .hint("nothing runs without a journal: free some space, or mend the state directory (`iosm paths`)")
}
