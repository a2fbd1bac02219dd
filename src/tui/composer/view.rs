//! How the composer looks: the prompt's mark, the rows around the cursor, and below them what is offered.

use std::ops::Range;

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use unicode_segmentation::UnicodeSegmentation;

use super::chip::{Chips, is_chip};
use super::history::Search;
use super::popup::{Kind, MOST_ROWS, Popup, command_line};
use super::{Composer, wrap};
use crate::config::Action;
use crate::tui::paint::{columns, cut, put, put_cut};
use crate::tui::style::WRITING;
use crate::tui::{Styles, Token};

/// Below this many columns the mark is left out.
const NARROW: u16 = 8;
const MARK: u16 = 2;

impl Composer {
    /// Rows it wants at this width, `most` at the most and never 0.
    pub fn height(&self, width: u16, most: u16) -> u16 {
        let most = usize::from(most.max(1));
        let text = match self.searched() {
            Some((text, _)) => wrap::count(text, text_width(width), most, &Chips::default()),
            None => wrap::count(self.text.text(), text_width(width), most, &self.chips),
        };
        (text + self.below()).min(most) as u16
    }

    /// Draws it; where the cursor stands.
    pub fn render(&self, area: Rect, buf: &mut Buffer, styles: &Styles) -> Option<Position> {
        let area = area.intersection(buf.area);
        if area.is_empty() {
            return None;
        }
        let below = (self.below() as u16).min(area.height - 1);
        let field = Rect { height: area.height - below, ..area };
        let extra = Rect { y: area.y + field.height, height: below, ..area };
        if let Some(search) = &self.search {
            self.searching(search, field, buf, styles);
            return Some(
                self.search_line(search, extra, buf, styles).unwrap_or(Position::new(area.x, area.y)),
            );
        }
        let cursor = self.text_in(field, buf, styles);
        if let Some(popup) = &self.popup {
            self.offers(popup, extra, buf, styles);
        } else {
            self.explained(extra, buf, styles);
        }
        Some(cursor)
    }

    /// Rows below the text.
    fn below(&self) -> usize {
        match (&self.search, &self.popup) {
            (Some(_), _) => 1,
            (None, Some(popup)) => popup.rows(),
            (None, None) => usize::from(self.command().is_some()),
        }
    }

    /// The command that is being written, once its name is complete.
    fn command(&self) -> Option<(&super::PaletteEntry, &str)> {
        let text = self.text.text();
        let (name, rest) = command_line(text)?;
        let begun = text.len() > name.len() + 1;
        let entry = self.commands.iter().find(|entry| entry.is(name)).filter(|_| begun)?;
        Some((entry, rest))
    }

    /// The entry that a search has found, and where in it.
    fn searched(&self) -> Option<(&str, usize)> {
        let (at, place) = self.search.as_ref()?.found?;
        Some((self.history.entries().get(at)?, place))
    }

    fn text_in(&self, area: Rect, buf: &mut Buffer, styles: &Styles) -> Position {
        let text = self.text.text();
        let (mark, token, note) = match text {
            _ if text.starts_with("!!") => ("$ ", Token::Warning, "shell, for your eyes only"),
            _ if text.starts_with('!') => ("$ ", Token::Warning, "shell, the model reads it"),
            _ => ("> ", Token::Prompt, ""),
        };
        let field = marked(area, buf, mark, styles.get(token));
        let width = text_width(area.width);
        self.width.set(width);
        if text.is_empty() {
            let keys =
                styles.key(WRITING, Action::KeysWhenEmpty).or_else(|| styles.key(WRITING, Action::Keys));
            let keys = keys.unwrap_or_else(|| "/keys".to_owned());
            let text = format!("{}, {keys} for keys", self.placeholder);
            put_cut(buf, field, (0, 0), field.width, &text, styles.get(Token::Placeholder));
            return Position::new(field.x.min(area.right() - 1), field.y);
        }
        let (rows, own) =
            wrap::window(text, self.text.cursor(), width, usize::from(area.height), &self.chips);
        for (y, row) in rows.iter().enumerate() {
            self.row(text, row, (field, y as u16, width), buf, styles);
        }
        let first = &rows[0];
        let free = usize::from(field.width).saturating_sub(columns(&text[first.clone()]) + 2);
        if own == 0 && rows.len() == 1 && columns(note) <= free && !note.is_empty() {
            let x = field.width - columns(note) as u16;
            put(buf, field, x, 0, note, styles.get(Token::Muted));
        }
        let x = wrap::column_of(text, &rows[own], self.text.cursor(), &self.chips, width);
        let x = (field.x + x.min(usize::from(u16::MAX / 2)) as u16).min(area.right() - 1);
        Position::new(x, field.y + own as u16)
    }

