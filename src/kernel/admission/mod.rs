//! Admission: results are untrusted until they have passed here.

mod secrets;
mod view;

use std::time::Instant;

use super::error::KernelError;
use super::journal::Row;
use super::judge::Kernel;
use crate::base::{Digest, elide_middle, fold_terminal_output, plural};
use crate::protocol::{Actor, EffectRule, Item, Part, ToolCall, ToolResult, ToolStatus, Verdict};

/// Bytes of text that a result may put before a model. More is paged.
const MOST_TEXT: usize = 24_000;
/// Of a paged result, bytes kept from its start and from its end: output begins with what was run
/// and ends with what came of it.
const HEAD: usize = 15_000;
const TAIL: usize = 8_000;

/// What a tool came back with, before admission.
#[derive(Debug, Clone, PartialEq)]
pub struct RawResult {
    pub status: ToolStatus,
    pub parts: Vec<Part>,
    /// One line for people, such as `412 lines`.
    pub summary: String,
}

impl RawResult {
    pub fn ok(text: impl Into<String>, summary: impl Into<String>) -> Self {
        Self { status: ToolStatus::Ok, parts: vec![Part::text(text)], summary: summary.into() }
    }

    pub fn error(text: impl Into<String>) -> Self {
        let text = text.into();
        let summary = text.lines().next().unwrap_or_default().to_owned();
        Self { status: ToolStatus::Error, parts: vec![Part::text(text)], summary }
    }
}

/// A result that the model may see. Only the kernel makes one.
#[derive(Debug, Clone, PartialEq)]
pub struct Admitted {
    result: ToolResult,
    summary: String,
    bytes: u64,
    admission: &'static str,
}

impl Admitted {
    /// What the model sees of a call that was stopped. It holds nothing from outside, so there is
    /// nothing to admit.
    pub fn cancelled(call: &ToolCall) -> Self {
        let text = "This call was stopped before it ended; it may have done part of its work.";
        let result = result(call, ToolStatus::Cancelled, vec![Part::text(text)]);
        Self { result, summary: "stopped".to_owned(), bytes: 0, admission: "as_is" }
    }

    pub fn result(&self) -> &ToolResult {
        &self.result
    }

    pub fn summary(&self) -> &str {
        &self.summary
    }

    /// Bytes of text before admission.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// `as_is`, `folded`, `paged` or `withheld`.
    pub fn admission(&self) -> &'static str {
        self.admission
    }

    pub fn into_item(self) -> Item {
        Item::ToolResult(self.result)
    }
}

impl Kernel {
    /// Admits what a tool came back with: noise folded, too much of it paged, on record.
    pub fn admit(&self, agent: &str, call: &ToolCall, raw: RawResult) -> Result<Admitted, KernelError> {
        let since = Instant::now();
        let digest = digest(&raw);
        let bytes = texts(&raw.parts).map(str::len).sum::<usize>();
        let mut parts = raw.parts;
        let mut admission = "as_is";
        if self.is_command(call) {
            for part in &mut parts {
                if let Part::Text { text } = part {
                    let folded = fold_terminal_output(text);
                    if folded != *text {
                        *text = folded;
                        admission = "folded";
                    }
                }
            }
        }
        if texts(&parts).map(str::len).sum::<usize>() > MOST_TEXT {
            parts = self.paged(parts)?;
            admission = "paged";
        }
        self.record(Row {
            agent: Some(agent.to_owned()),
            call: Some(call.id.clone()),
            tool: Some(call.tool.chars().take(64).collect()),
            rung: Some("admission".to_owned()),
            rule: Some(admission.to_owned()),
            result_digest: Some(digest),
            duration_us: Some(since.elapsed().as_micros() as u64),
            ..Row::by(Actor::Agent)
        })?;
        let result = result(call, raw.status, parts);
        Ok(Admitted { result, summary: raw.summary, bytes: bytes as u64, admission })
    }

