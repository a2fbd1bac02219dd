//! The calls of one message: read-only ones side by side, the others one after the other, results in
//! the order of the calls.

use std::collections::{BTreeSet, VecDeque};

use super::effect::Effect;
use crate::kernel::Admitted;
use crate::protocol::ToolCall;

/// Read-only calls under way at once.
const SIDE_BY_SIDE: usize = 8;

#[derive(Debug, Clone, PartialEq)]
enum Slot {
    Waiting(ToolCall),
    /// With the kernel, or with a person.
    Open(ToolCall),
    Running(ToolCall),
    Done(Admitted),
}

/// Calls in order; settled ones leave at the front.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Batch {
    slots: VecDeque<Slot>,
}

impl Batch {
    pub(super) fn new(calls: Vec<ToolCall>) -> Self {
        Self { slots: calls.into_iter().map(Slot::Waiting).collect() }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.slots.is_empty()
    }

    /// Puts before the kernel every call whose time has come.
    pub(super) fn start_due(&mut self, read_only: &BTreeSet<String>) -> Vec<Effect> {
        let mut open = 0;
        let mut effects = Vec::new();
        for slot in &mut self.slots {
            match slot {
                Slot::Done(_) => {}
                Slot::Open(call) | Slot::Running(call) if read_only.contains(&call.tool) => open += 1,
                // Whatever follows a call that may change something waits for it.
                Slot::Open(_) | Slot::Running(_) => break,
                Slot::Waiting(call) => {
                    let side_by_side = read_only.contains(&call.tool);
                    if open >= SIDE_BY_SIDE || (!side_by_side && open > 0) {
                        break;
                    }
                    open += 1;
                    effects.push(Effect::Judge(call.clone()));
                    *slot = Slot::Open(call.clone());
                    if !side_by_side {
                        break;
                    }
                }
            }
        }
        effects
    }

    /// Notes that a call may run; false when no such call is before the kernel.
    pub(super) fn allow(&mut self, call_id: &str) -> bool {
        let found = self.slots.iter_mut().find_map(|slot| match slot {
            Slot::Open(call) if call.id == call_id => Some((call.clone(), slot)),
            _ => None,
        });
        let Some((call, slot)) = found else { return false };
        *slot = Slot::Running(call);
        true
    }

    /// Notes a result; false when no such call is open (it came after a cancel).
    pub(super) fn settle(&mut self, call_id: &str, result: Admitted) -> bool {
        let found = self
            .slots
            .iter_mut()
            .find(|slot| matches!(slot, Slot::Open(call) | Slot::Running(call) if call.id == call_id));
        let Some(slot) = found else { return false };
        *slot = Slot::Done(result);
        true
    }

    /// Takes the settled results at the front, in call order.
    pub(super) fn take_settled(&mut self) -> Vec<Admitted> {
        let mut settled = Vec::new();
        while let Some(Slot::Done(_)) = self.slots.front() {
            if let Some(Slot::Done(result)) = self.slots.pop_front() {
                settled.push(result);
            }
        }
        settled
    }

    /// Takes everything at a cancel: results in call order, a cancelled one for each call without.
    pub(super) fn take_all(&mut self, cancelled: impl Fn(&ToolCall) -> Admitted) -> Vec<Admitted> {
        let slots = self.slots.drain(..);
        slots
            .map(|slot| match slot {
                Slot::Done(result) => result,
                Slot::Waiting(call) | Slot::Open(call) | Slot::Running(call) => cancelled(&call),
            })
            .collect()
    }
}
