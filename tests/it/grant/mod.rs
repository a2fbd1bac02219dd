//! What does not compile: making, copying or forging a grant, and acting without one.
//!
//! Each program is checked by `rustc` against the library that this test binary was built with, as
//! a stranger to the crate would be. A control program shows that the rest of it is right.

mod compile;

use compile::{codes, compiles};

/// What every program begins with.
const OPENING: &str = "
    use iosm::base::BlobStore;
    use iosm::host::file;
    use iosm::kernel::{Admitted, Grant, Reach};
    use iosm::protocol::{Item, ToolResult};
    use iosm::tools::{Tool, ToolContext};
    use serde_json::Value;
";

/// Does not compile, for exactly this reason and no other.
#[track_caller]
fn fails(code: &str, program: &str) {
    let found = codes(&format!("{OPENING}{program}"));
    assert!(
        found.iter().all(|found| found == code) && !found.is_empty(),
        "wanted {code}, got {found:?}: {program}"
    );
}

#[test]
fn with_a_grant_everything_compiles() {
    compiles(&format!(
        "{OPENING}
        pub fn read(grant: Grant, blobs: &BlobStore) {{ let _ = file::read(grant, blobs); }}
        pub fn run(tool: &dyn Tool, grant: Grant, context: ToolContext) {{ drop(tool.run(grant, Value::Null, context)); }}
        pub fn open(grant: Grant) -> Reach {{ let _: &str = grant.call_id(); grant.into_reach() }}
        pub fn both_ways(text: &str) -> String {{
            serde_json::to_string(&serde_json::from_str::<ToolResult>(text).unwrap()).unwrap()
        }}
        pub fn show(admitted: Admitted) -> Item {{ let _: &ToolResult = admitted.result(); admitted.into_item() }}
        "
    ));
}

#[test]
fn a_grant_cannot_be_made() {
    // The constructor is the kernel's own.
    fails("E0624", "pub fn f(reach: Reach) { Grant::new(String::new(), reach); }");
    fails("E0451", "pub fn f(reach: Reach) { Grant { call_id: String::new(), reach }; }");
    // What the crate's own unit tests use is not in the library.
    fails("E0599", "pub fn f(reach: Reach) { Grant::for_tests(\"t1\", reach); }");
    fails("E0277", "pub fn f() -> Grant { Default::default() }");
    fails("E0277", "pub fn f(reach: Reach) -> Grant { reach.into() }");
    fails("E0277", "pub fn f(text: &str) -> Grant { serde_json::from_str(text).unwrap() }");
    fails("E0603", "pub use iosm::kernel::grant::Grant as Found;");
}

#[test]
fn a_grant_cannot_be_copied_kept_or_changed() {
    fails("E0599", "pub fn f(grant: Grant) -> [Grant; 2] { [grant.clone(), grant] }");
    fails(
        "E0382",
        "pub fn f(grant: Grant, blobs: &BlobStore) { let _ = (file::read(grant, blobs), file::read(grant, blobs)); }",
    );
    fails("E0507", "pub fn f(grant: &Grant) -> Reach { grant.into_reach() }");
    fails("E0616", "pub fn f(grant: &mut Grant) { grant.reach = Reach::Nothing; }");
    fails("E0277", "pub fn f(grant: &Grant) -> String { serde_json::to_string(grant).unwrap() }");
}

#[test]
fn nothing_is_done_without_one() {
    fails("E0061", "pub fn f(blobs: &BlobStore) { let _ = file::read(blobs); }");
    fails("E0308", "pub fn f(reach: Reach, blobs: &BlobStore) { let _ = file::read(reach, blobs); }");
    fails("E0308", "pub fn f(grant: &Grant, blobs: &BlobStore) { let _ = file::read(grant, blobs); }");
    fails(
        "E0061",
        "pub fn f(tool: &dyn Tool, context: ToolContext) { drop(tool.run(Value::Null, context)); }",
    );
}

#[test]
fn an_admitted_result_cannot_be_forged() {
    fails(
        "E0451",
        "pub fn f(result: ToolResult) { Admitted { result, summary: String::new(), bytes: 0, admission: \"as_is\", raised: Vec::new() }; }",
    );
    fails("E0451", "pub fn f(old: Admitted, result: ToolResult) -> Admitted { Admitted { result, ..old } }");
    fails("E0616", "pub fn f(admitted: &mut Admitted, result: ToolResult) { admitted.result = result; }");
    fails("E0451", "pub fn f(text: String) -> iosm::kernel::Released { iosm::kernel::Released { text } }");
    fails("E0277", "pub fn f(result: ToolResult) -> Admitted { result.into() }");
    fails("E0277", "pub fn f(text: &str) -> Admitted { serde_json::from_str(text).unwrap() }");
}

#[test]
fn a_judgement_cannot_be_answered_twice_or_made_up() {
    let question = "use iosm::kernel::{Kernel, Question};";
    fails(
        "E0382",
        &format!(
            "{question} pub fn f(kernel: &Kernel, question: Question) {{
                let _ = (kernel.approve(question, \"user\", false), kernel.approve(question, \"user\", false));
            }}"
        ),
    );
    fails(
        "E0451",
        &format!(
            "{question} pub fn f(old: Question, call: iosm::protocol::ToolCall) -> Question {{ Question {{ call, ..old }} }}"
        ),
    );
}
