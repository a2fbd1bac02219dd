//! Programs whose words are known to be paths, and what happens to them. Data: a program that is not
//! here has no narrower effects than its sandbox.

/// What a program does with its operands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Operands {
    /// They are texts, never paths.
    Texts,
    /// It reads their contents.
    Reads,
    /// As `Reads`, after a first operand that is a pattern or script.
    PatternThenReads,
    /// It looks at names and metadata only.
    Lists,
    Writes,
    /// As `Writes`, after a first operand that is a mode or an owner.
    ModeThenWrites,
    Deletes,
    /// Reads all but the last, writes the last.
    Copies,
    /// Deletes all but the last, writes the last.
    Moves,
}

/// `None` for a program that is not known.
pub(super) fn operands_of(program: &str) -> Option<Operands> {
    Some(match program {
        "echo" | "printf" | "true" | "false" | ":" | "cd" | "pushd" | "popd" | "exit" | "return"
        | "sleep" | "seq" | "date" | "pwd" | "whoami" | "id" | "uname" | "hostname" | "which" | "type"
        | "kill" | "wait" | "basename" | "dirname" | "tr" | "expr" | "let" | "read" | "shift" | "yes"
        | "export" | "alias" | "set" | "unset" | "command" => Operands::Texts,
        "cat" | "head" | "tail" | "less" | "more" | "wc" | "sort" | "uniq" | "cut" | "nl" | "tac" | "rev"
        | "diff" | "cmp" | "comm" | "paste" | "join" | "fold" | "fmt" | "column" | "xxd" | "od"
        | "hexdump" | "strings" | "base64" | "base32" | "md5sum" | "sha1sum" | "sha256sum" | "sha512sum"
        | "cksum" | "bat" | "zcat" | "gzcat" | "source" | "." => Operands::Reads,
        "grep" | "egrep" | "fgrep" | "rg" | "ag" | "ack" | "sed" | "awk" | "gawk" | "jq" | "yq" => {
            Operands::PatternThenReads
        }
        "ls" | "stat" | "file" | "du" | "tree" | "readlink" | "realpath" | "test" | "[" | "find" | "fd"
        | "df" | "exa" | "eza" => Operands::Lists,
        "tee" | "touch" | "mkdir" | "truncate" | "vi" | "vim" | "nano" | "ed" | "ex" | "patch" => {
            Operands::Writes
        }
        "chmod" | "chown" | "chgrp" | "chattr" => Operands::ModeThenWrites,
        "rm" | "rmdir" | "unlink" | "shred" => Operands::Deletes,
        "cp" | "install" | "ln" | "rsync" | "ditto" => Operands::Copies,
        "mv" => Operands::Moves,
        _ => return None,
    })
}

/// Whether all that a program does to files stands in its words.
pub(in crate::kernel) fn is_known_program(program: &str) -> bool {
    operands_of(program).is_some()
}

/// Options of these programs whose next word is a value, not an operand.
pub(super) fn takes_value(program: &str, option: &str) -> bool {
    let valued: &[&str] = match program {
        "head" | "tail" => &["-n", "-c"],
        "sort" => &["-k", "-t", "-S", "-T"],
        "cut" => &["-d", "-f", "-c", "-b"],
        "grep" | "egrep" | "fgrep" => {
            &["-e", "-m", "-A", "-B", "-C", "--include", "--exclude", "--exclude-dir"]
        }
        "rg" => &["-e", "-g", "-t", "-T", "-m", "-A", "-B", "-C", "--glob", "--type", "-r", "--iglob"],
        "awk" | "gawk" => &["-F", "-v"],
        "jq" => &["--arg", "--argjson", "--indent"],
        "sed" => &["-e"],
        "diff" => &["-U", "-x"],
        "du" => &["-d", "--exclude"],
        "tree" => &["-I", "-L", "-P"],
        "touch" => &["-d", "-t", "-r"],
        "mkdir" | "install" => &["-m", "-o", "-g"],
        "truncate" => &["-s"],
        "fold" | "fmt" => &["-w"],
        "rsync" => &["-e", "--exclude", "--include"],
        "stat" => &["-c", "-f", "--format"],
        "fd" => &["-E", "-e", "-t", "-d"],
        _ => &[],
    };
    valued.contains(&option)
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
            | "ash"
            | "fish"
            | "python"
            | "perl"
            | "ruby"
            | "node"
            | "php"
            | "lua"
            | "deno"
            | "bun"
            | "pwsh"
            | "tclsh"
            | "osascript"
    )
}
