//! Questions and their answers.

use std::os::unix::fs::symlink;

use iosm::kernel::{KernelError, NetScope, Reach, SandboxStrength, shape};
use iosm::protocol::{Disposition, VerdictKind};

use super::world::{World, asked, call, granted, refused};

#[test]
fn a_yes_grants_this_call_and_for_the_session_only_the_same_again() {
    let world = World::new();
    let kernel = world.kernel();
    let push = call("bash", "git push origin main");
    let question = asked(kernel.judge("main", &push).unwrap());
    let once = granted(kernel.approve(question, "ann", false).unwrap());
    let Reach::Run(scope) = once.grant.into_reach() else { panic!("a command") };
    assert!(scope.network == NetScope::All && scope.sandboxed);
    let question = asked(kernel.judge("main", &push).unwrap());
    granted(kernel.approve(question, "ann", true).unwrap());
    granted(kernel.judge("main/1", &push).unwrap());
    asked(kernel.judge("main", &call("bash", "git push backup main")).unwrap());
    asked(kernel.judge("main", &call("bash", "git push --force origin main")).unwrap());
    let unknown = call("bash", "curl $URL");
    granted(kernel.approve(asked(kernel.judge("main", &unknown).unwrap()), "ann", true).unwrap());
    asked(kernel.judge("main", &unknown).unwrap());
    let rows = std::fs::read_to_string(world.root.join("state/journal/s_it.jsonl")).unwrap();
    let approvers: Vec<bool> = rows.lines().map(|row| row.contains("\"approver\":{\"by\":\"ann\"")).collect();
    assert_eq!(approvers, [false, true, false, true, false, false, false, false, true, false]);
    assert!(rows.lines().nth(4).unwrap().contains("\"approver\":{\"by\":\"session\""));
}

#[test]
fn a_question_tells_every_reason() {
    let world = World::new();
    let question =
        asked(world.kernel().judge("main", &call("bash", "git push -f origin > ../outside/log")).unwrap());
    let line = &question.verdict.user_line;
    assert!(
        line.contains("overwrites") && line.contains("git remote origin") && line.contains("outside/log"),
        "{line}"
    );
}

#[test]
fn what_changed_since_the_question_is_asked_anew_and_the_floor_stays_closed() {
    let world = World::new();
    let kernel = world.kernel();
    let link = world.root.join("work/link");
    symlink(world.root.join("outside"), &link).unwrap();
    let write = call("write", "link/a.rs");
    let question = asked(kernel.judge("main", &write).unwrap());
    std::fs::remove_file(&link).unwrap();
    std::fs::create_dir(world.root.join("outside/other")).unwrap();
    symlink(world.root.join("outside/other"), &link).unwrap();
    let again = asked(kernel.approve(question, "ann", true).unwrap());
    assert!(again.verdict.user_line.contains("outside/other"), "{:?}", again.verdict);
    std::fs::remove_file(&link).unwrap();
    std::fs::create_dir(world.root.join("work/.git")).unwrap();
    symlink(".git", &link).unwrap();
    let refused = refused(kernel.approve(again, "ann", true).unwrap());
    assert_eq!(refused.verdict.rung, "self_protection");
}

#[test]
fn a_no_is_a_verdict_with_the_users_words() {
    let world = World::new();
    let kernel = world.kernel();
    let ask = || asked(kernel.judge("main", &call("read", "../outside/a.rs")).unwrap());
    let verdict = kernel.decline(ask(), " not that one ").unwrap();
    assert_eq!(verdict.kind, VerdictKind::Deny);
    assert!(verdict.model_line.ends_with("not that one"), "{verdict:?}");
    assert!(kernel.decline(ask(), "").unwrap().model_line.contains("declined"));
}

#[test]
fn with_nobody_there_a_question_is_a_no_that_says_what_would_allow_it() {
    let mut world = World::new();
    world.charter.human = false;
    let kernel = world.kernel();
    let verdict = refused(kernel.judge("main", &call("bash", "git push origin main")).unwrap()).verdict;
    assert_eq!((verdict.kind, verdict.disposition), (VerdictKind::Deny, Some(Disposition::Escalate)));
    for line in [&verdict.user_line, &verdict.model_line] {
        assert!(line.contains("--allow 'bash(git push origin main)'"), "{line}");
    }
    let env = refused(kernel.judge("main", &call("read", ".env")).unwrap()).verdict;
    assert!(!env.user_line.contains("--allow") && env.user_line.contains("person"), "{env:?}");
}

#[test]
fn without_a_sandbox_a_command_runs_only_by_a_persons_yes_to_it_alone() {
    let mut world = World::new();
    world.charter.sandbox = SandboxStrength::None;
    let kernel = world.kernel();
    let question = asked(kernel.judge("main", &call("bash", "ls")).unwrap());
    let once = granted(kernel.approve(question, "ann", true).unwrap());
    let Reach::Run(scope) = once.grant.into_reach() else { panic!("a command") };
    assert!(!scope.sandboxed);
    asked(kernel.judge("main", &call("bash", "ls")).unwrap());
    world.charter.session = "s_headless".to_owned();
    world.charter.human = false;
    refused(world.kernel().judge("main", &call("bash", "ls")).unwrap());
}

#[test]
fn an_approved_write_outside_opens_no_more_than_it_must() {
    let world = World::new();
    let kernel = world.kernel();
    let scope = |line: &str| {
        let question = asked(kernel.judge("main", &call("bash", line)).unwrap());
        match granted(kernel.approve(question, "ann", false).unwrap()).grant.into_reach() {
            Reach::Run(scope) => scope.write,
            other => panic!("{other:?}"),
        }
    };
    let outside = world.root.join("outside");
    assert!(scope("echo x > ../outside/a.rs").contains(&outside.join("a.rs")));
    assert!(scope("echo x > ../outside/new").contains(&outside));
    assert!(!scope("echo x > ~/new").contains(&world.root.join("home")));
}

#[test]
fn our_own_reads_are_instruction_files_only() {
    let world = World::new();
    std::fs::write(world.root.join("work/AGENTS.md"), "be kind").unwrap();
    std::fs::write(world.root.join("config/AGENTS.md"), "be brief").unwrap();
    std::fs::write(world.root.join("config/auth.yaml"), "key").unwrap();
    let kernel = world.kernel();
    assert!(matches!(
        kernel.system_read(&world.root.join("work/AGENTS.md")).unwrap().into_reach(),
        Reach::ReadPath(_)
    ));
    kernel.system_read(&world.root.join("config/AGENTS.md")).unwrap();
    for path in ["config/auth.yaml", "outside/a.rs", "work/.env"] {
        let error = kernel.system_read(&world.root.join(path)).unwrap_err();
        assert!(matches!(error, KernelError::Refused(_)), "{path}: {error}");
    }
    let rows = std::fs::read_to_string(world.root.join("state/journal/s_it.jsonl")).unwrap();
    assert!(rows.lines().all(|row| row.contains("\"actor\":\"system\"")));
}

#[test]
fn the_same_wall_has_the_same_shape() {
    let world = World::new();
    let kernel = world.kernel();
    let shape_of = |tool: &str, argument: &str| {
        let call = call(tool, argument);
        let verdict = refused(kernel.judge("main", &call).unwrap()).verdict;
        shape(&call, &verdict)
    };
    assert_eq!(shape_of("write", ".git/config"), shape_of("write", ".git/HEAD"));
    assert_ne!(shape_of("write", ".git/config"), shape_of("write", "iosm.yaml"));
}
