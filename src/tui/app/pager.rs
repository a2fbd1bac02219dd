//! A page of lines on the alternate screen: the whole transcript, or what has changed, with search and steps
//! from passage to passage.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Modifier;
use ratatui::text::{Line, Span};

use super::effect::Effect;
use crate::config::{Action, KeyContext};
use crate::tui::cell::Passage;
use crate::tui::style::{Styles, Token};

/// What the page wants done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Wanted {
    Nothing,
    Close,
    Copy(String),
}

/// What a page is made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Of {
    Conversation,
    /// The work tree against a revision; empty for where the session began.
    Changes(String),
}

/// Where a page is opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Place {
    End,
    LastCall,
    /// At a passage, counted from the first.
    Passage(usize),
    /// At what stands before the last passage with this text; at the end, if there is none.
    Before(String),
}

#[derive(Debug)]
pub(super) struct Pager {
    title: String,
    /// What it is made of, and the width it was laid out for.
    of: Option<(Of, u16)>,
    lines: Vec<Line<'static>>,
    /// First line of every passage, and what copying it gives.
    starts: Vec<(usize, String)>,
    /// First line of the last call of a tool.
    last_call: Option<usize>,
    top: usize,
    /// Rows shown last.
    rows: usize,
    search: Option<Search>,
}

#[derive(Debug, Default)]
struct Search {
    words: String,
    typing: bool,
    found: Vec<usize>,
}

impl Pager {
    /// Opens at its end.
    pub(super) fn new(title: impl Into<String>, passages: Vec<Passage>) -> Self {
        let (mut lines, mut starts, mut last_call) = (Vec::new(), Vec::new(), None);
        for passage in passages {
            if passage.is_call {
                last_call = Some(lines.len());
            }
            starts.push((lines.len(), passage.text));
            lines.extend(passage.lines);
        }
        Self {
            title: title.into(),
            of: None,
            lines,
            starts,
            last_call,
            top: usize::MAX,
            rows: 1,
            search: None,
        }
    }

    /// Can be laid out anew for another width.
    pub(super) fn laid_out(mut self, of: Of, width: u16) -> Self {
        self.of = Some((of, width));
        self
    }

    /// What lays it out for this width, when that is another one.
    pub(super) fn again(&self, width: u16) -> Option<Effect> {
        let (of, _) = self.of.as_ref().filter(|(_, old)| *old != width)?;
        let top = self.top.min(self.last_top());
        let here = self.starts.iter().rposition(|(start, _)| *start <= top);
        let place = here.filter(|_| top < self.last_top()).map_or(Place::End, Place::Passage);
        Some(match of {
            Of::Conversation => Effect::Transcript(place),
            Of::Changes(revision) => Effect::Changes { revision: revision.clone(), place },
        })
    }

    /// To a place of it, once it knows its rows.
    pub(super) fn go(&mut self, place: &Place) {
        let start = |at: usize| self.starts.get(at).map(|(start, _)| *start);
        let line = match place {
            Place::End => None,
            Place::LastCall => self.last_call,
            Place::Passage(at) => start(*at),
            Place::Before(text) => {
                let at = self.starts.iter().rposition(|(_, passage)| passage == text);
                at.and_then(start).map(|line| line.saturating_sub(self.rows))
            }
        };
        self.top = line.unwrap_or(usize::MAX);
    }

    /// Whether letters are words of a search.
    pub(super) fn is_typing(&self) -> bool {
        self.search.as_ref().is_some_and(|search| search.typing)
    }

    /// A character of the words to search for.
    pub(super) fn write(&mut self, c: char) {
        if let Some(search) = &mut self.search {
            search.words.push(c);
            self.look();
        }
    }

    /// Takes back the last character.
    pub(super) fn delete(&mut self) {
        if let Some(search) = &mut self.search {
            search.words.pop();
            self.look();
        }
    }

    /// The words are complete; `keep` whether their matches stay marked.
    pub(super) fn end_search(&mut self, keep: bool) {
        match &mut self.search {
            Some(search) if keep && !search.words.is_empty() => search.typing = false,
            _ => self.search = None,
        }
    }

