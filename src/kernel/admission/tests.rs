//! What comes out of admission.

use super::*;
use crate::kernel::testing::World;

#[test]
fn commands_are_folded_files_are_not_and_much_is_paged() {
    let world = World::new();
    let kernel = world.kernel();
    let noisy = "\u{1b}[31m10%\r100%\u{1b}[0m";
    let admit = |tool: &str, text: &str| {
        kernel.admit("main", &world.call(tool, "x"), RawResult::ok(text, "")).unwrap()
    };
    let folded = admit("bash", noisy);
    assert_eq!((folded.result().text().as_str(), folded.admission()), ("100%", "folded"));
    assert_eq!(folded.bytes(), noisy.len() as u64);
    let kept = admit("read", noisy);
    assert_eq!((kept.result().text().as_str(), kept.admission()), (noisy, "as_is"));

    let long: String = (0..9_000).map(|n| format!("line {n}\n")).collect();
    let paged = admit("read", &long);
    let text = paged.result().text();
    assert_eq!(paged.admission(), "paged");
    assert!(text.len() <= page::MOST_TEXT && text.starts_with("line 0\n") && text.contains("line 8999\n"));
    let handle = text.rsplit("path ").next().unwrap().trim_end_matches(']');
    assert_eq!(world.blobs().get(handle).unwrap(), long.as_bytes());
    world.allows("read", handle);
}

#[test]
fn refusals_are_results_too() {
    let world = World::new();
    let kernel = world.kernel();
    let call = world.call("write", ".git/config");
    let verdict = world.verdict("write", ".git/config");
    let refusal = kernel.refusal(&call, &verdict);
    assert_eq!(refusal.result().status, ToolStatus::Denied);
    assert_eq!(refusal.result().text(), verdict.model_line);
    assert_eq!(Admitted::cancelled(&call).result().status, ToolStatus::Cancelled);
}
