//! Which rule answers: a pure function of the request and of how often it has failed already.

use super::script::{Pattern, Rule, Script, When};
use crate::model::request::Request;
use crate::protocol::{Item, Part};

/// A request as it was when it held the first so many of its items.
pub(super) struct View<'a> {
    request: &'a Request,
    items: &'a [Item],
    /// Requests of this conversation so far, this one included.
    pub turn: usize,
}

impl<'a> View<'a> {
    pub(super) fn new(request: &'a Request, len: usize) -> Self {
        let items = &request.items[..len];
        let turn = items.iter().filter(|item| matches!(item, Item::Assistant { .. })).count() + 1;
        Self { request, items, turn }
    }

    /// `main`, or `main/2/1` for a conversation named `ID/2/1`.
    pub(super) fn agent(&self) -> String {
        match self.request.session.as_deref().and_then(|session| session.split_once('/')) {
            Some((_, path)) => format!("main/{path}"),
            None => "main".to_owned(),
        }
    }

    /// The last user message, whatever came after it.
    pub(super) fn prompt(&self) -> String {
        let texts = self.items.iter().rev().find_map(|item| match item {
            Item::User { parts } => Some(user_text(parts)),
            _ => None,
        });
        texts.unwrap_or_default()
    }
}

fn user_text(parts: &[Part]) -> String {
    let texts = parts.iter().filter_map(|part| match part {
        Part::Text { text } => Some(text.as_str()),
        Part::Image { .. } => None,
    });
    texts.collect::<Vec<_>>().join("\n")
}

/// The rule that answers, and what its regex captured: the whole match first; nothing where the rule
/// has no regex.
#[derive(Debug, PartialEq)]
pub(super) struct Chosen {
    pub rule: usize,
    pub captures: Vec<String>,
}

/// Chooses. How often a rule has answered is found by playing the conversation again: the rule that
/// answered an earlier request is the one that is chosen for the items before that answer. Rules
/// that fail come to an end there before another can answer, which is why they count as used up.
pub(super) fn choose(script: &Script, request: &Request, failed: u32) -> Option<Chosen> {
    let mut fired = vec![0u32; script.rules.len()];
    if script.counts() {
        for (len, item) in request.items.iter().enumerate() {
            if matches!(item, Item::Assistant { .. }) {
                play(script, &View::new(request, len), &mut fired);
            }
        }
    }
    let view = View::new(request, request.items.len());
    for _ in 0..failed {
        if let Some(chosen) = first(&script.rules, &view, &fired) {
            fired[chosen.rule] += 1;
        }
    }
    first(&script.rules, &view, &fired)
}

fn play(script: &Script, view: &View<'_>, fired: &mut [u32]) {
    while let Some(chosen) = first(&script.rules, view, fired) {
        let rule = &script.rules[chosen.rule];
        fired[chosen.rule] += 1;
        if !rule.fails() || rule.times.is_none() {
            return;
        }
    }
}

fn first(rules: &[Rule], view: &View<'_>, fired: &[u32]) -> Option<Chosen> {
    rules.iter().enumerate().find_map(|(at, rule)| {
        let left = rule.times.is_none_or(|times| fired[at] < times);
        let captures = if left { holds(&rule.when, view)? } else { return None };
        Some(Chosen { rule: at, captures })
    })
}

/// The captures, if every condition holds.
fn holds(when: &When, view: &View<'_>) -> Option<Vec<String>> {
    let unequal = |wanted: &Option<String>, is: &str| wanted.as_ref().is_some_and(|wanted| wanted != is);
    if when.turn.is_some_and(|turn| turn != view.turn) || unequal(&when.agent, &view.agent()) {
        return None;
    }
    let offered = |tool: &String| view.request.tools.iter().any(|schema| schema.name == *tool);
    if !when.offers.iter().all(offered) {
        return None;
    }
    let mut captures = Vec::new();
    let mut take = |pattern: &Pattern, text: &str| -> Option<()> {
        let found = matches(pattern, text)?;
        if !found.is_empty() {
            captures = found;
        }
        Some(())
    };
    // The last of these that has a regex gives the captures.
    if let Some(pattern) = &when.system {
        take(pattern, &view.request.system.join("\n\n"))?;
    }
    if let Some(pattern) = &when.prompt {
        take(pattern, &view.prompt())?;
    }
    match (view.items.last(), &when.user, &when.result) {
        (Some(Item::User { parts }), Some(pattern), None) => take(pattern, &user_text(parts))?,
        (Some(Item::ToolResult(result)), None, Some(wanted)) => {
            if unequal(&wanted.tool, &result.tool) || wanted.status.is_some_and(|it| it != result.status) {
                return None;
            }
            take(&wanted.pattern, &result.text())?;
        }
        (_, None, None) => {}
        _ => return None,
    }
    Some(captures)
}

fn matches(pattern: &Pattern, text: &str) -> Option<Vec<String>> {
    if pattern.text.as_ref().is_some_and(|part| !text.contains(part.as_str())) {
        return None;
    }
    let Some(regex) = &pattern.regex else { return Some(Vec::new()) };
    let found = regex.captures(text)?;
    let groups = found.iter().map(|group| group.map_or("", |group| group.as_str()).to_owned());
    Some(groups.collect())
}
