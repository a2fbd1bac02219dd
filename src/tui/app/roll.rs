//! The transcript as `--fullscreen` shows it: finished cells that are held, and which part of them is seen.
//!
//! Older cells are let go. The session's log has them, and its page shows them.

use std::cell;
use std::collections::VecDeque;

use crossterm::event::{KeyCode, KeyEvent};
use ratatui::text::{Line, Span};

use super::effect::Effect;
use super::pager::Place;
use super::state::App;
use crate::base::plural;
use crate::config::{Action, KeyContext};
use crate::protocol::Item;
use crate::tui::cell::{Body, Cell};
use crate::tui::style::{Styles, Token};
use crate::tui::text::{Wrap, truncate_line};

/// Lines that are held: a hundred screens, laid out anew in a few milliseconds when the width changes.
const MOST_LINES: usize = 4_000;
/// Bytes of lines, and of what cells hold besides.
const MOST_BYTES: usize = 8 * 1024 * 1024;
/// Bytes of a message that are let go together, about: a flood of words comes as one cell.
const PART_BYTES: usize = 4 * 1024;
/// Lines that one step of the wheel goes.
const WHEEL_LINES: usize = 3;

#[derive(Debug, Default)]
pub(super) struct Roll {
    cells: VecDeque<Kept>,
    /// Cells that were let go before those.
    gone: usize,
    /// The log has what came before, though nothing of it was ever held.
    has_older: bool,
    width: u16,
    lines: usize,
    bytes: usize,
    /// The first line that is shown: a cell, counted from the first there was, and a line of it. `None` follows
    /// the end.
    top: Option<(usize, usize)>,
    /// Rows of the last drawing: pages go by what was seen.
    seen: cell::Cell<usize>,
}

#[derive(Debug)]
struct Kept {
    cell: Cell,
    lines: Vec<Line<'static>>,
    bytes: usize,
}

impl Kept {
    fn new(cell: Cell, width: u16, styles: &Styles) -> Self {
        let lines = cell.lines(width, Wrap::Words(width), styles);
        let spans = lines.iter().flat_map(|line| &line.spans);
        let drawn: usize = spans.map(|span| size_of::<Span<'_>>() + span.content.len()).sum();
        let bytes = drawn + cell.weight();
        Self { cell, lines, bytes }
    }
}

/// A cell as several of which each can be let go.
fn pieces(cell: Cell) -> Vec<Cell> {
    let Cell { body, lead } = cell;
    let part = match body {
        Body::Said(part) => part,
        Body::Outcome(mut outcome) => {
            // The words of the answer are held above it already.
            outcome.text.clear();
            outcome.text.shrink_to_fit();
            return vec![Cell { body: Body::Outcome(outcome), lead }];
        }
        body => return vec![Cell { body, lead }],
    };
    let parts = part.split(PART_BYTES).into_iter().enumerate();
    parts.map(|(at, part)| Cell { body: Body::Said(part), lead: lead && at == 0 }).collect()
}

/// What is seen of the transcript.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    PageUp,
    PageDown,
    Top,
    Bottom,
    /// One step of the wheel.
    Up,
    Down,
}

impl Roll {
    /// Lays everything out for this width; the line at the top stays where it is.
    pub(super) fn fit(&mut self, width: u16, styles: &Styles) {
        if width != self.width {
            self.width = width;
            self.dress(styles);
        }
    }

    /// Draws everything anew: another theme.
    pub(super) fn dress(&mut self, styles: &Styles) {
        let before = self.top.and_then(|(at, _)| self.cells.get(at - self.gone)).map(|kept| kept.lines.len());
        let cells = std::mem::take(&mut self.cells);
        self.cells = cells.into_iter().map(|kept| Kept::new(kept.cell, self.width, styles)).collect();
        self.count();
        if let (Some((at, line)), Some(before)) = (&mut self.top, before) {
            let now = self.cells.get(*at - self.gone).map_or(0, |kept| kept.lines.len());
            *line = *line * now / before.max(1);
        }
    }

    fn count(&mut self) {
        self.lines = self.cells.iter().map(|kept| kept.lines.len()).sum();
        self.bytes = self.cells.iter().map(|kept| kept.bytes).sum();
    }

