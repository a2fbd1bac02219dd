//! What the transcript consists of: plain state, drawn as lines by pure functions.
//!
//! A cell that is finished never changes again, so it may be printed into the terminal's own scrollback and
//! forgotten.

mod argument;
mod child;
mod ending;
mod note;
mod output;
mod tool;
mod transcript;

use ratatui::text::{Line, Span};

use crate::protocol::{Outcome, Report, Setup, TaintMark};
use crate::tui::style::{Styles, Token};
use crate::tui::text::markdown::{self, Part, Stream};
use crate::tui::text::{Row, Wrap, settle};

pub(super) use note::end_of;
pub use note::{Header, duration, short_count};
pub use output::Output;
pub use tool::{Asked, Ended, Tool};
pub use transcript::{Passage, Transcript, is_own};

/// What one cell shows.
#[derive(Debug, Clone)]
pub enum Body {
    Header(Header),
    User(String),
    /// The assistant's words as they come.
    Speaking(Stream),
    /// Whole blocks of the assistant's words.
    Said(Part),
    Thinking {
        text: String,
        live: bool,
    },
    Tool(Box<Tool>),
    Report(Report),
    /// A slash command's answer, as Markdown.
    Answer {
        command: String,
        markdown: String,
    },
    /// A mark along the way: checkpoint, compaction, rewind, background, a change of the setup.
    Mark {
        label: &'static str,
        text: String,
    },
    /// Another setup; the last of these may still change.
    Change {
        old: Box<Setup>,
        new: Box<Setup>,
    },
    /// So many entries before what is shown again.
    Earlier(usize),
    Taint(TaintMark),
    /// What a sub-agent is at.
    Child {
        agent: String,
        calls: usize,
        last: String,
        done: bool,
    },
    Outcome(Box<Outcome>),
    /// The end of a run that the person brought about, or that the kernel held back: `how` in words, and what
    /// tells more.
    Stopped {
        outcome: Box<Outcome>,
        how: String,
        hint: Option<String>,
    },
}

/// One piece of the transcript.
#[derive(Debug, Clone)]
pub struct Cell {
    pub body: Body,
    /// Whether a blank line stands before it.
    pub lead: bool,
}

impl Cell {
    pub fn new(body: Body) -> Self {
        Self { body, lead: true }
    }

    /// The cell as it is shown, with the blank line before it. Under `Wrap::Words(w)` no line is wider than `w`;
    /// `width` is what tables and diffs are fitted to, and is the same as `w` there.
    pub fn lines(&self, width: u16, wrap: Wrap, styles: &Styles) -> Vec<Line<'static>> {
        self.draw(width, wrap, false, styles)
    }

    /// The cell with everything that is held of it.
    pub fn expanded_lines(&self, width: u16, wrap: Wrap, styles: &Styles) -> Vec<Line<'static>> {
        self.draw(width, wrap, true, styles)
    }

    /// Whether [`Cell::expanded_lines`] shows more.
    pub fn is_expandable(&self) -> bool {
        match &self.body {
            Body::Thinking { text, live } => !live && !text.trim().is_empty(),
            Body::Tool(tool) => tool.is_expandable(),
            _ => false,
        }
    }

    /// Everything that is held of it as it is copied: not broken where a page was.
    pub fn copied(&self, width: u16, styles: &Styles) -> String {
        let lines = self.expanded_lines(width, Wrap::Terminal, styles);
        lines.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
    }

    /// About how many bytes it holds besides what is drawn of it.
    pub fn weight(&self) -> usize {
        let held = match &self.body {
            Body::Tool(tool) => {
                let diff = tool.diff.as_ref().map_or(0, String::len);
                tool.output.bytes() + tool.kept.bytes() + tool.call.args.to_string().len() + diff
            }
            Body::User(text) | Body::Thinking { text, .. } | Body::Answer { markdown: text, .. } => {
                text.len()
            }
            Body::Outcome(outcome) => outcome.text.len(),
            Body::Said(part) => part.bytes(),
            _ => 0,
        };
        size_of::<Self>() + held
    }

    fn draw(&self, width: u16, wrap: Wrap, expanded: bool, styles: &Styles) -> Vec<Line<'static>> {
        let width = match wrap {
            Wrap::Terminal => width.max(1),
            Wrap::Words(words) => words.min(width).max(1),
        };
        let rows = match &self.body {
            Body::Header(header) => note::header_rows(header, styles),
            Body::User(text) => note::user_rows(text, expanded, styles),
            Body::Speaking(stream) => return self.speaking(stream, width, wrap, styles),
            Body::Said(part) => part.rows(width, styles),
            Body::Thinking { text, live } => note::thinking_rows(text, *live, expanded, width, styles),
            Body::Tool(tool) => tool.rows(width, expanded, styles),
            Body::Report(report) => note::report_rows(report, styles),
            Body::Answer { command, markdown } => {
                let head = Span::styled(format!("/{command}"), styles.get(Token::Muted));
                let mut rows = vec![Row::words(head)];
                rows.extend(markdown::rows(markdown, width, styles));
                rows
            }
            Body::Mark { label, text } => note::said(label, Token::Info, text, "", styles),
            Body::Change { old, new } => {
                note::said("from now on: ", Token::Info, &note::differences(old, new), "", styles)
            }
            Body::Earlier(count) => note::earlier_rows(*count, styles),
            Body::Taint(mark) => note::taint_rows(mark, styles),
            Body::Child { agent, calls, last, done } => {
                let mark = if *done { "✓ " } else { "▸ " };
                let text = format!("{agent} · {} · {last}", Tool::counted(*calls));
                note::said(mark, Token::ToolName, &text, "", styles)
            }
            Body::Outcome(outcome) => note::outcome_rows(outcome, styles),
            Body::Stopped { outcome, how, hint } => note::stopped_rows(outcome, how, hint.as_deref(), styles),
        };
        self.led(settle(rows, clamp(wrap, width)))
    }

    fn speaking(&self, stream: &Stream, width: u16, wrap: Wrap, styles: &Styles) -> Vec<Line<'static>> {
        let mut lines = if stream.has_finished() {
            stream.clone().take_finished(width, clamp(wrap, width), styles)
        } else {
            Vec::new()
        };
        lines.extend(stream.tail(width, styles));
        if lines.is_empty() { lines } else { self.led(lines) }
    }

    fn led(&self, mut lines: Vec<Line<'static>>) -> Vec<Line<'static>> {
        if self.lead && !lines.is_empty() {
            lines.insert(0, Line::default());
        }
        lines
    }
}

fn clamp(wrap: Wrap, width: u16) -> Wrap {
    if wrap == Wrap::Terminal { wrap } else { Wrap::Words(width) }
}

#[cfg(test)]
mod laws;
#[cfg(test)]
mod tests;
