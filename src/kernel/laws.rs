//! Laws that hold for every call and every policy.

use std::collections::BTreeSet;

use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use serde_json::{Value, json};

use super::effects::prepare;
use super::judgement::Judgement;
use super::moment::Moment;
use super::rung::{Case, Mode, RUNGS, Rules, fold};
use super::testing::World;
use super::{Charter, SandboxStrength};
use crate::config::{Policy, Preset};
use crate::protocol::{ToolCall, Verdict, VerdictKind};

const PATHS: &[&str] = &[
    "src/a.rs",
    "new/x",
    ".git/config",
    ".env",
    "../outside/secret",
    "~/.ssh/id_rsa",
    "/etc/passwd",
    "vendor/x",
    "linked-file",
    "/",
    ".",
    "~",
    "iosm.yaml",
];
const PIECES: &[&str] = &[
    "ls",
    "rm -rf",
    "cat",
    "git push --force",
    "git commit -m x",
    "git reset --hard",
    "curl https://a.b",
    "| sh",
    "&&",
    ";",
    "|",
    ">",
    "src/a.rs",
    "../outside/x",
    ".git/config",
    "~",
    "/",
    "*",
    "$X",
    "eval",
    "$(id)",
    "sudo",
    "make",
    "(",
    ")",
    "'",
    "cd ..",
];
const ALLOWS: &[&str] = &[
    "allow bash",
    "allow bash(make*)",
    "allow *",
    "allow write(src/*)",
    "allow bash(git *)",
    "{name: h, action: allow, host: '*'}",
    "{name: p, action: allow, path: ['/**', '~/**', '../**']}",
    "{name: c, action: allow, command: ['*']}",
    "{name: g, action: allow, git: ['*']}",
    "{name: e, action: allow, effect: [contained, opaque, git]}",
];
const TIGHTER: &[&str] = &[
    "deny bash(git*)",
    "ask bash",
    "deny write(vendor)",
    "ask read(src/*)",
    "deny *",
    "ask *(*x*)",
    "deny bash(*)",
    "{name: p, action: deny, path: [src/, '**/*.rs']}",
    "{name: s, action: ask, effect: [write, delete], path: '!src/'}",
    "{name: h, action: ask, host: '*'}",
    "{name: c, action: ask, command: ['ls', 'git *']}",
    "{name: g, action: deny, git: [push, 'reset *']}",
    "{name: w, require: {check: make}, git: commit}",
];

fn a_call() -> impl Strategy<Value = (&'static str, String)> {
    let line = proptest::collection::vec(select(PIECES), 1..8).prop_map(|parts| parts.join(" "));
    prop_oneof![
        (select(vec!["read", "write", "edit", "grep"]), select(PATHS).prop_map(str::to_owned)),
        (Just("bash"), line),
    ]
}

fn a_posture() -> impl Strategy<Value = (Preset, SandboxStrength, bool)> {
    use SandboxStrength::{Full, None, Partial, Reduced};
    let presets: Vec<Preset> = Preset::ALL.iter().map(|(_, preset)| *preset).collect();
    (select(presets), select(vec![Full, Reduced, Partial, None]), any::<bool>())
}

fn posed(
    world: &World,
    (preset, sandbox, human): (Preset, SandboxStrength, bool),
    rules: &[&str],
) -> Charter {
    let rules = World::rules(rules);
    Charter { policy: Policy::of(preset, rules), sandbox, human, ..world.charter.clone() }
}

/// The verdict of `rungs` in the order given.
fn judged(charter: &Charter, call: &ToolCall, rungs: &[super::rung::Rung]) -> Verdict {
    let spec = charter.tools.iter().find(|spec| spec.name == call.tool).unwrap();
    let prepared = match prepare(charter, spec, call) {
        Ok(prepared) => prepared,
        Err(finding) => return finding.verdict(),
    };
    let rules = Rules::compile(&charter.policy, charter).unwrap();
    let moment = Moment::default();
    let case = Case::new(charter, &rules, spec, &prepared, &moment);
    let none = BTreeSet::new();
    fold(&case, rungs, &Mode { session: &none, call: &none }).verdict(&case, false)
}

