//! A disk that takes no more, made with a limit on the size of files: no privilege needed.
//!
//! `SIGXFSZ` is ignored first, as a full disk sends none: a write past the limit then fails with an error.

use crate::world::World;

const BLOCK: usize = 512;

/// Lets every file of the process grow to so many blocks of 512 bytes.
fn limit(blocks: usize) -> String {
    format!("trap '' XFSZ; ulimit -f {blocks}")
}

#[test]
fn a_full_disk_ends_with_an_error_and_leaves_nothing_half_written() {
    let content = "all or nothing. ".repeat(2000);
    let call = format!("{{tool: write, args: {{path: a.txt, content: \"{content}\"}}}}");
    let mut failed = 0;
    for blocks in [0, 1, 2, 4, 8, 16, 32, 64] {
        let world = World::new();
        let model = world.script(&super::script_of(&[&call]));
        let before = world.tree();
        let run = world.iosm(&["-p", "-m", &model, "--output-format", "json", "x"]).after(&limit(blocks));
        let ended = run.run();
        let code = ended.code();
        assert!(!ended.err.contains("panicked"), "{blocks} blocks: {}", ended.err);
        let text = world.read("a.txt");
        assert!(text == "one\ntwo\n" || text == content, "half-written under a limit of {blocks} blocks");
        if code != 0 {
            failed += 1;
            assert_eq!(world.tree(), before, "{blocks} blocks: {}", ended.err);
            assert_eq!(code, 1, "{blocks} blocks: {}", ended.err);
            let errno = ["File too large", "os error 27"];
            assert!(errno.iter().any(|words| ended.err.contains(words)), "{blocks} blocks: {}", ended.err);
        } else if text != content {
            // The conversation fitted, the file did not: the model was told, and nothing was left lying.
            assert!(blocks * BLOCK < content.len(), "{}", ended.err);
            assert_eq!(world.tree(), before, "{blocks} blocks");
        }
    }
    assert!(failed >= 3, "only {failed} limits were felt");
}

#[test]
fn a_session_cut_by_a_full_disk_goes_on_when_there_is_room() {
    let world = World::new();
    let model = world.script("rules:\n  - when: {user: {text: go on}}\n    reply: [{text: went on}]\n  - when: {turn: 1}\n    reply: [{tool_call: {tool: read, args: {path: a.txt}}}]\n  - reply: [{text: \"much \", repeat: 1000}]\n");
    let full = world.iosm(&["-p", "-m", &model, "begin"]).after(&limit(5)).run();
    full.expect(1).says("free some space");
    assert_eq!(world.text(&model, &["-c", "go on"]).expect(0).out, "went on\n");
}
