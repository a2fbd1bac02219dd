//! The rule that a yes for always would keep: the narrowest that answers every reason of a question.

use std::path::Path;

use super::{Case, Decision, Finding};
use crate::config::{HostClass, Layer, Rule, RuleAction, RuleOrigin};
use crate::kernel::effects::{UNKNOWN, Via};
use crate::protocol::{Effect, VerdictKind};

impl Decision {
    /// The rule, or none where some reason is one that no rule may answer.
    pub fn proposal(&self, case: &Case<'_>) -> Option<Rule> {
        let asked =
            self.standing.iter().all(|f| f.kind == VerdictKind::RequireApproval && !f.firm && !f.one_by_one);
        if !asked || self.standing.is_empty() {
            return None;
        }
        let origin = RuleOrigin { layer: Layer::Approvals, file: None, line: None };
        let new = |name: String| Rule::new(name, RuleAction::Allow, origin.clone());
        let effects: Option<Vec<&Effect>> =
            self.standing.iter().map(|f| Some(&case.prepared.facts.get(f.at?)?.effect)).collect();
        // Such a host is a whole forge; what was asked about is one repository of it.
        let remote = |f: &Finding| {
            f.at.and_then(|at| case.prepared.facts.get(at)).is_some_and(|fact| fact.via == Via::Remote)
        };
        if let Some(effects) = effects.filter(|_| !self.standing.iter().any(remote)) {
            if let Some(hosts) = hosts(&effects) {
                let registry = |f: &Finding| {
                    let fact = f.at.and_then(|at| case.prepared.facts.get(at));
                    fact.is_some_and(|fact| fact.via == Via::Registry)
                };
                // A registry that no model chose, beside a host that one did: two kinds of yes.
                let class = match self.standing.iter().filter(|f| registry(f)).count() {
                    0 => None,
                    all if all == self.standing.len() => Some(HostClass::Registry),
                    _ => return None,
                };
                let how = if class.is_some() { "fetch from registry" } else { "reach" };
                let rule = new(format!("{how} {}", hosts.join(", ")));
                return Some(Rule { effects: vec!["net".to_owned()], hosts, class, ..rule });
            }
            if let Some((kinds, paths)) = paths(&effects, &case.charter.workspace) {
                let rule = new(format!("{} {}", kinds.join(" and "), paths.join(", ")));
                return Some(Rule { effects: kinds, paths, ..rule });
            }
        }
        let text = case.allow_rule();
        // Without an argument it would open far more than was asked about.
        let exact = text.contains('(') || case.prepared.subject.is_empty();
        let rule = Rule::parse(RuleAction::Allow, &text).ok().filter(|_| exact)?;
        Some(Rule { origin, name: text, ..rule })
    }

    /// Whether a yes of this kind may hold for the session.
    pub fn may_last(&self) -> bool {
        self.standing.iter().all(|finding| !finding.one_by_one)
    }

    /// Whether all of it is asked once for a project: registries of package managers, and fetching from
    /// the remotes a repository has.
    pub fn once_a_project(&self, case: &Case<'_>) -> bool {
        let known = |finding: &Finding| match finding.at.and_then(|at| case.prepared.facts.get(at)) {
            Some(fact) => matches!(fact.via, Via::Registry | Via::Remote),
            None => false,
        };
        !self.standing.is_empty() && self.standing.iter().all(known)
    }
}

fn hosts(effects: &[&Effect]) -> Option<Vec<String>> {
    let host = |effect: &&Effect| match effect {
        Effect::Net { host, .. } if host != UNKNOWN => Some(globset::escape(host)),
        _ => None,
    };
    let mut hosts: Vec<String> = effects.iter().map(host).collect::<Option<_>>()?;
    hosts.dedup();
    Some(hosts)
}

fn paths(effects: &[&Effect], workspace: &Path) -> Option<(Vec<String>, Vec<String>)> {
    // What may change somewhere in all of it was one command, not a leave to change it all.
    let fits =
        |effect: &Effect, path: &Path| matches!(effect, Effect::Read { .. }) || !workspace.starts_with(path);
    let (kinds, paths) = kinds_and_paths(effects.iter().copied(), fits)?;
    // Two kinds and two paths would allow four things where two were asked about.
    (kinds.len() == 1 || paths.len() == 1).then_some((kinds, paths))
}