    /// Takes finished cells, and lets go of those that are too many.
    pub(super) fn keep(&mut self, cells: Vec<Cell>, styles: &Styles) {
        for cell in cells.into_iter().flat_map(pieces) {
            let kept = Kept::new(cell, self.width, styles);
            self.lines += kept.lines.len();
            self.bytes += kept.bytes;
            self.cells.push_back(kept);
        }
        let gone = self.gone;
        while self.cells.len() > 1 && (self.lines > MOST_LINES || self.bytes > MOST_BYTES) {
            let Some(kept) = self.cells.pop_front() else { break };
            self.lines -= kept.lines.len();
            self.bytes -= kept.bytes;
            self.gone += 1;
        }
        if self.gone == gone {
            return;
        }
        // Its blank line is where it says that there is more.
        if let Some(first) = self.cells.pop_front() {
            let cell = Cell { lead: true, ..first.cell };
            self.cells.push_front(Kept::new(cell, self.width, styles));
            self.count();
        }
        if self.top.is_some_and(|(at, _)| at < self.gone) {
            self.top = Some((self.gone, 0));
        }
    }

    /// The line of such a place, counted from the first that is held.
    fn line_of(&self, (at, line): (usize, usize)) -> usize {
        let before = self.cells.iter().take(at.saturating_sub(self.gone));
        before.map(|kept| kept.lines.len()).sum::<usize>() + line
    }

    fn place_of(&self, mut line: usize) -> (usize, usize) {
        for (at, kept) in self.cells.iter().enumerate() {
            if line < kept.lines.len() {
                return (self.gone + at, line);
            }
            line -= kept.lines.len();
        }
        (self.gone + self.cells.len(), line)
    }

    pub(super) fn is_following(&self) -> bool {
        self.top.is_none()
    }

    pub(super) fn follow(&mut self) {
        self.top = None;
    }

    /// Whether the log has something older than the first line here.
    fn has_older(&self) -> bool {
        self.has_older || self.gone > 0
    }

    /// Goes one step, with so many lines of cells that may still change below; false when it stands at the
    /// first line that is held, and there are older ones.
    fn go(&mut self, step: Step, live: usize) -> bool {
        let rows = self.seen.get().max(1);
        let last = (self.lines + live).saturating_sub(rows);
        let top = self.top.map_or(last, |place| self.line_of(place).min(last));
        // One row of the page before stays, and the last may say how much is below.
        let page = rows.saturating_sub(2).max(1);
        let next = match step {
            Step::PageUp if top == 0 && self.has_older() => return false,
            Step::PageUp => top.saturating_sub(page),
            Step::PageDown => top + page,
            Step::Top => 0,
            Step::Bottom => last,
            Step::Up => top.saturating_sub(WHEEL_LINES),
            Step::Down => top + WHEEL_LINES,
        };
        self.top = (next < last).then(|| self.place_of(next));
        true
    }

    /// `rows` lines: what is held, and below it `live`, those of cells that may still change. All of these where
    /// it does not follow the end.
    pub(super) fn window(
        &self,
        live: &[Line<'static>],
        rows: usize,
        (up, down): (&str, &str),
        styles: &Styles,
    ) -> Vec<Line<'static>> {
        self.seen.set(rows);
        let all = self.lines + live.len();
        let last = all.saturating_sub(rows);
        let top = self.top.map_or(last, |place| self.line_of(place).min(last));
        let held = self.cells.iter().flat_map(|kept| &kept.lines);
        let mut shown: Vec<Line<'static>> = held.chain(live).skip(top).take(rows).cloned().collect();
        shown.resize(rows, Line::default());
        let mark = |text: String| {
            truncate_line(Line::from(Span::styled(text, styles.get(Token::Info))), usize::from(self.width))
        };
        if top == 0 && self.gone > 0 && rows > 2 {
            shown[0] = mark(format!("↑ older messages are in the session's log: {up} shows them"));
        }
        let below = all.saturating_sub(top + rows);
        if below > 0 && rows > 1 {
            shown[rows - 1] = mark(format!("↓ {} below · {down}", plural(below + 1, "more line")));
        }
        shown
    }