    fn row(
        &self,
        text: &str,
        row: &Range<usize>,
        (field, y, width): (Rect, u16, usize),
        buf: &mut Buffer,
        styles: &Styles,
    ) {
        let (mut at, mut x) = (row.start, 0);
        while at < row.end {
            let end = wrap::next(&text[..row.end], at);
            let unit = &text[at..end];
            x = match unit.chars().next() {
                Some(c) if is_chip(c) => {
                    put(buf, field, x, y, &cut(&self.chips.label(c), width), styles.get(Token::Code))
                }
                _ => put(buf, field, x, y, unit, styles.get(Token::Text)),
            };
            at = end;
        }
    }

    /// What a search has found, in place of the text.
    fn searching(&self, search: &Search, area: Rect, buf: &mut Buffer, styles: &Styles) {
        let field = marked(area, buf, "> ", styles.get(Token::Muted));
        let Some((text, place)) = self.searched() else { return };
        let hit = place..place + search.query.len();
        let (rows, _) =
            wrap::window(text, place, text_width(area.width), usize::from(area.height), &Chips::default());
        for (y, row) in rows.iter().enumerate() {
            let (mut at, mut x) = (row.start, 0);
            while at < row.end {
                let end = wrap::next(&text[..row.end], at);
                let token = if hit.contains(&at) { Token::Match } else { Token::Text };
                x = put(buf, field, x, y as u16, &text[at..end], styles.get(token));
                at = end;
            }
        }
    }

    /// The line of a search; where its cursor stands, if the line is there.
    fn search_line(
        &self,
        search: &Search,
        area: Rect,
        buf: &mut Buffer,
        styles: &Styles,
    ) -> Option<Position> {
        if area.is_empty() {
            return None;
        }
        let (label, token) =
            if search.failed { ("nothing older: ", Token::Warning) } else { ("history: ", Token::Muted) };
        let x = put(buf, area, 0, 0, label, styles.get(token));
        // The end of what was typed is what matters.
        let room = usize::from(area.width.saturating_sub(x + 1));
        let mut query = search.query.as_str();
        while columns(query) > room && !query.is_empty() {
            query = &query[wrap::next(query, 0)..];
        }
        let x = put(buf, area, x, 0, query, styles.get(Token::Accent));
        let cursor = Position::new(area.x + x.min(area.width - 1), area.y);
        let takes = styles.hint(WRITING, Action::Submit, "takes it");
        let leaves = styles.hint(WRITING, Action::Interrupt, "leaves");
        let hint = takes.into_iter().chain(leaves).collect::<Vec<_>>().join(", ");
        if usize::from(area.width - x.min(area.width)) > columns(&hint) + 2 {
            put(buf, area, x + 2, 0, &hint, styles.get(Token::Muted));
        }
        Some(cursor)
    }

