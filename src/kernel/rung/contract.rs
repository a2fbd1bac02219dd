//! The project's hard constraints that are about paths or commands. What a command does unseen inside
//! its sandbox no rule sees: constraints on content are looked at over the diff, after the turn.

use super::{Case, Finding, Findings};
use crate::config::Layer;
use crate::protocol::Reason;

const RUNG: &str = "contract";

pub(super) fn judge(case: &Case<'_>, out: &mut Findings) {
    for rule in case.rules.iter().filter(|rule| rule.rule.origin.layer == Layer::Constraints) {
        let Some(meant) = rule.tightens(case) else { continue };
        let what = meant.map_or_else(|| case.prepared.subject.clone(), |fact| fact.effect.describe());
        let clause = &rule.rule.name;
        out.object_to_call(Finding::deny(RUNG, "clause", Reason::Contract).escalate().about(&what).says(
            format!("{what}: breaks the constraint \"{clause}\" of {}", rule.rule.origin),
            format!("Refused: `{what}` breaks this project's constraint \"{clause}\". Keep to it; if the task needs it changed, tell the user."),
        ));
    }
}

#[cfg(test)]
mod tests {
    use crate::config::Contract;
    use crate::kernel::testing::World;
    use crate::protocol::{Reason, VerdictKind};

    fn under(yaml: &str) -> World {
        let mut world = World::new();
        let path = world.charter.workspace.join(".iosm/constraints.yaml");
        std::fs::write(&path, yaml).unwrap();
        world.charter.policy.rules = Contract::load(&path).unwrap().unwrap().rules();
        world
    }

    #[test]
    fn clauses_are_cited_and_their_neighbours_pass() {
        let world = under(
            "constraints:\n  - {clause: never touch vendor/, never_touch: [vendor/]}\n  - {clause: nobody publishes, never_run: ['cargo publish*']}\n",
        );
        for (tool, argument) in [
            ("write", "vendor/a.rs"),
            ("edit", "linked-vendor/a.rs"),
            ("bash", "rm -rf vendor"),
            ("bash", "echo x > vendor/a"),
            ("bash", "ls; cargo publish --dry-run"),
        ] {
            let verdict = world.refuses(tool, argument, "contract", "clause");
            assert_eq!((verdict.kind, verdict.reason), (VerdictKind::Deny, Some(Reason::Contract)));
            assert!(verdict.model_line.contains("constraint \""), "{verdict:?}");
        }
        world.allows("read", "vendor/a.rs");
        world.allows("write", "src/vendor.rs");
        world.allows("bash", "cargo build; echo cargo publish");
    }

    #[test]
    fn a_scope_is_all_that_may_change() {
        let world = under("scope: {include: [src/], exclude: [src/gen/]}\n");
        world.allows("write", "src/a.rs");
        world.allows("read", "docs/x");
        world.allows("write", &world.text(&world.charter.temp.join("x")));
        world.allows("bash", "git -C . commit -m x && cp src/a.rs src/b.rs");
        world.refuses("bash", "rm -rf docs src", "contract", "clause");
        world.refuses("bash", "cp src/a.rs .", "contract", "clause");
        world.refuses("write", "docs/x", "contract", "clause");
        world.refuses("write", "src/gen/x", "contract", "clause");
    }

    #[test]
    fn no_rule_of_the_user_opens_a_clause() {
        let mut world = under("constraints: [{clause: not here, never_touch: [vendor/]}]\n");
        world.charter.policy.rules.extend(World::rules(&["allow *"]));
        world.refuses("write", "vendor/a.rs", "contract", "clause");
    }
}
