//! The kinds of cells.

use ratatui::text::{Line, Span};

use super::notice::{marked, outcome, report, taint};
use super::tool::Tool;
use crate::protocol::{Outcome, Report, TaintMark};
use crate::tui::style::{Styles, Token};
use crate::tui::text::{Row, markdown, visible};

/// One thing in the transcript.
pub(super) enum Cell {
    /// What a session begins with: model, profile, place.
    Opening {
        model: String,
        place: String,
        sandbox: String,
        resumed: bool,
    },
    User(String),
    /// The model's words, as they come.
    Words {
        words: markdown::Stream,
        over: bool,
    },
    /// Its reasoning, folded to one line.
    Thinking {
        text: String,
        over: bool,
    },
    Tool(Box<Tool>),
    Report(Report),
    /// What a command answered.
    Answer {
        command: String,
        markdown: String,
    },
    Taint(TaintMark),
    /// A line of our own.
    Line {
        mark: &'static str,
        token: Token,
        text: String,
    },
    Outcome(Box<Outcome>),
}

impl Cell {
    pub fn rows(&self, width: u16, styles: &Styles) -> Vec<Row> {
        match self {
            Self::Opening { model, place, sandbox, resumed } => {
                opening(model, place, sandbox, *resumed, styles)
            }
            Self::User(text) => user(text, styles),
            // Printed as they come.
            Self::Words { .. } => Vec::new(),
            Self::Thinking { text, over } => thinking(text, *over, styles),
            Self::Tool(tool) => tool.rows(styles),
            Self::Report(told) => report(told, styles),
            Self::Answer { markdown, .. } => markdown::rows(markdown, width, styles),
            Self::Taint(mark) => taint(mark, styles),
            Self::Line { mark, token, text } => vec![marked(mark, *token, text, styles)],
            Self::Outcome(told) => outcome(told, styles),
        }
    }

    /// Everything that is known, for a page with room.
    pub fn in_full(&self, width: u16, styles: &Styles) -> Vec<Row> {
        match self {
            Self::Tool(tool) => tool.in_full(styles),
            Self::Thinking { text, .. } => {
                let style = styles.get(Token::Thinking);
                let line =
                    |line: &str| Row::words(Line::from(Span::styled(visible(line).into_owned(), style)));
                text.lines().map(line).collect()
            }
            _ => self.rows(width, styles),
        }
    }
}

fn opening(model: &str, place: &str, sandbox: &str, resumed: bool, styles: &Styles) -> Vec<Row> {
    let muted = styles.get(Token::Muted);
    let verb = if resumed { "goes on" } else { "begins" };
    let name = Span::styled("iosm", styles.get(Token::Accent));
    let first = Line::from(vec![name, Span::styled(format!("  {verb} with {model} in {place}"), muted)]);
    let second = Line::from(Span::styled(format!("      {sandbox}"), muted));
    vec![Row::words(first).hanging(6), Row::words(second).hanging(6)]
}

fn user(text: &str, styles: &Styles) -> Vec<Row> {
    let mark = [Span::styled("› ", styles.get(Token::UserMark))];
    let style = styles.get(Token::UserText);
    let mut rows = Vec::new();
    for (at, line) in text.lines().enumerate() {
        let row = Row::words(Line::from(Span::styled(visible(line).into_owned(), style)));
        let indent = [Span::raw("  ")];
        rows.push(row.behind(if at == 0 { &mark } else { &indent }, &indent));
    }
    rows
}

fn thinking(text: &str, over: bool, styles: &Styles) -> Vec<Row> {
    let style = styles.get(Token::Thinking);
    let shown = if over {
        let words = text.split_whitespace().count();
        format!("thought, {words} words")
    } else {
        let last = text.lines().rev().find(|line| !line.trim().is_empty()).unwrap_or_default();
        format!("thinking: {}", visible(last.trim()))
    };
    vec![Row::words(Line::from(Span::styled(format!("∴ {shown}"), style))).hanging(2)]
}
