//! Programs that start other programs: `sudo rm`, `xargs rm`, `find -exec rm`, `bash -c 'rm'`.

use std::rc::Rc;

use super::out::Out;
use super::start::starts;
use super::{Known, SimpleCommand, Word, xargs};

/// A program that runs the rest of its arguments.
struct Wrapper {
    name: &'static str,
    /// Its options that take the next word as their value.
    valued: &'static [&'static str],
    /// Words of its own before the command.
    operands: usize,
    /// Whether it does nothing but start the command.
    certain: bool,
}

const fn plain(name: &'static str) -> Wrapper {
    Wrapper { name, valued: &[], operands: 0, certain: true }
}

const fn valued(name: &'static str, valued: &'static [&'static str]) -> Wrapper {
    Wrapper { name, valued, operands: 0, certain: true }
}

/// One that has effects of its own: another user's rights, a file, another root.
const fn other(name: &'static str, valued: &'static [&'static str], operands: usize) -> Wrapper {
    Wrapper { name, valued, operands, certain: false }
}

const WRAPPERS: &[Wrapper] = &[
    other(
        "sudo",
        &[
            "-u",
            "-g",
            "-h",
            "-p",
            "-C",
            "-D",
            "-R",
            "-T",
            "-r",
            "-t",
            "-U",
            "--user",
            "--group",
            "--chdir",
            "--host",
            "--prompt",
            "--chroot",
            "--role",
            "--type",
            "--other-user",
            "--command-timeout",
        ],
        0,
    ),
    other("doas", &["-u", "-C", "-a"], 0),
    other("pkexec", &["--user"], 0),
    other("runuser", &["-u", "-g", "-G", "--user", "--group"], 0),
    valued("env", &["-u", "--unset", "-C", "--chdir", "-S", "--split-string"]),
    valued(
        "xargs",
        &[
            "-I",
            "-L",
            "-n",
            "-P",
            "-s",
            "-d",
            "-E",
            "-a",
            "--max-args",
            "--max-procs",
            "--delimiter",
            "--max-lines",
            "--max-chars",
            "--arg-file",
            "--eof",
        ],
    ),
    plain("nohup"),
    valued("time", &["-f", "-o", "--format", "--output"]),
    valued("nice", &["-n", "--adjustment"]),
    valued("ionice", &["-c", "-n", "-p", "--class", "--classdata"]),
    valued("chrt", &["-p"]),
    Wrapper {
        name: "timeout",
        valued: &["-k", "-s", "--kill-after", "--signal"],
        operands: 1,
        certain: true,
    },
    valued("stdbuf", &["-i", "-o", "-e", "--input", "--output", "--error"]),
    plain("command"),
    plain("builtin"),
    valued("exec", &["-a"]),
    plain("setsid"),
    plain("unbuffer"),
    valued("parallel", &["-j", "-I", "--jobs", "-n", "-N", "--delay", "--joblog", "--results", "-a"]),
    other("entr", &[], 0),
    other("flock", &["-w", "-E", "--timeout", "--conflict-exit-code"], 1),
    other("chroot", &["--userspec", "--groups"], 1),
    other("unshare", &["-S", "-G", "-R", "-w", "--root", "--wd", "--setuid", "--setgid"], 0),
    other("nsenter", &["-t", "-S", "-G", "--target"], 0),
    other("bwrap", &[], 0),
    other("firejail", &[], 0),
    other("strace", &["-o", "-e", "-p", "-s", "-a", "-O", "-S", "-u", "-P", "-I"], 0),
    other("ltrace", &["-o", "-e", "-p", "-s"], 0),
    other("valgrind", &[], 0),
    other("busybox", &[], 0),
    other("toybox", &[], 0),
    other("setarch", &[], 1),
    other("taskset", &["-c", "-p"], 1),
    other("systemd-run", &["-p", "-u", "--unit", "--property"], 0),
    other("caffeinate", &["-t", "-w"], 0),
    other("dbus-run-session", &[], 0),
    other("xvfb-run", &["-n", "-s", "-e", "-f", "-p"], 0),
];

pub(super) const SHELLS: &[&str] = &["sh", "bash", "zsh", "dash", "ksh", "mksh", "ash", "fish", "rbash"];

/// Takes the wrappers off `command`, adds it (and what it starts) to `out`.
pub(super) fn settle(mut command: SimpleCommand, out: &mut Out<'_>) {
    // Wrappers nest; a line of nothing but `sudo sudo sudo …` is not worth following for ever.
    for left in (0..16).rev() {
        if left == 0 {
            out.opaque("too many programs start one another");
        }
        let Some(first) = command.argv.first() else {
            // `sudo` or `env` alone.
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
        let looks = command.args().first().is_some_and(|word| {
            word.text.len() == 2 && word.text.starts_with('-') && word.text.contains(['v', 'V'])
        });
        if name == "command" && looks {
            break;
        }
        // A program of this name that lies elsewhere may be anything.
        command.certain &= text == name || in_system(text);
        if !unwrap(&mut command, wrapper, out) {
            break;
        }
    }
    starts(command, out);
}

/// Whether a program's path is one of the system's own folders.
pub(super) fn in_system(path: &str) -> bool {
    let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
    matches!(folder, "/bin" | "/usr/bin" | "/sbin" | "/usr/sbin" | "/usr/local/bin")
}

/// Takes one wrapper off; false when nothing is left beneath it.
fn unwrap(command: &mut SimpleCommand, wrapper: &Wrapper, out: &mut Out<'_>) -> bool {
    let mut at = 1;
    let mut operands = wrapper.operands;
    let mut folder = None;
    let mut certain = wrapper.certain;
    let mut replaced = None;
    let mut given = xargs::Options::default();
    let mut ended = false;
    while let Some(word) = command.argv.get(at) {
        let text = word.text.as_str();
        if text == "--" && !ended {
            ended = true;
            at += 1;
        } else if wrapper.name == "env" && text.contains('=') && !text.starts_with('-') {
            let (name, value) = text.split_once('=').unwrap_or((text, ""));
            let value = Word { text: value.to_owned(), known: word.known };
            command.assignments.push((name.to_owned(), value));
            at += 1;
        } else if text.starts_with('-') && text.len() > 1 && !ended {
            let long = text.split_once('=').map(|(name, _)| name);
            let value =
                text.split_once('=').map(|(_, value)| Word { text: value.to_owned(), known: word.known });
            let takes = long.is_none() && takes_next(wrapper.valued, text);
            let value = if takes { command.argv.get(at + 1).cloned() } else { value };
            let bundled = text.starts_with('-') && !text.starts_with("--") && text.contains('S');
            if wrapper.name == "env" && (bundled || text.starts_with("--split")) {
                let after = || {
                    text.split_once('S').map(|(_, rest)| Word { text: rest.to_owned(), known: word.known })
                };
                let text = if takes || long.is_some() { value } else { after() };
                return split_string(command, text, at + 1 + usize::from(takes), out);
            }
            if wrapper.name == "xargs" {
                given.note(long.unwrap_or(text), value.as_ref(), command, out);
            }
            match (wrapper.name, long.unwrap_or(text)) {
                ("env" | "sudo", "-C" | "--chdir" | "-D") => folder = value,
                ("time", "-o" | "--output") => certain = false,
                ("xargs", option)
                    if option.starts_with("-I") || option.starts_with("-i") || option == "--replace" =>
                {
                    let mark = value.filter(|_| takes || long.is_some()).map(|word| word.text);
                    let mark = mark.or_else(|| attached(word, "-I").or(attached(word, "-i")).map(|w| w.text));
                    replaced = Some(mark.unwrap_or_else(|| "{}".to_owned()));
                }
                ("parallel", option) if !matches!(option, "-j" | "--jobs" | "-k" | "-0" | "--keep-order") => {
                    certain = false;
                }
                _ => {}
            }
            at += if takes { 2 } else { 1 };
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
    command.certain &= certain;
    let from_pipe = || Word { text: "(words from the pipe)".to_owned(), known: Known::Dynamic };
    match wrapper.name {
        "xargs" => match (given.names(command, out), replaced) {
            (Some(names), mark) => {
                let sets: Vec<&[Word]> = if given.each { names.chunks(1).collect() } else { vec![&names] };
                let whole = command.clone();
                for (at, names) in sets.iter().enumerate() {
                    let mut one = whole.clone();
                    match &mark {
                        Some(mark) => fill(&mut one, mark, &names[0].text),
                        None => one.argv.extend(names.iter().cloned()),
                    }
                    if at + 1 == sets.len() {
                        *command = one;
                    } else if !out.deeper(12, |out| settle(one, out)) {
                        return false;
                    }
                }
            }
            (None, Some(mark)) => replace(command, &mark),
            (None, None) => command.argv.push(from_pipe()),
        },
        "parallel" => {
            let inputs =
                command.argv.iter().position(|word| matches!(word.text.as_str(), ":::" | "::::" | ":::+"));
            command.argv.truncate(inputs.unwrap_or(command.argv.len()));
            command.certain = false;
            if let [one] = command.argv.as_slice() {
                // One word is a line for a shell.
                let line = one.clone();
                out.opaque("`parallel` builds its commands when it runs");
                super::start::run_text(command, &[line], "`parallel` on a text", out);
                return false;
            }
            let marked = command.argv.iter().any(|word| word.text.contains('{'));
            replace(command, "{");
            if !marked {
                command.argv.push(from_pipe());
            }
        }
        "entr" => replace(command, "/_"),
        _ => {}
    }
    !command.argv.is_empty()
}

/// Words in which `mark` stands for something from elsewhere.
fn replace(command: &mut SimpleCommand, mark: &str) {
    for word in &mut command.argv {
        if !mark.is_empty() && word.text.contains(mark) {
            word.known = Known::Dynamic;
        }
    }
}

/// Words with `name` in place of `mark`.
fn fill(command: &mut SimpleCommand, mark: &str, name: &str) {
    for word in command.argv.iter_mut().filter(|word| !mark.is_empty() && word.text.contains(mark)) {
        word.text = word.text.replace(mark, name);
    }
}

/// `-Ivalue`.
fn attached(word: &Word, option: &str) -> Option<Word> {
    let rest = word.text.strip_prefix(option).filter(|rest| !rest.is_empty())?;
    Some(Word { text: rest.to_owned(), known: word.known })
}

/// Whether an option, or the last of a bundle, takes the next word.
fn takes_next(valued: &[&str], text: &str) -> bool {
    if valued.contains(&text) {
        return true;
    }
    let bundle =
        text.strip_prefix('-').filter(|rest| !rest.starts_with('-') && rest.len() > 1 && rest.is_ascii());
    let Some(bundle) = bundle else { return false };
    let takes = |letter: char| valued.iter().any(|option| option.len() == 2 && option.ends_with(letter));
    // A letter before the last that takes a value has it here already.
    bundle.char_indices().find(|(_, letter)| takes(*letter)).is_some_and(|(at, _)| at + 1 == bundle.len())
}

/// `env -S 'A=1 rm x'`: its own splitting is close to a shell's for plain words.
fn split_string(command: &mut SimpleCommand, text: Option<Word>, rest: usize, out: &mut Out<'_>) -> bool {
    let plain =
        |text: &str| !text.contains(['$', '\\', '\'', '"', '`', '#', '|', '&', ';', '<', '>', '*', '(']);
    let text = text.as_ref().and_then(Word::as_literal).filter(|text| plain(text));
    let Some(text) = text else {
        out.opaque("`env -S` splits a text into a command");
        return false;
    };
    let mut argv = vec![Word::literal("env")];
    argv.extend(text.split_whitespace().map(Word::literal));
    argv.extend(command.argv.drain(rest.min(command.argv.len())..));
    command.argv = argv;
    true
}

/// Where `cd target` leads from `dir`. The shell joins by text, `..` included.
pub(super) fn moved(dir: Option<&str>, target: &Word) -> Option<String> {
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

/// The arguments of `sh -c TEXT name a b`: `a b`.
pub(super) fn script_args(words: &[Word]) -> Option<Rc<Vec<Word>>> {
    Some(Rc::new(words.get(1..).unwrap_or_default().to_vec()))
}
