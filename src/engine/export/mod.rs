//! A conversation to be read elsewhere: as Markdown, as one HTML file, as JSON. It shows the branch that the
//! conversation stands on. What a session holds may be hostile: nothing of it acts where it is shown.

mod html;
mod markdown;

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use super::ground::{Ground, state};
use super::options::Options;
use super::wiring::judge_only;
use crate::host::file;
use crate::kernel::Kernel;
use crate::protocol::{
    Block, Cost, Item, Part, Report, ReportKind, ToolCall, ToolResult, ToolStatus, Usage, VerdictKind,
};
use crate::session::{self, CallRecord, Entry, Payload, SessionError, Start, Summary};

/// Version of the JSON shape.
const VERSION: u32 = 1;

/// How a conversation is written down.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExportFormat {
    Markdown,
    Html,
    Json,
}

impl ExportFormat {
    /// By the names that `/export` takes, which are also the endings of its files.
    pub fn named(name: &str) -> Option<Self> {
        [Self::Markdown, Self::Html, Self::Json].into_iter().find(|format| format.ending() == name)
    }

    pub fn ending(self) -> &'static str {
        match self {
            Self::Markdown => "md",
            Self::Html => "html",
            Self::Json => "json",
        }
    }
}

/// A conversation with what is known of its session.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Transcript {
    /// Of this shape: 1.
    pub version: u32,
    pub session: String,
    /// Its name, else the first words the user said.
    pub title: String,
    /// RFC 3339, UTC.
    pub started: String,
    pub last: String,
    pub workspace: String,
    pub model: String,
    pub profile: String,
    /// What it is a fork of.
    pub parent: Option<Parent>,
    /// Ends of its tree; only the current branch is shown.
    pub branches: usize,
    /// Sources of untrusted text that nobody has cleared.
    pub taint: Vec<String>,
    /// Of this branch.
    pub usage: Usage,
    pub cost: Cost,
    pub messages: Vec<Message>,
}

/// The session that this one began as a copy of, up to `entry` of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Parent {
    pub session: String,
    pub entry: u64,
}

#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(tag = "role", rename_all = "snake_case")]
pub enum Message {
    User {
        /// Its place in the log.
        entry: u64,
        at: String,
        text: String,
        images: Vec<Picture>,
    },
    Assistant {
        entry: u64,
        at: String,
        /// `provider/model`.
        model: String,
        pieces: Vec<Piece>,
    },
}

/// A piece of an answer, in the order in which the model wrote them.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Piece {
    Thinking { text: String },
    Text { text: String },
    Call(Called),
}

/// A tool call, what the kernel said of it, and what came of it.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Called {
    pub id: String,
    pub tool: String,
    pub args: Value,
    pub verdict: Option<VerdictKind>,
    /// What the user was told of the verdict; empty where it was allowed without a word.
    pub detail: String,
    /// `ok`, `error`, `denied` or `cancelled`; null for a call that goes on.
    pub status: Option<String>,
    /// What the model read.
    pub result: String,
    pub images: Vec<Picture>,
}

/// An image, as base64.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Picture {
    pub media_type: String,
    pub data: String,
}

impl Transcript {
    pub(super) fn of(summary: Summary, entries: &[Entry]) -> Self {
        let start = entries.iter().find_map(|entry| match &entry.payload {
            Payload::Start(start) => Some(start),
            _ => None,
        });
        let mut usage = Usage::default();
        let mut cost = Cost::ZERO;
        let mut verdicts: HashMap<&str, &CallRecord> = HashMap::new();
        let mut results: HashMap<&str, &ToolResult> = HashMap::new();
        for entry in entries {
            match &entry.payload {
                Payload::Usage { usage: more, cost: priced, .. } => {
                    usage.add(*more);
                    cost = cost.plus(*priced);
                }
                // The last word on a call counts: one that was asked about is judged again.
                Payload::Call(record) => drop(verdicts.insert(&record.call_id, record)),
                Payload::Item { item: Item::ToolResult(result) } => {
                    results.insert(&result.call_id, result);
                }
                _ => {}
            }
        }
        let called = |call: &ToolCall| {
            let record = verdicts.get(call.id.as_str());
            let result = results.get(call.id.as_str());
            Called {
                id: call.id.clone(),
                tool: call.tool.clone(),
                args: call.args.clone(),
                verdict: record.map(|record| record.verdict.kind),
                detail: record.map(|record| record.verdict.user_line.clone()).unwrap_or_default(),
                status: result.map(|result| status(result.status).to_owned()),
                result: result.map(|result| result.text()).unwrap_or_default(),
                images: result.map(|result| pictures(&result.parts)).unwrap_or_default(),
            }
        };
        let messages = entries.iter().filter_map(|entry| message(entry, &called)).collect();
        Self {
            version: VERSION,
            session: summary.id,
            title: summary.title,
            started: summary.started,
            last: summary.last,
            workspace: summary.workspace,
            model: summary.model,
            profile: start.map(|start| start.profile.clone()).unwrap_or_default(),
            parent: start.and_then(parent),
            branches: summary.branches,
            taint: summary.taint,
            usage,
            cost,
            messages,
        }
    }

