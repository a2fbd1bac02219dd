//! `--output-format json`: one object, valid by its published schema, whatever happened.

use serde_json::Value;

use super::{assert_valid, iosm, schema};

fn run(args: &[&str], script: &str) -> (Value, i32) {
    let (text, code) = iosm(&[&["-p", "--output-format", "json"], args].concat(), script);
    assert!(text.ends_with("}\n") && text.lines().count() == 1, "{text}");
    (serde_json::from_str(&text).unwrap(), code)
}

#[test]
fn a_scripted_audit_reports_what_it_found() {
    let (result, code) = run(&["Audit src/ for dead code", "-m", "scripted/audit"], "");
    assert_valid(&schema("result.schema.json"), &result);
    assert_eq!((code, &result["exit_code"], &result["status"]), (0, &0.into(), &"success".into()));
    assert_eq!(result["findings"][0]["path"], "src/lib.rs");
    assert_eq!(result["findings_reported"], true);
}

#[test]
fn a_failed_run_is_as_valid() {
    let script = "rules:\n  - reply:\n      - error: {status: 401, message: no}\n";
    let (result, code) = run(&["hello", "-m", "SCRIPT"], script);
    assert_valid(&schema("result.schema.json"), &result);
    assert_eq!((code, &result["exit_code"], &result["status"]), (3, &3.into(), &"error".into()));
    assert!(result["errors"].as_array().is_some_and(|errors| errors.len() == 1), "{result:#}");
}

#[test]
fn the_schema_can_say_no() {
    let schema = schema("result.schema.json");
    let (right, _) = run(&["hello", "-m", "scripted/hello"], "");
    assert_valid(&schema, &right);
    let wrong = |change: fn(&mut serde_json::Map<String, Value>)| {
        let mut result = right.clone();
        change(result.as_object_mut().unwrap());
        !schema.is_valid(&result)
    };
    assert!(wrong(|result| drop(result.remove("run_id"))), "every field is always there");
    assert!(wrong(|result| drop(result.insert("status".into(), "fine".into()))));
    assert!(wrong(|result| drop(result.insert("findings".into(), Value::Null))));
    assert!(wrong(|result| drop(result.insert("surprise".into(), 1.into()))));
}