    /// The first message that is held, as its passage of the page is copied.
    fn first_message(&self, styles: &Styles) -> Option<String> {
        let mut cells = self.cells.iter().map(|kept| &kept.cell);
        let first = cells.find(|cell| matches!(cell.body, Body::User(_)))?;
        Some(Cell { lead: false, ..first.clone() }.copied(self.width, styles))
    }
}

impl App {
    /// What is finished, to be printed once; with `--fullscreen` it is held instead.
    pub(super) fn gather(&mut self, width: u16, wrap: Wrap) -> Vec<Line<'static>> {
        match &mut self.roll {
            Some(roll) => {
                roll.fit(width, &self.styles);
                roll.keep(self.transcript.take_cells(), &self.styles);
                Vec::new()
            }
            None => self.transcript.take_finished(width, wrap, &self.styles),
        }
    }

    /// The lines above the composer: of what grows only, or of everything that is held.
    pub(super) fn lines_above(&self, width: u16, rows: usize) -> Vec<Line<'static>> {
        let Some(roll) = &self.roll else { return self.transcript.live(width, rows, &self.styles) };
        let most = if roll.is_following() { rows } else { usize::MAX };
        let live = self.transcript.live(width, most, &self.styles);
        let key = |action| self.styles.key(&[KeyContext::Composer], action).unwrap_or_default();
        let (up, down) = (key(Action::ScrollUp), key(Action::ScrollDown));
        roll.window(&live, rows, (&up, &down), &self.styles)
    }

    /// Takes the end of a conversation that was kept.
    pub(super) fn recall(&mut self, items: &[Item], left_out: usize) {
        self.transcript.recall(items, left_out);
        if let Some(roll) = &mut self.roll {
            roll.has_older = left_out > 0;
        }
    }

    /// Shows another part of the transcript; nothing where the terminal's own scrollback does that.
    pub(super) fn scroll(&mut self, step: Step) {
        let Some(roll) = &mut self.roll else { return };
        let live = self.transcript.live(roll.width, usize::MAX, &self.styles).len();
        if !roll.go(step, live) {
            let place = roll.first_message(&self.styles).map_or(Place::End, Place::Before);
            self.effects.push(Effect::Transcript(place));
        }
    }

    /// One step of the wheel.
    pub(super) fn wheel(&mut self, up: bool, now_ms: u64) {
        let (key, step) = if up { (KeyCode::Up, Step::Up) } else { (KeyCode::Down, Step::Down) };
        // A question keeps its keys to itself; what stands above it scrolls all the same.
        match self.is_on_a_page() {
            true => (0..WHEEL_LINES).for_each(|_| self.on_key(KeyEvent::from(key), now_ms)),
            false => self.scroll(step),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::protocol::{Event, Stamped, ToolCall};
    use crate::tui::cell::{Tool, Transcript};

    fn said(n: usize) -> Cell {
        Cell::new(Body::User(format!("message {n} with some words")))
    }

    fn roll(messages: usize, rows: usize) -> Roll {
        let mut roll = Roll::default();
        roll.fit(40, &Styles::plain());
        roll.keep((0..messages).map(said).collect(), &Styles::plain());
        window(&roll, rows);
        roll
    }

    fn window(roll: &Roll, rows: usize) -> Vec<String> {
        let lines = roll.window(&[], rows, ("pgup", "pgdn"), &Styles::plain());
        lines.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn it_follows_the_end_until_somebody_scrolls_and_again_at_the_end() {
        let mut roll = roll(10, 6);
        assert_eq!(window(&roll, 6)[5], "❯ message 9 with some words");
        assert!(roll.go(Step::PageUp, 0));
        let before = window(&roll, 6);
        assert_eq!(before[1], "❯ message 5 with some words");
        assert_eq!(before[5], "↓ 5 more lines below · pgdn");
        // What comes below moves nothing.
        roll.keep(vec![said(10)], &Styles::plain());
        let after = window(&roll, 6);
        assert_eq!((&after[..5], after[5].as_str()), (&before[..5], "↓ 7 more lines below · pgdn"));
        assert!(roll.go(Step::Top, 0) && roll.go(Step::PageUp, 0), "nothing is older");
        assert_eq!(window(&roll, 6)[1], "❯ message 0 with some words");
        assert!(roll.go(Step::Down, 0) && !roll.is_following());
        (0..6).for_each(|_| assert!(roll.go(Step::PageDown, 0)));
        assert!(roll.is_following());
        assert_eq!(window(&roll, 6)[5], "❯ message 10 with some words");
    }

    #[test]
    fn another_width_keeps_the_place() {
        let mut roll = roll(50, 6);
        roll.go(Step::PageUp, 0);
        roll.go(Step::PageUp, 0);
        let before = window(&roll, 6);
        roll.fit(10, &Styles::plain());
        let narrow = window(&roll, 6);
        assert!(narrow.iter().all(|line| line.chars().count() <= 10), "{narrow:?}");
        roll.fit(40, &Styles::plain());
        assert_eq!(window(&roll, 6)[..5], before[..5]);
    }

    #[test]
    fn what_is_held_is_bounded_and_the_rest_is_asked_of_the_log() {
        let mut roll = roll(MOST_LINES / 2, 6);
        assert_eq!((roll.gone, roll.lines), (0, MOST_LINES));
        roll.go(Step::Top, 0);
        assert!(roll.go(Step::PageUp, 0));
        roll.keep((0..100).map(said).collect(), &Styles::plain());
        assert_eq!((roll.gone, roll.lines), (100, MOST_LINES));
        let shown = window(&roll, 6);
        assert!(shown[0].starts_with("↑ older messages"), "{shown:?}");
        assert_eq!(shown[1], "❯ message 100 with some words");
        assert!(!roll.go(Step::PageUp, 0), "the log has them");
        assert_eq!(roll.first_message(&Styles::plain()).unwrap(), "❯ message 100 with some words");
        // A few that are large weigh as much as many.
        let large = |n: u32| {
            let call = ToolCall { id: format!("t{n}"), tool: "bash".into(), args: json!({"command": "x"}) };
            let mut tool = Tool::new(call, 0);
            tool.output.push(&"y".repeat(100_000));
            Cell::new(Body::Tool(Box::new(tool)))
        };
        roll.keep((0..200).map(large).collect(), &Styles::plain());
        assert!(roll.bytes <= MOST_BYTES && roll.cells.len() < 90, "{} {}", roll.bytes, roll.cells.len());
    }

    #[test]
    fn of_a_flood_of_words_the_end_stays() {
        let mut transcript = Transcript::new();
        let rows = (0..MOST_LINES).map(|n| format!("Row {n}.\n\n")).collect::<String>();
        let text = format!("{rows}```rust\n{}```\n", "/* a\nb */ let x = 1;\n".repeat(100));
        let event = Event::TextDelta { text };
        transcript.apply(&Stamped { seq: 1, at_ms: 0, agent: "main".into(), event });
        let cells = transcript.take_cells();
        assert_eq!(cells.len(), 1);
        let mut roll = roll(1, 6);
        let whole = cells[0].lines(40, Wrap::Words(40), &Styles::plain());
        roll.keep(cells, &Styles::plain());
        assert!(roll.lines <= MOST_LINES && roll.lines > MOST_LINES - 1_000, "{}", roll.lines);
        let held: Vec<String> = window(&roll, 1_000);
        let end: Vec<String> = whole[whole.len() - 1_000..].iter().map(ToString::to_string).collect();
        assert_eq!(held, end);
        roll.keep(vec![said(1)], &Styles::plain());
        assert_eq!(window(&roll, 4)[3], "❯ message 1 with some words");
        assert!(window(&roll, 4)[1].starts_with("```"), "{:?}", window(&roll, 4));
        // Also where it is one paragraph without end.
        let event = Event::TextDelta { text: "many words and ".repeat(100_000) + "\n\n" };
        transcript.apply(&Stamped { seq: 1, at_ms: 0, agent: "main".into(), event });
        roll.keep(transcript.take_cells(), &Styles::plain());
        roll.keep(vec![said(2)], &Styles::plain());
        assert!(roll.lines > MOST_LINES / 4 && roll.lines <= MOST_LINES, "{}", roll.lines);
    }

    #[test]
    fn no_size_is_too_small() {
        let mut roll = roll(10, 6);
        for rows in [0, 1, 2] {
            assert_eq!(window(&roll, rows).len(), rows);
            roll.go(Step::PageUp, 3);
            assert_eq!(window(&roll, rows).len(), rows);
        }
        roll.fit(1, &Styles::plain());
        window(&roll, 3);
    }
}
