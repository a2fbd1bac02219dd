//! The live tail: what grows, what goes on, what waits, where one writes, and the footer. It changes nothing.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::text::{Line, Span};

use super::state::App;
use crate::tui::cell::end_of;
use crate::tui::style::Token;
use crate::tui::text::{Row, Wrap, settle, truncate_line, visible};

/// Rows of messages that wait to be sent, at most.
const MOST_QUEUED: usize = 3;
/// With fewer rows than this, blank ones are left out.
const ROOMY: u16 = 12;

/// The parts of the tail for one frame, from top to bottom.
pub(super) struct Tail {
    pub(super) above: Vec<Line<'static>>,
    front: u16,
    footer: Line<'static>,
    width: u16,
}

impl App {
    /// Lays the tail out for a terminal of this size.
    pub(super) fn tail(&self, width: u16, most: u16, now_ms: u64) -> Tail {
        let footer = self.footer.line(width, &self.styles);
        let room = most.saturating_sub(1);
        // A question may need most of the screen, the line one writes in seldom does.
        let front = match self.layers.is_empty() {
            false => self.layers.height(width, room.saturating_sub(1).max(1)),
            true => self.composer.height(width, (room * 2 / 3).max(1)),
        };
        let front = front.min(room);
        let mut below = Vec::new();
        if let Some(work) = &self.work {
            let line = work.line(now_ms, &self.styles);
            below.push(truncate_line(line, usize::from(width)));
        }
        let muted = self.styles.get(Token::Muted);
        for text in self.queued.iter().take(MOST_QUEUED) {
            let first = text.lines().next().unwrap_or_default();
            let line = Line::from(Span::styled(format!("↳ waits: {}", visible(first)), muted));
            below.push(truncate_line(line, usize::from(width)));
        }
        if self.queued.len() > MOST_QUEUED {
            let more = format!("↳ and {} more", self.queued.len() - MOST_QUEUED);
            below.push(truncate_line(Line::from(Span::styled(more, muted)), usize::from(width)));
        }
        // What one writes is not lost from sight while a question stands in its place.
        if self.layers.front() == Some("") && !self.composer.is_empty() {
            let text = self.composer.expanded().replace('\n', " ");
            let line = Line::from(Span::styled(
                format!("> {}", end_of(&visible(&text), usize::from(width.saturating_sub(2)))),
                muted,
            ));
            below.push(line);
        }
        if let Some(hint) = self.hint(now_ms) {
            let line = Line::from(Span::styled(visible(hint).into_owned(), self.styles.get(Token::Info)));
            below.extend(settle(vec![Row::words(line)], Wrap::Words(width)));
        }
        let blank = u16::from(most >= ROOMY);
        let left = usize::from(room.saturating_sub(front).saturating_sub(blank));
        below.truncate(left);
        let mut above = self.lines_above(width, left - below.len());
        if blank > 0 && !(above.is_empty() && below.is_empty()) {
            above.push(Line::default());
        }
        above.extend(below);
        if blank > 0 && self.work.is_none() && above.is_empty() {
            above.push(Line::default());
        }
        Tail { above, front, footer, width }
    }

    /// Whether something has the whole screen to itself.
    pub(super) fn is_on_a_page(&self) -> bool {
        self.pager.is_some() || self.layers.is_whole()
    }

    /// Draws what has the whole screen to itself; where the cursor stands.
    pub(super) fn draw_page(&self, buf: &mut Buffer, now_ms: u64) -> Option<(u16, u16)> {
        let area = buf.area;
        if let Some(pager) = &self.pager {
            pager.render(area, buf, &self.styles);
            return None;
        }
        let hint = self.hint(now_ms).filter(|_| area.height > 2);
        let front = Rect { height: area.height - u16::from(hint.is_some()), ..area };
        if let Some(hint) = hint {
            let line = Line::from(Span::styled(visible(hint).into_owned(), self.styles.get(Token::Info)));
            buf.set_line(area.x, front.bottom(), &line, area.width);
        }
        self.layers.render(front, buf, &self.styles).map(|Position { x, y }| (x, y))
    }

    /// Draws it; where the cursor stands.
    pub(super) fn draw(&self, tail: &Tail, buf: &mut Buffer) -> Option<(u16, u16)> {
        let area = buf.area;
        let mut y = area.y;
        for line in &tail.above {
            if y < area.bottom() {
                buf.set_line(area.x, y, line, area.width);
            }
            y += 1;
        }
        let front = Rect { x: area.x, y, width: area.width, height: tail.front }.intersection(area);
        let cursor = match self.layers.is_empty() {
            false => self.layers.render(front, buf, &self.styles),
            true => self.composer.render(front, buf, &self.styles),
        };
        let last = y + tail.front;
        if last < area.bottom() {
            buf.set_line(area.x, last, &tail.footer, tail.width);
        }
        cursor.map(|Position { x, y }| (x, y))
    }
}

impl Tail {
    /// Rows it takes.
    pub(super) fn height(&self) -> u16 {
        self.above.len() as u16 + self.front + 1
    }
}