    pub(super) fn act(&mut self, action: Action) -> Wanted {
        let page = self.rows.saturating_sub(2).max(1);
        let top = self.top.min(self.last_top());
        match action {
            Action::Up => self.top = top.saturating_sub(1),
            Action::Down => self.top = top + 1,
            Action::PageUp => self.top = top.saturating_sub(page),
            Action::PageDown => self.top = top + page,
            Action::Top => self.top = 0,
            Action::Bottom => self.top = usize::MAX,
            Action::PreviousMessage => {
                let before = self.starts.iter().rev().find(|(start, _)| *start < top);
                self.top = before.map_or(0, |(start, _)| *start);
            }
            Action::NextMessage => {
                let after = self.starts.iter().find(|(start, _)| *start > top);
                self.top = after.map_or(usize::MAX, |(start, _)| *start);
            }
            Action::Search => self.search = Some(Search { typing: true, ..Search::default() }),
            Action::NextMatch => self.step(true),
            Action::PreviousMatch => self.step(false),
            Action::Copy => {
                let here = self.starts.iter().rev().find(|(start, _)| *start <= top);
                return here.map_or(Wanted::Nothing, |(_, text)| Wanted::Copy(text.clone()));
            }
            Action::Close | Action::Quit | Action::Interrupt => return Wanted::Close,
            _ => {}
        }
        Wanted::Nothing
    }

    fn last_top(&self) -> usize {
        self.lines.len().saturating_sub(self.rows)
    }

    fn look(&mut self) {
        let Some(search) = &mut self.search else { return };
        let words = search.words.to_lowercase();
        let holds = |(_, line): &(usize, &Line<'static>)| text(line).to_lowercase().contains(&words);
        let found = self.lines.iter().enumerate().filter(holds).map(|(at, _)| at);
        search.found = if words.is_empty() { Vec::new() } else { found.collect() };
        if let Some(last) = search.found.last() {
            self.top = last.saturating_sub(self.rows / 2);
        }
    }

    fn step(&mut self, forward: bool) {
        let Some(search) = &self.search else { return };
        let middle = self.top.min(self.last_top()) + self.rows / 2;
        let next = if forward {
            search.found.iter().find(|at| **at > middle).or(search.found.first())
        } else {
            search.found.iter().rev().find(|at| **at < middle).or(search.found.last())
        };
        if let Some(at) = next {
            self.top = at.saturating_sub(self.rows / 2);
        }
    }

    /// Before drawing: how many rows there are.
    pub(super) fn fit(&mut self, rows: u16) {
        self.rows = usize::from(rows.saturating_sub(1)).max(1);
        if self.top != usize::MAX {
            self.top = self.top.min(self.last_top());
        }
    }

    pub(super) fn render(&self, area: Rect, buf: &mut Buffer, styles: &Styles) {
        let top = self.top.min(self.last_top());
        let marked = self.search.as_ref().map(|search| search.found.as_slice()).unwrap_or_default();
        let body = area.height.saturating_sub(1);
        for (row, at) in (top..self.lines.len()).take(usize::from(body)).enumerate() {
            let y = area.y + row as u16;
            buf.set_line(area.x, y, &self.lines[at], area.width);
            if marked.binary_search(&at).is_ok() {
                buf.set_style(Rect { x: area.x, y, width: area.width, height: 1 }, Modifier::REVERSED);
            }
        }
        if area.height > 0 {
            let y = area.bottom() - 1;
            buf.set_line(area.x, y, &self.status(top, styles), area.width);
        }
    }

    fn status(&self, top: usize, styles: &Styles) -> Line<'static> {
        let muted = styles.get(Token::Muted);
        if let Some(search) = &self.search {
            let count = match (search.found.len(), search.words.is_empty()) {
                (_, true) => String::new(),
                (0, _) => "  nothing found".to_owned(),
                (n, _) => format!("  {n} lines"),
            };
            let mark = Span::styled("/", styles.get(Token::Prompt));
            return Line::from(vec![mark, Span::raw(search.words.clone()), Span::styled(count, muted)]);
        }
        let seen = (top + self.rows).min(self.lines.len());
        let share = if self.lines.is_empty() { 100 } else { seen * 100 / self.lines.len() };
        let title = Span::styled(self.title.clone(), styles.get(Token::Accent));
        let passages = if matches!(self.of, Some((Of::Changes(_), _))) { "files" } else { "messages" };
        let rest = format!("  {share} %  {}", keys(styles, passages));
        Line::from(vec![title, Span::styled(rest, muted)])
    }
}

