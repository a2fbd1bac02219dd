//! The transcript: from what happens to cells, and from cells to what is printed once and what still grows.
//!
//! Only what still grows is held. What is finished is printed into the terminal's scrollback, and read again
//! from the session's log.

use std::collections::VecDeque;

use ratatui::text::Line;

use super::kinds::Cell;
use super::tool::Tool;
use crate::protocol::{Block, Event, Item, Part, Report, Stamped, ToolStatus};
use crate::tui::style::{Styles, Token};
use crate::tui::text::{Wrap, markdown, settle};

/// One cell as a page shows it, and as it is copied.
#[derive(Debug, Clone)]
pub struct Passage {
    pub text: String,
    pub lines: Vec<Line<'static>>,
    /// It is a call of a tool.
    pub is_call: bool,
}

/// The cells that still grow, in order, and whether something was printed before them.
#[derive(Default)]
pub struct Transcript {
    cells: VecDeque<Cell>,
    /// Whether a blank line has to come before the next cell.
    printed: bool,
    /// The first cell has begun to be printed.
    begun: bool,
}

impl Transcript {
    pub fn new() -> Self {
        Self::default()
    }

    /// Follows what happens.
    pub fn apply(&mut self, stamped: &Stamped) {
        match &stamped.event {
            Event::Session { model, workspace, sandbox, resumed, .. } => self.push(Cell::Opening {
                model: model.clone(),
                place: workspace.clone(),
                sandbox: sandbox.clone(),
                resumed: *resumed,
            }),
            Event::Said { text, .. } => self.push(Cell::User(text.clone())),
            Event::TextDelta { text } => self.words(text),
            Event::ThinkingDelta { text } => self.thinks(text),
            Event::MessageEnd { .. } => self.end_words(),
            Event::ToolCall { call } => self.push(Cell::Tool(Box::new(Tool::new(call.clone())))),
            Event::Verdict { call_id, verdict, effects, repaired, .. } => {
                if let Some(tool) = self.tool(call_id) {
                    tool.judged(verdict, effects, repaired.is_some());
                }
            }
            Event::ApprovalAsked(approval) => {
                if let Some(tool) = self.tool(&approval.call.id) {
                    tool.asked();
                    tool.judged(&approval.verdict, &approval.effects, false);
                }
            }
            Event::ToolOutput { call_id, delta } => {
                if let Some(tool) = self.tool(call_id) {
                    tool.prints(delta);
                }
            }
            Event::ToolResult { call_id, status, summary, admission, .. } => {
                if let Some(tool) = self.tool(call_id) {
                    tool.ends(*status, summary, admission);
                }
            }
            Event::Taint { mark } => self.push(Cell::Taint(mark.clone())),
            Event::Answer { command, markdown } => {
                self.push(Cell::Answer { command: command.clone(), markdown: markdown.clone() });
            }
            Event::Rewound { .. } => self.line("↶", Token::Info, "back to before this message; what follows takes its place".into()),
            Event::Compacted { before_tokens, after_tokens, why } => self.line(
                "⤓",
                Token::Info,
                format!("older messages were folded: {before_tokens} tokens became {after_tokens} ({why}); the log keeps them"),
            ),
            Event::StreamDiscarded { report } | Event::Notice { report } => {
                if matches!(stamped.event, Event::StreamDiscarded { .. }) {
                    self.end_words();
                }
                self.push(Cell::Report(report.clone()));
            }
            Event::Finished(outcome) => {
                self.end_words();
                self.push(Cell::Outcome(outcome.clone()));
            }
            Event::Setup(_)
            | Event::Switched { .. }
            | Event::Checkpoint { .. }
            | Event::Background { .. }
            | Event::TurnStart { .. }
            | Event::ApprovalConfirm { .. }
            | Event::ApprovalClosed { .. }
            | Event::Usage { .. } => {}
        }
    }

    fn push(&mut self, cell: Cell) {
        self.end_words();
        self.cells.push_back(cell);
    }

    /// Tells something that no event did.
    pub fn tell(&mut self, report: &Report) {
        self.push(Cell::Report(report.clone()));
    }

    fn line(&mut self, mark: &'static str, token: Token, text: String) {
        self.push(Cell::Line { mark, token, text });
    }

    fn words(&mut self, text: &str) {
        if !matches!(self.cells.back(), Some(Cell::Words { over: false, .. })) {
            self.push(Cell::Words { words: markdown::Stream::new(), over: false });
        }
        if let Some(Cell::Words { words, .. }) = self.cells.back_mut() {
            words.push(text);
        }
    }

    fn thinks(&mut self, piece: &str) {
        if !matches!(self.cells.back(), Some(Cell::Thinking { over: false, .. })) {
            self.push(Cell::Thinking { text: String::new(), over: false });
        }
        if let Some(Cell::Thinking { text, .. }) = self.cells.back_mut() {
            text.push_str(piece);
        }
    }