    pub fn render(&self, format: ExportFormat) -> String {
        match format {
            ExportFormat::Markdown => markdown::markdown(self),
            ExportFormat::Html => html::html(self),
            ExportFormat::Json => {
                serde_json::to_string_pretty(self).expect("a transcript has only string keys") + "\n"
            }
        }
    }
}

fn parent(start: &Start) -> Option<Parent> {
    let origin = start.origin.as_ref()?;
    Some(Parent { session: origin.session.clone(), entry: origin.entry })
}

fn message(entry: &Entry, called: &impl Fn(&ToolCall) -> Called) -> Option<Message> {
    let Payload::Item { item } = &entry.payload else { return None };
    let (id, at) = (entry.id, entry.ts.clone());
    match item {
        Item::User { parts } => {
            let texts = parts.iter().filter_map(|part| match part {
                Part::Text { text } => Some(text.as_str()),
                Part::Image { .. } => None,
            });
            let text = texts.collect::<Vec<_>>().join("\n");
            Some(Message::User { entry: id, at, text, images: pictures(parts) })
        }
        Item::Assistant { blocks, model } => {
            let pieces = blocks.iter().filter_map(|block| match block {
                Block::Text { text } => Some(Piece::Text { text: text.clone() }),
                Block::Thinking { text, .. } if text.is_empty() => None,
                Block::Thinking { text, .. } => Some(Piece::Thinking { text: text.clone() }),
                Block::ToolCall(call) => Some(Piece::Call(called(call))),
            });
            Some(Message::Assistant { entry: id, at, model: model.clone(), pieces: pieces.collect() })
        }
        Item::ToolResult(_) => None,
    }
}

fn pictures(parts: &[Part]) -> Vec<Picture> {
    let images = parts.iter().filter_map(|part| match part {
        Part::Image { media_type, data } => {
            Some(Picture { media_type: media_type.clone(), data: data.clone() })
        }
        Part::Text { .. } => None,
    });
    images.collect()
}

fn status(status: ToolStatus) -> &'static str {
    match status {
        ToolStatus::Ok => "ok",
        ToolStatus::Error => "error",
        ToolStatus::Denied => "denied",
        ToolStatus::Cancelled => "cancelled",
    }
}

/// Text without what acts on a terminal or turns the reading order: control characters and marks of
/// direction become U+FFFD.
fn inert(text: &str) -> String {
    let acts = |c: char| {
        (c.is_control() && c != '\n' && c != '\t')
            || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    text.replace("\r\n", "\n").chars().map(|c| if acts(c) { '\u{fffd}' } else { c }).collect()
}

/// The conversation of one session: by id, prefix, or words of its title.
pub fn transcript(ground: &Ground, given: &str) -> Result<Transcript, Report> {
    let dir = ground.state()?.sub("sessions").map_err(state)?;
    let id = session::find(&dir, given).map_err(usage)?;
    of_session(ground, &id)
}

/// The same by its whole id.
pub(super) fn of_session(ground: &Ground, id: &str) -> Result<Transcript, Report> {
    let dir = ground.state()?.sub("sessions").map_err(state)?;
    let entries = session::branch(&dir, id).map_err(usage)?;
    Ok(Transcript::of(session::summary(&dir, id), &entries))
}

fn usage(error: SessionError) -> Report {
    Report::from_error(ReportKind::Usage, &error)
}

/// Writes a conversation to a file of the user's, under a grant of its own; what is there already stays,
/// unless `force`. Gives the real path.
pub fn export_session(
    ground: &Ground,
    options: Options,
    given: &str,
    format: ExportFormat,
    to: &Path,
    force: bool,
) -> Result<PathBuf, Report> {
    let text = transcript(ground, given)?.render(format);
    let (kernel, _, _temp) = judge_only(ground, options, None)?;
    write(&kernel, to, text, force)
}

/// Writes `text` under a grant for what the user named.
pub(super) fn write(kernel: &Kernel, to: &Path, text: String, force: bool) -> Result<PathBuf, Report> {
    let failed = |why: String| {
        Report::new(ReportKind::Host, format!("the session was not written to {}", to.display())).cause(why)
    };
    let grant = kernel.user_write(to).map_err(|error| failed(error.to_string()))?;
    let written = file::rewrite(grant, |old| match old {
        Some(_) if !force => Err(()),
        _ => Ok(text.into_bytes()),
    });
    match written {
        Ok(done) => Ok(done.real),
        Err(file::RewriteError::Refused(())) => {
            Err(Report::new(ReportKind::Usage, format!("{} is there already", to.display()))
                .hint("give another name, or --force to replace it"))
        }
        Err(file::RewriteError::Host(error)) => Err(failed(error.to_string())),
    }
}
