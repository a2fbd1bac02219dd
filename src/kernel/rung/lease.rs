//! What a task declared it would touch, and what other agents hold.

use super::{Case, Finding, Findings};
use crate::kernel::effects::Place;
use crate::protocol::{Disposition, Effect, Reason, VerdictKind};

const RUNG: &str = "lease";

pub(super) fn judge(case: &Case<'_>, out: &mut Findings) {
    let Some(leases) = &case.moment.leases else { return };
    let agent = case.moment.agent.as_str();
    for fact in
        case.prepared.facts.iter().filter(|fact| fact.changes() && fact.place == Some(Place::Workspace))
    {
        let Some(path) = fact.path() else { continue };
        let what = fact.effect.describe();
        let deletes = matches!(fact.effect, Effect::Delete { .. });
        if let Some(other) = leases.holder(agent, path, deletes) {
            let wait = Finding {
                kind: VerdictKind::Wait,
                disposition: Disposition::Wait,
                ..Finding::deny(RUNG, "held", Reason::LeaseHeld)
            };
            out.object_to_call(wait.about(&what).says(
                format!("{what}: held by {other}"),
                format!("Not now: {} is held by another agent ({other}). Go on with your own files; try again when it is done.", path.display()),
            ));
        } else if !leases.declared(agent, path) {
            out.object_to_call(Finding::deny(RUNG, "undeclared", Reason::Misroute).escalate().about(&what).says(
                format!("{what}: the task did not declare it"),
                format!("Refused: {} is none of the paths this task declared. Keep to those, or report that the task needs more.", path.display()),
            ));
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::kernel::testing::World;
    use crate::kernel::{Judgement, Leases};
    use crate::protocol::{Disposition, Reason, VerdictKind};

    #[test]
    fn what_others_hold_waits_and_what_was_not_declared_is_refused() {
        let world = World::new();
        let kernel = world.kernel();
        let mut leases = Leases::default();
        let work = &world.charter.workspace;
        leases.hold("main/1", work, &["src/", "Cargo.toml"]);
        leases.hold("main/2", work, &["vendor"]);
        kernel.lease(leases.clone());
        let said = |agent: &str, tool: &str, argument: &str| match kernel
            .judge(agent, &world.call(tool, argument))
            .unwrap()
        {
            Judgement::Granted(_) => (VerdictKind::Allow, None),
            Judgement::Refused(refused) => {
                assert_eq!(refused.verdict.rung, "lease", "{argument}: {:?}", refused.verdict);
                (refused.verdict.kind, refused.verdict.reason)
            }
            Judgement::Asked(question) => panic!("{question:?}"),
        };
        const ALLOWED: (VerdictKind, Option<Reason>) = (VerdictKind::Allow, None);
        const HELD: (VerdictKind, Option<Reason>) = (VerdictKind::Wait, Some(Reason::LeaseHeld));
        const OTHER: (VerdictKind, Option<Reason>) = (VerdictKind::Deny, Some(Reason::Misroute));
        for (agent, tool, argument, expected) in [
            ("main/1", "write", "src/a.rs", ALLOWED),
            ("main/1/1", "write", "src/a.rs", ALLOWED),
            ("main/1", "write", "Cargo.toml", ALLOWED),
            ("main/1", "write", "vendor/x", HELD),
            ("main/1", "bash", "echo x > vendor/x", HELD),
            ("main/1", "bash", "cat vendor/x > src/b", ALLOWED),
            ("main/1", "read", "vendor/x", ALLOWED),
            ("main/1", "write", "docs/x", OTHER),
            ("main/1", "write", "src2/x", OTHER),
            ("main/2", "write", "src/a.rs", HELD),
            ("main/3", "write", "docs/x", ALLOWED),
            ("main/3", "write", "src/a.rs", HELD),
            ("main/3", "bash", "rm -rf src", HELD),
            ("main", "write", "src/a.rs", ALLOWED),
        ] {
            assert_eq!(said(agent, tool, argument), expected, "{agent} {tool}({argument})");
        }
        let Judgement::Refused(refused) = kernel.judge("main/2", &world.call("write", "src/a.rs")).unwrap()
        else {
            panic!("held")
        };
        assert_eq!(refused.verdict.disposition, Some(Disposition::Wait));
        leases.release("main/1");
        kernel.lease(leases);
        assert_eq!(said("main/3", "write", "src/a.rs"), ALLOWED);
    }
}
