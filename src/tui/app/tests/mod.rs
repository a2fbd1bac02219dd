//! The app without a terminal: events, keys and pastes in, buffers out.

mod full;
mod fuzz;
mod looks;
mod story;

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::{Color, Modifier};
use ratatui::text::Line;
use serde_json::json;

use super::effect::Effect;
use super::state::App;
use crate::config::{Keymap, Theme};
use crate::protocol::{
    AskedReason, Choice, Cost, CostBasis, Event, Outcome, Reason, Report, Setup, Stamped, Status, ToolCall,
    ToolStatus, Usage, Verdict, VerdictKind,
};
use crate::tui::composer::{Composer, PaletteEntry};
use crate::tui::keys::{self, Keys};
use crate::tui::style::{Styles, Token};
use crate::tui::text::{Wrap, line_width};
use crate::tui::{cell, paint};

/// An app on a screen of some size.
struct Desk {
    app: App,
    width: u16,
    height: u16,
    now_ms: u64,
    /// What was printed into the scrollback since the last look.
    printed: Vec<Line<'static>>,
}

impl Desk {
    fn new(width: u16, height: u16) -> Self {
        Self::styled(width, height, Styles::plain())
    }

    fn styled(width: u16, height: u16, styles: Styles) -> Self {
        // Commands of its own, so that a new one changes no picture.
        let entry = |name: &str| PaletteEntry {
            name: name.to_owned(),
            aliases: Vec::new(),
            args: String::new(),
            about: format!("About {name}"),
        };
        let composer = Composer::new(Vec::new(), ["context", "model", "quit"].map(entry).to_vec());
        let app = App::new(composer, Keys::new(Keymap::built_in()), styles);
        Self { app, width, height, now_ms: 1_000, printed: Vec::new() }
    }

    /// In a session that has begun.
    fn begun(mut self) -> Self {
        self.app.footer.sandbox = "full".into();
        self.app.footer.branch = Some(crate::engine::Branch { name: "main".into(), dirty: true });
        self.happens([session(), Event::Setup(setup())]);
        self
    }

    fn happens(&mut self, events: impl IntoIterator<Item = Event>) {
        for event in events {
            self.app
                .on_event(&Stamped { seq: 1, at_ms: self.now_ms, agent: "main".into(), event }, self.now_ms);
        }
    }

    /// Keys by their names: `ctrl+b`, `enter`.
    fn press(&mut self, names: &str) {
        for name in names.split(' ') {
            self.app.on_key(keys::event(name), self.now_ms);
        }
    }

    fn write(&mut self, text: &str) {
        for c in text.chars() {
            let code = crossterm::event::KeyCode::Char(c);
            self.app.on_key(crossterm::event::KeyEvent::from(code), self.now_ms);
        }
    }

    fn effects(&mut self) -> Vec<Effect> {
        std::mem::take(&mut self.app.effects)
    }

    /// One frame as the loop makes it; held to what holds for every frame.
    fn frame(&mut self) -> (Buffer, Option<Position>) {
        let Self { app, width, height, now_ms, .. } = self;
        let (width, height) = (*width, *height);
        if app.is_on_a_page() {
            if let Some(pager) = &mut app.pager {
                pager.fit(height);
            }
            let mut buf = Buffer::empty(Rect::new(0, 0, width, height));
            let cursor = app.draw_page(&mut buf, *now_ms).map(Position::from);
            assert!(cursor.is_none_or(|at| buf.area.contains(at)), "{cursor:?} in {width}x{height}");
            return (buf, cursor);
        }
        let lines = app.gather(width, Wrap::Terminal);
        self.printed.extend(lines);
        let tail = app.tail(width, height, *now_ms);
        assert!(tail.height() <= height, "a tail of {} in {width}x{height}", tail.height());
        for line in &tail.above {
            assert!(line_width(line) <= usize::from(width), "{width}x{height}: {line}");
        }
        let mut buf = Buffer::empty(Rect::new(0, 0, width, tail.height()));
        let cursor = app.draw(&tail, &mut buf).map(Position::from);
        assert!(cursor.is_none_or(|at| buf.area.contains(at)), "{cursor:?} in {width}x{height}");
        app.layers.drawn(*now_ms);
        (buf, cursor)
    }

    /// What was printed since, a cut, and the rows of the tail.
    fn shown(&mut self) -> String {
        let (buf, cursor) = self.frame();
        let screen = paint::screen(&buf, cursor);
        let mut out = String::new();
        for line in self.printed.drain(..) {
            out.push_str(line.to_string().trim_end());
            out.push('\n');
        }
        out.push_str("┄┄┄┄\n");
        out + &screen
    }

