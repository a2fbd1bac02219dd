//! Questions of the kernel to a person. Shows everything the kernel said of a call, and takes an answer only
//! from somebody who can have seen it. Decides nothing.

mod body;

use std::collections::VecDeque;

use crossterm::event::KeyEvent;
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use unicode_segmentation::UnicodeSegmentation;

use super::confirm::answers;
use super::page::{Scroll, unseen};
use super::{Layer, Reply, titled};
use crate::config::{Action, KeyContext};
use crate::protocol::{Approval, Choice, Op, Seen};
use crate::tui::keys::{Keys, Pressed, written};
use crate::tui::{Styles, Token, paint};

/// Keys that come sooner after a question has appeared were meant for something else, in milliseconds.
const GUARD_MS: u64 = 300;
/// Somebody who goes on typing is not answering: the guard lasts as long, but no longer than this.
const LONGEST_GUARD_MS: u64 = 1_500;
/// How long an answer is waited for before another one may be given.
const ANSWER_MS: u64 = 1_000;
/// Characters of what is said to the model with a no.
const LONGEST_WORDS: usize = 2_000;

/// One answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Answer {
    Yes(Choice),
    No,
    /// Not everywhere after all.
    Back,
}

impl Answer {
    fn label(self, confirming: bool) -> &'static str {
        match self {
            Self::Yes(Choice::AlwaysEverywhere) if confirming => "Yes, keep it in every project",
            Self::Yes(Choice::Once) => "Yes, this once",
            Self::Yes(Choice::Session) => "Yes, and the same question for the rest of this session",
            Self::Yes(Choice::AlwaysHere) => "Always in this project: keep the rule",
            Self::Yes(Choice::AlwaysEverywhere) => "Always in every project: keep the rule (asks once more)",
            Self::No => "No, with a word to the model",
            Self::Back => "No, back to the question",
        }
    }
}

/// The questions that wait, the oldest first: that one is shown.
#[derive(Debug)]
pub struct Approvals {
    waiting: VecDeque<Approval>,
    /// How many have been answered since the queue was empty.
    answered: usize,
    chosen: usize,
    body: Scroll,
    /// What is said to the model with a no, while it is written.
    words: Option<String>,
    /// The word and the rule of a second yes, once the engine wants one.
    confirm: Option<(String, String)>,
    /// When the question that is shown was on the screen first.
    shown_at_ms: Option<u64>,
    guarded_until_ms: u64,
    sent_at_ms: Option<u64>,
}

impl Default for Approvals {
    fn default() -> Self {
        Self {
            waiting: VecDeque::new(),
            answered: 0,
            chosen: 0,
            body: Scroll::new(Vec::new()),
            words: None,
            confirm: None,
            shown_at_ms: None,
            guarded_until_ms: 0,
            sent_at_ms: None,
        }
    }
}

impl Approvals {
    pub fn ask(&mut self, approval: Approval) {
        self.waiting.push_back(approval);
        if self.waiting.len() == 1 {
            self.answered = 0;
            self.begin();
        }
    }

    /// The engine wants a second yes to a rule for every project.
    pub fn confirm(&mut self, id: &str, word: String, rule: &str) {
        if self.waiting.front().is_some_and(|front| front.id == id) {
            self.begin();
            self.confirm = Some((word, rule.to_owned()));
            self.body = Scroll::new(self.lines(&Styles::plain()));
            self.chosen = 0;
        }
    }

    /// A question is open no longer.
    pub fn closed(&mut self, id: &str) {
        let front = self.waiting.front().is_some_and(|front| front.id == id);
        let before = self.waiting.len();
        self.waiting.retain(|approval| approval.id != id);
        self.answered += before - self.waiting.len();
        if front {
            self.begin();
        }
    }

    pub fn len(&self) -> usize {
        self.waiting.len()
    }

    pub fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    /// Another question is in front: nothing of the one before holds for it.
    fn begin(&mut self) {
        (self.words, self.confirm, self.shown_at_ms, self.sent_at_ms) = (None, None, None, None);
        self.body = Scroll::new(self.lines(&Styles::plain()));
        let careful = self.waiting.front().is_some_and(body::wants_care);
        self.chosen = if careful { self.answers().len().saturating_sub(1) } else { 0 };
    }

    /// What may be answered now, in the order in which it is shown.
    fn answers(&self) -> Vec<Answer> {
        if self.confirm.is_some() {
            return vec![Answer::Back, Answer::Yes(Choice::AlwaysEverywhere)];
        }
        let choices = self.waiting.front().map(|front| front.choices.as_slice()).unwrap_or_default();
        choices.iter().map(|choice| Answer::Yes(*choice)).chain([Answer::No]).collect()
    }

