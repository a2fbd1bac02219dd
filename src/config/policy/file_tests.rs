//! Policy files: what is read, and how slips are told.

use super::super::rule::Example;
use super::*;

const TOOLS: [&str; 4] = ["read", "write", "edit", "bash"];

fn read(text: &str, layer: Layer) -> Result<PolicyFile, PolicyError> {
    PolicyFile::read(text, Reading { layer, file: Some(Path::new("p.yaml")), tools: &TOOLS })
}

#[test]
fn a_file_is_read_whole() {
    let text = "\
preset: strict
hosts: [crates.io, '*.internal']
limits:
  agent: {calls: 200}
  run: {usd: 2.5, minutes: 30}
  calls_per_minute: 60
rules:
  - name: tests are free
    action: allow
    call: bash(cargo test*)
    match:
      - bash: cargo test --lib
    not_match: ['bash: cargo publish']
  - name: vendor is not ours
    action: deny
    effect: [write, delete]
    path: vendor/
    message: change the upstream crate instead
    reason: Contract
  - name: push needs tests
    require: {check: cargo test}
    git: push
";
    let file = read(text, Layer::User).unwrap();
    assert_eq!((file.preset, file.rules.len()), (Some(Preset::Strict), 4));
    assert_eq!(file.limits.run.usd, Some(2.5));
    let tests = &file.rules[0];
    assert_eq!(
        (tests.tools.as_slice(), tests.argument.as_deref()),
        (&["bash".to_owned()][..], Some("cargo test*"))
    );
    let example = |argument: &str| Example { tool: "bash".into(), argument: argument.into() };
    assert_eq!(
        (&tests.matches, &tests.not_matches),
        (&vec![example("cargo test --lib")], &vec![example("cargo publish")])
    );
    assert_eq!(file.rules[1].paths, ["vendor/"]);
    assert_eq!(file.rules[1].origin.to_string(), "user (p.yaml:14)");
    assert_eq!(file.rules[2].check.as_deref(), Some("cargo test"));
    assert_eq!(file.rules[3].hosts, ["crates.io", "*.internal"]);
}

#[test]
fn slips_have_file_line_and_nearest_name() {
    let rule = |rest: &str| format!("# mine\nrules:\n  - name: a\n    action: deny\n{rest}");
    for (text, line, words) in [
        ("preset: codeing\n".to_owned(), 1, "did you mean `coding`"),
        ("rule: []\n".to_owned(), 1, "did you mean `rules`"),
        (rule("    efect: write\n"), 5, "did you mean `effect`"),
        (rule("    effect: wirte\n"), 5, "did you mean `write`"),
        (rule("    path: x\n    tool: [read, wrte]\n"), 6, "did you mean `write`"),
        (rule("    reason: PolicyBlok\n"), 5, "did you mean `PolicyBlock`"),
        (rule("    git: psuh origin\n"), 5, "did you mean `push`"),
        (rule("    match: ['bsh: make']\n"), 5, "did you mean `bash`"),
        (rule("    match: [make]\n"), 5, "TOOL: ARGUMENT"),
        (rule("    path: 'a[b'\n"), 5, "no glob"),
        (rule("    class: registry\n"), 5, "name one"),
        (rule("    host: a.b\n    class: registri\n"), 6, "did you mean `registry`"),
        (rule("    call: bash(x)\n    tool: bash\n"), 3, "both `tool` and `call`"),
        (rule("  - name: a\n    action: ask\n"), 5, "two rules"),
        (rule("    require: {check: x}\n"), 3, "one is enough"),
        ("rules:\n  - name: a\n    action: alow\n".to_owned(), 3, "did you mean `allow`"),
        ("rules:\n  - action: allow\n".to_owned(), 2, "name"),
        ("limits: {run: {usd: 0}}\n".to_owned(), 1, "above 0"),
        ("limits: {runs: {usd: 1}}\n".to_owned(), 1, "did you mean `run`"),
    ] {
        let error = read(&text, Layer::User).unwrap_err().to_string();
        let placed = error.starts_with(&format!("p.yaml:{line}:")) || error.contains(&format!("line {line}"));
        assert!(error.contains("p.yaml") && placed && error.contains(words), "{text}{error}");
    }
}

#[test]
fn only_the_users_own_layers_may_loosen() {
    let allow = "rules:\n  - name: open\n    action: allow\n    tool: bash\n";
    for (layer, fine) in [
        (Layer::User, true),
        (Layer::Run, true),
        (Layer::Approvals, true),
        (Layer::Project, false),
        (Layer::Constraints, false),
        (Layer::Profile, false),
    ] {
        assert_eq!(read(allow, layer).is_ok(), fine, "{layer:?}");
        assert_eq!(read("hosts: [a.b]\n", layer).is_ok(), fine, "{layer:?}");
        assert!(read(&allow.replace("allow", "deny"), layer).is_ok(), "{layer:?}");
        assert!(read("rules:\n  - name: w\n    require: {check: x}\n    git: push\n", layer).is_ok());
    }
    let error = read(allow, Layer::Project).unwrap_err().to_string();
    assert!(error.contains("p.yaml:2") && error.contains("`open`") && error.contains("tighten"), "{error}");
}
