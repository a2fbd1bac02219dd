//! Runs `rustc` on small programs against the library as it was just built.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::LazyLock;
use std::time::SystemTime;

use serde_json::Value;

/// The program compiles.
#[track_caller]
pub(super) fn compiles(program: &str) {
    let output = check(program, &LIBRARIES);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

/// The codes of the errors in a program, each once; empty when it compiles. An error without a code
/// (such as one of syntax) is its message.
pub(super) fn codes(program: &str) -> Vec<String> {
    let output = check(program, &LIBRARIES);
    let mut codes: Vec<String> = diagnostics(&output)
        .filter(|found| found["level"] == "error")
        .filter(|found| !found["message"].as_str().is_some_and(|text| text.starts_with("aborting due to")))
        .map(|found| found["code"]["code"].as_str().or(found["message"].as_str()).unwrap_or("?").to_owned())
        .collect();
    codes.sort();
    codes.dedup();
    assert_eq!(codes.is_empty(), output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    codes
}

fn diagnostics(output: &Output) -> impl Iterator<Item = Value> {
    output.stderr.split(|byte| *byte == b'\n').filter_map(|line| serde_json::from_slice(line).ok())
}

struct Libraries {
    deps: PathBuf,
    iosm: PathBuf,
    json: PathBuf,
}

/// The newest build of `iosm` is the one of this very run, since cargo builds it before the tests.
/// Of several builds of `serde_json` only one is the one that `iosm` speaks.
static LIBRARIES: LazyLock<Libraries> = LazyLock::new(|| {
    let binary = std::env::current_exe().unwrap();
    let deps = binary.parent().unwrap().to_owned();
    let iosm = built(&deps, "iosm").swap_remove(0);
    let probe = "pub fn f(call: iosm::protocol::ToolCall) -> serde_json::Value { call.args }";
    let candidates = built(&deps, "serde_json").into_iter();
    let mut candidates = candidates.map(|json| Libraries { deps: deps.clone(), iosm: iosm.clone(), json });
    candidates.find(|libraries| check(probe, libraries).status.success()).expect("iosm with its serde_json")
});

fn check(program: &str, libraries: &Libraries) -> Output {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("stranger.rs");
    std::fs::write(&file, program).unwrap();
    // Started where cargo was, so that a toolchain file or a proxy chooses the same compiler.
    Command::new(std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into()))
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .args(["--edition", "2024", "--crate-type", "lib", "--emit", "metadata", "--error-format", "json"])
        .arg("-L")
        .arg(format!("dependency={}", libraries.deps.display()))
        .arg("--extern")
        .arg(format!("iosm={}", libraries.iosm.display()))
        .arg("--extern")
        .arg(format!("serde_json={}", libraries.json.display()))
        .arg("--out-dir")
        .arg(folder.path())
        .arg(&file)
        .output()
        .expect("rustc can be started")
}

/// Every build of a library, the newest first; at least one.
fn built(deps: &Path, name: &str) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(deps).unwrap().flatten();
    let found = entries.filter_map(|entry| {
        let file = entry.file_name().into_string().ok()?;
        let hash = file.strip_prefix("lib")?.strip_prefix(name)?.strip_prefix('-')?.strip_suffix(".rlib")?;
        let when = entry.metadata().and_then(|meta| meta.modified()).unwrap_or(SystemTime::UNIX_EPOCH);
        hash.bytes().all(|byte| byte.is_ascii_hexdigit()).then(|| (when, entry.path()))
    });
    let mut found: Vec<_> = found.collect();
    found.sort();
    assert!(!found.is_empty(), "no lib{name}-*.rlib in {}", deps.display());
    found.into_iter().rev().map(|(_, path)| path).collect()
}
