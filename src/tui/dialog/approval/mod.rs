//! Questions of the kernel to a person. Shows everything the kernel said of a call, and takes an answer only
//! from somebody who can have seen it. Decides nothing.

mod body;

use std::collections::VecDeque;

use crossterm::event::{KeyEvent, KeyEventKind};
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use unicode_segmentation::UnicodeSegmentation;

use super::confirm::{answers, answers_height};
use super::page::{Scroll, unseen};
use super::{Layer, Reply, titled};
use crate::config::{Action, KeyContext};
use crate::protocol::{Approval, Choice, Op, Seen};
use crate::tui::keys::{Keys, Pressed, written};
use crate::tui::{Styles, Token, paint};

/// Keys that come sooner after a question has appeared were meant for something else, in milliseconds.
const GUARD_MS: u64 = 500;
/// Somebody who types is not answering: no key counts before a pause as long as this, however long that takes.
const TYPING_MS: u64 = 1_000;
/// How long an answer is waited for before another one may be given.
const ANSWER_MS: u64 = 1_000;
/// Characters of what is said to the model with a no.
const LONGEST_WORDS: usize = 2_000;
/// Columns of the title that no note takes.
const SHORT_TITLE: usize = 8;

/// One answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Answer {
    Yes(Choice),
    No,
    /// No rule after all.
    Back,
}

impl Answer {
    fn label(self, sure: bool) -> &'static str {
        match self {
            Self::Yes(Choice::AlwaysHere) if sure => "Yes, keep it in this project",
            Self::Yes(Choice::AlwaysEverywhere) if sure => "Yes, keep it in every project",
            Self::Yes(Choice::Once) => "Yes, this once",
            Self::Yes(Choice::Session) => "Yes, for the rest of this session",
            Self::Yes(Choice::AlwaysHere) => "Always in this project",
            Self::Yes(Choice::AlwaysEverywhere) => "Always in every project",
            Self::No => "No, with a word to the model",
            Self::Back => "No, back to the question",
        }
    }
}

/// A rule that is shown before it is kept.
#[derive(Debug)]
enum Sure {
    /// For this project: our own second question.
    Here,
    /// For every project: the engine's, which wants its word back.
    Everywhere { word: String, rule: String },
}

impl Sure {
    fn choice(&self) -> Choice {
        match self {
            Self::Here => Choice::AlwaysHere,
            Self::Everywhere { .. } => Choice::AlwaysEverywhere,
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
    /// The second question, while it is shown.
    sure: Option<Sure>,
    /// The key that brought the second question.
    brought_by: Option<KeyEvent>,
    /// When the question that is shown was on the screen first.
    shown_at_ms: Option<u64>,
    guarded_until_ms: u64,
    /// Somebody typed just now: keys are not answers yet.
    typing: bool,
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
            sure: None,
            brought_by: None,
            shown_at_ms: None,
            guarded_until_ms: 0,
            typing: false,
            sent_at_ms: None,
        }
    }
}

impl Approvals {
    pub fn ask(&mut self, approval: Approval) {
        self.typing &= approval.asked_at_ms < self.guarded_until_ms;
        self.waiting.push_back(approval);
        if self.waiting.len() == 1 {
            self.answered = 0;
            self.begin();
        }
    }

    /// The engine wants a second yes to a rule for every project.
    pub fn confirm(&mut self, id: &str, word: String, rule: &str) {
        if self.waiting.front().is_some_and(|front| front.id == id) {
            // The safe answer is the one to begin with.
            self.ask_again(Sure::Everywhere { word, rule: rule.to_owned() }, self.brought_by, Answer::Back);
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
        (self.words, self.sure, self.brought_by) = (None, None, None);
        (self.shown_at_ms, self.sent_at_ms) = (None, None);
        self.body = Scroll::new(self.lines(&Styles::plain()));
        self.chosen = if self.wants_care() { self.answers().len().saturating_sub(1) } else { 0 };
    }

    /// Shows the rule that would be kept, and asks for it.
    fn ask_again(&mut self, sure: Sure, brought_by: Option<KeyEvent>, first: Answer) {
        self.begin();
        (self.sure, self.brought_by) = (Some(sure), brought_by);
        self.body = Scroll::new(self.lines(&Styles::plain()));
        self.chosen = self.answers().iter().position(|answer| *answer == first).unwrap_or(0);
    }

    /// Whether the rule for this project is what is shown.
    #[cfg(test)]
    pub(super) fn keeps_a_rule(&self) -> bool {
        matches!(self.sure, Some(Sure::Here))
    }

    fn wants_care(&self) -> bool {
        self.waiting.front().is_some_and(body::wants_care)
    }

    /// What may be answered now, in the order in which it is shown.
    fn answers(&self) -> Vec<Answer> {
        if let Some(sure) = &self.sure {
            return vec![Answer::Back, Answer::Yes(sure.choice())];
        }
        let choices = self.waiting.front().map(|front| front.choices.as_slice()).unwrap_or_default();
        choices.iter().map(|choice| Answer::Yes(*choice)).chain([Answer::No]).collect()
    }

    fn labels(&self) -> Vec<&'static str> {
        self.answers().iter().map(|answer| answer.label(self.sure.is_some())).collect()
    }

