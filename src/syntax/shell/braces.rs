//! Brace lists and sequences written out: `{a,b}`, `{1..9}`.

use super::expand::{Mark, Piece};

/// Words that one word may become.
pub(super) const MOST_WORDS: usize = 64;
/// Longer words with braces in them are not written out.
const MOST_PIECES: usize = 1000;
/// Braces inside one another.
const DEPTH: usize = 40;

/// Brace lists written out; `None` when there are too many.
pub(super) fn braces(pieces: &[Piece], depth: usize) -> Option<Vec<Vec<Piece>>> {
    let plain = |piece: &Piece, ch: char| *piece == Piece::Char(ch, Mark::Plain);
    // Each brace may be looked for to the end of the word.
    if depth > DEPTH || pieces.len() > MOST_PIECES && pieces.iter().any(|piece| plain(piece, '{')) {
        return None;
    }
    let mut from = 0;
    while let Some(open) = pieces[from..].iter().position(|p| plain(p, '{')).map(|at| at + from) {
        from = open + 1;
        let mut level = 0usize;
        let mut cuts = vec![open];
        let mut close = None;
        for (at, piece) in pieces.iter().enumerate().skip(open + 1) {
            if plain(piece, '{') {
                level += 1;
            } else if plain(piece, '}') {
                if level == 0 {
                    close = Some(at);
                    break;
                }
                level -= 1;
            } else if level == 0 && plain(piece, ',') {
                cuts.push(at);
            }
        }
        // Without an end this one stands for itself; a later one may still be a list.
        let Some(close) = close else { continue };
        let alternatives = if cuts.len() > 1 {
            if cuts.len() > MOST_WORDS {
                return None;
            }
            cuts.push(close);
            cuts.windows(2).map(|pair| pieces[pair[0] + 1..pair[1]].to_vec()).collect()
        } else {
            match sequence(&pieces[open + 1..close]) {
                Some(Some(texts)) => texts,
                Some(None) => return None,
                None => continue,
            }
        };
        let mut all = Vec::new();
        let tails = braces(&pieces[close + 1..], depth + 1)?;
        for alternative in alternatives {
            for middle in braces(&alternative, depth + 1)? {
                for tail in &tails {
                    if all.len() >= MOST_WORDS {
                        return None;
                    }
                    all.push([&pieces[..open], &middle, tail].concat());
                }
            }
        }
        return Some(all);
    }
    Some(vec![pieces.to_vec()])
}

/// Whether the pieces are one sequence of numbers, however long.
pub(super) fn counts(pieces: &[Piece]) -> bool {
    let [Piece::Char('{', Mark::Plain), inner @ .., Piece::Char('}', Mark::Plain)] = pieces else {
        return false;
    };
    let number = |piece: &Piece| matches!(piece, Piece::Char('0'..='9' | '-' | '.', Mark::Plain));
    inner.iter().all(number) && sequence(inner).is_some()
}

/// `a..e`, `1..9` or `1..9..2`; `Some(None)` when it is too long to write out.
fn sequence(inner: &[Piece]) -> Option<Option<Vec<Vec<Piece>>>> {
    let mut text = String::new();
    for piece in inner {
        let Piece::Char(ch, Mark::Plain) = piece else { return None };
        text.push(*ch);
    }
    let parts: Vec<&str> = text.split("..").collect();
    let (from, to, step) = match parts.as_slice() {
        [from, to] => (*from, *to, 1),
        [from, to, step] => (*from, *to, step.parse::<i64>().ok()?.unsigned_abs().max(1)),
        _ => return None,
    };
    let letter = |text: &str| {
        let mut chars = text.chars();
        chars.next().filter(|ch| ch.is_ascii_alphabetic() && chars.next().is_none())
    };
    let (low, high, letters) = match (from.parse::<i64>(), to.parse::<i64>()) {
        (Ok(from), Ok(to)) => (from, to, false),
        _ => (i64::from(u32::from(letter(from)?)), i64::from(u32::from(letter(to)?)), true),
    };
    let padded =
        |text: &str| text.trim_start_matches('-').starts_with('0') && text.trim_start_matches('-').len() > 1;
    let count = low.abs_diff(high) / step;
    if count >= MOST_WORDS as u64 || padded(from) || padded(to) || letters && low.abs_diff(high) > 25 {
        return Some(None);
    }
    let items = (0..=count).map(|at| {
        let away = (at * step) as i64;
        let value = if low <= high { low + away } else { low - away };
        let text = match u32::try_from(value).ok().and_then(char::from_u32).filter(|_| letters) {
            Some(ch) => ch.to_string(),
            None => value.to_string(),
        };
        text.chars().map(|ch| Piece::Char(ch, Mark::Quoted)).collect()
    });
    Some(Some(items.collect()))
}
