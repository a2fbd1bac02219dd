//! A page to read: lines that are wrapped and scrolled.

use crossterm::event::KeyEvent;
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use unicode_segmentation::UnicodeSegmentation;

use super::{Layer, Reply, titled};
use crate::config::{Action, KeyContext};
use crate::tui::keys::{Keys, Pressed};
use crate::tui::{Styles, Token, paint};

/// Columns of keys in the list of them; longer ones push what they do aside.
const MOST_KEYS: usize = 30;

/// Lines that can be longer than the screen is wide and more than it is high.
#[derive(Debug, Clone)]
pub(super) struct Scroll {
    lines: Vec<Line<'static>>,
    /// The first row that is shown, as rows of the last drawing.
    top: usize,
    /// Width and height of the last drawing: pages go by what was seen.
    seen: std::cell::Cell<(u16, u16)>,
}

impl Scroll {
    pub(super) fn new(lines: Vec<Line<'static>>) -> Self {
        Self { lines, top: 0, seen: std::cell::Cell::new((80, 10)) }
    }

    /// The same place in the same lines as they look now.
    pub(super) fn dressed(&self, lines: Vec<Line<'static>>) -> Self {
        Self { lines, ..self.clone() }
    }

    /// What was seen of [`Self::dressed`] was seen of this.
    pub(super) fn seen_as(&self, dressed: &Self) {
        self.seen.set(dressed.seen.get());
    }

    /// Rows at this width, counted no further than `most`.
    pub(super) fn rows(&self, width: u16, most: usize) -> usize {
        let mut rows = 0;
        for line in &self.lines {
            rows += wrapped(line, width).len();
            if rows >= most {
                return most;
            }
        }
        rows
    }

    /// Whether the action was a move.
    pub(super) fn act(&mut self, action: Action) -> bool {
        let (width, height) = self.seen.get();
        let last = self.rows(width, usize::MAX).saturating_sub(usize::from(height));
        let page = usize::from(height).saturating_sub(1).max(1);
        let top = self.top.min(last);
        self.top = match action {
            Action::Up => top.saturating_sub(1),
            Action::Down => top + 1,
            Action::PageUp => top.saturating_sub(page),
            Action::PageDown => top + page,
            Action::Top => 0,
            Action::Bottom => last,
            _ => return false,
        }
        .min(last);
        true
    }

    /// Draws what fits; how many rows there are above and below it.
    pub(super) fn render(&self, area: Rect, buf: &mut Buffer) -> (usize, usize) {
        self.seen.set((area.width, area.height));
        let rows: Vec<Line<'_>> = self.lines.iter().flat_map(|line| wrapped(line, area.width)).collect();
        let top = self.top.min(rows.len().saturating_sub(usize::from(area.height)));
        for (y, row) in rows.iter().skip(top).take(usize::from(area.height)).enumerate() {
            let mut x = 0;
            for span in &row.spans {
                x = paint::put(buf, area, x, y as u16, &span.content, row.style.patch(span.style));
            }
        }
        (top, rows.len().saturating_sub(top + usize::from(area.height)))
    }
}

/// What of a text is not on the screen, in words; nothing when all of it is.
pub(super) fn unseen(over: usize, under: usize, context: KeyContext, styles: &Styles) -> String {
    let key = |action| styles.key(&[context], action).map_or(String::new(), |key| format!(" ({key})"));
    match (over, under) {
        (0, 0) => String::new(),
        (0, under) => format!("{under} more below{}", key(Action::PageDown)),
        (over, 0) => format!("{over} more above{}", key(Action::PageUp)),
        (over, under) => format!("{over} more above, {under} below"),
    }
}

/// What closes a list or a page: `esc closes`.
pub(super) fn closes(styles: &Styles) -> String {
    styles.hint(&[KeyContext::List], Action::Close, "closes").unwrap_or_default()
}