    fn lines(&self, styles: &Styles) -> Vec<ratatui::text::Line<'static>> {
        match (self.waiting.front(), &self.confirm) {
            (Some(_), Some((_, rule))) => body::rule_for_all(rule, styles),
            (Some(approval), None) => body::lines(approval, styles),
            (None, _) => Vec::new(),
        }
    }

    fn give(&mut self, answer: Option<Answer>, now_ms: u64) -> Reply {
        let (Some(front), Some(shown_at_ms)) = (self.waiting.front(), self.shown_at_ms) else {
            return Reply::Stays;
        };
        match answer {
            Some(Answer::Yes(choice)) => {
                let confirm = self.confirm.as_ref().map(|(word, _)| word.clone());
                let seen = Seen { shown_at_ms, answered_at_ms: now_ms };
                self.sent_at_ms = Some(now_ms);
                Reply::Send(Op::Approve { id: front.id.clone(), choice, confirm, seen })
            }
            Some(Answer::No) => {
                self.words = Some(String::new());
                Reply::Stays
            }
            Some(Answer::Back) => {
                self.begin();
                Reply::Stays
            }
            None => Reply::Stays,
        }
    }

    /// A key while the words of a no are written.
    fn write(&mut self, key: KeyEvent, keys: &mut Keys, now_ms: u64) -> Reply {
        let Some(words) = &mut self.words else { return Reply::Stays };
        match keys.press(&[KeyContext::List], key, now_ms) {
            Pressed::Action(Action::Accept) => {
                let words = words.trim().to_owned();
                let Some(front) = self.waiting.front() else { return Reply::Stays };
                self.sent_at_ms = Some(now_ms);
                return Reply::Send(Op::Decline { id: front.id.clone(), words });
            }
            Pressed::Action(Action::Close) => self.words = None,
            Pressed::Action(Action::DeleteLeft) => {
                words.truncate(words.grapheme_indices(true).next_back().map_or(0, |(at, _)| at));
            }
            Pressed::Action(Action::DeleteWordLeft) => {
                let kept = words.trim_end().rfind(' ').map_or(0, |space| space + 1);
                words.truncate(kept);
            }
            Pressed::Action(Action::DeleteToStart) => words.clear(),
            Pressed::Action(action) => drop(self.body.act(action)),
            Pressed::Waiting => {}
            Pressed::Unbound => {
                if let Some(c) = written(key) {
                    self.paste(c.encode_utf8(&mut [0; 4]));
                }
            }
        }
        Reply::Stays
    }

    /// Whether a key may be an answer: the question has been seen for a moment, and nobody was typing on.
    fn is_meant(&mut self, now_ms: u64) -> bool {
        let Some(shown_at_ms) = self.shown_at_ms else { return false };
        if now_ms > shown_at_ms && now_ms >= self.guarded_until_ms {
            return true;
        }
        let longest = shown_at_ms + LONGEST_GUARD_MS;
        self.guarded_until_ms = (now_ms + GUARD_MS).max(self.guarded_until_ms).min(longest);
        false
    }
}

impl Layer for Approvals {
    fn handle(&mut self, key: KeyEvent, keys: &mut Keys, now_ms: u64) -> Reply {
        if self.is_empty() || !self.is_meant(now_ms) {
            return Reply::NotMeant;
        }
        if self.sent_at_ms.is_some_and(|at| now_ms.saturating_sub(at) < ANSWER_MS) {
            return Reply::Stays;
        }
        if self.words.is_some() {
            return self.write(key, keys, now_ms);
        }
        let answers = self.answers();
        let offered = |answer: Answer| answers.iter().copied().find(|offered| *offered == answer);
        match keys.press(&[KeyContext::Approval], key, now_ms) {
            Pressed::Action(Action::Up) => self.chosen = (self.chosen + answers.len() - 1) % answers.len(),
            Pressed::Action(Action::Down) => self.chosen = (self.chosen + 1) % answers.len(),
            Pressed::Action(Action::Accept) => return self.give(answers.get(self.chosen).copied(), now_ms),
            // A rule for every project has no key of its own: it is chosen.
            Pressed::Action(Action::AnswerYes) => {
                return self.give(offered(Answer::Yes(Choice::Once)), now_ms);
            }
            Pressed::Action(Action::AnswerAlways) => {
                return self.give(offered(Answer::Yes(Choice::AlwaysHere)), now_ms);
            }
            Pressed::Action(Action::AnswerNo) => return self.give(answers_no(&answers), now_ms),
            Pressed::Action(Action::Interrupt) if self.confirm.is_some() => self.begin(),
            Pressed::Action(Action::Interrupt) => return Reply::Send(Op::Cancel),
            Pressed::Action(action @ (Action::Redraw | Action::Suspend)) => return Reply::Action(action),
            Pressed::Action(action) => drop(self.body.act(action)),
            Pressed::Waiting => {}
            Pressed::Unbound => {
                if let Some(number) = written(key).and_then(|c| c.to_digit(10)).filter(|number| *number > 0) {
                    return self.give(answers.get(number as usize - 1).copied(), now_ms);
                }
            }
        }
        Reply::Stays
    }

