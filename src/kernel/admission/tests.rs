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

#[test]
fn protected_files_that_were_changed_are_said_and_put_on_record() {
    let world = World::new();
    let kernel = world.kernel();
    let files = |names: &[&str]| names.iter().map(|name| world.charter.workspace.join(name)).collect();
    let disturbed = Disturbed {
        restored: files(&["a", "b", "c", "d"]),
        damaged: files(&[".git/config"]),
        unsaid: files(&["u"]),
    };
    let raw = RawResult { disturbed, ..RawResult::ok("", "ran") };
    let admitted = kernel.admit("main", &world.call("bash", "x"), raw).unwrap();
    let said = "ran · SelfModify, NOT put back: .git/config · SelfModify, put back: a, b, c and 1 more \
                · judged to write nothing, tried to write: u";
    assert_eq!(admitted.summary(), said);
    let journals = world.state().sub("journal").unwrap();
    let name = |name: &String| name.starts_with("s_") && name.ends_with(".jsonl");
    let name = journals.names().unwrap().into_iter().find(name).unwrap();
    let rows = String::from_utf8(journals.read(&name).unwrap()).unwrap();
    for (rule, reason) in
        [("restored", "SelfModify"), ("damaged", "SelfModify"), ("unsaid_write", "DefaultDeny")]
    {
        let found = rows.lines().filter(|row| row.contains(&format!("\"rule\":\"{rule}\"")));
        assert_eq!(
            found.filter(|row| row.contains(&format!("\"reason\":\"{reason}\""))).count(),
            1,
            "{rows}"
        );
    }
}