    fn lines(&self, styles: &Styles) -> Vec<ratatui::text::Line<'static>> {
        match (self.waiting.front(), &self.sure) {
            (Some(_), Some(Sure::Everywhere { rule, .. })) => {
                body::rule_kept("in every project of yours", rule, styles)
            }
            (Some(approval), Some(Sure::Here)) => {
                body::rule_kept("in this project", approval.rule.as_deref().unwrap_or_default(), styles)
            }
            (Some(approval), None) => body::lines(approval, styles),
            (None, _) => Vec::new(),
        }
    }

    /// `key`: the one that gives the answer.
    fn give(&mut self, answer: Option<Answer>, key: KeyEvent, now_ms: u64) -> Reply {
        let (Some(front), Some(shown_at_ms)) = (self.waiting.front(), self.shown_at_ms) else {
            return Reply::Stays;
        };
        match answer {
            Some(Answer::Yes(Choice::AlwaysHere)) if self.sure.is_none() => {
                let keep = Answer::Yes(Choice::AlwaysHere);
                let first = if self.wants_care() { Answer::Back } else { keep };
                self.ask_again(Sure::Here, Some(key), first);
                Reply::Stays
            }
            Some(Answer::Yes(choice)) => {
                let confirm = match &self.sure {
                    Some(Sure::Everywhere { word, .. }) => Some(word.clone()),
                    _ => None,
                };
                let seen = Seen { shown_at_ms, answered_at_ms: now_ms };
                (self.sent_at_ms, self.brought_by) = (Some(now_ms), Some(key));
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
    fn is_meant(&self, now_ms: u64) -> bool {
        self.shown_at_ms.is_some_and(|at| now_ms > at) && now_ms >= self.guarded_until_ms
    }

    /// Something came that was meant for the line one writes in: answers wait for a pause.
    pub fn typed(&mut self, now_ms: u64) {
        self.typing = true;
        self.guarded_until_ms = self.guarded_until_ms.max(now_ms + TYPING_MS);
    }

    /// A key that is no answer.
    fn not_meant(&mut self, key: KeyEvent, now_ms: u64) -> Reply {
        match self.brought_by {
            // Too soon for an answer to a second question, and nothing that one writes.
            Some(_) if written(key).is_none() => Reply::Stays,
            // Somebody types a word; its first letter has brought the second question.
            Some(first) if self.sent_at_ms.is_none() => {
                self.begin();
                self.typed(now_ms);
                if written(first).is_some() { Reply::NeverMeant(first) } else { Reply::NotMeant }
            }
            _ => {
                self.typed(now_ms);
                Reply::NotMeant
            }
        }
    }
}

impl Layer for Approvals {
    fn handle(&mut self, key: KeyEvent, keys: &mut Keys, now_ms: u64) -> Reply {
        if key.kind == KeyEventKind::Release {
            return Reply::Stays;
        }
        if self.is_empty() || !self.is_meant(now_ms) {
            return self.not_meant(key, now_ms);
        }
        self.typing = false;
        if self.sent_at_ms.is_some_and(|at| now_ms.saturating_sub(at) < ANSWER_MS) {
            return Reply::Stays;
        }
        self.brought_by = None;
        if self.words.is_some() {
            return self.write(key, keys, now_ms);
        }
        let answers = self.answers();
        let offered = |answer: Answer| answers.iter().copied().find(|offered| *offered == answer);
        match keys.press(&[KeyContext::Approval], key, now_ms) {
            Pressed::Action(Action::Up) => self.chosen = (self.chosen + answers.len() - 1) % answers.len(),
            Pressed::Action(Action::Down) => self.chosen = (self.chosen + 1) % answers.len(),
            Pressed::Action(Action::Accept) => {
                return self.give(answers.get(self.chosen).copied(), key, now_ms);
            }
            Pressed::Action(Action::AnswerYes) => {
                return self.give(offered(Answer::Yes(Choice::Once)), key, now_ms);
            }
            // A rule for every project has no key of its own: it is chosen. Nor has the second yes to any.
            Pressed::Action(Action::AnswerAlways) if self.sure.is_none() => {
                return self.give(offered(Answer::Yes(Choice::AlwaysHere)), key, now_ms);
            }
            Pressed::Action(Action::AnswerNo) => return self.give(answers_no(&answers), key, now_ms),
            Pressed::Action(Action::Interrupt) if self.sure.is_some() => self.begin(),
            Pressed::Action(Action::Interrupt) => return Reply::Send(Op::Cancel),
            Pressed::Action(action @ (Action::Redraw | Action::Suspend)) => return Reply::Action(action),
            Pressed::Action(action) => drop(self.body.act(action)),
            Pressed::Waiting => {}
            Pressed::Unbound => {
                let number = written(key).and_then(|c| c.to_digit(10)).filter(|number| *number > 0);
                return match (number, written(key)) {
                    (Some(number), _) => self.give(answers.get(number as usize - 1).copied(), key, now_ms),
                    // No answer begins so: it is a word for the line below.
                    (None, Some(_)) => {
                        self.typed(now_ms);
                        Reply::NotMeant
                    }
                    (None, None) => Reply::Stays,
                };
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
        let answers = if self.words.is_some() { 1 } else { answers_height(&self.labels(), width) };
        (rows + answers + 2).min(usize::from(most)) as u16
    }

    fn render(&self, area: Rect, buf: &mut Buffer, styles: &Styles) -> Option<Position> {
        let front = self.waiting.front()?;
        let keys = self.hint(usize::from(area.width), styles);
        let foot = match area.height {
            0..4 => 0,
            // More than one row only where most is left for the question.
            height => {
                paint::wrap(&keys, usize::from(area.width)).len().min(usize::from(height) / 5).max(1) as u16
            }
        };
        let head = area.height.min(if area.height < 3 { 0 } else { 1 });
        let below = Rect { y: area.y + head, height: area.height - head, ..area };
        let main = Rect { height: below.height - foot, ..below };
        let (rest, cursor) = match &self.words {
            Some(words) if !main.is_empty() => {
                let line = Rect { y: main.bottom() - 1, height: 1, ..main };
                (Rect { height: main.height - 1, ..main }, Some(write_line(line, buf, styles, words)))
            }
            Some(_) => (main, None),
            None => (answers(main, buf, styles, &self.labels(), self.chosen), None),
        };
        let dressed = self.body.dressed(self.lines(styles));
        let (over, under) = dressed.render(rest, buf);
        self.body.seen_as(&dressed);
        let more = unseen(over, under, KeyContext::Approval, styles);
        let title = match &self.sure {
            Some(_) => "Keep this rule?".to_owned(),
            None => format!("Allow {}?", paint::plain(&front.call.tool)),
        };
        // Beside the keys when there is room for it, else above, shortened: the keys are always seen.
        let both = if more.is_empty() { keys.clone() } else { format!("{more} · {keys}") };
        let fits = paint::columns(&both) <= usize::from(area.width) && foot > 0;
        let all = self.answered + self.waiting.len();
        let which = (all > 1).then(|| format!("{} of {all}", self.answered + 1));
        let short = more.split(" (").next().filter(|short| !fits && !short.is_empty());
        let short =
            short.map(|short| if which.is_some() { short.replace(" more", "") } else { short.to_owned() });
        let note = which.into_iter().chain(short).collect::<Vec<_>>().join(" · ");
        let room = usize::from(area.width).saturating_sub(paint::columns(&note) + 9).max(SHORT_TITLE);
        let title = if note.is_empty() { title.into() } else { paint::cut(&title, room) };
        titled(area, buf, styles, &title, &note);
        let said = if fits { &both } else { &keys };
        let muted = styles.get(Token::Muted);
        for (y, row) in paint::wrap(said, usize::from(area.width)).iter().take(usize::from(foot)).enumerate()
        {
            let line = Rect { y: main.bottom() + y as u16, height: 1, ..area };
            paint::put_cut(buf, line, (0, 0), line.width, row, muted);
        }
        cursor
    }

    fn drawn(&mut self, now_ms: u64) {
        if self.is_empty() {
            return;
        }
        if self.shown_at_ms.is_none() {
            self.shown_at_ms = Some(now_ms);
            self.guarded_until_ms = self.guarded_until_ms.max(now_ms + GUARD_MS);
        }
        self.typing &= now_ms < self.guarded_until_ms;
    }
}

impl Approvals {
    /// What the keys do now, by the keymap in force.
    fn hint(&self, width: usize, styles: &Styles) -> String {
        if self.typing && self.words.is_none() {
            return "you are typing: pause to answer".to_owned();
        }
        let key = |action, does: &str| styles.hint(&[KeyContext::Approval], action, does);
        let written = |action, does: &str| styles.hint(&[KeyContext::List], action, does);
        let with = |stops: &str| -> Vec<String> {
            let hints = match (&self.words, &self.sure) {
                (Some(_), _) => {
                    vec![written(Action::Accept, "says no"), written(Action::Close, "goes back")]
                }
                (None, Some(_)) => vec![key(Action::Accept, "chooses"), key(Action::Interrupt, "goes back")],
                (None, None) => {
                    let offered = |choice| self.answers().contains(&Answer::Yes(choice));
                    vec![
                        key(Action::AnswerYes, "once").filter(|_| offered(Choice::Once)),
                        key(Action::AnswerAlways, "always").filter(|_| offered(Choice::AlwaysHere)),
                        key(Action::AnswerNo, "no"),
                        key(Action::Interrupt, stops),
                    ]
                }
            };
            hints.into_iter().flatten().collect()
        };
        let long = with("stops the turn").join(", ");
        if paint::columns(&long) <= width { long } else { with("stops").join(", ") }
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