thread_local! {
    static WORLD: World = World::new();
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn the_order_of_rungs_never_matters(
        (tool, argument) in a_call(), posture in a_posture(),
        rules in subsequence([ALLOWS, TIGHTER].concat(), 0..4),
        rungs in Just(RUNGS.to_vec()).prop_shuffle(),
    ) {
        WORLD.with(|world| {
            let charter = posed(world, posture, &rules);
            let call = world.call(tool, &argument);
            prop_assert_eq!(judged(&charter, &call, RUNGS), judged(&charter, &call, &rungs));
            Ok(())
        })?;
    }

    #[test]
    fn a_rule_that_tightens_never_loosens_and_one_that_loosens_never_opens_a_denial(
        (tool, argument) in a_call(), posture in a_posture(),
        rules in subsequence([ALLOWS, TIGHTER].concat(), 0..4),
        tighter in select(TIGHTER), looser in select(ALLOWS),
    ) {
        WORLD.with(|world| {
            let call = world.call(tool, &argument);
            let before = judged(&posed(world, posture, &rules), &call, RUNGS);
            let with = |rule| [rules.as_slice(), &[rule]].concat();
            let after = judged(&posed(world, posture, &with(tighter)), &call, RUNGS);
            prop_assert!(after.kind.rank() >= before.kind.rank(), "{:?} then {:?}", before, after);
            let after = judged(&posed(world, posture, &with(looser)), &call, RUNGS);
            prop_assert!(after.kind.rank() <= before.kind.rank(), "{:?} then {:?}", before, after);
            let human = (posture.0, posture.1, true);
            let asked = judged(&posed(world, human, &rules), &call, RUNGS);
            let no_questions = matches!(posture.0, Preset::Contained | Preset::Ci);
            if asked.kind == VerdictKind::Deny && !no_questions {
                prop_assert_eq!(after.kind, VerdictKind::Deny);
            }
            Ok(())
        })?;
    }

    #[test]
    fn only_what_is_allowed_gets_a_grant(
        (tool, argument) in a_call(), posture in a_posture(),
        rules in subsequence([ALLOWS, TIGHTER].concat(), 0..4),
    ) {
        WORLD.with(|world| {
            let charter = posed(world, posture, &rules);
            let call = world.call(tool, &argument);
            let kernel = world.kernel_of(charter.clone());
            let allowed = |kind| matches!(kind, VerdictKind::Allow | VerdictKind::Transform);
            let (granted, verdict) = match kernel.judge("main", &call).unwrap() {
                Judgement::Granted(granted) => (true, granted.verdict),
                Judgement::Asked(question) => (false, question.verdict),
                Judgement::Refused(refused) => (false, refused.verdict),
            };
            prop_assert_eq!(granted, allowed(verdict.kind), "{:?}", verdict);
            prop_assert_eq!(verdict.kind, judged(&charter, &call, RUNGS).kind);
            // Nobody there: no question.
            prop_assert!(posture.2 || verdict.kind != VerdictKind::RequireApproval);
            Ok(())
        })?;
    }

    #[test]
    fn a_repaired_call_is_a_fixpoint(path in select(PATHS), spelled in select(vec!["Path", "PATH", "file", "pa_th"])) {
        WORLD.with(|world| {
            let kernel = world.kernel();
            let limit = Value::from("12");
            let call = ToolCall {
                id: "t1".to_owned(),
                tool: "READ".to_owned(),
                args: json!({spelled: path, "limit": limit, }),
            };
            if let Judgement::Granted(granted) = kernel.judge("main", &call).unwrap() {
                prop_assert_eq!(granted.verdict.kind, VerdictKind::Transform);
                prop_assert_eq!(granted.repaired, Some(call.args));
                prop_assert_eq!(&granted.call.args["limit"], &json!(12));
                let Judgement::Granted(again) = kernel.judge("main", &granted.call).unwrap() else {
                    panic!("the repaired call is refused")
                };
                prop_assert_eq!((again.verdict.kind, again.repaired), (VerdictKind::Allow, None));
            }
            Ok(())
        })?;
    }
}
