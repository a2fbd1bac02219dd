//! `iosm demo`, with a sandbox and on a machine where none loads.

mod unfenced;

use crate::world::World;

#[test]
fn the_demo_finds_fixes_tests_and_reports_and_says_that_it_is_scripted() {
    let world = World::new();
    let ended = world.iosm(&["demo"]).run();
    assert_eq!(ended.code(), 0, "{}", ended.err);
    for part in [
        "the model is scripted",
        "FAIL  mean of three: expected \"20\", got \"15\"",
        "t5 REFUSED (SelfModify)",
        "0 failed",
        "finding  high  src/stats.sh:15  mean divides by one too many",
        "changed  src/stats.sh",
        "6 turns, 6 calls allowed, 1 refused",
    ] {
        assert!(ended.out.contains(part), "no `{part}` in:\n{}", ended.out);
    }
    assert!(world.session_files().is_empty(), "the demo keeps its state to itself");
}

#[test]
fn the_demo_is_one_object_in_json_and_its_repository_can_be_kept() {
    let world = World::new();
    let ended = world.iosm(&["demo", "--output-format", "json", "--keep"]).run();
    assert_eq!(ended.code(), 0, "{}", ended.err);
    let result: serde_json::Value = serde_json::from_str(&ended.out).unwrap();
    assert_eq!(result["findings"][0]["path"], "src/stats.sh");
    assert_eq!(result["tool_calls"]["denied"], 1);
    let kept = ended.err.lines().find_map(|line| line.split_once("was kept: ")).unwrap().1;
    let kept = std::path::Path::new(kept);
    assert!(std::fs::read_to_string(kept.join("src/stats.sh")).unwrap().contains("count=0"));
    std::fs::remove_dir_all(kept.parent().unwrap()).unwrap();
}

#[test]
fn the_demo_needs_only_sh() {
    let world = World::new();
    let bin = world.base().join("bin");
    std::fs::create_dir_all(&bin).unwrap();
    std::os::unix::fs::symlink("/bin/sh", bin.join("sh")).unwrap();
    // `cat` is the one program the demo's own shell code calls.
    std::os::unix::fs::symlink("/bin/cat", bin.join("cat")).unwrap();
    let ended = world.iosm(&["demo"]).var("PATH", &bin.display().to_string()).run();
    assert_eq!(ended.code(), 0, "{}\n{}", ended.out, ended.err);
}
