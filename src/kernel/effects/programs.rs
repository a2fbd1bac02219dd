//! Programs whose words are known: what they read, write, list or delete. A program that is not in the
//! table has no narrower effects than its sandbox.
//!
//! Options that matter are written in a small notation, one after another. `o>` is an option whose
//! value is written, `f<` read, `k:` a value that is neither; `i!` makes the program do more than is
//! known. Two signs are two values (`arg::`). `t?` takes a value on some systems only: what follows it is
//! an operand as well. `c.` takes none, or only one attached to it, and stands where a longer name begins
//! the same; `x=<` reads one that is attached. One letter stands for a short option, more for a long one.
//! Options that are not named take no value and change nothing on disk. `-` alone says that several
//! letters after one dash are one option, `*` that the program always does more than is known.

use std::collections::HashMap;
use std::sync::OnceLock;

use super::table::PROGRAMS;

/// What a program does with its operands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Operands {
    /// They are texts, never paths.
    Texts,
    /// It reads their contents.
    Reads,
    /// As `Reads`, after a first operand that is a pattern.
    PatternThenReads,
    /// It looks at names and metadata only.
    Lists,
    /// It writes them, through links.
    Writes,
    /// It makes or replaces the names themselves.
    Makes,
    /// As `Writes`, after a first operand that is a mode or an owner.
    ModeThenWrites,
    Deletes,
    /// Reads all but the last, writes the last.
    Copies,
    /// As `Copies`, but replaces the name.
    Links,
    /// Deletes all but the last, writes the last.
    Moves,
    /// Reads the first, writes the second.
    InThenOut,
    /// Reads the first; the others are texts.
    FirstRead,
    /// Writes the first, reads the others.
    Packs,
    /// Code of its own decides.
    Sed,
    Awk,
    Find,
    Dd,
    Tar,
    /// `sh -c`, whose script was followed.
    Shell,
}

/// What is known of a program; `None` when nothing is.
pub(super) fn program(name: &str) -> Option<(Operands, &'static str)> {
    static BY_NAME: OnceLock<HashMap<&'static str, (Operands, &'static str)>> = OnceLock::new();
    let names = BY_NAME.get_or_init(|| {
        let rows = PROGRAMS.iter();
        rows.flat_map(|(names, does, spec)| names.split(' ').map(|name| (name, (*does, *spec)))).collect()
    });
    names.get(name).copied()
}

/// Whether all that a program does to files stands in its words: it runs nothing else.
pub(in crate::kernel) fn is_known_program(name: &str) -> bool {
    let more = |spec: &str| spec.split(' ').any(|token| token == "*");
    program(name).is_some_and(|(does, spec)| does != Operands::Shell && !more(spec))
}

/// What the option called `name` (without dashes) does with its values: the signs of the notation, none for
/// a flag. A long one may be cut short, as GNU programs allow.
pub(super) fn option(spec: &'static str, name: &str) -> &'static str {
    let mut found = "";
    let long = name.chars().nth(1).is_some();
    for token in spec.split(' ') {
        let Some(at) = token.find(SIGNS) else { continue };
        let (known, signs) = token.split_at(at);
        if known == name {
            return signs;
        }
        if long && known.len() > 1 && known.starts_with(name) && (found.is_empty() || signs == "!") {
            found = signs;
        }
    }
    found
}

const SIGNS: [char; 7] = [':', '<', '>', '!', '?', '.', '='];

/// Which programs go through folders: the options that make them, none where they always do.
const RECURSE: &[(&str, &[&str])] = &[
    (
        "grep egrep fgrep zgrep bzgrep xzgrep",
        &["r", "R", "d", "recursive", "dereference-recursive", "directories"],
    ),
    ("rg ag pt ack ditto 7z 7za", &[]),
    ("cp", &["r", "R", "a", "recursive", "archive"]),
    ("rsync", &["r", "a", "recursive", "archive", "files-from"]),
    ("scp", &["r"]),
    ("diff colordiff", &["r", "recursive"]),
    ("zip", &["r", "R", "recurse-paths", "recurse-patterns"]),
    ("chmod chown chgrp", &["R", "recursive"]),
    ("prettier gofmt rustfmt black isort autopep8 yapf clang-format shfmt", &[]),
];

/// The options that make `name` go through folders; `None` where nothing does.
pub(super) fn recurses(name: &str) -> Option<&'static [&'static str]> {
    let row = RECURSE.iter().find(|(names, _)| names.split(' ').any(|known| known == name));
    row.map(|(_, options)| *options)
}

/// Whether some option makes the program write or do more than is known: then a word that is only
/// known when it runs may be that option.
pub(super) fn has_edges(spec: &str) -> bool {
    spec.contains(['!', '>', '*'])
}

/// Programs that run a program given on their command line or standard input.
pub(in crate::kernel) fn is_interpreter(program: &str) -> bool {
    let stem = program.trim_end_matches(|c: char| c.is_ascii_digit() || c == '.');
    matches!(
        stem,
        "sh" | "bash"
            | "zsh"
            | "dash"
            | "ksh"
            | "mksh"
            | "ash"
            | "fish"
            | "python"
            | "pypy"
            | "perl"
            | "ruby"
            | "node"
            | "nodejs"
            | "php"
            | "lua"
            | "deno"
            | "bun"
            | "pwsh"
            | "tclsh"
            | "Rscript"
            | "osascript"
    )
}

/// Variables that change what a known program does: what it loads, runs or starts.
pub(super) fn steers(variable: &str) -> bool {
    const PREFIXES: &[&str] = &[
        "LD_", "DYLD_", "GIT_", "BASH_", "PYTHON", "PERL5", "RUBY", "NODE_", "LESS", "GCONV", "MALLOC_",
        "_RLD",
    ];
    const NAMES: &[&str] = &[
        "PATH",
        "ENV",
        "IFS",
        "SHELLOPTS",
        "BASHOPTS",
        "PAGER",
        "EDITOR",
        "VISUAL",
        "TAR_OPTIONS",
        "GREP_OPTIONS",
        "RIPGREP_CONFIG_PATH",
        "TMPDIR",
        "POSIXLY_CORRECT",
        "GZIP",
        "CDPATH",
        "GLOBIGNORE",
        "EXECIGNORE",
        "HOME",
        "PROMPT_COMMAND",
        "PS4",
        "FUNCNEST",
        "LOCPATH",
        "NLSPATH",
        "AWKPATH",
        "AWKLIBPATH",
        "MANPAGER",
        "BROWSER",
        "JQ_COLORS",
        "EXA_COLORS",
        "OUTPUT_CHARSET",
        "VERSION_CONTROL",
        "SIMPLE_BACKUP_SUFFIX",
    ];
    NAMES.contains(&variable) || PREFIXES.iter().any(|prefix| variable.starts_with(prefix))
}

#[cfg(test)]
#[path = "programs_tests.rs"]
mod tests;
