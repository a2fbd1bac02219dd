//! The one rule that would stop an attack which gets through, or let an everyday call pass.

use std::path::Path;

use crate::config::{Layer, Rule, RuleAction, RuleOrigin};
use crate::kernel::{Explanation, kinds_and_paths};
use crate::protocol::{Effect, ToolCall};

/// The main argument of a call is cut here, in characters, and a wildcard takes the rest.
const MOST_TEXT: usize = 100;

const ORIGIN: RuleOrigin = RuleOrigin { layer: Layer::User, file: None, line: None };

/// Rules that may stop this call, the narrowest first. Whoever offers one must have tried it.
pub(super) fn candidates(name: &str, action: RuleAction, explanation: &Explanation) -> Vec<Rule> {
    let new = || Rule::new(name, action, ORIGIN);
    let mut rules = Vec::new();
    let hosts = known_hosts(&explanation.effects);
    if !hosts.is_empty() {
        rules.push(Rule { effects: vec!["net".to_owned()], hosts, ..new() });
    }
    rules.extend(kinds_and_paths(&explanation.effects, |_, _| true).map(|(effects, paths)| Rule {
        effects,
        paths,
        ..new()
    }));
    rules.extend(spelled(name, action, &explanation.call));
    rules.push(Rule { tools: vec![explanation.call.tool.clone()], ..new() });
    rules
}

/// Rules that may let this call pass: what "always" would keep, unless its path is the workspace, or
/// above it, and would open far more than the call; else this very line.
pub(super) fn opening(name: &str, explanation: &Explanation, workspace: &Path) -> Option<Rule> {
    let proposal = explanation.proposal.as_ref()?;
    if proposal.paths.iter().any(|path| workspace.starts_with(path)) {
        return spelled(name, RuleAction::Allow, &explanation.call).filter(|rule| {
            // Cut short, it would open what nobody has seen.
            rule.argument.as_ref().is_some_and(|glob| !glob.ends_with('*') && !glob.contains('?'))
        });
    }
    Some(Rule { name: name.to_owned(), origin: ORIGIN, ..proposal.clone() })
}

/// The call as it is written.
fn spelled(name: &str, action: RuleAction, call: &ToolCall) -> Option<Rule> {
    let rule = Rule::parse(action, &format!("{}({})", call.tool, glob(subject(call)?))).ok()?;
    Some(Rule { name: name.to_owned(), origin: ORIGIN, ..rule })
}

/// Hosts that have a name; the others are told in words.
fn known_hosts(effects: &[Effect]) -> Vec<String> {
    let mut hosts: Vec<String> = effects
        .iter()
        .filter_map(|effect| match effect {
            Effect::Net { host, .. } => Some(host),
            _ => None,
        })
        .filter(|host| host.chars().all(|c| c.is_alphanumeric() || ".-_:".contains(c)))
        .cloned()
        .collect();
    hosts.sort();
    hosts.dedup();
    hosts
}

fn subject(call: &ToolCall) -> Option<&str> {
    ["command", "path", "url"].iter().find_map(|name| call.args.get(name)?.as_str())
}

/// A glob that means this text, or one that begins so where it is long. What has several lines or
/// control characters is matched by wildcards there, so that the rule stays one readable line.
fn glob(text: &str) -> String {
    let text = text.trim();
    let mut out = String::new();
    for c in text.chars().take(MOST_TEXT) {
        match c {
            '*' | '?' | '[' | ']' | '{' | '}' => out.extend(['[', c, ']']),
            '\\' => out.push_str("\\\\"),
            c if c.is_control() => out.push('?'),
            c => out.push(c),
        }
    }
    if text.chars().nth(MOST_TEXT).is_some() {
        out.push('*');
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_glob_means_the_text_it_was_made_of() {
        for (text, glob_text) in [
            ("git push", "git push"),
            (" rm -rf *", "rm -rf [*]"),
            ("a\nb\\n", "a?b\\\\n"),
            ("echo {a,b}[0]?", "echo [{]a,b[}][[]0[]][?]"),
        ] {
            assert_eq!(glob(text), glob_text);
        }
        for (len, cut) in [(MOST_TEXT, false), (MOST_TEXT + 1, true)] {
            assert_eq!(glob(&"x".repeat(len)).ends_with('*'), cut, "{len}");
        }
    }

    #[test]
    fn only_what_has_a_name_is_a_host() {
        let net = |host: &str| Effect::Net { host: host.to_owned(), port: None, method: None };
        let effects = [net("b.test"), net("a host only known when it runs"), net("a.test"), net("b.test")];
        assert_eq!(known_hosts(&effects), ["a.test", "b.test"]);
    }
}
