//! Programs that start other programs: `sudo rm`, `xargs rm`, `find -exec rm`, `bash -c 'rm'`.

use super::walk::{Out, script};
use super::{Known, SimpleCommand, Word};

/// A program that runs the rest of its arguments.
struct Wrapper {
    name: &'static str,
    /// Its options that take the next word as their value.
    valued: &'static [&'static str],
    /// Words of its own before the command.
    operands: usize,
}

const fn plain(name: &'static str) -> Wrapper {
    Wrapper { name, valued: &[], operands: 0 }
}

const WRAPPERS: &[Wrapper] = &[
    Wrapper {
        name: "sudo",
        valued: &[
            "-u", "-g", "-h", "-p", "-C", "-D", "-R", "-T", "-r", "-t", "-U", "--user", "--group", "--chdir",
        ],
        operands: 0,
    },
    Wrapper { name: "doas", valued: &["-u", "-C", "-a"], operands: 0 },
    Wrapper { name: "env", valued: &["-u", "--unset", "-C", "--chdir"], operands: 0 },
    Wrapper {
        name: "xargs",
        valued: &["-I", "-L", "-n", "-P", "-s", "-d", "-E", "-a", "--max-args", "--max-procs", "--delimiter"],
        operands: 0,
    },
    plain("nohup"),
    Wrapper { name: "time", valued: &["-f", "-o"], operands: 0 },
    Wrapper { name: "nice", valued: &["-n", "--adjustment"], operands: 0 },
    Wrapper { name: "ionice", valued: &["-c", "-n"], operands: 0 },
    Wrapper { name: "timeout", valued: &["-k", "-s", "--kill-after", "--signal"], operands: 1 },
    Wrapper { name: "stdbuf", valued: &["-i", "-o", "-e"], operands: 0 },
    plain("command"),
    plain("builtin"),
    Wrapper { name: "exec", valued: &["-a"], operands: 0 },
    plain("setsid"),
    plain("coproc"),
    Wrapper { name: "flock", valued: &["-w", "-E"], operands: 1 },
    Wrapper { name: "chroot", valued: &[], operands: 1 },
    Wrapper { name: "strace", valued: &["-o", "-e", "-p", "-s"], operands: 0 },
    Wrapper { name: "watch", valued: &["-n", "--interval"], operands: 0 },
    plain("busybox"),
];

pub(super) const SHELLS: &[&str] = &["sh", "bash", "zsh", "dash", "ksh", "ash", "fish"];

/// Takes the wrappers off `command`, adds it (and what it starts) to `out`.
pub(super) fn settle(mut command: SimpleCommand, out: &mut Out) {
    // Wrappers nest; a line of nothing but `sudo sudo sudo …` is not worth following for ever.
    for left in (0..16).rev() {
        if left == 0 {
            out.opaque("too many programs start one another");
        }
        let Some(first) = command.argv.first() else {
            // `sudo` or `env` alone, or only assignments.
            out.push(command);
            return;
        };
        let Some(text) = first.as_literal() else {
            out.opaque(format!("the command itself is only known when it runs: {}", first.text));
            out.push(command);
            return;
        };
        let name = text.rsplit('/').next().unwrap_or(text).to_owned();
        command.program = Some(name.clone());
        let Some(wrapper) = WRAPPERS.iter().find(|wrapper| wrapper.name == name) else { break };
        if name == "command" && (command.has_flag("-v") || command.has_flag("-V")) {
            break;
        }
        if !unwrap(&mut command, wrapper, out) {
            break;
        }
    }
    starts(command, out);
}

/// Takes one wrapper off; false when nothing is left beneath it.
fn unwrap(command: &mut SimpleCommand, wrapper: &Wrapper, out: &mut Out) -> bool {
    let mut at = 1;
    let mut operands = wrapper.operands;
    let mut folder = None;
    while let Some(word) = command.argv.get(at) {
        let text = word.text.as_str();
        if text == "--" {
            at += 1;
        } else if wrapper.name == "env" && text.contains('=') && !text.starts_with('-') {
            let (name, value) = text.split_once('=').unwrap_or((text, ""));
            let value = Word { text: value.to_owned(), known: word.known };
            command.assignments.push((name.to_owned(), value));
            at += 1;
        } else if wrapper.name == "env" && (text == "-S" || text.starts_with("--split-string")) {
            out.opaque("`env -S` splits a text into a command");
            return false;
        } else if text.starts_with('-') && text.len() > 1 {
            if matches!(text, "-C" | "--chdir" | "-D") {
                folder = command.argv.get(at + 1).cloned();
            }
            at += if wrapper.valued.contains(&text) { 2 } else { 1 };
        } else if operands > 0 {
            operands -= 1;
            at += 1;
        } else {
            break;
        }
    }
    if command.argv.get(at).is_none() {
        return false;
    }
    if let Some(folder) = folder {
        command.dir = moved(command.dir.as_deref(), &folder);
    }
    command.argv.drain(..at);
    command.wrappers.push(wrapper.name.to_owned());
    if wrapper.name == "xargs" {
        command.argv.push(Word { text: "(words from the pipe)".to_owned(), known: Known::Dynamic });
    }
    true
}

