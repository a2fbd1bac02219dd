//! What a command may do unasked, by preset and by how strong its sandbox is.

use super::{Case, Finding, Findings};
use crate::config::Preset;
use crate::kernel::charter::SandboxStrength;
use crate::kernel::effects::{Fact, Via, is_loopback};
use crate::protocol::{Effect, Reason};

const RUNG: &str = "contained";

pub(super) fn judge(case: &Case<'_>, out: &mut Findings) {
    let preset = case.charter.policy.preset;
    for (at, fact) in case.prepared.facts.iter().enumerate() {
        let command = matches!(
            fact.effect,
            Effect::Contained { .. } | Effect::Opaque { .. } | Effect::Git { .. } | Effect::Exec { .. }
        );
        let whole = fact.via == Via::Line;
        let acts = command || fact.changes();
        match preset {
            Preset::ReadOnly if acts => out.object(at, read_only(fact)),
            Preset::Strict if whole || acts && fact.via == Via::Argument => {
                out.object(at, strict(case, fact));
                if whole && case.charter.sandbox < SandboxStrength::Reduced {
                    // A yes to a command is none to running it unfenced.
                    sandboxed(case, at, fact, out);
                }
            }
            _ if whole => sandboxed(case, at, fact, out),
            // Parts of a line run in the sandbox of the line.
            _ if command => out.allow(at),
            _ => {}
        }
    }
}

fn sandboxed(case: &Case<'_>, at: usize, fact: &Fact, out: &mut Findings) {
    let line = &case.prepared.subject;
    match case.charter.sandbox {
        SandboxStrength::None => {
            let ask = Finding::ask(RUNG, "no_sandbox", Reason::PolicyBlock).one_by_one().about(line).says(
                "no sandbox is in force, so this would run with all the user's rights",
                "No sandbox is in force, so commands need a person's approval one by one. Use the file tools where they will do.",
            );
            out.object(at, if case.charter.unsandboxed_by_user { ask } else { ask.firm() });
        }
        SandboxStrength::Partial => out.object(
            at,
            Finding::ask(RUNG, "weak_sandbox", Reason::PolicyBlock).about(line).says(
                "part of the sandbox is missing on this machine",
                "Part of the sandbox is missing on this machine, so commands need a person's approval. Use the file tools where they will do.",
            ),
        ),
        SandboxStrength::Reduced | SandboxStrength::Full => match &fact.effect {
            Effect::Opaque { why } if reaches_out(case) => out.object(
                at,
                Finding::ask(RUNG, "opaque_with_network", Reason::PolicyBlock).about(line).says(
                    format!("what it does cannot be known ({why}), and it reaches the network"),
                    format!("What this does cannot be known ({why}), and it reaches the network. Write the commands out plainly."),
                ),
            ),
            Effect::Opaque { why } if case.moment.tainted => out.object(
                at,
                Finding::ask(RUNG, "opaque_when_tainted", Reason::TrustViolation).about(line).says(
                    format!("what it does cannot be known ({why}), and untrusted text was read before"),
                    format!("What this does cannot be known ({why}), and untrusted text was read before. Write the commands out plainly."),
                ),
            ),
            _ => out.allow(at),
        },
    }
}

fn reaches_out(case: &Case<'_>) -> bool {
    let out = |fact: &Fact| matches!(&fact.effect, Effect::Net { host, .. } if !is_loopback(host));
    case.prepared.facts.iter().any(out)
}

fn strict(case: &Case<'_>, fact: &Fact) -> Finding {
    let what = fact.effect.describe();
    Finding::ask(RUNG, "strict", Reason::PolicyBlock).about(&case.prepared.subject).says(
        format!("{what}: every write and command asks"),
        format!("The policy asks a person about every write and command ({what}). Reading is free."),
    )
}

fn read_only(fact: &Fact) -> Finding {
    let what = fact.effect.describe();
    Finding::deny(RUNG, "read_only", Reason::PolicyBlock).escalate().about(fact.effect.kind()).says(
        format!("{what}: the policy is read-only"),
        format!("Refused: the policy is read-only, so `{what}` is not possible. Read, and report what should change."),
    )
}

#[cfg(test)]
mod tests {
    use crate::config::Preset;
    use crate::kernel::charter::SandboxStrength::{Full, None, Partial, Reduced};
    use crate::kernel::testing::World;
    use crate::protocol::VerdictKind;

    #[test]
    fn presets_and_sandboxes_decide_together() {
        let opaque = "eval \"$X\"";
        for (sandbox, line, rule) in [
            (Full, "make", ""),
            (Reduced, "make && ./x.sh", ""),
            (Partial, "make", "weak_sandbox"),
            (None, "make", "no_sandbox"),
            (Full, opaque, ""),
            (Reduced, opaque, ""),
            (Partial, opaque, "weak_sandbox"),
            (None, opaque, "no_sandbox"),
            (Full, "eval \"$X\"; curl https://example.com", "opaque_with_network"),
        ] {
            let mut world = World::new();
            world.charter.sandbox = sandbox;
            match rule {
                "" => drop(world.allows("bash", line)),
                rule => drop(world.asks("bash", line, "contained", rule)),
            }
        }
    }

    #[test]
    fn strict_asks_and_read_only_denies() {
        let mut world = World::new();
        world.charter.policy.preset = Preset::Strict;
        world.asks("write", "src/a.rs", "contained", "strict");
        world.asks("bash", "ls", "contained", "strict");
        world.allows("read", "src/a.rs");
        world.charter.sandbox = None;
        let rules = world.rules_hit("bash", "ls");
        assert_eq!(rules.len(), 2, "asked about the command, and about running it unfenced: {rules:?}");
        let mut open = World::new().with(&["allow bash"]);
        (open.charter.policy.preset, open.charter.sandbox) = (Preset::Strict, None);
        open.asks("bash", "ls", "contained", "no_sandbox");
        world.charter.sandbox = Reduced;
        world.charter.policy.preset = Preset::ReadOnly;
        world.refuses("write", "src/a.rs", "contained", "read_only");
        world.refuses("bash", "ls", "contained", "read_only");
        world.allows("grep", "src");
        world.allows("todo", "x");
    }

    #[test]
    fn contained_asks_nothing() {
        for preset in [Preset::Contained, Preset::Ci] {
            let mut world = World::new();
            world.charter.policy.preset = preset;
            world.allows("bash", "cargo test");
            world.allows("write", "src/a.rs");
            let verdict = world.refuses("write", "../outside/x", "scope", "write_outside");
            assert_eq!(verdict.kind, VerdictKind::Deny);
            assert!(verdict.user_line.contains("--allow 'write("), "{verdict:?}");
            world.charter.sandbox = Partial;
            world.refuses("bash", "ls", "contained", "weak_sandbox");
        }
    }
}
