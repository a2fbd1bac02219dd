//! What the profile allows at all: its tools, and its kinds of effects.

use super::{Case, Finding, Findings};
use crate::kernel::USER;
use crate::protocol::{Effect, Reason};

const RUNG: &str = "capability";

pub(super) fn judge(case: &Case<'_>, out: &mut Findings) {
    let capability = &case.charter.capability;
    // A profile holds agents back, not the user.
    if case.moment.agent == USER {
        return;
    }
    let profile = &capability.profile;
    if !capability.tools.contains(case.spec.name) {
        let tools: Vec<&str> = capability.tools.iter().map(String::as_str).collect();
        out.object_to_call(Finding::deny(RUNG, "tool", Reason::PolicyBlock).about(case.spec.name).says(
            format!("the profile `{profile}` does not use `{}`", case.spec.name),
            format!(
                "Refused: the profile `{profile}` has no tool `{}`. Its tools: {}.",
                case.spec.name,
                tools.join(", ")
            ),
        ));
        return;
    }
    for (at, fact) in case.prepared.facts.iter().enumerate() {
        let kind = fact.effect.kind();
        // A command that is known exactly does less than a contained one.
        let contained = kind == "exec" && capability.effects.contains("contained");
        if !contained && !capability.effects.contains(kind) {
            let what = fact.effect.describe();
            out.object(
                at,
                Finding::deny(RUNG, "effect", Reason::PolicyBlock).about(kind).says(
                    format!("the profile `{profile}` may not {what}"),
                    format!("Refused: the profile `{profile}` may not {what}. Do without it, and report what you found."),
                ),
            );
        } else if matches!(fact.effect, Effect::Note { .. } | Effect::Ask) {
            // Nothing in the world moves; no other rung has anything to say about these.
            out.allow(at);
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::kernel::testing::{World, kinds};
    use crate::protocol::{Reason, VerdictKind};

    #[test]
    fn a_profile_uses_its_own_tools_and_effects_only() {
        let mut world = World::new();
        world.charter.capability.profile = "explore".to_owned();
        world.charter.capability.effects = kinds(&["read", "note", "ask", "contained"]);
        world.charter.capability.tools.remove("edit");
        world.allows("read", "src/a.rs");
        world.allows("bash", "cargo test");
        let verdict = world.refuses("write", "src/a.rs", "capability", "effect");
        assert!(verdict.model_line.contains("explore"), "{verdict:?}");
        let verdict = world.refuses("edit", "src/a.rs", "capability", "tool");
        assert_eq!((verdict.kind, verdict.reason), (VerdictKind::Deny, Some(Reason::PolicyBlock)));
        assert!(verdict.model_line.contains("read"), "names what there is: {verdict:?}");
        world.refuses("bash", "echo x > src/a.rs", "capability", "effect");
        world.refuses("bash", "git commit -m x", "capability", "effect");
    }

    #[test]
    fn notes_are_allowed() {
        World::new().allows("todo", "anything");
    }
}
