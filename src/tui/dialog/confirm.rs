//! A question of our own, with named answers and a safe one to begin with.

use crossterm::event::KeyEvent;
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::text::Line;

use super::page::{Scroll, closes};
use super::{Layer, Reply, titled};
use crate::config::{Action, KeyContext};
use crate::tui::keys::{Keys, Pressed, written};
use crate::tui::{Styles, Token, paint};

/// A question; Esc is no answer.
#[derive(Debug, Clone)]
pub struct Confirm {
    question: String,
    body: Scroll,
    /// Key and label of each answer.
    answers: Vec<(String, String)>,
    chosen: usize,
}

impl Confirm {
    /// `safe`: which of the answers Enter gives when nothing else is chosen.
    pub fn new(
        question: impl Into<String>,
        lines: Vec<Line<'static>>,
        answers: impl IntoIterator<Item = (impl Into<String>, impl Into<String>)>,
        safe: usize,
    ) -> Self {
        let answers: Vec<(String, String)> =
            answers.into_iter().map(|(key, label)| (key.into(), label.into())).collect();
        let chosen = safe.min(answers.len().saturating_sub(1));
        Self { question: question.into(), body: Scroll::new(lines), answers, chosen }
    }

    fn answer(&self, at: usize) -> Reply {
        self.answers.get(at).map_or(Reply::Stays, |(key, _)| Reply::Chosen(key.clone()))
    }
}

impl Layer for Confirm {
    fn handle(&mut self, key: KeyEvent, keys: &mut Keys, now_ms: u64) -> Reply {
        let count = self.answers.len().max(1);
        match keys.press(&[KeyContext::List], key, now_ms) {
            Pressed::Action(Action::Close) => return Reply::Closed,
            Pressed::Action(Action::Accept) => return self.answer(self.chosen),
            Pressed::Action(Action::Up) => self.chosen = (self.chosen + count - 1) % count,
            Pressed::Action(Action::Down) => self.chosen = (self.chosen + 1) % count,
            Pressed::Action(action @ (Action::Redraw | Action::Suspend)) => return Reply::Action(action),
            Pressed::Action(action) => drop(self.body.act(action)),
            Pressed::Waiting => {}
            Pressed::Unbound => {
                if let Some(number) = written(key).and_then(|c| c.to_digit(10)).filter(|number| *number > 0) {
                    return self.answer(number as usize - 1);
                }
            }
        }
        Reply::Stays
    }

    fn height(&self, width: u16, most: u16) -> u16 {
        // Below three rows there is no room for the question.
        let labels: Vec<&str> = self.answers.iter().map(|(_, label)| label.as_str()).collect();
        let rows = (self.body.rows(width, usize::from(most)) + answers_height(&labels, width) + 1).max(3);
        rows.min(usize::from(most)) as u16
    }

    fn render(&self, area: Rect, buf: &mut Buffer, styles: &Styles) -> Option<Position> {
        let below = titled(area, buf, styles, &self.question, &closes(styles));
        let labels: Vec<&str> = self.answers.iter().map(|(_, label)| label.as_str()).collect();
        let rest = answers(below, buf, styles, &labels, self.chosen);
        self.body.render(rest, buf);
        None
    }
}

/// Columns before an answer: its mark and its number.
const BEFORE: u16 = 4;

/// The rows of every answer at this width; a long one goes on below itself.
fn answer_rows(labels: &[&str], width: u16) -> Vec<Vec<String>> {
    let room = usize::from(width.saturating_sub(BEFORE)).max(1);
    labels.iter().map(|label| paint::wrap(label, room).into_iter().map(str::to_owned).collect()).collect()
}

/// How many rows answers take at this width.
pub(super) fn answers_height(labels: &[&str], width: u16) -> usize {
    answer_rows(labels, width).iter().map(Vec::len).sum()
}

/// Draws answers at the bottom, numbered, as many as there is room for and the chosen one among them; what is
/// left above.
pub(super) fn answers(area: Rect, buf: &mut Buffer, styles: &Styles, labels: &[&str], chosen: usize) -> Rect {
    let answers = answer_rows(labels, area.width);
    let all: Vec<(usize, usize, &str)> = answers
        .iter()
        .enumerate()
        .flat_map(|(at, rows)| rows.iter().enumerate().map(move |(row, text)| (at, row, text.as_str())))
        .collect();
    let rows = all.len().min(match area.height {
        0..=2 => 1,
        // A third of a low screen stays for what is asked.
        height => usize::from(height - height.div_ceil(3)),
    });
    let rows = rows.min(usize::from(area.height));
    let rest = Rect { height: area.height - rows as u16, ..area };
    let first = all.iter().position(|(at, ..)| *at == chosen).unwrap_or(0);
    let tall = answers.get(chosen).map_or(1, Vec::len);
    // The chosen one whole, near the middle; its beginning where it is too tall.
    let top = first.saturating_sub(rows.saturating_sub(tall) / 2).min(all.len().saturating_sub(rows));
    for (y, (at, row, text)) in all[top..].iter().take(rows).enumerate() {
        let line = Rect { y: rest.bottom() + y as u16, height: 1, ..area };
        let (mark, token) = if *at == chosen { ("> ", Token::Selected) } else { ("  ", Token::Text) };
        if *row == 0 {
            let x = paint::put(buf, line, 0, 0, mark, styles.get(Token::Accent));
            paint::put(buf, line, x, 0, &format!("{} ", at + 1), styles.get(Token::Key));
        }
        paint::put_cut(buf, line, (BEFORE, 0), line.width, text, styles.get(token));
    }
    rest
}
