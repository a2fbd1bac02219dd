//! Nothing runs that is not on record, and what was judged is what is opened.

use std::io::Read;
use std::os::unix::fs::symlink;
use std::process::Command;

use iosm::kernel::{KernelError, Reach, verify};
use iosm::protocol::VerdictKind;
use rustix::fs::{Mode, OFlags, openat};

use super::world::{World, call, granted};

/// Set in the child of [`a_journal_that_cannot_grow_stops_everything`].
const LIMITED: &str = "IOSM_TEST_LIMITED";

#[test]
fn a_row_precedes_its_grant_and_sealing_holds() {
    let world = World::new();
    let kernel = world.kernel();
    let path = world.root.join("state/journal/s_it.jsonl");
    let _grant = granted(kernel.judge("main", &call("read", "src/a.rs")).unwrap()).grant;
    assert_eq!(verify(&path, world.keys().trusted()).unwrap().unsealed, 1);
    kernel.seal().unwrap();
    assert_eq!(verify(&path, world.keys().trusted()).unwrap().sealed, 1);
    let text = std::fs::read_to_string(&path).unwrap();
    assert!(!text.contains("a.rs"), "digests, never contents: {text}");
    kernel.explain(&call("bash", "ls")).unwrap();
    assert_eq!(verify(&path, world.keys().trusted()).unwrap().rows, 1, "explaining leaves no trace");
}

#[test]
fn explaining_tells_every_step() {
    let kernel = World::new().kernel();
    let told = kernel.explain(&call("bash", "git push -f origin main")).unwrap();
    let names: Vec<&str> = told.steps.iter().map(|step| step.name.as_str()).collect();
    let rungs = [
        "budget",
        "capability",
        "self_protection",
        "scope",
        "lease",
        "unkept",
        "git",
        "destructive",
        "contained",
        "egress",
        "publish",
        "contract",
        "witness",
        "user_policy",
    ];
    assert_eq!(names, [["intake", "effects"].as_slice(), &rungs].concat());
    let git = told.steps.iter().find(|step| step.name == "git").unwrap();
    assert!(git.said[0].contains("force_push"));
    assert!(told.steps.iter().all(|step| step.micros >= 0.0));
    assert_eq!(told.verdict.kind, VerdictKind::RequireApproval);
}

#[test]
fn a_swap_between_judging_and_using_changes_nothing() {
    let world = World::new();
    let kernel = world.kernel();
    let grant = granted(kernel.judge("main", &call("read", "src/a.rs")).unwrap()).grant;
    let work = world.root.join("work");
    std::fs::rename(work.join("src"), work.join("old")).unwrap();
    symlink(world.root.join("outside"), work.join("src")).unwrap();
    assert_eq!(std::fs::read_to_string(work.join("src/a.rs")).unwrap(), "outside");
    let Reach::ReadPath(handle) = grant.into_reach() else { panic!("a path") };
    let file = openat(handle.dir(), handle.leaf(), OFlags::RDONLY | OFlags::NOFOLLOW, Mode::empty()).unwrap();
    let mut text = String::new();
    std::fs::File::from(file).read_to_string(&mut text).unwrap();
    assert_eq!(text, "inside");
}

/// The files of a child process may not grow beyond a few kilobytes, as on a full disk.
#[test]
fn a_journal_that_cannot_grow_stops_everything() {
    if std::env::var_os(LIMITED).is_some() {
        return fill_the_journal();
    }
    let own = std::env::current_exe().unwrap();
    let script = "trap '' XFSZ; ulimit -f 8; exec \"$0\" --exact \"$1\" --nocapture";
    let name = "kernel::record::a_journal_that_cannot_grow_stops_everything";
    let child =
        Command::new("sh").args(["-c", script]).arg(own).arg(name).env(LIMITED, "1").output().unwrap();
    let said = String::from_utf8_lossy(&child.stdout).into_owned() + &String::from_utf8_lossy(&child.stderr);
    assert!(child.status.success() && said.contains("1 passed"), "{said}");
}

fn fill_the_journal() {
    let world = World::new();
    let kernel = world.kernel();
    let read = call("read", "src/a.rs");
    let mut grants = 0u64;
    let error = loop {
        match kernel.judge("main", &read) {
            Ok(judgement) => drop(granted(judgement)),
            Err(error) => break error,
        }
        grants += 1;
        assert!(grants < 10_000, "the limit does not hold");
    };
    assert!(matches!(error, KernelError::Journal(_)), "{error}");
    assert!(error.to_string().contains("nothing may run"), "{error}");
    assert!(kernel.judge("main", &read).is_err(), "and it stays so");
    let verified = verify(&world.root.join("state/journal/s_it.jsonl"), world.keys().trusted()).unwrap();
    assert_eq!((verified.rows, verified.torn), (grants, false), "a row for each grant, none half-written");
}
