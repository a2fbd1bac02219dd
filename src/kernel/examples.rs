//! Rules tried on their own examples: a policy that does not do what it says is not put in force.

use serde_json::json;

use super::charter::Charter;
use super::effects::prepare;
use super::error::KernelError;
use super::intake::Tools;
use super::moment::Moment;
use super::rung::{Case, Compiled, Findings, RUNGS, Rules};
use crate::config::{Example, Policy, Rule};
use crate::protocol::{EffectRule, ToolCall, ToolSpec};

/// Every rule of the charter's policy against its `match` and `not_match`. Examples of tools that this
/// session has not are passed over.
pub(super) fn check_examples(charter: &Charter, tools: &Tools) -> Result<(), KernelError> {
    for rule in &charter.policy.rules {
        let wanted = rule.matches.iter().map(|example| (example, true));
        let unwanted = rule.not_matches.iter().map(|example| (example, false));
        for (example, expected) in wanted.chain(unwanted) {
            let Some(spec) = tools.spec(&example.tool) else { continue };
            if matches(charter, rule, spec, example)? != expected {
                return Err(KernelError::Example {
                    rule: rule.name.clone(),
                    origin: rule.origin.to_string(),
                    example: example.to_string(),
                    should: if expected { "must" } else { "must not" },
                });
            }
        }
    }
    Ok(())
}

fn matches(charter: &Charter, rule: &Rule, spec: &ToolSpec, example: &Example) -> Result<bool, KernelError> {
    let args = match main_argument(&spec.effects) {
        Some(name) => json!({name: example.argument}),
        None => json!({}),
    };
    let call = ToolCall { id: "example".to_owned(), tool: spec.name.to_owned(), args };
    let Ok(prepared) = prepare(charter, spec, &call) else { return Ok(false) };
    let only = Policy::of(charter.policy.preset, vec![rule.clone()]);
    let rules = Rules::compile(&only, charter)?;
    let moment = Moment::default();
    let case = Case::new(charter, &rules, spec, &prepared, &moment);
    if !rule.loosens() {
        return Ok(rules.iter().any(|rule: &Compiled| rule.tightens(&case).is_some()));
    }
    let mut findings = Findings::default();
    for rung in RUNGS.iter().filter(|rung| rung.name == "user_policy") {
        (rung.judge)(&case, &mut findings);
    }
    Ok(findings.opens_anything())
}

/// The argument that an example gives.
fn main_argument(effects: &EffectRule) -> Option<&'static str> {
    match effects {
        EffectRule::ReadPath { arg }
        | EffectRule::ReadTree { arg }
        | EffectRule::WritePath { arg }
        | EffectRule::Shell { arg }
        | EffectRule::Fetch { arg }
        | EffectRule::Background { arg } => Some(arg),
        EffectRule::Remote { .. } | EffectRule::Note(_) | EffectRule::Ask => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Layer, PolicyFile, Reading};
    use crate::kernel::testing::World;

    #[test]
    fn a_rule_that_fails_its_own_example_is_named_with_it() {
        let mut world = World::new();
        let tools = Tools::new(&world.charter.tools);
        for (yaml, told) in [
            (
                "{name: a, action: allow, call: bash(cargo test*), match: [bash: cargo test -q], not_match: [bash: cargo test; ls]}",
                None,
            ),
            (
                "{name: a, action: allow, call: bash(cargo test*), match: [bash: cargo test; ls]}",
                Some("`a` must match its example `bash: cargo test; ls`, and does not"),
            ),
            (
                "{name: b, action: deny, path: vendor/, match: [write: linked-vendor/x, bash: rm -rf vendor], not_match: [write: src/vendor]}",
                None,
            ),
            (
                "{name: b, action: deny, path: vendor/, not_match: [read: vendor/x]}",
                Some("user (line 1): the rule `b` must not match its example `read: vendor/x`, and does"),
            ),
            (
                "{name: c, action: allow, host: '*.a.b', match: [bash: curl x.a.b], not_match: [bash: curl a.b]}",
                None,
            ),
            ("{name: d, action: ask, git: push, match: [bash: git status]}", Some("`d` must match")),
            ("{name: e, require: {check: make}, git: push, match: [bash: git push]}", None),
            ("{name: f, action: deny, tool: bash, match: [other: x]}", None),
        ] {
            let reading =
                Reading { layer: Layer::User, file: None, tools: &["read", "write", "bash", "other"] };
            let file = PolicyFile::read(&format!("rules: [{yaml}]"), reading).unwrap();
            world.charter.policy.rules = file.rules;
            let checked = check_examples(&world.charter, &tools).map_err(|error| error.to_string());
            match told {
                None => assert_eq!(checked, Ok(()), "{yaml}"),
                Some(told) => {
                    assert!(checked.clone().is_err_and(|e| e.contains(told)), "{yaml}: {checked:?}")
                }
            }
        }
    }
}
