//! Turns the stream of events into cells, and knows which of them are finished.
//!
//! Cells come out in order, each once. Held are those that may still change, and the last one that can be
//! expanded; everything else is in the terminal's scrollback and in the session's log.

use ratatui::text::Line;

use super::ending::Run;
use super::note::{Header, differences};
use super::tool::{Asked, Ended, Tool};
use super::{Body, Cell};
use crate::base::plural;
use crate::protocol::{
    Block, Closed, Event, Item, Part, Report, Setup, Stamped, ToolCall, ToolStatus, VerdictKind,
};
use crate::tui::style::Styles;
use crate::tui::text::markdown::Stream;
use crate::tui::text::{Wrap, one_line, truncate};

/// Bytes of thinking that are held to be expanded.
const MOST_THINKING: usize = 64 * 1024;

/// Shell lines of the user's that may run at once and still be known when they end.
const MOST_OWN_LINES: usize = 16;

/// One cell as a page shows it, and as it is copied.
#[derive(Debug, Clone)]
pub struct Passage {
    pub text: String,
    pub lines: Vec<Line<'static>>,
    /// It is a call of a tool.
    pub is_call: bool,
}

/// The transcript of one session.
#[derive(Debug, Default)]
pub struct Transcript {
    pub(super) live: Vec<Cell>,
    /// The last cell that was taken and can be expanded.
    last: Option<Cell>,
    setup: Option<Setup>,
    running: u32,
    /// Whether the cell before was one line among its like.
    close: bool,
    /// Whether the message that streams has cells in the scrollback already.
    spoke: bool,
    /// How the model is told of the user's own shell lines, which are shown already.
    own_lines: Vec<String>,
    /// Why the stream broke off last: the run may end with the same words.
    discarded: Option<Report>,
    run: Run,
}

impl Transcript {
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes what happened.
    pub fn apply(&mut self, stamped: &Stamped) {
        let Stamped { at_ms, agent, event, .. } = stamped;
        if agent.contains('/') {
            return self.child(agent, event);
        }
        match event {
            Event::TextDelta { text } => self.speak(text),
            Event::ThinkingDelta { text } => self.think(text),
            Event::MessageEnd { .. } => {
                self.end_thinking();
                self.end_speaking(true);
            }
            Event::TurnStart { .. } => self.discarded = None,
            Event::StreamDiscarded { report } => self.discard(report),
            Event::Said { text, .. } if self.was_shown(text) => {}
            Event::ToolCall { call } => {
                self.note_own_line(call);
                self.push(Body::Tool(Box::new(Tool::new(call.clone(), *at_ms))));
            }
            Event::Verdict { call_id, verdict, repaired, .. } => {
                if verdict.kind == VerdictKind::Deny && !is_own(call_id) {
                    self.run.refused(call_id);
                }
                self.on_tool(call_id, |tool| {
                    tool.verdict = Some(verdict.clone());
                    tool.repaired.clone_from(repaired);
                });
            }
            Event::ApprovalAsked(approval) => self.on_tool(&approval.call.id, |tool| {
                let line = approval.verdict.user_line.clone();
                tool.asked = Some(Asked { id: approval.id.clone(), line, closed: None });
                tool.diff.clone_from(&approval.diff);
            }),
            Event::ApprovalClosed { id, how } => {
                let asks = |tool: &&mut Tool| tool.asked.as_ref().is_some_and(|asked| asked.id == *id);
                let Some(tool) = self.tools().find(asks) else { return };
                tool.asked.iter_mut().for_each(|asked| asked.closed = Some(*how));
                if *how == Closed::Declined && !is_own(&tool.call.id) {
                    let call = tool.call.clone();
                    self.run.declined(&call);
                }
            }
            Event::ToolOutput { call_id, delta } => self.on_tool(call_id, |tool| tool.output.push(delta)),
            Event::ToolResult { call_id, status, summary, admission, .. } => self.on_tool(call_id, |tool| {
                tool.ended = Some(Ended {
                    status: *status,
                    summary: summary.clone(),
                    admission: admission.clone(),
                    at_ms: *at_ms,
                });
            }),
            Event::Finished(outcome) => {
                self.end_thinking();
                self.end_speaking(true);
                self.end_tools(*at_ms, |call_id| !is_own(call_id));
                let mut outcome = outcome.clone();
                let told = self.discarded.take();
                outcome.errors.retain(|error| Some(error) != told.as_ref());
                let ended = self.run.end(outcome);
                self.push(ended);
            }
            other => self.mark(other),
        }
    }