/// Adds `command`, and follows what it starts or where it goes.
fn starts(command: SimpleCommand, out: &mut Out) {
    let name = command.program.clone().unwrap_or_default();
    match name.as_str() {
        "cd" | "pushd" => {
            let target = command.operands().next().cloned().unwrap_or_else(|| Word::literal("~"));
            out.dir = moved(out.dir.as_deref(), &target);
        }
        "popd" => out.dir = None,
        "eval" => literal_script(&command, command.args(), "`eval` of a text", out),
        "trap" => {
            let text: Vec<Word> = command.operands().take(1).cloned().collect();
            literal_script(&command, &text, "`trap` on a text", out);
        }
        "source" | "." if command.args().first().is_none_or(|word| !word.is_literal()) => {
            out.opaque("it sources a file that is only known when it runs");
        }
        "find" | "fd" => find_exec(&command, out),
        "su" | "script" => {
            if let Some(text) = after_flag(&command, 'c') {
                literal_script(&command, &[text], "a shell on a text", out);
            }
        }
        "parallel" => out.opaque("`parallel` builds its commands when it runs"),
        name if SHELLS.contains(&name) => {
            if let Some(text) = after_flag(&command, 'c') {
                literal_script(&command, &[text], "a shell on a text", out);
            }
        }
        _ => {}
    }
    out.push(command);
}

/// The word after the option bundle that holds `letter`, as in `bash -lc TEXT`.
fn after_flag(command: &SimpleCommand, letter: char) -> Option<Word> {
    let is_flag = |word: &Word| {
        word.text.starts_with('-') && !word.text.starts_with("--") && word.text.contains(letter)
    };
    let at = command.args().iter().position(is_flag)?;
    let rest = command.args()[at + 1..].iter().find(|word| !word.text.starts_with(['-', '+']));
    Some(rest.cloned().unwrap_or(Word { text: String::new(), known: Known::Dynamic }))
}

fn literal_script(command: &SimpleCommand, words: &[Word], what: &str, out: &mut Out) {
    if words.iter().any(|word| word.known == Known::Dynamic) {
        out.opaque(format!("{what} that is only known when it runs"));
        return;
    }
    let text: Vec<&str> = words.iter().map(|word| word.text.as_str()).collect();
    let dir = std::mem::replace(&mut out.dir, command.dir.clone());
    script(&text.join(" "), out);
    out.dir = if command.program.as_deref() == Some("eval") { out.dir.take() } else { dir };
}

/// `find … -exec rm {} ;`: the command after each `-exec`.
fn find_exec(command: &SimpleCommand, out: &mut Out) {
    let starts = ["-exec", "-execdir", "-ok", "-okdir", "-x", "-X", "--exec", "--exec-batch"];
    let args = command.args();
    let mut at = 0;
    while at < args.len() {
        let fd_only = !args[at].text.starts_with("-exec") && !args[at].text.starts_with("-ok");
        let known = starts.contains(&args[at].text.as_str());
        if !known || fd_only && command.program.as_deref() == Some("find") {
            at += 1;
            continue;
        }
        let end = args[at + 1..].iter().position(|word| matches!(word.text.as_str(), ";" | "+"));
        let end = end.map_or(args.len(), |length| at + 1 + length);
        let argv: Vec<Word> = args[at + 1..end]
            .iter()
            .map(|word| match word.text.contains("{}") {
                true => Word { text: word.text.clone(), known: Known::Dynamic },
                false => word.clone(),
            })
            .collect();
        let mut wrappers = command.wrappers.clone();
        wrappers.extend(command.program.clone());
        let inner = SimpleCommand {
            program: None,
            argv,
            wrappers,
            text: command.text.clone(),
            dir: command.dir.clone(),
            assignments: Vec::new(),
            fed_by: Vec::new(),
            inside: 0..0,
            stdin: None,
        };
        // `find -exec find -exec …` recurses as deep as the line is long.
        if !out.deeper(|out| settle(inner, out)) {
            return;
        }
        at = end + 1;
    }
}

/// Where `cd target` leads from `dir`. The shell joins by text, `..` included.
fn moved(dir: Option<&str>, target: &Word) -> Option<String> {
    let target = target.as_literal().filter(|text| *text != "-")?;
    if target.starts_with(['/', '~']) {
        return Some(target.to_owned());
    }
    let mut parts: Vec<&str> = dir?.split('/').collect();
    for part in target.split('/') {
        match part {
            "" | "." => {}
            ".." if parts.last().is_some_and(|last| !matches!(*last, "" | ".." | "~")) => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    let joined = parts.join("/");
    Some(if dir == Some("") { joined.trim_start_matches('/').to_owned() } else { joined })
}
