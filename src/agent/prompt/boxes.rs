//! The token box layout of FACET: sections with priority, minimum, growth and shrinkage share a
//! budget. Same sections and budget, same bytes.

use crate::base::{elide_middle, estimate_tokens};

/// One part of the context. Sizes are estimated tokens.
#[derive(Debug, Clone, PartialEq)]
pub struct Section {
    pub name: &'static str,
    pub text: String,
    /// Lower is cut earlier.
    pub priority: u8,
    /// Never cut below this; dropped instead when it still does not fit.
    pub min: usize,
    /// Share of free space it may use beyond its size; 0 takes none.
    pub grow: f32,
    /// How willingly it shrinks; 0 is critical: never cut, never dropped.
    pub shrink: f32,
}

impl Section {
    pub fn critical(name: &'static str, text: impl Into<String>) -> Self {
        Self { name, text: text.into(), priority: u8::MAX, min: 0, grow: 0.0, shrink: 0.0 }
    }

    pub fn flexible(name: &'static str, text: impl Into<String>, priority: u8, min: usize) -> Self {
        Self { name, text: text.into(), priority, min, grow: 0.0, shrink: 1.0 }
    }

    fn is_critical(&self) -> bool {
        self.shrink == 0.0
    }

    fn size(&self) -> usize {
        estimate_tokens(&self.text)
    }
}

/// What cannot be cut does not fit.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("ContextCriticalOverflow: {} need {needed} tokens, the budget is {budget}", .sections.join(", "))]
pub struct Overflow {
    pub sections: Vec<String>,
    pub needed: usize,
    pub budget: usize,
}

/// A section as laid out; `cut` when it lost something, absent from the result when it was dropped.
#[derive(Debug, Clone, PartialEq)]
pub struct Laid {
    pub name: &'static str,
    pub text: String,
    pub cut: bool,
}

/// Lays out `sections` within `budget` tokens, in the order given.
///
/// Sections hold their full text, so growth beyond it never arises; what remains of the algorithm is
/// steps 1 (critical load) and 4 (shrinking by priority ascending, shrink descending).
pub fn lay_out(sections: Vec<Section>, budget: usize) -> Result<Vec<Laid>, Overflow> {
    let fixed: usize = sections.iter().filter(|s| s.is_critical()).map(Section::size).sum();
    if fixed > budget {
        let critical = sections.iter().filter(|s| s.is_critical());
        let sections = critical.map(|s| format!("{} ({})", s.name, s.size())).collect();
        return Err(Overflow { sections, needed: fixed, budget });
    }
    let mut laid: Vec<Option<Laid>> =
        sections.iter().map(|s| Some(Laid { name: s.name, text: s.text.clone(), cut: false })).collect();
    let mut order: Vec<usize> = (0..sections.len()).filter(|at| !sections[*at].is_critical()).collect();
    order.sort_by(|a, b| {
        let (a, b) = (&sections[*a], &sections[*b]);
        a.priority.cmp(&b.priority).then(b.shrink.total_cmp(&a.shrink))
    });
    let mut total: usize = sections.iter().map(Section::size).sum();
    for at in order {
        if total <= budget {
            break;
        }
        let size = sections[at].size();
        let goal = size.saturating_sub(total - budget);
        total -= size;
        if goal >= sections[at].min && goal > 0 {
            let text = shrink_to(&sections[at].text, goal);
            total += estimate_tokens(&text);
            laid[at] = Some(Laid { name: sections[at].name, text, cut: true });
        } else {
            laid[at] = None;
        }
    }
    Ok(laid.into_iter().flatten().collect())
}

/// Head and tail of `text`, at most `tokens` long.
fn shrink_to(text: &str, tokens: usize) -> String {
    let mut bytes = text.len() * tokens / estimate_tokens(text).max(1);
    loop {
        let cut = elide_middle(text, bytes * 2 / 3, bytes / 3).text;
        if estimate_tokens(&cut) <= tokens || bytes < 16 {
            return cut;
        }
        bytes = bytes * 9 / 10;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(count: usize) -> String {
        (0..count).map(|n| format!("word{n} ")).collect()
    }

    #[test]
    fn all_fits_unchanged() {
        let sections = vec![Section::critical("a", "x"), Section::flexible("b", words(50), 1, 0)];
        let laid = lay_out(sections, 10_000).unwrap();
        assert!(laid.iter().all(|l| !l.cut) && laid.len() == 2);
    }

    #[test]
    fn the_lowest_priority_is_cut_first_and_the_budget_holds() {
        let sections = vec![
            Section::critical("core", words(50)),
            Section::flexible("low", words(400), 1, 20),
            Section::flexible("high", words(400), 9, 20),
        ];
        let high = sections[2].size();
        let budget = sections.iter().map(Section::size).sum::<usize>() - 300;
        let laid = lay_out(sections, budget).unwrap();
        assert!(laid.iter().find(|l| l.name == "low").unwrap().cut);
        assert_eq!(estimate_tokens(&laid.iter().find(|l| l.name == "high").unwrap().text), high);
        assert!(laid.iter().map(|l| estimate_tokens(&l.text)).sum::<usize>() <= budget);
    }

    #[test]
    fn a_section_below_its_minimum_is_dropped() {
        let sections =
            vec![Section::critical("core", words(50)), Section::flexible("low", words(100), 1, 90)];
        let budget = sections[0].size() + 30;
        let laid = lay_out(sections, budget).unwrap();
        assert_eq!(laid.len(), 1);
    }

    #[test]
    fn critical_overflow_says_which() {
        let error = lay_out(vec![Section::critical("core", words(500))], 100).unwrap_err();
        assert!(error.to_string().starts_with("ContextCriticalOverflow: core ("), "{error}");
    }

    #[test]
    fn the_layout_is_deterministic() {
        let sections =
            || vec![Section::flexible("a", words(300), 1, 0), Section::flexible("b", words(300), 1, 0)];
        assert_eq!(lay_out(sections(), 300), lay_out(sections(), 300));
    }
}
