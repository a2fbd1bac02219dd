//! Rules that want a check passed on exactly this tree: `require: {check: cargo test}`.

use super::{Case, Finding, Findings};
use crate::protocol::{Reason, VerdictKind};

const RUNG: &str = "witness";

pub(super) fn judge(case: &Case<'_>, out: &mut Findings) {
    for rule in case.rules.iter() {
        let Some(check) = &rule.rule.check else { continue };
        if rule.tightens(case).is_none() || case.moment.witnesses.has_passed(check) {
            continue;
        }
        let subject = &case.prepared.subject;
        let why = match case.moment.witnesses.ever_passed(check) {
            true => "the tree has changed since it last passed",
            false => "it has not passed in this session",
        };
        let finding = Finding {
            kind: VerdictKind::RequireWitness,
            ..Finding::deny(RUNG, "check", Reason::Unwitnessed).retryable()
        };
        out.object_to_call(finding.about(check).says(
            format!("{subject}: the rule `{}` of {} wants `{check}` passed first; {why}", rule.rule.name, rule.rule.origin),
            format!("Not yet: `{check}` must have passed on exactly this tree, and {why}. Run `{check}` by itself, mend what it reports, then call this again."),
        ));
    }
}

#[cfg(test)]
mod tests {
    use crate::config::{Layer, PolicyFile, Reading};
    use crate::kernel::testing::World;
    use crate::kernel::{Judgement, Kernel, RawResult};
    use crate::protocol::{Disposition, Reason, ToolCall, VerdictKind};
    use serde_json::json;

    /// Judges and, where it may, "runs" a call with this outcome.
    fn run(kernel: &Kernel, world: &World, tool: &str, argument: &str, ok: bool) -> VerdictKind {
        act(kernel, &world.call(tool, argument), ok)
    }

    fn act(kernel: &Kernel, call: &ToolCall, ok: bool) -> VerdictKind {
        match kernel.judge("main", call).unwrap() {
            Judgement::Granted(granted) => {
                let raw = if ok { RawResult::ok("", "") } else { RawResult::error("failed") };
                kernel.admit("main", &granted.call, raw).unwrap();
                granted.verdict.kind
            }
            Judgement::Asked(question) => question.verdict.kind,
            Judgement::Refused(refused) => refused.verdict.kind,
        }
    }

    #[test]
    fn a_commit_needs_the_check_since_the_last_write() {
        let mut world = World::new();
        let yaml = "rules: [{name: tested, require: {check: cargo test}, git: commit}]";
        let reading = Reading { layer: Layer::User, file: None, tools: &[] };
        world.charter.policy.rules = PolicyFile::read(yaml, reading).unwrap().rules;
        let kernel = world.kernel();
        let commit = "git commit -m x";
        use VerdictKind::{Allow, RequireWitness};
        let Judgement::Refused(refused) = kernel.judge("main", &world.call("bash", commit)).unwrap() else {
            panic!("not refused")
        };
        let verdict = refused.verdict;
        assert_eq!((verdict.kind, verdict.reason), (RequireWitness, Some(Reason::Unwitnessed)));
        assert_eq!(verdict.disposition, Some(Disposition::Retryable));
        assert!(verdict.model_line.contains("Run `cargo test`"), "{verdict:?}");
        for (tool, argument, ok, then) in [
            ("bash", "cargo test", false, RequireWitness),
            ("bash", "echo cargo test", true, RequireWitness),
            ("bash", "cargo test || true", true, RequireWitness),
            ("bash", "cargo test", true, Allow),
            // Looking and committing change nothing that was tested.
            ("read", "src/a.rs", true, Allow),
            ("bash", "git status; git add -A; cat src/a.rs | wc -l", true, Allow),
            ("write", "src/a.rs", true, RequireWitness),
            ("bash", "cargo test", true, Allow),
            ("bash", "make generate", true, RequireWitness),
            ("bash", "cargo test", true, Allow),
            ("bash", "echo x > src/b.rs", true, RequireWitness),
            ("bash", "cargo test", true, Allow),
            ("bash", "git checkout topic", true, RequireWitness),
        ] {
            run(&kernel, &world, tool, argument, ok);
            assert_eq!(run(&kernel, &world, "bash", commit, true), then, "after {tool}({argument})");
        }
        // A check that ran to its end and said no.
        let check = ToolCall { id: "t8".into(), ..world.call("bash", "cargo test") };
        let Judgement::Granted(granted) = kernel.judge("main", &check).unwrap() else { panic!("allowed") };
        kernel
            .admit("main", &granted.call, RawResult { failed: true, ..RawResult::ok("1 failed", "") })
            .unwrap();
        assert_eq!(run(&kernel, &world, "bash", commit, true), RequireWitness);
        // A check that was overtaken by a write while it ran proves nothing.
        let check = ToolCall { id: "t9".into(), ..world.call("bash", "cargo test") };
        let Judgement::Granted(granted) = kernel.judge("main", &check).unwrap() else { panic!("allowed") };
        run(&kernel, &world, "write", "src/a.rs", true);
        kernel.admit("main", &granted.call, RawResult::ok("", "")).unwrap();
        assert_eq!(run(&kernel, &world, "bash", commit, true), RequireWitness);
        assert_eq!(
            act(
                &kernel,
                &ToolCall { id: "t10".into(), tool: "bash".into(), args: json!({"command": "cargo test"}) },
                true
            ),
            Allow
        );
        assert_eq!(run(&kernel, &world, "bash", commit, true), Allow);
        // Another policy begins anew: nobody counted while no rule asked.
        let policy = kernel.policy();
        kernel.reload(crate::config::Policy::default()).unwrap();
        run(&kernel, &world, "write", "src/a.rs", true);
        kernel.reload(policy).unwrap();
        assert_eq!(run(&kernel, &world, "bash", commit, true), RequireWitness);
        let mut later = world.call("bash", "cargo test");
        later.args["background"] = json!(true);
        assert_ne!(act(&kernel, &later, true), Allow, "this world's bash knows no background");
    }
}
