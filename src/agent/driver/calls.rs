//! A call's way through an agent: judged, answered, run, admitted.

use super::Agent;
use crate::agent::turn::{Input, Ruling};
use crate::kernel::{Judgement, RawResult, Refused, shape};
use crate::protocol::{Answer, Effect, Event, ToolCall, Verdict};
use crate::session::{CallRecord, Payload};
use crate::tools::ToolContext;

impl Agent {
    pub(super) async fn on_answer(&mut self, call_id: String, answer: Answer) {
        let Some(question) = self.questions.remove(&call_id) else { return };
        let call = question.call.clone();
        let kernel = self.parts.kernel.clone();
        let judged = match answer {
            Answer::Once => kernel.approve(question, "user", false),
            Answer::Session => kernel.approve(question, "user", true),
            Answer::No(words) => {
                let effects = question.effects.clone();
                let declined = kernel.decline(question, &words);
                declined.map(|verdict| Judgement::Refused(Refused { verdict, effects }))
            }
        };
        match judged {
            Ok(judgement) => self.on_judgement(call, judgement).await,
            Err(error) => self.fault(&error),
        }
    }

    pub(super) async fn on_judgement(&mut self, call: ToolCall, judgement: Judgement) {
        match judgement {
            Judgement::Granted(mut granted) => {
                let args = granted.take_args();
                let call_id = granted.call.id.clone();
                let repaired = granted.repaired.is_some();
                self.account.granted(&granted.call, &granted.effects, repaired);
                self.record(&granted.call, &granted.effects, &granted.verdict);
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
            Judgement::Asked(question) => {
                self.account.asked();
                let (verdict, effects) = (question.verdict.clone(), question.effects.clone());
                self.record(&call, &effects, &verdict);
                let call_id = call.id.clone();
                self.questions.insert(call_id.clone(), question);
                self.emit(Event::ApprovalAsked {
                    call_id: call_id.clone(),
                    tool: call.tool,
                    verdict,
                    effects,
                })
                .await;
                self.inputs.push_back(Input::Judged { call_id, ruling: Ruling::Asked });
            }
            Judgement::Refused(refused) => {
                self.account.denied(&call);
                self.record(&call, &refused.effects, &refused.verdict);
                let result = self.parts.kernel.refusal(&call, &refused.verdict);
                let shape = shape(&call, &refused.verdict);
                let call_id = call.id.clone();
                self.emit(Event::Verdict {
                    call_id: call_id.clone(),
                    tool: call.tool,
                    verdict: refused.verdict,
                    effects: refused.effects,
                    repaired: None,
                })
                .await;
                self.inputs.push_back(Input::Judged { call_id, ruling: Ruling::Denied { result, shape } });
            }
        }
    }

    pub(super) async fn start_tool(&mut self, call_id: &str) {
        let Some((grant, call, args)) = self.grants.remove(call_id) else { return };
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
        };
        let running = tool.run(grant, args, context);
        self.running.push(Box::pin(async move { (call, running.await) }));
    }

    /// Takes a result to the kernel. Marks of taint are kept before the text that brought them, so that no
    /// conversation goes on without them.
    pub(super) async fn on_tool_done(&mut self, call: &ToolCall, raw: RawResult) {
        self.account.ran(call, raw.status);
        match self.parts.kernel.admit(&self.parts.path, call, raw) {
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

    fn record(&mut self, call: &ToolCall, effects: &[Effect], verdict: &Verdict) {
        self.write(Payload::Call(CallRecord {
            call_id: call.id.clone(),
            tool: call.tool.clone(),
            effects: effects.to_vec(),
            verdict: verdict.clone(),
        }));
    }
}