    fn paste(&mut self, text: &str) -> bool {
        let Some(words) = &mut self.words else { return false };
        let room = LONGEST_WORDS.saturating_sub(words.chars().count());
        let one_line = text.chars().map(|c| if c == '\n' { ' ' } else { c });
        words.extend(one_line.filter(|c| !c.is_control()).take(room));
        true
    }

    fn height(&self, width: u16, most: u16) -> u16 {
        let rows = self.body.rows(width, usize::from(most));
        (rows + self.answers().len() + 2).min(usize::from(most)) as u16
    }

    fn render(&self, area: Rect, buf: &mut Buffer, styles: &Styles) -> Option<Position> {
        let front = self.waiting.front()?;
        let all = self.answered + self.waiting.len();
        let note = if all > 1 { format!("{} of {all}", self.answered + 1) } else { String::new() };
        let title = match &self.confirm {
            Some(_) => "Keep this rule for every project?".to_owned(),
            None => format!("Allow {}?", paint::plain(&front.call.tool)),
        };
        let below = titled(area, buf, styles, &title, &note);
        if below.is_empty() {
            return None;
        }
        let foot = u16::from(below.height > 5);
        let hint = Rect { y: below.bottom() - foot, height: foot, ..below };
        let main = Rect { height: below.height - foot, ..below };
        let (rest, cursor) = match &self.words {
            Some(words) => {
                let line = Rect { y: main.bottom() - 1, height: 1, ..main };
                (Rect { height: main.height - 1, ..main }, Some(write_line(line, buf, styles, words)))
            }
            None => {
                let answers_now = self.answers();
                let labels: Vec<&str> =
                    answers_now.iter().map(|answer| answer.label(self.confirm.is_some())).collect();
                (answers(main, buf, styles, &labels, self.chosen), None)
            }
        };
        let dressed = self.body.dressed(self.lines(styles));
        let (over, under) = dressed.render(rest, buf);
        self.body.seen_as(&dressed);
        let more = unseen(over, under);
        let keys = match (&self.words, &self.confirm) {
            (Some(_), _) => "enter says no, esc goes back",
            (None, Some(_)) => "esc goes back",
            (None, None) if self.answers().contains(&Answer::Yes(Choice::AlwaysHere)) => {
                "y once, a always, n no, esc stops the turn"
            }
            (None, None) => "y once, n no, esc stops the turn",
        };
        let both = if more.is_empty() { keys.to_owned() } else { format!("{more} · {keys}") };
        // On a narrow screen it is said whole that there is more.
        let short = paint::columns(&both) > usize::from(hint.width) && !more.is_empty();
        let said = if short { &more } else { &both };
        paint::put_cut(buf, hint, (0, 0), hint.width, said, styles.get(Token::Muted));
        cursor
    }

    fn drawn(&mut self, now_ms: u64) {
        if !self.is_empty() && self.shown_at_ms.is_none() {
            self.shown_at_ms = Some(now_ms);
            self.guarded_until_ms = now_ms + GUARD_MS;
        }
    }
}

fn answers_no(answers: &[Answer]) -> Option<Answer> {
    answers.iter().copied().find(|answer| matches!(answer, Answer::No | Answer::Back))
}

/// The line on which the words of a no are written; where its cursor stands.
fn write_line(line: Rect, buf: &mut Buffer, styles: &Styles, words: &str) -> Position {
    let label = if line.width >= 40 { "No; tell the model: " } else { "No: " };
    let x = paint::put(buf, line, 0, 0, label, styles.get(Token::Prompt));
    let room = usize::from(line.width.saturating_sub(x + 1));
    let mut shown = words;
    while paint::columns(shown) > room
        && let Some(first) = shown.graphemes(true).next()
    {
        shown = &shown[first.len()..];
    }
    let end = paint::put(buf, line, x, 0, shown, styles.get(Token::Text));
    Position::new(line.x + end.min(line.width.saturating_sub(1)), line.y)
}