    fn offers(&self, popup: &Popup, area: Rect, buf: &mut Buffer, styles: &Styles) {
        let found = popup.fuzzy.found();
        if found.is_empty() {
            let none = match popup.kind {
                Kind::Files if self.files.is_empty() => "looking for files",
                Kind::Files => "no such file",
                Kind::Commands => "no such command",
            };
            put_cut(buf, area, (2, 0), area.width, none, styles.get(Token::Muted));
            return;
        }
        let shown = usize::from(area.height).min(MOST_ROWS);
        let first = (popup.chosen + 1).saturating_sub(shown);
        let names = found.iter().map(|at| self.offer_name(popup.kind, *at).chars().count());
        let widest =
            names.skip(first).take(shown).max().unwrap_or(0).min(usize::from(area.width / 2).max(12));
        for (y, at) in found.iter().skip(first).take(shown).enumerate() {
            let (y, chosen) = (y as u16, first + y == popup.chosen);
            let token = if chosen { Token::Selected } else { Token::Text };
            let line = Rect { y: area.y + y, height: 1, ..area };
            put(buf, line, 0, 0, if chosen { "> " } else { "  " }, styles.get(Token::Accent));
            let name = self.offer_name(popup.kind, *at);
            let x = lettered(buf, line, 2, &name, &popup.fuzzy, (token, styles));
            if popup.kind == Kind::Commands {
                let entry = &self.commands[*at];
                let after = x.max(2 + widest as u16) + 2;
                put_cut(buf, line, (after, 0), line.width, &entry.about, styles.get(Token::Muted));
            }
        }
    }

    fn offer_name(&self, kind: Kind, at: usize) -> String {
        match kind {
            Kind::Files => self.files.get(at).cloned().unwrap_or_default(),
            Kind::Commands => {
                let entry = &self.commands[at];
                if entry.args.is_empty() {
                    entry.name.clone()
                } else {
                    format!("{} {}", entry.name, entry.args)
                }
            }
        }
    }

    /// The arguments of a command while they are typed, the present one marked.
    fn explained(&self, area: Rect, buf: &mut Buffer, styles: &Styles) {
        let Some((entry, rest)) = self.command() else { return };
        if area.is_empty() {
            return;
        }
        let typed = rest.split_whitespace().count();
        let present = if rest.is_empty() || rest.ends_with(char::is_whitespace) { typed } else { typed - 1 };
        let words: Vec<&str> = entry.args.split_whitespace().collect();
        let present = present.min(words.len().saturating_sub(1));
        let mut x = put(buf, area, 0, 0, &format!("  /{}", entry.name), styles.get(Token::Muted));
        for (at, word) in words.iter().enumerate() {
            let token = if at == present { Token::Accent } else { Token::Muted };
            x = put(buf, area, x + 1, 0, word, styles.get(token));
        }
        put_cut(buf, area, (x + 2, 0), area.width, &entry.about, styles.get(Token::Muted));
    }
}

/// Columns for text; one is left for the cursor behind a full row.
fn text_width(width: u16) -> usize {
    usize::from(width.saturating_sub(if width < NARROW { 1 } else { MARK + 1 })).max(1)
}

/// Draws the mark; what is left of the area.
fn marked(area: Rect, buf: &mut Buffer, mark: &str, style: ratatui::style::Style) -> Rect {
    if area.width < NARROW {
        return area;
    }
    put(buf, area, 0, 0, mark, style);
    Rect { x: area.x + MARK, width: area.width - MARK, ..area }
}

/// Writes a name with the letters that a search found marked; the column after it.
fn lettered(
    buf: &mut Buffer,
    line: Rect,
    x: u16,
    name: &str,
    fuzzy: &crate::tui::fuzzy::Fuzzy,
    (token, styles): (Token, &Styles),
) -> u16 {
    let shown = cut(name, usize::from(line.width.saturating_sub(x)));
    let letters = fuzzy.letters(&shown);
    let mut at = x;
    // The search counts in graphemes too.
    for (place, grapheme) in shown.graphemes(true).enumerate() {
        let hit = letters.binary_search(&(place as u32)).is_ok();
        let style = if hit { styles.get(token).patch(styles.get(Token::Match)) } else { styles.get(token) };
        at = put(buf, line, at, 0, grapheme, style);
    }
    at
}
