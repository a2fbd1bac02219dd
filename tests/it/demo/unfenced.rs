//! A machine where no sandbox layer loads: the calls that load one are refused by a filter of ours.
#![allow(unsafe_code, reason = "a filter must be loaded between fork and exec")]

use std::collections::BTreeMap;
use std::os::unix::process::CommandExt;
use std::process::{Command, Output};

use nix::libc;
use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter, SeccompRule,
};

use crate::world::World;

/// Not in every libc's headers yet.
const LANDLOCK_CREATE_RULESET: i64 = 444;

/// Namespaces, Landlock and seccomp answer as on a system built without them.
fn no_layers() -> BpfProgram {
    let set_seccomp =
        SeccompCondition::new(0, SeccompCmpArgLen::Dword, SeccompCmpOp::Eq, libc::PR_SET_SECCOMP as u64);
    let rules = BTreeMap::from([
        (LANDLOCK_CREATE_RULESET, vec![]),
        (libc::SYS_seccomp, vec![]),
        (libc::SYS_unshare, vec![]),
        (libc::SYS_prctl, vec![SeccompRule::new(vec![set_seccomp.unwrap()]).unwrap()]),
    ]);
    let filter = SeccompFilter::new(
        rules,
        SeccompAction::Allow,
        SeccompAction::Errno(libc::ENOSYS as u32),
        std::env::consts::ARCH.try_into().unwrap(),
    );
    filter.unwrap().try_into().unwrap()
}

fn iosm(world: &World, args: &[&str]) -> Output {
    let filter = no_layers();
    let mut command = Command::new(env!("CARGO_BIN_EXE_iosm"));
    command
        .args(args)
        .current_dir(world.repo())
        .env_clear()
        .env("PATH", std::env::var("PATH").unwrap())
        .env("HOME", world.base().join("home"))
        .env("IOSM_HOME", world.state())
        .stdin(std::process::Stdio::null());
    // SAFETY: loading a filter makes system calls only; the program was compiled before the fork.
    unsafe {
        command.pre_exec(move || seccompiler::apply_filter(&filter).map_err(std::io::Error::other));
    }
    command.output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[test]
fn the_demo_says_so_and_runs_its_own_commands_all_the_same() {
    let world = World::new();
    let ended = iosm(&world, &["demo"]);
    let out = text(&ended.stdout);
    assert_eq!(ended.status.code(), Some(0), "{out}{}", text(&ended.stderr));
    assert!(
        out.contains("no sandbox: namespaces") && out.contains("landlock: ") && out.contains("all the same"),
        "{out}"
    );
    assert!(out.contains("0 failed"), "{out}");
}

#[test]
fn a_command_is_refused_until_the_user_says_both_words() {
    let world = World::new();
    let model = world.script(
        "rules:\n  - when: {user: {text: go}}\n    reply: [{tool_call: {tool: bash, args: {command: echo ran > ran.txt}}}]\n  - reply: [{text: done}]\n",
    );
    for (flags, code) in [
        (&[][..], 6),
        (&["--allow", "bash"][..], 6),
        (&["--no-sandbox"][..], 6),
        (&["--no-sandbox", "--allow", "bash"][..], 0),
    ] {
        let ended = iosm(&world, &[&["-p", "-m", &model, "go"], flags].concat());
        assert_eq!(ended.status.code(), Some(code), "{flags:?}: {}", text(&ended.stderr));
        assert_eq!(world.repo().join("ran.txt").exists(), code == 0, "{flags:?}");
    }
}

#[test]
fn the_doctor_says_what_is_missing() {
    let world = World::new();
    let ended = iosm(&world, &["doctor"]);
    let out = text(&ended.stdout);
    assert_eq!(ended.status.code(), Some(5), "{out}");
    assert!(out.contains("FAIL  sandbox") && out.contains("--no-sandbox"), "{out}");
}
