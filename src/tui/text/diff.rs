//! A unified diff as lines: words that changed are marked, side by side where the screen is wide.

use ratatui::text::{Line, Span};
use similar::{ChangeTag, TextDiff};

use super::width::{line_width, spans_width, visible};
use super::wrap::{Row, break_row};
use crate::base::plural;
use crate::tui::style::{Styles, Token};

/// From this width on, old and new stand side by side.
pub const SIDE_BY_SIDE: u16 = 120;
/// Words of longer lines are not compared.
const LONGEST_COMPARED: usize = 600;
/// Lines less alike than this are different lines, not changed ones.
const LEAST_ALIKE: f32 = 0.35;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Context,
    Removed,
    Added,
    Hunk,
    Note,
}

#[derive(Debug)]
struct DiffLine<'a> {
    kind: Kind,
    text: &'a str,
    old: usize,
    new: usize,
    /// Number of the line that it was changed from or to.
    partner: Option<usize>,
}

/// How a diff is shown.
#[derive(Debug, Clone, Copy)]
pub struct Shape {
    pub width: u16,
    /// Lines of the diff shown, then how many more there are.
    pub most: usize,
    /// Whether the numbers in its hunks are those of the file.
    pub numbers: bool,
}

/// Lines added and removed.
pub fn counts(diff: &str) -> (usize, usize) {
    let lines = parse(diff);
    let count = |kind| lines.iter().filter(|line| line.kind == kind).count();
    (count(Kind::Added), count(Kind::Removed))
}

pub fn rows(diff: &str, shape: Shape, styles: &Styles) -> Vec<Row> {
    let mut lines = parse(diff);
    pair(&mut lines);
    let more = lines.len().saturating_sub(shape.most);
    let shown = &lines[..lines.len() - more];
    let digits = shown.iter().map(|line| line.old.max(line.new)).max().unwrap_or(0).to_string().len();
    let digits = if shape.numbers { digits } else { 0 };
    let mut rows = if shape.width >= SIDE_BY_SIDE {
        beside(&lines, shown.len(), digits, shape.width, styles)
    } else {
        shown.iter().map(|line| unified(line, &lines, digits, styles)).collect()
    };
    if more > 0 {
        let text = format!("… {}", plural(more, "more line"));
        rows.push(Row::words(Span::styled(text, styles.get(Token::Muted))));
    }
    rows
}

fn parse(diff: &str) -> Vec<DiffLine<'_>> {
    let (mut old, mut new) = (0, 0);
    let mut any_hunk = false;
    let mut lines = Vec::new();
    for text in diff.lines() {
        let (kind, text) = match text.chars().next() {
            Some('@') if text.starts_with("@@") => {
                (old, new) = starts(text).unwrap_or((1, 1));
                // The first hunk needs no rule above it.
                if std::mem::replace(&mut any_hunk, true) {
                    lines.push(DiffLine { kind: Kind::Hunk, text, old: 0, new: 0, partner: None });
                }
                continue;
            }
            _ if !any_hunk && (text.starts_with("---") || text.starts_with("+++")) => continue,
            Some('+') => (Kind::Added, &text[1..]),
            Some('-') => (Kind::Removed, &text[1..]),
            Some(' ') => (Kind::Context, &text[1..]),
            None => (Kind::Context, text),
            Some(_) => (Kind::Note, text),
        };
        lines.push(DiffLine { kind, text, old, new, partner: None });
        old += usize::from(matches!(kind, Kind::Removed | Kind::Context));
        new += usize::from(matches!(kind, Kind::Added | Kind::Context));
    }
    lines
}

/// First lines of a hunk's two sides: `@@ -a,b +c,d @@`.
fn starts(head: &str) -> Option<(usize, usize)> {
    let mut parts = head.split_whitespace().skip(1);
    let mut side = |mark| {
        let part = parts.next()?.strip_prefix(mark)?;
        part.split(',').next()?.parse().ok()
    };
    Some((side('-')?, side('+')?))
}

/// A run of removed lines and the run of added lines after it are the same lines before and after, in order.
fn pair(lines: &mut [DiffLine]) {
    let mut at = 0;
    while at < lines.len() {
        let run = |from: usize, kind| lines[from..].iter().take_while(|line| line.kind == kind).count();
        let removed = run(at, Kind::Removed);
        let added = run(at + removed, Kind::Added);
        for offset in 0..removed.min(added) {
            lines[at + offset].partner = Some(at + removed + offset);
            lines[at + removed + offset].partner = Some(at + offset);
        }
        at += (removed + added).max(1);
    }
}