    /// Remembers a line of the user's own: its output stands in its cell.
    fn note_own_line(&mut self, call: &ToolCall) {
        if let (true, Some(line)) = (call.id.starts_with('u'), call.args["command"].as_str()) {
            self.own_lines.push(format!("I ran `{line}`:\n"));
            let over = self.own_lines.len().saturating_sub(MOST_OWN_LINES);
            self.own_lines.drain(..over);
        }
    }

    /// Whether this is the message that tells the model of such a line.
    fn was_shown(&mut self, text: &str) -> bool {
        let at = self.own_lines.iter().position(|told| text.starts_with(told.as_str()));
        at.map(|at| self.own_lines.remove(at)).is_some()
    }

    /// Events that are a cell of their own.
    fn mark(&mut self, event: &Event) {
        let mark = |label, text| Body::Mark { label, text };
        let body = match event {
            Event::Session { model, profile, thinking, workspace, sandbox, resumed, .. } => {
                Body::Header(Header {
                    model: model.clone(),
                    profile: profile.clone(),
                    thinking: thinking.clone(),
                    workspace: workspace.clone(),
                    sandbox: sandbox.clone(),
                    resumed: *resumed,
                })
            }
            Event::Setup(setup) => {
                let Some(old) = self.setup.replace(setup.clone()) else { return };
                return self.change(old, setup.clone());
            }
            Event::Said { text, images, .. } => {
                let images = images.iter().map(|media_type| image_mark(media_type));
                Body::User(std::iter::once(text.clone()).chain(images).collect::<Vec<_>>().join("\n"))
            }
            Event::Answer { command, markdown } => {
                Body::Answer { command: one_line(command), markdown: markdown.clone() }
            }
            Event::Rewound { text, .. } => mark("rewound: ", format!("to before “{}”", one_line(text))),
            Event::Switched { .. } => mark("switched: ", "to another branch of the conversation".to_owned()),
            // Those that come by themselves before a turn are not worth a line each.
            Event::Checkpoint { id, name: Some(name), ms, .. } => {
                mark("checkpoint: ", format!("{} “{}” · {ms} ms", one_line(id), one_line(name)))
            }
            Event::Compacted { before_tokens, after_tokens, why } => {
                let (before, after) = (super::short_count(*before_tokens), super::short_count(*after_tokens));
                mark(
                    "compacted: ",
                    format!("{before} → {after} tokens · {} · the log keeps everything", one_line(why)),
                )
            }
            Event::Background { running } if *running != self.running => {
                self.running = *running;
                let commands = plural(*running as usize, "command");
                mark(
                    "background: ",
                    if *running == 0 {
                        "nothing runs any more".into()
                    } else {
                        format!("{commands} running")
                    },
                )
            }
            Event::Taint { mark } => Body::Taint(mark.clone()),
            Event::Notice { report } | Event::Unsent { report, .. } => Body::Report(report.clone()),
            _ => return,
        };
        self.push(body);
    }

    /// One change after the other, with nothing between them, is one change; and none, where it leads back.
    fn change(&mut self, old: Setup, new: Setup) {
        let before = match self.live.last() {
            Some(Cell { body: Body::Change { old, .. }, .. }) => Some((**old).clone()),
            _ => None,
        };
        if before.is_some() {
            self.live.pop();
        }
        let old = before.unwrap_or(old);
        if !differences(&old, &new).is_empty() {
            self.push(Body::Change { old: Box::new(old), new: Box::new(new) });
        }
    }

    /// Cells that will not change any more and were not taken yet, in order.
    pub fn take_cells(&mut self) -> Vec<Cell> {
        let mut out = Vec::new();
        while !self.live.is_empty() {
            if let Body::Speaking(stream) = &mut self.live[0].body {
                let part = stream.take();
                if !part.is_empty() {
                    let lead = self.live[0].lead;
                    self.live[0].lead = false;
                    self.spoke = true;
                    out.push(Cell { body: Body::Said(part), lead });
                }
                break;
            }
            let last = self.live.len() == 1;
            if !is_finished(&self.live[0].body) || last && matches!(self.live[0].body, Body::Change { .. }) {
                break;
            }
            let cell = self.live.remove(0);
            if cell.is_expandable() {
                self.last = Some(cell.clone());
            }
            out.push(cell);
        }
        out
    }

