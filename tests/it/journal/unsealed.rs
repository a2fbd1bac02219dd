//! A journal that nobody sealed: cut without the key, left by a kill, or still being written.

use std::fs;
use std::os::unix::process::ExitStatusExt;

use nix::sys::signal::Signal;

use super::world::Repo;
use crate::world::wait_until;

/// The newest session's seal is taken away with what the index knows of it, and rows are cut.
#[test]
fn a_run_cut_with_its_seal_is_told_as_suspicious() {
    let repo = Repo::new();
    assert_eq!(repo.play().code(), 0);
    let journal = repo.journal();
    fs::remove_file(journal.with_extension("head.json")).unwrap();
    let index = journal.with_file_name("index.jsonl");
    fs::write(&index, "").unwrap();
    let text = fs::read_to_string(&journal).unwrap();
    let cut: String = text.lines().take(3).map(|line| format!("{line}\n")).collect();
    fs::write(&journal, cut).unwrap();

    let session = journal.file_stem().unwrap().to_str().unwrap();
    for args in [
        &["kernel", "verify"][..],
        &["kernel", "verify", session],
        &["kernel", "verify", journal.to_str().unwrap()],
    ] {
        let checked = repo.world.iosm(args).run().expect(5);
        let checked = checked.says("3 rows, ended without a seal: killed, or cut");
        checked.says("1 turn that ended, and each end seals").says("rows may be gone");
    }
    let audit = repo.world.iosm(&["audit"]).run().expect(5).prints("NOT SEALED");
    assert!(!audit.out.contains("intact,"), "{}", audit.out);
    let audit = repo.world.iosm(&["audit", "--json"]).run().expect(5);
    assert!(
        audit.out.contains("\"intact\": false") || audit.out.contains("\"intact\":false"),
        "{}",
        audit.out
    );
}

/// While it runs nothing is wrong; killed in its first turn, it is told so, and going on seals it.
#[test]
fn a_run_killed_before_its_first_seal_says_so() {
    let repo = Repo::new();
    let script = "rules:\n  - when: {turn: 1}\n    reply: [{tool_call: {tool: bash, args: {command: \"echo > started; sleep 60\"}}}]\n  - reply: [{text: Done.}]\n";
    let model = repo.world.script(script);
    let running = repo.world.iosm(&["-p", "-m", &model, "Begin"]).start();
    wait_until("it works", || repo.world.repo().join("started").exists());
    repo.world.iosm(&["kernel", "verify"]).run().expect(0).prints("no seal yet");
    let audit = repo.world.iosm(&["audit"]).run().expect(0).prints("none sealed yet");
    assert!(!audit.out.contains("intact"), "{}", audit.out);
    running.signal(Signal::SIGKILL);
    assert_eq!(running.wait().status.signal(), Some(9));

    let checked = repo.world.iosm(&["kernel", "verify"]).run().expect(5);
    let checked = checked.says("ended without a seal: killed, or cut").says("no turn has ended");
    checked.says("goes on with it and seals them");
    repo.world.iosm(&["audit"]).run().expect(5).prints("NOT SEALED");
    let model = repo.world.script("rules:\n  - reply: [{text: Done.}]\n");
    repo.world.text(&model, &["-c", "Go on"]).expect(0);
    repo.world.iosm(&["kernel", "verify"]).run().expect(0).prints("signed by");
}