/// What the keys of the page do: `↑↓ scroll · y copy`.
fn keys(styles: &Styles, passages: &str) -> String {
    let key = |action: Action| {
        let key = styles.key(&[KeyContext::Transcript, KeyContext::Global], action)?;
        Some(match key.as_str() {
            "up" => "↑".to_owned(),
            "down" => "↓".to_owned(),
            _ => key,
        })
    };
    let hints = [
        (&[Action::Up, Action::Down][..], "scroll"),
        (&[Action::PreviousMessage, Action::NextMessage][..], passages),
        (&[Action::Search][..], "search"),
        (&[Action::Copy][..], "copy"),
        (&[Action::Close][..], "close"),
    ];
    let hint = |(actions, does): (&[Action], &str)| {
        let keys: Vec<String> = actions.iter().filter_map(|action| key(*action)).collect();
        (!keys.is_empty()).then(|| format!("{} {does}", keys.join(" ").replace("↑ ↓", "↑↓")))
    };
    hints.into_iter().filter_map(hint).collect::<Vec<_>>().join(" · ")
}

fn text(line: &Line<'static>) -> String {
    line.spans.iter().map(|span| span.content.as_ref()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pager() -> Pager {
        let passage = |n: usize| Passage {
            text: format!("passage {n}"),
            lines: (0..10).map(|l| Line::from(format!("line {l} of {n}"))).collect(),
            is_call: n == 2,
        };
        let mut pager = Pager::new("transcript", (0..5).map(passage).collect());
        pager.fit(11);
        pager
    }

    fn first(pager: &Pager) -> String {
        let area = Rect::new(0, 0, 30, 11);
        let mut buf = Buffer::empty(area);
        pager.render(area, &mut buf, &Styles::plain());
        (0..30).map(|x| buf[(x, 0)].symbol().to_owned()).collect::<String>().trim_end().to_owned()
    }

    #[test]
    fn it_opens_at_its_end_and_moves_by_lines_pages_and_messages() {
        let mut pager = pager();
        assert_eq!(first(&pager), "line 0 of 4");
        for (action, shown) in [
            (Action::Down, "line 0 of 4"),
            (Action::Up, "line 9 of 3"),
            (Action::PreviousMessage, "line 0 of 3"),
            (Action::PageUp, "line 2 of 2"),
            (Action::Top, "line 0 of 0"),
            (Action::Up, "line 0 of 0"),
            (Action::NextMessage, "line 0 of 1"),
            (Action::Bottom, "line 0 of 4"),
        ] {
            assert_eq!(pager.act(action), Wanted::Nothing);
            pager.fit(11);
            assert_eq!(first(&pager), shown, "{action:?}");
        }
        assert_eq!(pager.act(Action::Copy), Wanted::Copy("passage 4".into()));
        assert_eq!(pager.act(Action::Close), Wanted::Close);
    }

    #[test]
    fn places_are_found_and_kept_for_another_width() {
        let mut pager = pager().laid_out(Of::Conversation, 30);
        for (place, shown) in [
            (Place::LastCall, "line 0 of 2"),
            (Place::Passage(1), "line 0 of 1"),
            (Place::Before("passage 3".into()), "line 0 of 2"),
            (Place::Before("another".into()), "line 0 of 4"),
            (Place::Passage(9), "line 0 of 4"),
        ] {
            pager.go(&place);
            assert_eq!(first(&pager), shown, "{place:?}");
        }
        assert_eq!(pager.again(20), Some(Effect::Transcript(Place::End)));
        pager.go(&Place::Passage(1));
        assert_eq!(pager.again(20), Some(Effect::Transcript(Place::Passage(1))));
        assert_eq!(pager.again(30), None);
        let mut changes = pager.laid_out(Of::Changes("main".into()), 30);
        changes.go(&Place::Passage(0));
        let again = Effect::Changes { revision: "main".into(), place: Place::Passage(0) };
        assert_eq!(changes.again(31), Some(again));
    }

    #[test]
    fn a_search_goes_from_match_to_match_and_round() {
        let mut pager = pager();
        pager.act(Action::Search);
        assert!(pager.is_typing());
        "LINE 5".chars().for_each(|c| pager.write(c));
        pager.end_search(true);
        assert!(!pager.is_typing());
        assert_eq!(first(&pager), "line 0 of 4");
        for shown in ["line 0 of 0", "line 0 of 1"] {
            pager.act(Action::NextMatch);
            assert_eq!(first(&pager), shown);
        }
        pager.act(Action::PreviousMatch);
        assert_eq!(first(&pager), "line 0 of 0");
    }

    #[test]
    fn no_size_is_too_small() {
        for (width, height) in [(0, 0), (1, 1), (3, 2), (30, 1)] {
            let mut pager = pager();
            pager.fit(height);
            let area = Rect::new(0, 0, width, height);
            pager.render(area, &mut Buffer::empty(area), &Styles::plain());
        }
        let mut empty = Pager::new("x", Vec::new());
        empty.fit(3);
        assert_eq!(empty.act(Action::Copy), Wanted::Nothing);
    }
}
