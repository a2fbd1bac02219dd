//! A call's way through an agent: judged, run, admitted.

use std::sync::Arc;

use serde_json::Value;

use super::{Agent, Showing};
use crate::agent::checkpoint::UNPROTECTED;
use crate::agent::turn::{Input, Ruling};
use crate::kernel::{Grant, Judgement, Live, RawResult, shape};
use crate::protocol::{Event, Reason, ToolCall};
use crate::session::Payload;
use crate::tools::ToolContext;

impl Agent {
    pub(in crate::agent) async fn on_judgement(&mut self, call: ToolCall, judgement: Judgement) {
        match judgement {
            Judgement::Granted(mut granted) => {
                let args = granted.take_args();
                let call_id = granted.call.id.clone();
                let repaired = granted.repaired.is_some();
                self.account.granted(&granted.call, &granted.effects, repaired);
                self.enters(&granted.call, &granted.effects);
                self.record(&granted.call, &granted.effects, &granted.verdict);
                if self.must_cover(&granted.effects) {
                    self.writing.insert(call_id.clone(), granted.hold);
                }
                self.emit(Event::Verdict {
                    call_id: call_id.clone(),
                    tool: granted.call.tool.clone(),
                    verdict: granted.verdict,
                    effects: granted.effects,
                    repaired: granted.repaired.map(|_| granted.call.args.clone()),
                })
                .await;
                self.grants.insert(call_id.clone(), (granted.grant, granted.call, args));
                self.inputs.push_back(Input::Judged { call_id, ruling: Ruling::Allowed { repaired } });
            }
            Judgement::Asked(question) => self.ask(question).await,
            Judgement::Refused(refused) => {
                self.account.denied(&call);
                self.record(&call, &refused.effects, &refused.verdict);
                let result = self.parts.kernel.refusal(&call, &refused.verdict);
                let shape = shape(&call, &refused.verdict);
                let malformed = refused.verdict.reason == Some(Reason::Malformed);
                let call_id = call.id.clone();
                self.emit(Event::Verdict {
                    call_id: call_id.clone(),
                    tool: call.tool,
                    verdict: refused.verdict,
                    effects: refused.effects,
                    repaired: None,
                })
                .await;
                let ruling = Ruling::Denied { result, shape, malformed };
                self.inputs.push_back(Input::Judged { call_id, ruling });
            }
        }
    }

    pub(super) async fn start_tool(&mut self, call_id: &str) {
        let Some((grant, call, args)) = self.grants.remove(call_id) else { return };
        self.run_granted(grant, call, args).await;
    }

    /// Hands a grant to its tool, and has the tool run.
    pub(in crate::agent) async fn run_granted(&mut self, grant: Grant, call: ToolCall, args: Value) {
        let Some(tool) = self.parts.registry.get(&call.tool) else {
            let raw = RawResult::error(format!("the tool {} is not in this session", call.tool));
            return self.on_tool_done(&call, raw).await;
        };
        let context = ToolContext {
            call_id: call.id.clone(),
            blobs: self.parts.blobs.clone(),
            notes: self.notes.clone(),
            ledger: self.ledger.clone(),
            output: self.live.sink(&call.id),
            detach: Arc::default(),
        };
        let detach = context.detach.clone();
        self.showing.insert(call.id.clone(), Showing { call: call.clone(), live: Live::default(), detach });
        let guard = self.writing.remove(&call.id).and_then(|besides| self.guard(besides));
        let kernel = self.parts.kernel.clone();
        self.running.push(Box::pin(async move {
            let covered = match guard {
                Some(guard) => guard.await,
                None => true,
            };
            // Granted while checkpoints worked: without one, what cannot be undone is judged anew.
            if !covered && kernel.loses(&call).unwrap_or(true) {
                return (call, RawResult::error(UNPROTECTED));
            }
            let raw = tool.run(grant, args, context).await;
            (call, raw)
        }));
    }

    /// Takes a result to the kernel. Marks of taint are kept before the text that brought them, so that no
    /// conversation goes on without them.
    pub(super) async fn on_tool_done(&mut self, call: &ToolCall, raw: RawResult) {
        self.account.ran(call, raw.status);
        // What a command committed stands on the row of its result.
        if self.account.ran_command() {
            self.look_at_head();
        }
        let admitted = self.parts.kernel.admit(&self.parts.path, call, raw);
        match admitted.and_then(|result| self.with_instructions(call, result)) {
            Ok(result) => {
                for mark in result.raised() {
                    self.write(Payload::Taint { agent: self.parts.path.clone(), mark: mark.clone() });
                    self.emit(Event::Taint { mark: mark.clone() }).await;
                }
                self.inputs.push_back(Input::ToolDone { call_id: call.id.clone(), result });
            }
            Err(error) => self.fault(&error),
        }
    }
}