    fn end_words(&mut self) {
        match self.cells.back_mut() {
            Some(Cell::Words { words, over: over @ false }) => {
                words.finish();
                *over = true;
            }
            Some(Cell::Thinking { over, .. }) => *over = true,
            _ => {}
        }
    }

    fn tool(&mut self, call_id: &str) -> Option<&mut Tool> {
        self.cells.iter_mut().rev().find_map(|cell| match cell {
            Cell::Tool(tool) if tool.call.id == call_id => Some(&mut **tool),
            _ => None,
        })
    }

    /// What is finished since this was last asked, in order, to be printed once. `width` is what tables are
    /// fitted to.
    pub fn take_finished(&mut self, width: u16, wrap: Wrap, styles: &Styles) -> Vec<Line<'static>> {
        let mut lines = Vec::new();
        while let Some(cell) = self.cells.front_mut() {
            let (own, over) = match cell {
                Cell::Words { words, over } => (words.take_finished(width, wrap, styles), *over),
                Cell::Tool(tool) if !tool.is_over() => (Vec::new(), false),
                Cell::Thinking { over: false, .. } => (Vec::new(), false),
                other => (settle(other.rows(width, styles), wrap), true),
            };
            if !own.is_empty() {
                if self.printed && !self.begun {
                    lines.push(Line::default());
                }
                (self.begun, self.printed) = (true, true);
                lines.extend(own);
            }
            if !over {
                break;
            }
            self.begun = false;
            self.cells.pop_front();
        }
        lines
    }

    /// What still grows, in lines no wider than `width`; from the end, at most `most` lines.
    pub fn live(&self, width: u16, most: usize, styles: &Styles) -> Vec<Line<'static>> {
        let mut lines: Vec<Line<'static>> = Vec::new();
        for (at, cell) in self.cells.iter().enumerate() {
            let own = match cell {
                Cell::Words { words, .. } => words.tail(width, styles),
                other => settle(other.rows(width, styles), Wrap::Words(width)),
            };
            if own.is_empty() {
                continue;
            }
            if at > 0 || (self.printed && !self.begun) {
                lines.push(Line::default());
            }
            lines.extend(own);
        }
        let from = lines.len().saturating_sub(most);
        lines.split_off(from)
    }

    /// A conversation that was kept, as passages of a page.
    pub fn passages(items: &[Item], width: u16, styles: &Styles) -> Vec<Passage> {
        let mut whole = Self::new();
        for item in items {
            whole.add(item);
        }
        let passage = |cell: &mut Cell| {
            let is_call = matches!(cell, Cell::Tool(_));
            let mut lines = match cell {
                Cell::Words { words, .. } => {
                    words.finish();
                    words.take_finished(width, Wrap::Words(width), styles)
                }
                other => settle(other.in_full(width, styles), Wrap::Words(width)),
            };
            let text = lines.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n");
            lines.push(Line::default());
            Passage { text, lines, is_call }
        };
        whole.cells.iter_mut().map(passage).collect()
    }

    /// The end of a conversation that was kept, so that one sees where it goes on: to be printed.
    pub fn recall(&mut self, items: &[Item], left_out: usize) {
        if left_out > 0 {
            self.line("…", Token::Muted, format!("{left_out} earlier entries; ctrl+t shows them all"));
        }
        for item in items {
            self.add(item);
        }
        self.end_words();
    }

    fn add(&mut self, item: &Item) {
        match item {
            Item::User { parts } => self.push(Cell::User(texts(parts))),
            Item::Assistant { blocks, .. } => {
                for block in blocks {
                    match block {
                        Block::Text { text } => {
                            self.words(text);
                            self.end_words();
                        }
                        Block::Thinking { text, .. } if text.is_empty() => {}
                        Block::Thinking { text, .. } => {
                            self.thinks(text);
                            self.end_words();
                        }
                        Block::ToolCall(call) => self.push(Cell::Tool(Box::new(Tool::new(call.clone())))),
                    }
                }
            }
            Item::ToolResult(result) => {
                let text = texts(&result.parts);
                if let Some(tool) = self.tool(&result.call_id) {
                    if result.status != ToolStatus::Ok || tool.call.tool == "bash" {
                        tool.prints(&text);
                    } else {
                        tool.keeps(&text);
                    }
                    tool.ends(result.status, "", "as_is");
                }
            }
        }
    }
}

fn texts(parts: &[Part]) -> String {
    let text = |part: &Part| match part {
        Part::Text { text } => text.clone(),
        Part::Image { media_type, .. } => format!("[image, {media_type}]"),
    };
    parts.iter().map(text).collect::<Vec<_>>().join("\n")
}