    /// The same, each look by the name of the first token that has it.
    fn coloured(&mut self) -> String {
        let (buf, _) = self.frame();
        let mut out = String::new();
        for line in std::mem::take(&mut self.printed) {
            for span in &line.spans {
                let style = line.style.patch(span.style);
                let colour = |colour: Option<Color>| colour.unwrap_or(Color::Reset);
                let name = look(colour(style.fg), colour(style.bg), style.add_modifier, &self.app.styles);
                out.push_str(&format!("‹{name}›{}", span.content));
            }
            out.push('\n');
        }
        out.push_str("┄┄┄┄\n");
        for row in buf.area.rows() {
            let (mut line, mut last) = (String::new(), String::new());
            for at in row.positions() {
                let cell = &buf[at];
                let name = look(cell.fg, cell.bg, cell.modifier, &self.app.styles);
                if name != last {
                    line.push_str(&format!("‹{name}›"));
                    last = name;
                }
                line.push_str(buf[at].symbol());
            }
            out.push_str(line.trim_end());
            out.push('\n');
        }
        out
    }
}

fn look(fg: Color, bg: Color, modifier: Modifier, styles: &Styles) -> String {
    let has = |token: &&Token| {
        let style = styles.get(**token);
        let colour = |wanted: Option<Color>| wanted.unwrap_or(Color::Reset);
        (colour(style.fg), colour(style.bg), style.add_modifier) == (fg, bg, modifier)
    };
    match Token::ALL.iter().find(has) {
        Some(token) => token.name().to_owned(),
        None => format!("{fg:?} {bg:?} {modifier:?}"),
    }
}

fn dark() -> Styles {
    Styles::new(&Theme::load("dark", &[]).expect("it is shipped"))
}

fn session() -> Event {
    Event::Session {
        session_id: "s_1".into(),
        model: "anthropic/claude-sonnet-4-5".into(),
        profile: "full".into(),
        thinking: "off".into(),
        workspace: "/home/me/project".into(),
        tools: Vec::new(),
        sandbox: "landlock, seccomp and namespaces".into(),
        resumed: false,
    }
}

fn setup() -> Setup {
    Setup {
        model: "anthropic/claude-sonnet-4-5".into(),
        profile: "full".into(),
        thinking: "medium".into(),
        context_window: 200_000,
        base_url: None,
    }
}

fn usage() -> Event {
    let usage = Usage {
        input_tokens: 4_000,
        output_tokens: 900,
        cache_read_tokens: 60_000,
        cache_write_tokens: 1_000,
    };
    Event::Usage { usage, cost: cost(0.0421), context_tokens: 65_900 }
}

fn cost(usd: f64) -> Cost {
    Cost { usd: Some(usd), basis: CostBasis::Catalogue }
}

fn words(text: &str) -> Event {
    Event::TextDelta { text: text.into() }
}

fn said(text: &str) -> Event {
    Event::Said { text: text.into(), images: Vec::new(), entry: 3 }
}

fn call(id: &str, tool: &str, args: serde_json::Value) -> ToolCall {
    ToolCall { id: id.into(), tool: tool.into(), args }
}

fn bash(id: &str, command: &str) -> Event {
    Event::ToolCall { call: call(id, "bash", json!({"command": command})) }
}

fn judged(id: &str, kind: VerdictKind) -> Event {
    let mut verdict = Verdict::allow("scope", "outside_workspace");
    verdict.kind = kind;
    if kind == VerdictKind::Deny {
        verdict.reason = Some(Reason::PolicyBlock);
    }
    verdict.user_line = "/etc/passwd is outside of the workspace".into();
    Event::Verdict { call_id: id.into(), tool: "bash".into(), verdict, effects: Vec::new(), repaired: None }
}

fn prints(id: &str, delta: &str) -> Event {
    Event::ToolOutput { call_id: id.into(), delta: delta.into() }
}

fn ends(id: &str, status: ToolStatus, summary: &str) -> Event {
    Event::ToolResult {
        call_id: id.into(),
        tool: "bash".into(),
        status,
        summary: summary.into(),
        bytes: 10,
        admission: "as_is".into(),
    }
}

fn question(id: &str, call: ToolCall) -> Event {
    let reason = AskedReason {
        rung: "user_policy".into(),
        rule: "default_ask".into(),
        reason: Reason::PolicyBlock,
        line: "commands are asked about".into(),
    };
    Event::ApprovalAsked(Box::new(crate::protocol::Approval {
        id: id.into(),
        call,
        verdict: Verdict {
            kind: VerdictKind::RequireApproval,
            user_line: "commands are asked about".into(),
            ..Verdict::allow("user_policy", "default_ask")
        },
        effects: Vec::new(),
        diff: None,
        argv: vec![vec!["cargo".into(), "test".into()]],
        reach: vec!["in the sandbox".into()],
        reasons: vec![reason],
        rule: Some("allow:\n  command: cargo test\n".into()),
        choices: vec![Choice::Once, Choice::Session, Choice::AlwaysHere],
        asked_at_ms: 500,
    }))
}

fn outcome(status: Status) -> Outcome {
    let outcome = Outcome::unbegun("anthropic/claude-sonnet-4-5".into(), Report::note("x"));
    Outcome {
        status,
        text: "It is mended.".into(),
        turns: 3,
        duration_ms: 65_000,
        errors: Vec::new(),
        cost: cost(0.0421),
        ..outcome
    }
}

fn finished(status: Status) -> Event {
    Event::Finished(Box::new(outcome(status)))
}
