//! A tree to choose from: the branches of a session.

use crossterm::event::KeyEvent;
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use super::{Layer, Reply, scrolled_to, titled};
use crate::config::{Action, KeyContext};
use crate::tui::keys::{Keys, Pressed, written};
use crate::tui::{Styles, Token, paint};

/// One place in a tree; rows stand in the order of the tree, each below its parent.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TreeRow {
    /// What a choice gives back.
    pub key: String,
    /// 0 for a root; at most one more than the row above.
    pub depth: usize,
    pub text: String,
    /// Shown after the text, less important.
    pub detail: String,
    /// Where one is.
    pub current: bool,
}

/// A tree; letters that are typed jump to the next row that has them.
#[derive(Debug, Clone)]
pub struct Tree {
    title: String,
    rows: Vec<TreeRow>,
    /// The lines that lead to each row.
    guides: Vec<String>,
    chosen: usize,
    query: String,
    seen: std::cell::Cell<usize>,
}

impl Tree {
    pub fn new(title: impl Into<String>, rows: Vec<TreeRow>) -> Self {
        let chosen = rows.iter().position(|row| row.current).unwrap_or(0);
        let guides = guides(&rows);
        Self {
            title: title.into(),
            rows,
            guides,
            chosen,
            query: String::new(),
            seen: std::cell::Cell::new(10),
        }
    }

    fn jump(&mut self, from: usize) {
        let query = self.query.to_lowercase();
        let fits = |at: &usize| self.rows[*at].text.to_lowercase().contains(&query);
        let count = self.rows.len();
        let hit = (from..count).chain(0..from.min(count)).find(fits);
        self.chosen = hit.unwrap_or(self.chosen);
    }
}

/// The branches drawn before each row, from what follows below it.
fn guides(rows: &[TreeRow]) -> Vec<String> {
    let mut guides = vec![String::new(); rows.len()];
    // For each depth, whether a later row stands at it before the tree comes back above it.
    let mut open: Vec<bool> = Vec::new();
    for (at, row) in rows.iter().enumerate().rev() {
        let depth = row.depth.min(at);
        open.resize(depth + 1, false);
        let mut guide = String::new();
        for (level, goes_on) in open.iter().enumerate().skip(1) {
            guide.push_str(match (level == depth, *goes_on) {
                (true, true) => "├ ",
                (true, false) => "└ ",
                (false, true) => "│ ",
                (false, false) => "  ",
            });
        }
        open[depth] = true;
        guides[at] = guide;
    }
    guides
}

impl Layer for Tree {
    fn handle(&mut self, key: KeyEvent, keys: &mut Keys, now_ms: u64) -> Reply {
        let last = self.rows.len().saturating_sub(1);
        let page = self.seen.get().saturating_sub(1).max(1);
        match keys.press(&[KeyContext::List], key, now_ms) {
            Pressed::Action(Action::Close) => return Reply::Closed,
            Pressed::Action(Action::Accept) => {
                return self
                    .rows
                    .get(self.chosen)
                    .map_or(Reply::Closed, |row| Reply::Chosen(row.key.clone()));
            }
            Pressed::Action(Action::Up) => self.chosen = self.chosen.saturating_sub(1),
            Pressed::Action(Action::Down) => self.chosen = (self.chosen + 1).min(last),
            Pressed::Action(Action::PageUp) => self.chosen = self.chosen.saturating_sub(page),
            Pressed::Action(Action::PageDown) => self.chosen = (self.chosen + page).min(last),
            Pressed::Action(Action::Top) => self.chosen = 0,
            Pressed::Action(Action::Bottom) => self.chosen = last,
            Pressed::Action(Action::DeleteLeft) => drop(self.query.pop()),
            Pressed::Action(Action::DeleteWordLeft | Action::DeleteToStart) => self.query.clear(),
            Pressed::Action(action @ (Action::Redraw | Action::Suspend)) => return Reply::Action(action),
            Pressed::Action(_) | Pressed::Waiting => {}
            Pressed::Unbound => {
                if let Some(c) = written(key) {
                    self.query.push(c);
                    self.jump(self.chosen);
                }
            }
        }
        Reply::Stays
    }

    fn is_whole(&self) -> bool {
        true
    }

    fn height(&self, _width: u16, most: u16) -> u16 {
        (u16::try_from(self.rows.len().max(1)).unwrap_or(u16::MAX).saturating_add(1)).min(most)
    }

    fn render(&self, area: Rect, buf: &mut Buffer, styles: &Styles) -> Option<Position> {
        let note = if self.query.is_empty() { "type to find".to_owned() } else { format!("/{}", self.query) };
        let below = titled(area, buf, styles, &self.title, &note);
        let height = usize::from(below.height);
        self.seen.set(height);
        if self.rows.is_empty() {
            paint::put_cut(buf, below, (2, 0), below.width, "nothing here yet", styles.get(Token::Muted));
        }
        let top = scrolled_to(self.chosen, self.rows.len(), height);
        for (y, at) in (top..self.rows.len()).take(height).enumerate() {
            let (row, y) = (&self.rows[at], y as u16);
            let line = Rect { y: below.y + y, height: 1, ..below };
            let mark = match (at == self.chosen, row.current) {
                (true, _) => "> ",
                (false, true) => "* ",
                (false, false) => "  ",
            };
            let x = paint::put(buf, line, 0, 0, mark, styles.get(Token::Accent));
            // What it says matters more than how deep it stands.
            let room = usize::from(line.width / 2);
            let guide = &self.guides[at];
            let over = guide.chars().count().saturating_sub(room);
            let guide: String = guide.chars().skip(over).collect();
            let x = paint::put(buf, line, x, 0, &guide, styles.get(Token::Border));
            let token = if at == self.chosen { Token::Selected } else { Token::Text };
            let text = row.text.replace(['\n', '\t'], " ");
            let x = paint::put_cut(buf, line, (x, 0), line.width, &text, styles.get(token));
            if !row.detail.is_empty() && x + 6 < line.width {
                paint::put_cut(buf, line, (x + 2, 0), line.width, &row.detail, styles.get(Token::Muted));
            }
        }
        None
    }
}