    /// The lines of what [`Transcript::take_cells`] takes, to be printed once. `width` is what tables and diffs are
    /// fitted to.
    pub fn take_finished(&mut self, width: u16, wrap: Wrap, styles: &Styles) -> Vec<Line<'static>> {
        self.take_cells().iter().flat_map(|cell| cell.lines(width, wrap, styles)).collect()
    }

    /// Cells that may still change, and those behind them.
    pub fn live_cells(&self) -> &[Cell] {
        &self.live
    }

    /// The last `most` lines of the cells that may still change, none wider than `width`.
    pub fn live(&self, width: u16, most: usize, styles: &Styles) -> Vec<Line<'static>> {
        let mut lines = Vec::new();
        // Drawn from the end: what does not fit need not be drawn.
        for cell in self.live.iter().rev() {
            let mut own = cell.lines(width, Wrap::Words(width), styles);
            own.append(&mut lines);
            lines = own;
            if lines.len() >= most {
                break;
            }
        }
        lines.split_off(lines.len().saturating_sub(most))
    }

    /// What ctrl+o shows: the newest cell with more to see.
    pub fn last_expandable(&self) -> Option<&Cell> {
        self.live.iter().rev().find(|cell| cell.is_expandable()).or(self.last.as_ref())
    }

    /// The cells of a conversation that was kept.
    pub fn from_items(items: &[Item]) -> Vec<Cell> {
        let mut transcript = Self::new();
        transcript.recall(items, 0);
        transcript.take_cells()
    }

    /// A conversation that was kept, with everything that is held of it, as passages of a page.
    pub fn passages(items: &[Item], width: u16, styles: &Styles) -> Vec<Passage> {
        let passage = |cell: Cell| {
            let is_call = matches!(cell.body, Body::Tool(_));
            let bare = Cell { lead: false, ..cell };
            let mut lines = bare.expanded_lines(width, Wrap::Words(width), styles);
            let text = bare.copied(width, styles);
            lines.push(Line::default());
            Passage { text, lines, is_call }
        };
        Self::from_items(items).into_iter().map(passage).collect()
    }

    /// Tells something that no event did.
    pub fn tell(&mut self, report: &Report) {
        self.push(Body::Report(report.clone()));
    }

    /// Takes the end of a conversation that was kept, so that one sees where it goes on; `left_out` items stand
    /// before it.
    pub fn recall(&mut self, items: &[Item], left_out: usize) {
        if left_out > 0 {
            self.push(Body::Earlier(left_out));
        }
        items.iter().for_each(|item| self.item(item));
        // A call without a result was cut off.
        self.end_tools(0, |_| true);
    }

    fn item(&mut self, item: &Item) {
        match item {
            Item::User { parts } => {
                self.push(Body::User(texts(parts)));
            }
            Item::Assistant { blocks, .. } => {
                for block in blocks {
                    match block {
                        Block::Text { text } => {
                            self.speak(text);
                            self.end_speaking(true);
                        }
                        Block::Thinking { text, .. } => {
                            self.think(text);
                            self.end_thinking();
                        }
                        Block::ToolCall(call) => self.push(Body::Tool(Box::new(Tool::new(call.clone(), 0)))),
                    }
                }
            }
            Item::ToolResult(result) => self.on_tool(&result.call_id, |tool| {
                let text = texts(&result.parts);
                let printed = tool.call.tool == "bash" || result.status != ToolStatus::Ok;
                let summary = match printed {
                    true => String::new(),
                    false => one_line(text.lines().next().unwrap_or_default()),
                };
                let summary = truncate(&summary, 80).into_owned();
                if printed {
                    tool.output.push(&text);
                } else {
                    tool.kept.push(&text);
                }
                let admission = String::new();
                tool.ended = Some(Ended { status: result.status, summary, admission, at_ms: 0 });
            }),
        }
    }

    pub(super) fn push(&mut self, body: Body) {
        let close = matches!(
            &body,
            Body::Tool(_)
                | Body::Mark { .. }
                | Body::Change { .. }
                | Body::Earlier(_)
                | Body::Thinking { .. }
                | Body::Child { .. }
        );
        let lead = !(matches!(body, Body::Header(_)) || (close && self.close));
        self.close = close;
        self.live.push(Cell { body, lead });
    }

    fn tools(&mut self) -> impl Iterator<Item = &mut Tool> {
        self.live.iter_mut().rev().filter_map(|cell| match &mut cell.body {
            Body::Tool(tool) => Some(tool.as_mut()),
            _ => None,
        })
    }

    fn on_tool(&mut self, call_id: &str, act: impl FnOnce(&mut Tool)) {
        if let Some(tool) = self.tools().find(|tool| tool.call.id == call_id && tool.ended.is_none()) {
            act(tool);
        }
    }

    fn speak(&mut self, text: &str) {
        self.end_thinking();
        if !self.live.iter().any(|cell| matches!(cell.body, Body::Speaking(_))) {
            self.spoke = false;
            self.push(Body::Speaking(Stream::new()));
        }
        for cell in &mut self.live {
            if let Body::Speaking(stream) = &mut cell.body {
                stream.push(text);
            }
        }
    }

    /// What streamed becomes a finished cell, or nothing when it does not count.
    fn end_speaking(&mut self, counts: bool) {
        self.live.retain_mut(|cell| {
            let Body::Speaking(stream) = &mut cell.body else { return true };
            if counts {
                stream.finish();
            }
            let part = if counts { stream.take() } else { Default::default() };
            let any = !part.is_empty();
            cell.body = Body::Said(part);
            any
        });
    }

    fn think(&mut self, text: &str) {
        // What is said after it is another text.
        self.end_speaking(true);
        if let Some(Cell { body: Body::Thinking { text: held, live: true }, .. }) = self.live.last_mut() {
            if held.len() + text.len() <= MOST_THINKING {
                held.push_str(text);
            }
            return;
        }
        self.push(Body::Thinking { text: text.to_owned(), live: true });
    }

    fn end_thinking(&mut self) {
        self.live.retain_mut(|cell| match &mut cell.body {
            Body::Thinking { text, live } => {
                *live = false;
                !text.trim().is_empty()
            }
            _ => true,
        });
    }

    fn discard(&mut self, report: &Report) {
        self.live.retain(|cell| !matches!(cell.body, Body::Thinking { live: true, .. }));
        self.end_speaking(false);
        self.discarded = Some(report.clone());
        let mut report = report.clone();
        let what = if std::mem::take(&mut self.spoke) {
            "what stands above of this answer does not count"
        } else {
            "what had come of this answer does not count"
        };
        report.message = format!("{}; {what}", report.message);
        self.push(Body::Report(report));
    }

    /// Calls that a run left without a result were stopped with it. One that never ends would hold back all that
    /// follows.
    fn end_tools(&mut self, at_ms: u64, which: impl Fn(&str) -> bool) {
        for tool in self.tools().filter(|tool| tool.ended.is_none() && which(&tool.call.id)) {
            let status = ToolStatus::Cancelled;
            tool.ended = Some(Ended { status, summary: String::new(), admission: String::new(), at_ms });
        }
        for cell in &mut self.live {
            if let Body::Child { done, .. } = &mut cell.body {
                *done = true;
            }
        }
    }
}

/// Whether a call is a shell line of the user's own: it may outlive a run.
pub fn is_own(call_id: &str) -> bool {
    call_id.starts_with('u')
}

fn texts(parts: &[Part]) -> String {
    let text = |part: &Part| match part {
        Part::Text { text } => text.clone(),
        Part::Image { media_type, .. } => image_mark(media_type),
    };
    parts.iter().map(text).collect::<Vec<_>>().join("\n")
}

fn image_mark(media_type: &str) -> String {
    format!("[image: {media_type}]")
}

fn is_finished(body: &Body) -> bool {
    match body {
        Body::Speaking(_) | Body::Thinking { live: true, .. } => false,
        Body::Tool(tool) => tool.ended.is_some(),
        Body::Child { done, .. } => *done,
        _ => true,
    }
}