    /// What the model sees of a refused call.
    pub fn refusal(&self, call: &ToolCall, verdict: &Verdict) -> Admitted {
        let parts = vec![Part::text(verdict.model_line.clone())];
        let result = result(call, ToolStatus::Denied, parts);
        Admitted { result, summary: verdict.user_line.clone(), bytes: 0, admission: "as_is" }
    }

    /// Output of commands carries terminal noise; what a file holds is never touched.
    fn is_command(&self, call: &ToolCall) -> bool {
        let rule = self.tools.spec(&call.tool).map(|spec| &spec.effects);
        matches!(rule, Some(EffectRule::Shell { .. } | EffectRule::Background { .. }))
    }

    /// Head and tail of the texts, and where the rest can be read.
    fn paged(&self, parts: Vec<Part>) -> Result<Vec<Part>, KernelError> {
        let whole: String = texts(&parts).collect::<Vec<_>>().join("\n");
        let handle = self.blobs.put(whole.as_bytes())?;
        let cut = elide_middle(&whole, HEAD, TAIL);
        let note = format!(
            "\n[{} bytes, {} left out; all {} bytes are kept as {handle}: open it with `read`, path {handle}]",
            cut.dropped_bytes,
            plural(cut.dropped_lines, "line"),
            whole.len()
        );
        let images = parts.into_iter().filter(|part| matches!(part, Part::Image { .. }));
        Ok([Part::text(cut.text + &note)].into_iter().chain(images).collect())
    }
}

fn texts(parts: &[Part]) -> impl Iterator<Item = &str> {
    parts.iter().filter_map(|part| match part {
        Part::Text { text } => Some(text.as_str()),
        Part::Image { .. } => None,
    })
}

fn digest(raw: &RawResult) -> String {
    let field = |digest: Digest, part: &Part| match part {
        Part::Text { text } => digest.field(b"text").field(text.as_bytes()),
        Part::Image { media_type, data } => digest.field(media_type.as_bytes()).field(data.as_bytes()),
    };
    raw.parts.iter().fold(Digest::default(), field).hex()
}

fn result(call: &ToolCall, status: ToolStatus, parts: Vec<Part>) -> ToolResult {
    ToolResult { call_id: call.id.clone(), tool: call.tool.clone(), status, parts }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::testing::World;

    #[test]
    fn commands_are_folded_files_are_not_and_much_is_paged() {
        let world = World::new();
        let kernel = world.kernel();
        let noisy = "\u{1b}[31m10%\r100%\u{1b}[0m";
        let admit = |tool: &str, text: &str| {
            kernel.admit("main", &world.call(tool, "x"), RawResult::ok(text, "")).unwrap()
        };
        let folded = admit("bash", noisy);
        assert_eq!((folded.result().text().as_str(), folded.admission()), ("100%", "folded"));
        assert_eq!(folded.bytes(), noisy.len() as u64);
        let kept = admit("read", noisy);
        assert_eq!((kept.result().text().as_str(), kept.admission()), (noisy, "as_is"));

        let long: String = (0..9_000).map(|n| format!("line {n}\n")).collect();
        let paged = admit("read", &long);
        let text = paged.result().text();
        assert_eq!(paged.admission(), "paged");
        assert!(text.len() <= MOST_TEXT && text.starts_with("line 0\n") && text.contains("line 8999\n"));
        let handle = text.rsplit("path ").next().unwrap().trim_end_matches(']');
        assert_eq!(world.blobs().get(handle).unwrap(), long.as_bytes());
        world.allows("read", handle);
    }

    #[test]
    fn refusals_are_results_too() {
        let world = World::new();
        let kernel = world.kernel();
        let call = world.call("write", ".git/config");
        let verdict = world.verdict("write", ".git/config");
        let refusal = kernel.refusal(&call, &verdict);
        assert_eq!(refusal.result().status, ToolStatus::Denied);
        assert_eq!(refusal.result().text(), verdict.model_line);
        assert_eq!(Admitted::cancelled(&call).result().status, ToolStatus::Cancelled);
    }
}
