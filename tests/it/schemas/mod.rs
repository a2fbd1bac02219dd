//! JSON Schemas: the published files are fresh, and what the binary prints keeps to them.

mod files;
mod output;
mod stream;

use std::path::Path;
use std::process::{Command, Stdio};

use jsonschema::Validator;
use serde_json::Value;

/// A published schema; a field that it does not name is a fault too, though scripts must bear one.
fn schema(name: &str) -> Validator {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/schemas").join(name);
    let mut schema: Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    schema["unevaluatedProperties"] = false.into();
    jsonschema::validator_for(&schema).unwrap()
}

#[track_caller]
fn assert_valid(schema: &Validator, value: &Value) {
    let faults: Vec<String> =
        schema.iter_errors(value).map(|fault| format!("{}: {fault}", fault.instance_path())).collect();
    // A fault quotes what it is about, which may be a whole answer.
    assert!(faults.is_empty(), "{:.2000}\n{:.2000}", faults.join("\n"), value.to_string());
}

/// What a run of the real binary printed on standard output, and its exit code. It sees a small
/// repository, an empty home, and nothing of this process's environment.
fn iosm(args: &[&str], script: &str) -> (String, i32) {
    let temp = tempfile::tempdir().unwrap();
    let below = |name: &str| temp.path().join(name);
    for folder in ["repo/.git/objects", "repo/.git/refs/heads", "repo/src", "home"] {
        std::fs::create_dir_all(below(folder)).unwrap();
    }
    std::fs::write(below("repo/.git/HEAD"), "ref: refs/heads/main\n").unwrap();
    std::fs::write(below("repo/src/lib.rs"), "#[allow(dead_code)]\nfn nobody_calls_this() {}\n").unwrap();
    std::fs::write(below("script.yaml"), script).unwrap();
    let own = format!("scripted/{}", below("script.yaml").display());
    let args = args.iter().map(|arg| if *arg == "SCRIPT" { own.as_str() } else { arg });
    let output = Command::new(env!("CARGO_BIN_EXE_iosm"))
        .args(args)
        .current_dir(below("repo"))
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .env("HOME", below("home"))
        .env("IOSM_HOME", below("iosm"))
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let code = output.status.code().unwrap_or_else(|| panic!("{:?}", output.status));
    assert!(!output.stdout.is_empty(), "exit {code}: {}", String::from_utf8_lossy(&output.stderr));
    (String::from_utf8(output.stdout).unwrap(), code)
}
