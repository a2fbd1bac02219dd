//! The user's own shell lines: judged as theirs, shown like every call, told to the model where they want it.

use std::collections::VecDeque;

use serde_json::json;
use tokio::sync::mpsc;

use super::driver::Agent;
use super::turn::{Effect, Input};
use super::wake::Woken;
use crate::kernel::{Judgement, RawResult, USER};
use crate::protocol::{Event, Item, Op, Report, ReportKind, ToolCall, ToolStatus};

/// How a message begins that is ours and not the user's; it has one line.
pub(super) const OWN_WORD: &str = "[iosm:";

const RAN: &str = "I ran `";
const CAME: &str = "`:\n```\n";
const END: &str = "\n```";

/// What the model is told of a line and its output.
fn retold(line: &str, output: &str) -> String {
    format!("{RAN}{line}{CAME}{output}{END}")
}

/// The line of a message that tells the model of one: what it printed is not the user's word.
pub(super) fn told_line(message: &str) -> Option<&str> {
    message.strip_suffix(END)?.strip_prefix(RAN)?.split_once(CAME).map(|(line, _)| line)
}

impl Agent {
    /// Judges a line and starts it.
    pub async fn user_shell(&mut self, line: String, told: bool) {
        self.own_calls += 1;
        let id = format!("u{}", self.own_calls);
        let call = ToolCall { id, tool: "bash".to_owned(), args: json!({"command": line}) };
        self.emit(Event::ToolCall { call: call.clone() }).await;
        match self.kernel().user_call(&call) {
            Ok(Judgement::Granted(mut granted)) => {
                let args = granted.take_args();
                self.emit(Event::Verdict {
                    call_id: call.id.clone(),
                    tool: call.tool.clone(),
                    verdict: granted.verdict,
                    effects: granted.effects,
                    repaired: None,
                })
                .await;
                self.own_lines.insert(call.id.clone(), told);
                self.run_granted(granted.grant, call, args).await;
            }
            Ok(Judgement::Refused(refused)) => {
                self.emit(Event::Verdict {
                    call_id: call.id.clone(),
                    tool: call.tool,
                    verdict: refused.verdict,
                    effects: refused.effects,
                    repaired: None,
                })
                .await;
                self.end_user_line(call.id, ToolStatus::Denied, "refused").await;
            }
            Ok(Judgement::Asked(question)) => {
                let report = Report::new(ReportKind::Refused, "the line could not be allowed")
                    .cause(question.verdict.user_line);
                self.emit(Event::Notice { report }).await;
                self.end_user_line(call.id, ToolStatus::Denied, "not run").await;
            }
            Err(error) => {
                let report = Report::from_error(ReportKind::State, &error);
                self.emit(Event::Notice { report }).await;
                self.end_user_line(call.id, ToolStatus::Error, "not run").await;
            }
        }
    }

    /// Tells that a line is over of which nothing was read: whoever shows it waits for its end.
    async fn end_user_line(&mut self, call_id: String, status: ToolStatus, summary: &str) {
        self.emit(Event::ToolResult {
            call_id,
            tool: "bash".to_owned(),
            status,
            summary: summary.to_owned(),
            bytes: 0,
            admission: "as_is".to_owned(),
        })
        .await;
    }

    /// A line of the user's has ended. What the model reads of it has passed admission, and its marks count.
    pub(super) async fn on_user_line_done(&mut self, call: &ToolCall, raw: RawResult, told: bool) {
        let admitted = match self.kernel().admit(USER, call, raw) {
            Ok(admitted) => admitted,
            Err(error) => return self.fault(&error),
        };
        self.emit(Event::ToolResult {
            call_id: call.id.clone(),
            tool: call.tool.clone(),
            status: admitted.result().status,
            summary: admitted.summary().to_owned(),
            bytes: admitted.bytes(),
            admission: admitted.admission().to_owned(),
        })
        .await;
        if !told {
            return;
        }
        match self.kernel().absorb(USER, self.path()) {
            Ok(marks) => {
                for mark in marks {
                    self.keep_mark(&mark);
                    self.emit(Event::Taint { mark }).await;
                }
            }
            Err(error) => return self.fault(&error),
        }
        let line = call.args["command"].as_str().unwrap_or_default();
        let text = retold(line, admitted.result().text().trim_end());
        if self.is_running() {
            self.inputs.push_back(Input::Prompt(text.into()));
        } else {
            self.perform(Effect::Append(Item::user(text))).await;
        }
    }

    /// Runs lines of the user's while no turn goes on. Gives back what was asked for meanwhile.
    pub async fn finish_user_lines(&mut self, ops: &mut mpsc::Receiver<Op>) -> VecDeque<Op> {
        let mut waiting = VecDeque::new();
        while !self.own_lines.is_empty() {
            match self.wait(ops, true, None).await {
                // Stopped, or nobody is left who would see what comes of them.
                Woken::Op(None | Some(Op::Cancel)) => self.drop_user_lines().await,
                Woken::Op(Some(op @ (Op::Shell { .. } | Op::Detach { .. } | Op::Command(_)))) => {
                    self.on_woken(Woken::Op(Some(op))).await;
                }
                Woken::Op(Some(op)) => waiting.push_back(op),
                woken => self.on_woken(woken).await,
            }
        }
        waiting
    }

    /// Stops them, with whatever else runs.
    pub(super) async fn drop_user_lines(&mut self) {
        let lines = std::mem::take(&mut self.own_lines);
        self.stop_running().await;
        for call_id in lines.into_keys() {
            self.end_user_line(call_id, ToolStatus::Cancelled, "stopped").await;
        }
    }
}
