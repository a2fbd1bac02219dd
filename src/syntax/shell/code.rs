//! Shell lines inside programs of other languages, as far as they are literal text.

use std::sync::OnceLock;

use regex::Regex;

use super::{SimpleCommand, Word};

/// Calls that hand their first argument to a shell, with one literal text. A list of words is joined.
fn patterns() -> &'static [Regex] {
    static PATTERNS: OnceLock<Vec<Regex>> = OnceLock::new();
    PATTERNS.get_or_init(|| {
        let calls = r"(?:os\.system|os\.popen|subprocess\.(?:run|call|check_call|check_output|Popen|getoutput)|execSync|spawnSync|exec|spawn|system|popen|shell_exec|passthru|IO\.popen)";
        [
            format!(r#"{calls}\s*\(?\s*'((?:[^'\\\n]|\\.)*)'"#),
            format!(r#"{calls}\s*\(?\s*"((?:[^"\\\n]|\\.)*)""#),
            format!(r#"{calls}\s*\(\s*\[([^\]\n]*)\]"#),
        ]
        .iter()
        .filter_map(|pattern| Regex::new(pattern).ok())
        .collect()
    })
}

/// The options whose value is code, by language.
fn code_flags(program: &str) -> &'static [&'static str] {
    match program.trim_end_matches(|c: char| c.is_ascii_digit() || c == '.') {
        "python" | "pypy" => &["-c"],
        "node" | "nodejs" | "bun" => &["-e", "--eval", "-p", "--print"],
        "deno" => &["eval"],
        "perl" | "ruby" | "lua" => &["-e", "-E", "-ne", "-pe", "-i"],
        "php" => &["-r"],
        _ => &[],
    }
}

/// Lines that `command` hands to a shell.
pub(super) fn shell_lines(program: &str, command: &SimpleCommand) -> Vec<String> {
    let flags = code_flags(program);
    let mut texts: Vec<&str> = match program {
        "awk" | "gawk" | "mawk" | "nawk" => command.operands().take(1).filter_map(Word::as_literal).collect(),
        _ if flags.is_empty() => return Vec::new(),
        _ => Vec::new(),
    };
    for pair in command.args().windows(2) {
        if flags.contains(&pair[0].text.as_str()) {
            texts.extend(pair[1].as_literal());
        }
    }
    let reads_code = !flags.is_empty() && command.operands().all(|word| word.text == "-");
    if let Some(text) = command.stdin.as_ref().filter(|_| reads_code).and_then(Word::as_literal) {
        texts.push(text);
    }
    let mut lines = Vec::new();
    for text in texts.into_iter().filter(|text| text.len() < 64 * 1024) {
        for (at, pattern) in patterns().iter().enumerate() {
            for found in pattern.captures_iter(text).take(8) {
                let inner = &found[1];
                lines.push(match at {
                    2 => inner.replace(',', " "),
                    _ => inner.replace("\\\"", "\"").replace("\\'", "'"),
                });
            }
        }
        if program.starts_with("awk") || program.ends_with("awk") {
            lines.extend(piped(text));
        }
    }
    lines.truncate(16);
    lines
}

/// `print | "sort"` and `"date" | getline`.
fn piped(text: &str) -> Vec<String> {
    let mut lines = Vec::new();
    for (at, _) in text.match_indices('|').take(8) {
        let after = text[at + 1..].trim_start();
        if let Some(line) = after.strip_prefix('"').and_then(|rest| rest.split('"').next()) {
            lines.push(line.to_owned());
        }
        let before = text[..at].trim_end();
        if let Some(line) = before.strip_suffix('"').and_then(|rest| rest.rsplit('"').next()) {
            lines.push(line.to_owned());
        }
    }
    lines
}