/// The rows of one line; words stay whole where they can.
fn wrapped<'a>(line: &'a Line<'static>, width: u16) -> Vec<Line<'a>> {
    let width = usize::from(width.max(1));
    if line.spans.iter().map(|span| paint::columns(&span.content)).sum::<usize>() <= width {
        let spans: Vec<Span<'a>> = line.spans.iter().map(|s| Span::styled(&*s.content, s.style)).collect();
        return vec![Line::from(spans).style(line.style)];
    }
    let whole: String = line.spans.iter().map(|span| &*span.content).collect();
    // What is indented, or stands behind a mark, goes on below itself.
    let indent = whole.len() - whole.trim_start_matches(' ').len();
    let indent = if whole.starts_with("! ") || whole.starts_with("$ ") { 2 } else { indent };
    let indent = if indent * 3 > width { 0 } else { indent };
    let mut styles = line.spans.iter().flat_map(|span| span.content.graphemes(true).map(|_| span.style));
    let mut rows = Vec::new();
    for (at, row) in paint::wrap(&whole, width - indent).into_iter().enumerate() {
        let mut spans: Vec<(String, Style)> = Vec::new();
        if at > 0 && indent > 0 {
            spans.push((" ".repeat(indent), Style::new()));
        }
        for grapheme in row.graphemes(true) {
            let style = styles.next().unwrap_or_default();
            match spans.last_mut().filter(|(_, last)| *last == style) {
                Some((text, _)) => text.push_str(grapheme),
                None => spans.push((grapheme.to_owned(), style)),
            }
        }
        let spans: Vec<Span<'a>> = spans.into_iter().map(|(text, style)| Span::styled(text, style)).collect();
        rows.push(Line::from(spans).style(line.style));
    }
    rows
}

/// A page with a title. Esc and `q` close it.
#[derive(Debug, Clone)]
pub struct Page {
    title: String,
    body: Scroll,
}

impl Page {
    pub fn new(title: impl Into<String>, lines: Vec<Line<'static>>) -> Self {
        Self { title: title.into(), body: Scroll::new(lines) }
    }

    /// A page of text as it is.
    pub fn text(title: impl Into<String>, text: &str) -> Self {
        Self::new(title, text.lines().map(|line| Line::raw(paint::plain(line))).collect())
    }

    /// Every key that does something.
    pub fn keys(keys: &Keys, styles: &Styles) -> Self {
        let mut lines = Vec::new();
        let help = keys.help();
        let widest = help.iter().flat_map(|(_, rows)| rows).map(|(keys, _)| paint::columns(keys)).max();
        let widest = widest.unwrap_or(0).min(MOST_KEYS);
        for (context, rows) in help {
            if !lines.is_empty() {
                lines.push(Line::default());
            }
            lines.push(Line::styled(context.about(), styles.get(Token::Heading)));
            for (keys, about) in rows {
                let gap = " ".repeat(widest.saturating_sub(paint::columns(&keys)) + 2);
                let keys = Span::styled(format!("  {keys}{gap}"), styles.get(Token::Key));
                lines.push(Line::from(vec![keys, Span::styled(about, styles.get(Token::Text))]));
            }
        }
        lines.push(Line::default());
        lines.push(Line::styled(
            "keymap.yaml beside settings.yaml changes them: CONTEXT: {KEY: ACTION}",
            styles.get(Token::Muted),
        ));
        Self::new("Keys", lines)
    }
}

impl Layer for Page {
    fn handle(&mut self, key: KeyEvent, keys: &mut Keys, now_ms: u64) -> Reply {
        let action = match keys.press(&[KeyContext::List], key, now_ms) {
            Pressed::Action(action) => action,
            _ => match crate::tui::keys::written(key) {
                Some('q') => Action::Close,
                Some(' ') => Action::PageDown,
                _ => return Reply::Stays,
            },
        };
        match action {
            Action::Close | Action::Accept => Reply::Closed,
            Action::Redraw | Action::Suspend => Reply::Action(action),
            _ => {
                self.body.act(action);
                Reply::Stays
            }
        }
    }

    fn is_whole(&self) -> bool {
        true
    }

    fn height(&self, width: u16, most: u16) -> u16 {
        (self.body.rows(width, usize::from(most)) + 2).min(usize::from(most)) as u16
    }

    fn render(&self, area: Rect, buf: &mut Buffer, styles: &Styles) -> Option<Position> {
        let below = titled(area, buf, styles, &self.title, &closes(styles));
        // The last row says what more there is.
        let foot = u16::from(below.height > 2);
        let body = Rect { height: below.height - foot, ..below };
        let (over, under) = self.body.render(body, buf);
        if foot > 0 && over + under > 0 {
            let more = unseen(over, under, KeyContext::List, styles);
            let foot = Rect { y: below.bottom() - 1, height: 1, ..below };
            paint::put_cut(buf, foot, (0, 0), foot.width, &more, styles.get(Token::Muted));
        }
        None
    }
}