/// The text of a line with the words marked that its partner does not have.
fn content(line: &DiffLine, lines: &[DiffLine], styles: &Styles) -> Vec<Span<'static>> {
    let (token, word) = match line.kind {
        Kind::Added => (Token::DiffAdded, Token::DiffAddedWord),
        Kind::Removed => (Token::DiffRemoved, Token::DiffRemovedWord),
        Kind::Context => (Token::DiffContext, Token::DiffContext),
        Kind::Hunk | Kind::Note => (Token::DiffHunk, Token::DiffHunk),
    };
    let plain = |text: &str| vec![Span::styled(visible(text).into_owned(), styles.get(token))];
    let Some(partner) = line.partner.and_then(|at| lines.get(at)) else { return plain(line.text) };
    if line.text.len().max(partner.text.len()) > LONGEST_COMPARED {
        return plain(line.text);
    }
    let (old, new) = if line.kind == Kind::Removed { (line, partner) } else { (partner, line) };
    let (before, after) = (visible(old.text), visible(new.text));
    let diff = TextDiff::from_words(before.as_ref(), after.as_ref());
    if diff.ratio() < LEAST_ALIKE {
        return plain(line.text);
    }
    let mine = if line.kind == Kind::Removed { ChangeTag::Delete } else { ChangeTag::Insert };
    let mut spans: Vec<Span> = Vec::new();
    for change in diff.iter_all_changes() {
        let look = match change.tag() {
            ChangeTag::Equal => styles.get(token),
            tag if tag == mine => styles.get(token).patch(styles.get(word)),
            _ => continue,
        };
        match spans.last_mut() {
            Some(last) if last.style == look => last.content.to_mut().push_str(change.value()),
            _ => spans.push(Span::styled(change.value().to_owned(), look)),
        }
    }
    spans
}

fn head(number: usize, sign: &str, digits: usize, token: Token, styles: &Styles) -> Vec<Span<'static>> {
    let mut spans = Vec::new();
    if digits > 0 {
        let number = if number == 0 { String::new() } else { number.to_string() };
        spans.push(Span::styled(format!("{number:>digits$} "), styles.get(Token::Muted)));
    }
    spans.push(Span::styled(format!("{sign} "), styles.get(token)));
    spans
}

fn unified(line: &DiffLine, lines: &[DiffLine], digits: usize, styles: &Styles) -> Row {
    let (number, sign, token) = match line.kind {
        Kind::Added => (line.new, "+", Token::DiffAdded),
        Kind::Removed => (line.old, "-", Token::DiffRemoved),
        Kind::Context => (line.new, " ", Token::DiffContext),
        Kind::Hunk => return Row::fixed(Span::styled("⋮", styles.get(Token::DiffHunk))),
        Kind::Note => return Row::words(content(line, lines, styles)),
    };
    let mut spans = head(number, sign, digits, token, styles);
    let taken = spans_width(&spans);
    spans.extend(content(line, lines, styles));
    Row::fixed(spans).hanging(taken)
}

/// Old on the left, new on the right, each line in as many rows as the longer side needs.
fn beside(lines: &[DiffLine], shown: usize, digits: usize, width: u16, styles: &Styles) -> Vec<Row> {
    let half = (width - 3) / 2;
    let side = |line: Option<&DiffLine>| -> Vec<Line<'static>> {
        let Some(line) = line else { return Vec::new() };
        let row = unified(line, lines, digits, styles);
        break_row(row, half)
    };
    let mut rows = Vec::new();
    for line in &lines[..shown] {
        let pair = line.partner.and_then(|at| lines.get(at));
        let (left, right) = match line.kind {
            Kind::Context => (side(Some(line)), side(Some(line))),
            Kind::Removed => (side(Some(line)), side(pair)),
            Kind::Added if pair.is_some() => continue,
            Kind::Added => (Vec::new(), side(Some(line))),
            Kind::Hunk | Kind::Note => {
                rows.push(unified(line, lines, digits, styles));
                continue;
            }
        };
        for at in 0..left.len().max(right.len()) {
            let old = left.get(at).cloned().unwrap_or_default();
            let space = usize::from(half).saturating_sub(line_width(&old));
            let mut spans = old.spans;
            spans.push(Span::raw(" ".repeat(space)));
            spans.push(Span::styled(" │ ", styles.get(Token::Border)));
            spans.extend(right.get(at).cloned().unwrap_or_default().spans);
            rows.push(Row::fixed(spans));
        }
    }
    rows
}

#[cfg(test)]
mod tests {
    use super::*;

    const DIFF: &str = "@@ -3,3 +3,3 @@\n a\n-let x = 1;\n+let y = 1;\n b\n@@ -20,1 +20,2 @@\n c\n+new\n[more is not shown]\n";

    fn shown(width: u16, most: usize, numbers: bool) -> Vec<String> {
        let rows = rows(DIFF, Shape { width, most, numbers }, &Styles::plain());
        rows.iter().map(|row| row.line.to_string()).collect()
    }

    #[test]
    fn a_diff_has_numbers_signs_and_an_end() {
        assert_eq!(
            shown(80, 40, true),
            [
                " 3   a",
                " 4 - let x = 1;",
                " 4 + let y = 1;",
                " 5   b",
                "⋮",
                "20   c",
                "21 + new",
                "[more is not shown]"
            ]
        );
        assert_eq!(shown(80, 2, false), ["  a", "- let x = 1;", "… 6 more lines"]);
        assert_eq!(counts(DIFF), (2, 1));
    }

    #[test]
    fn changed_words_are_marked_and_wide_screens_show_both_sides() {
        let styles = Styles::plain();
        let rows = rows(DIFF, Shape { width: 80, most: 9, numbers: false }, &styles);
        let marked = rows[2].line.spans.iter().filter(|span| span.style == styles.get(Token::DiffAddedWord));
        assert_eq!(marked.map(|span| span.content.as_ref()).collect::<Vec<_>>(), ["y"]);
        let wide = shown(120, 9, true);
        assert_eq!(wide[1].trim_end(), format!("{:<58} │  4 + let y = 1;", " 4 - let x = 1;"));
        assert!(wide[5].starts_with(&" ".repeat(58)) && wide[5].ends_with("21 + new"), "{:?}", wide[5]);
    }
}