/// The kinds and the paths of effects, each sorted and once, as a rule has them; `None` where there is
/// none, where one is no effect on a path or does not fit, and where a path would be read as a pattern.
pub fn kinds_and_paths<'a>(
    effects: impl IntoIterator<Item = &'a Effect>,
    fits: impl Fn(&Effect, &Path) -> bool,
) -> Option<(Vec<String>, Vec<String>)> {
    let path = |effect: &Effect| match effect {
        Effect::Read { path } | Effect::Write { path } | Effect::Delete { path } => {
            let text = path.to_str().filter(|text| !text.contains(['*', '?', '[', '{']))?;
            fits(effect, path).then(|| (effect.kind().to_owned(), text.to_owned()))
        }
        _ => None,
    };
    let found: Vec<(String, String)> = effects.into_iter().map(path).collect::<Option<_>>()?;
    let (mut kinds, mut paths): (Vec<String>, Vec<String>) = found.into_iter().unzip();
    kinds.sort();
    kinds.dedup();
    paths.sort();
    paths.dedup();
    (!paths.is_empty()).then_some((kinds, paths))
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::paths;
    use crate::config::rule_yaml;
    use crate::kernel::Judgement;
    use crate::kernel::testing::World;
    use crate::protocol::Effect;

    /// The proposal for a question, and whether it is asked once for a project.
    fn proposed(world: &World, tool: &str, argument: &str) -> (Option<crate::config::Rule>, bool) {
        match world.judge(tool, argument) {
            Judgement::Asked(question) => (question.proposal, question.once_a_project),
            other => panic!("{argument}: {other:?}"),
        }
    }

    #[test]
    fn the_rule_answers_this_question_and_not_its_neighbour() {
        for (tool, argument, part, once, neighbour) in [
            ("bash", "npm ci", "host: registry.npmjs.org", true, "npm publish"),
            ("bash", "cargo add serde", "host: index.crates.io", true, "cargo publish"),
            ("bash", "git fetch origin", "call: bash(git fetch origin)", true, "git push origin main"),
            ("bash", "curl https://a.test/x", "host: a.test", false, "curl https://b.test/x"),
            (
                "bash",
                "git push origin main",
                "call: bash(git push origin main)",
                false,
                "git push origin other",
            ),
            ("bash", "cargo publish", "call: bash(cargo publish)", false, "cargo publish -p x"),
            ("write", "../outside/secret", "effect: write", false, "../outside/other"),
            ("read", "~/notes.txt", "effect: read", false, "~/other.txt"),
            ("bash", "git reset --hard", "call: bash(git reset --hard)", false, "git reset --hard HEAD~3"),
        ] {
            let mut world = World::new();
            world.charter.remotes = vec![("origin".to_owned(), "https://forge.test/a/b".to_owned())];
            let (rule, asked_once) = proposed(&world, tool, argument);
            let rule = rule.unwrap();
            assert_eq!(asked_once, once, "{argument}");
            let yaml = rule_yaml(&rule);
            assert!(yaml.contains(part), "{argument}: {yaml}");
            world.charter.policy.rules.push(rule);
            world.allows(tool, argument);
            assert_ne!(
                world.verdict(tool, neighbour).kind,
                crate::protocol::VerdictKind::Allow,
                "{neighbour}"
            );
        }
    }

    #[test]
    fn a_registry_remembered_is_no_word_on_what_is_sent_to_its_host() {
        let mut world = World::new();
        let (rule, _) = proposed(&world, "bash", "npm install");
        let rule = rule.unwrap();
        let yaml = rule_yaml(&rule);
        assert!(yaml.contains("class: registry"), "{yaml}");
        world.charter.policy.rules.push(rule);
        world.allows("bash", "npm install x");
        for line in [
            "curl -d @a https://registry.npmjs.org/",
            "npm install && curl https://registry.npmjs.org/",
            "npm publish",
        ] {
            let kind = world.verdict("bash", line).kind;
            assert_eq!(kind, crate::protocol::VerdictKind::RequireApproval, "{line}");
        }
        world.asks("fetch", "https://registry.npmjs.org/x", "egress", "fetch");
        // A rule that says only the host is a wider one, which the user wrote.
        world.charter.policy.rules.last_mut().unwrap().class = None;
        world.allows("bash", "curl https://registry.npmjs.org/");
    }

    #[test]
    fn no_rule_opens_the_whole_workspace_for_changes() {
        let mut world = World::new();
        world.charter.policy.preset = crate::config::Preset::Strict;
        let line = "find . -name '*.pyc' -delete";
        let rule = proposed(&world, "bash", line).0.unwrap();
        let yaml = rule_yaml(&rule);
        assert!(yaml.contains("call: bash(find . -name") && rule.effects.is_empty(), "{yaml}");
        world.charter.policy.rules.push(rule);
        world.allows("bash", line);
        let other = world.verdict("bash", "find . -name '*.rs' -delete").kind;
        assert_ne!(other, crate::protocol::VerdictKind::Allow);

        let (read, write) = (
            |path: &str| Effect::Read { path: path.into() },
            |path: &str| Effect::Write { path: path.into() },
        );
        for (effect, offered) in [
            (write("/a/repo"), false),
            (write("/a"), false),
            (write("/"), false),
            (Effect::Delete { path: "/a/repo".into() }, false),
            (write("/a/repo/src"), true),
            (write("/a/reports"), true),
            (read("/a"), true),
        ] {
            assert_eq!(paths(&[&effect], Path::new("/a/repo")).is_some(), offered, "{effect:?}");
        }
    }

    #[test]
    fn no_rule_is_offered_where_none_may_answer() {
        let mut world = World::new();
        for (tool, argument) in [("read", ".env"), ("bash", "curl $URL")] {
            assert_eq!(proposed(&world, tool, argument).0, None, "{argument}");
        }
        world.charter.sandbox = crate::kernel::SandboxStrength::None;
        assert_eq!(proposed(&world, "bash", "ls").0, None);
        // Too long to be shown in one line: no rule for every command instead.
        world.charter.sandbox = crate::kernel::SandboxStrength::Full;
        let long = format!("git reset --hard # {}", "x".repeat(200));
        assert_eq!(proposed(&world, "bash", &long).0, None);
    }
}
