//! A policy written down and read again is the same policy.

use proptest::prelude::*;
use proptest::sample::{select, subsequence};

use super::rule::{Example, Layer, RuleOrigin};
use super::*;
use crate::protocol::{Effect, Reason};

const TOOLS: [&str; 3] = ["read", "write", "bash"];

/// Texts that YAML is known to trip over.
const HARD: &[&str] = &[
    "plain",
    "a: b",
    "- x",
    "# no comment",
    "yes",
    "null",
    "~",
    "1.5",
    "'quoted'",
    "\"double\"",
    "{brace}",
    "[0-9]*",
    "a, b",
    "*star",
    "&anchor",
    "!tag",
    "% x",
    "@at",
    "`tick`",
    "tab\there",
    "two\nlines",
    "trail: ",
    "ünïcode",
    "0x10",
    "2026-01-01",
    "|",
    ">",
    "on",
    "\\back",
];

fn texts(of: &'static [&'static str]) -> impl Strategy<Value = Vec<String>> {
    subsequence(of.to_vec(), 0..3).prop_map(|list| list.into_iter().map(str::to_owned).collect())
}

prop_compose! {
    fn an_example()(tool in select(TOOLS.to_vec()), argument in select(HARD)) -> Example {
        Example { tool: tool.to_owned(), argument: argument.trim().to_owned() }
    }
}

prop_compose! {
    fn a_rule()(
        name in select(HARD), action in select(vec![RuleAction::Allow, RuleAction::Ask, RuleAction::Deny]),
        check in proptest::option::of(select(HARD)), tools in texts(&TOOLS), effects in texts(&Effect::KINDS),
        paths in texts(&["vendor/", "~/x", "**/*.sql", "!src/", "../a b"]), commands in texts(&["make *", "a: b", "# x"]),
        git in texts(&["push", "push origin *"]), reason in proptest::option::of(select(vec![Reason::Contract, Reason::Misroute])),
        message in proptest::option::of(select(HARD)),
        matches in proptest::collection::vec(an_example(), 0..3), by_call in any::<bool>(),
        hosts in texts(&["a.test", "*.b: c"]),
        class in proptest::option::of(select(vec![HostClass::Registry, HostClass::Remote])),
    ) -> Rule {
        let mut rule = Rule::new(name.trim(), action, RuleOrigin { layer: Layer::User, file: None, line: Some(1) });
        rule.check = check.map(|check| check.trim().to_owned());
        if rule.check.is_some() {
            rule.action = RuleAction::Ask;
        }
        if by_call {
            rule.tools = vec!["bash".to_owned()];
            rule.argument = Some("make: 'x' #*".to_owned());
        } else if rule.loosens() {
            (rule.tools, rule.commands, rule.git) = (tools, commands, git);
        } else {
            (rule.tools, rule.effects, rule.paths, rule.commands, rule.git) = (tools, effects, paths, commands, git);
        }
        // Nothing has both a path and a host, and an `allow` is by commands or by effects.
        if !by_call && rule.paths.is_empty() && !(rule.loosens() && !(rule.commands.is_empty() && rule.git.is_empty())) {
            rule.class = class.filter(|_| !hosts.is_empty());
            rule.hosts = hosts;
        }
        (rule.reason, rule.message) = (reason, message.map(str::to_owned));
        rule.not_matches = matches.clone();
        rule.matches = matches;
        rule
    }
}

prop_compose! {
    fn a_policy()(
        preset in select(Preset::ALL.to_vec()), mut rules in proptest::collection::vec(a_rule(), 0..4),
        calls in proptest::option::of(1u64..9), usd in proptest::option::of(0.25f64..9.0),
    ) -> Policy {
        for (at, rule) in rules.iter_mut().enumerate() {
            rule.name = format!("{} {at}", rule.name);
        }
        let run = Cap { calls, usd, ..Cap::default() };
        Policy { preset: preset.1, rules, limits: CallLimits { run, calls_per_minute: calls, ..CallLimits::default() } }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn dump_and_load_give_the_same_policy(policy in a_policy()) {
        let yaml = policy.to_yaml();
        let reading = Reading { layer: Layer::User, file: None, tools: &TOOLS };
        let read = PolicyFile::read(&yaml, reading);
        let read = read.map_err(|error| TestCaseError::fail(format!("{error}\n{yaml}")))?;
        prop_assert_eq!(read.preset, Some(policy.preset));
        prop_assert_eq!(read.limits, policy.limits);
        prop_assert_eq!(read.rules.len(), policy.rules.len());
        for (one, other) in read.rules.iter().zip(&policy.rules) {
            prop_assert!(one.same_as(other), "{:#?}\n{:#?}\n{}", one, other, yaml);
        }
        let again = PolicyFile { preset: read.preset, rules: read.rules, limits: read.limits }.to_yaml();
        prop_assert_eq!(again, yaml);
    }
}
