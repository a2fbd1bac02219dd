//! Without a journal nothing runs, and it is said why and what to do.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use super::world::Repo;
use crate::world::{Ended, World};

const WRITES: &str = "rules:\n  - when: {turn: 1}\n    reply: [{tool_call: {tool: bash, args: {command: 'echo ran >> ran.txt'}}}]\n  - reply: [{text: Done.}]\n";

fn play(world: &World) -> Ended {
    let model = world.script(WRITES);
    world.text(&model, &["go"])
}

#[track_caller]
fn nothing_ran(world: &World, ended: Ended, words: &str) {
    let ended = ended.expect(1).says(words).says("  try: ");
    assert!(!world.repo().join("ran.txt").exists(), "{}", ended.err);
}

fn key(world: &World) -> std::path::PathBuf {
    world.state().join("state/keys/journal.pem")
}

fn mode(path: &Path, mode: u32) {
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
}

#[test]
fn a_key_that_others_can_read_or_that_is_none_seals_nothing() {
    let world = World::new();
    play(&world).expect(0);
    std::fs::remove_file(world.repo().join("ran.txt")).unwrap();
    mode(&key(&world), 0o644);
    nothing_ran(&world, play(&world), "chmod 600");
    mode(&key(&world), 0o600);
    std::fs::write(key(&world), "rubbish").unwrap();
    nothing_ran(&world, play(&world), "the journal's key");
    std::fs::remove_file(key(&world)).unwrap();
    std::fs::create_dir(key(&world)).unwrap();
    nothing_ran(&world, play(&world), "the journal's key");
    let model = world.script(WRITES);
    let told = world.iosm(&["-p", "-m", &model, "go"]).var("IOSM_JOURNAL_KEY", "sesame").run();
    assert!(!told.err.contains("sesame"), "{}", told.err);
    nothing_ran(&world, told, "IOSM_JOURNAL_KEY");
}

#[test]
fn a_place_that_cannot_be_written_stops_the_run_before_it_begins() {
    let repo = Repo::new();
    repo.play().expect(0);
    let folder = repo.journals();
    std::fs::remove_dir_all(&folder).unwrap();
    // A file in its place: what a read-only folder is to others, for root too.
    std::fs::write(&folder, "").unwrap();
    nothing_ran(&repo.world, play(&repo.world), "journal");
}

#[test]
fn a_full_disk_stops_the_run_and_leaves_whole_rows() {
    let mut stopped = 0;
    for blocks in [1, 2, 3, 4, 5, 6, 8] {
        let world = World::new();
        world.settings("commit_trailers: false\n");
        let model = world.script(WRITES);
        let limit = format!("trap '' XFSZ; ulimit -f {blocks}");
        let ended = world.iosm(&["-p", "-m", &model, "go"]).after(&limit).run();
        let ran = world.repo().join("ran.txt").exists();
        if ended.code() != 0 {
            stopped += 1;
            assert!(ended.err.contains("  try: "), "{}", ended.err);
        }
        if ran {
            // What ran is on record, and the record holds.
            let rows = world.iosm(&["kernel", "verify"]).run().expect(0);
            assert!(rows.out.contains("rows"), "{}", rows.out);
        }
    }
    assert!(stopped >= 3, "only {stopped} limits were felt");
}

#[test]
fn a_journal_that_is_deleted_under_a_run_stops_it() {
    let world = World::new();
    let model = world.script(
        "rules:\n  - when: {turn: 1}\n    reply: [{tool_call: {tool: bash, args: {command: 'touch begun; while ! [ -e gone ]; do sleep 0.02; done'}}}]\n  - when: {turn: 2}\n    reply: [{tool_call: {tool: bash, args: {command: 'echo ran >> ran.txt'}}}]\n  - reply: [{text: Done.}]\n",
    );
    let running = world.iosm(&["-p", "-m", &model, "go"]).start();
    crate::world::wait_until("it runs", || world.repo().join("begun").exists());
    let projects = std::fs::read_dir(world.state().join("state/projects")).unwrap().flatten();
    for project in projects {
        std::fs::remove_dir_all(project.path().join("journal")).unwrap();
    }
    std::fs::write(world.repo().join("gone"), "").unwrap();
    nothing_ran(&world, running.wait(), "deleted while it was open");
}

#[test]
fn commands_see_neither_the_key_nor_the_variable() {
    let world = World::new();
    play(&world).expect(0);
    let seed = "7".repeat(64);
    world.settings("sandbox:\n  expose:\n    env: [IOSM_JOURNAL_KEY, VISIBLE]\n");
    let look = format!(
        "rules:\n  - when: {{turn: 1}}\n    reply: [{{tool_call: {{tool: bash, args: {{command: 'sh look.sh'}}}}}}]\n  - when: {{turn: 2}}\n    reply: [{{tool_call: {{tool: read, args: {{path: {}}}}}}}]\n  - reply: [{{text: Done.}}]\n",
        key(&world).display(),
    );
    // In a script, where no rung sees it: the sandbox alone stands in the way.
    world.write(
        "look.sh",
        &format!("env; cat /proc/$PPID/environ /proc/[0-9]*/environ; cat {}\n", key(&world).display()),
    );
    let model = world.script(&look);
    let run =
        world.iosm(&["-p", "-m", &model, "look"]).var("IOSM_JOURNAL_KEY", &seed).var("VISIBLE", "yes-here");
    let ended = run.run();
    let session = std::fs::read_to_string(world.session_files().pop().unwrap()).unwrap();
    assert!(session.contains("VISIBLE=yes-here"), "the look was one: {session}");
    for secret in [seed.as_str(), "PRIVATE KEY"] {
        assert!(!session.contains(secret) && !ended.out.contains(secret) && !ended.err.contains(secret));
    }
}
