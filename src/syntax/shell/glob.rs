//! Shell patterns on short texts, for `${X%.rs}`. Only `*`, `?` and plain characters.

/// `text` without the part that `pattern` matches at its front or end; `None` when the pattern holds
/// a class or an escape.
pub(super) fn strip<'t>(text: &'t str, pattern: &str, front: bool, longest: bool) -> Option<&'t str> {
    if pattern.contains(['[', '\\']) || pattern.len() > 64 || text.len() > 512 {
        return None;
    }
    let cuts = text.char_indices().map(|(at, _)| at).chain([text.len()]);
    let mut cuts: Vec<usize> = cuts.collect();
    if front == longest {
        cuts.reverse();
    }
    let hit = cuts.into_iter().find(|at| {
        let part = if front { &text[..*at] } else { &text[*at..] };
        matches(pattern, part)
    });
    Some(match hit {
        Some(at) if front => &text[at..],
        Some(at) => &text[..at],
        None => text,
    })
}

/// Greedy with one place to come back to, so linear in practice and never exponential.
fn matches(pattern: &str, text: &str) -> bool {
    let pattern: Vec<char> = pattern.chars().collect();
    let text: Vec<char> = text.chars().collect();
    let (mut p, mut t) = (0, 0);
    let mut star = None;
    while t < text.len() {
        match pattern.get(p) {
            Some('*') => {
                star = Some((p, t));
                p += 1;
            }
            Some(ch) if *ch == '?' || *ch == text[t] => {
                p += 1;
                t += 1;
            }
            _ => match star {
                Some((at, from)) => {
                    star = Some((at, from + 1));
                    p = at + 1;
                    t = from + 1;
                }
                None => return false,
            },
        }
    }
    pattern[p..].iter().all(|ch| *ch == '*')
}

#[cfg(test)]
mod tests {
    use super::strip;

    #[test]
    fn the_shortest_and_the_longest_match_are_cut_at_either_end() {
        for (text, pattern, front, longest, rest) in [
            ("a/b/c.tar.gz", "*/", true, false, "b/c.tar.gz"),
            ("a/b/c.tar.gz", "*/", true, true, "c.tar.gz"),
            ("a/b/c.tar.gz", ".*", false, false, "a/b/c.tar"),
            ("a/b/c.tar.gz", ".*", false, true, "a/b/c"),
            ("x.rs", ".rs", false, false, "x"),
            ("x.rs", ".c", false, false, "x.rs"),
            ("x.rs", "?", true, false, ".rs"),
        ] {
            assert_eq!(strip(text, pattern, front, longest), Some(rest), "{text} {pattern}");
        }
        assert_eq!(strip("x", "[x]", true, false), None);
    }
}
