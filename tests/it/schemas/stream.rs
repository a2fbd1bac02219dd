//! `--output-format stream-json`: every line valid, counted, and never the message so far.

use serde_json::Value;

use super::{assert_valid, iosm, schema};

/// Lines of a run, checked: valid, counted from 1 without gaps, the result last and nowhere else.
fn run(args: &[&str], script: &str) -> (Vec<Value>, usize) {
    let (text, _) = iosm(&[&["-p", "--output-format", "stream-json"], args].concat(), script);
    assert!(text.ends_with('\n'), "{text}");
    let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let schema = schema("stream.schema.json");
    for (at, line) in lines.iter().enumerate() {
        assert_valid(&schema, line);
        assert_eq!(line["seq"], at + 1, "{line}");
        assert_eq!(line["type"] == "result", at + 1 == lines.len(), "{line}");
    }
    (lines, text.len())
}

fn texts<'a>(lines: &'a [Value], kind: &str, field: &str) -> Vec<&'a str> {
    lines.iter().filter(|line| line["type"] == kind).map(|line| line[field].as_str().unwrap()).collect()
}

#[test]
fn a_scripted_audit_streams_what_happens() {
    let (lines, _) = run(&["Audit src/ for dead code", "-m", "scripted/audit"], "");
    assert_eq!(lines[0]["type"], "session");
    assert_eq!(texts(&lines, "tool_call", "tool"), ["search", "report"]);
    assert_eq!(texts(&lines, "verdict", "kind"), ["allow", "allow"]);
    assert_eq!(texts(&lines, "tool_result", "status"), ["ok", "ok"]);
    let last = lines.last().unwrap();
    assert_eq!((&last["exit_code"], &last["findings"][0]["path"]), (&0.into(), &"src/lib.rs".into()));
}

#[test]
fn refusals_and_failures_stream_as_well() {
    let script = r"
rules:
  - when: {turn: 1}
    reply:
      - thinking: A bad idea.
      - tool_call: {tool: write, args: {path: .git/hooks/post-commit, content: boo}}
  - name: breaks off once
    once: true
    when: {turn: 2}
    reply:
      - text: half a
      - cut: true
  - reply:
      - text: Whole.
";
    let (lines, _) = run(&["go", "-m", "SCRIPT"], script);
    assert_eq!(texts(&lines, "verdict", "kind"), ["deny"]);
    assert_eq!(texts(&lines, "thinking_delta", "text").concat(), "A bad idea.");
    assert!(lines.iter().any(|line| line["type"] == "stream_discarded"), "{lines:#?}");
    assert!(lines.iter().any(|line| line["type"] == "notice"), "{lines:#?}");
}

/// Twenty thousand bytes in pieces of four: the frames must not outweigh them, and no line may
/// repeat what was said before.
#[test]
fn many_small_pieces_make_a_short_stream() {
    const BYTES: usize = 20_000;
    let script = format!(
        "rules:\n  - reply:\n      - text: \"0123456789\"\n        fill: {BYTES}\n        chunk: 4\n"
    );
    let (lines, size) = run(&["go", "-m", "SCRIPT"], &script);
    let deltas = texts(&lines, "text_delta", "text");
    let whole = "0123456789".repeat(BYTES / 10);
    assert!(deltas.concat() == whole, "the deltas add up to the text");
    assert_eq!(lines.last().unwrap()["result"], whole.as_str());
    let frames = size - 2 * BYTES;
    assert!(size <= 3 * BYTES, "{size} bytes of stream for {BYTES} of text; {frames} are frames");
    let longest = deltas.iter().map(|delta| delta.len()).max().unwrap();
    assert!(longest < BYTES / 20, "a delta of {longest} bytes holds back, or repeats, the message");
}

#[test]
fn the_schema_can_say_no() {
    let schema = schema("stream.schema.json");
    let (lines, _) = run(&["hello", "-m", "scripted/hello"], "");
    for line in &lines {
        for field in ["seq", "ts", "type"] {
            let mut short = line.clone();
            short.as_object_mut().unwrap().remove(field);
            assert!(!schema.is_valid(&short), "valid without {field}: {short}");
        }
        let mut long = line.clone();
        long["surprise"] = 1.into();
        assert!(!schema.is_valid(&long), "{long}");
        let mut other = line.clone();
        other["type"] = "other".into();
        assert!(!schema.is_valid(&other), "{other}");
    }
}
