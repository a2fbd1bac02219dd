//! What a command does to the shell it runs in, and the scripts it starts.

use super::out::Out;
use super::state::Val;
use super::walk::script;
use super::wrap::{SHELLS, moved, script_args, settle};
use super::{Known, SimpleCommand, Word, args, code};

/// Adds `command`, and follows what it starts or where it goes.
pub(super) fn starts(mut command: SimpleCommand, out: &mut Out<'_>) {
    let name = command.program.clone().unwrap_or_default();
    match name.as_str() {
        "cd" | "pushd" | "popd" => moves(&command, &name, out),
        "eval" => {
            let args = command.args().to_vec();
            here(&command, &args, "`eval` of a text", out);
        }
        "trap" => {
            // It runs later, wherever the shell stands then.
            let text: Vec<Word> = command.operands().take(1).cloned().collect();
            if !text.first().is_none_or(|word| matches!(word.text.as_str(), "" | "-")) {
                out.apart(|out| {
                    out.at.forget();
                    out.at.sure = false;
                    here(&command, &text, "`trap` on a text", out);
                });
            }
        }
        "source" | "." => {
            if command.args().first().is_none_or(|word| !word.is_literal()) {
                out.opaque("it sources a file that is only known when it runs");
            }
            out.at.forget();
            out.at.functions.clear();
            out.at.sure = false;
        }
        "read" | "mapfile" | "readarray" | "getopts" | "printf" | "unset" | "let" | "declare" | "typeset"
        | "local" | "export" | "readonly" | "shift" | "set" => sets(&command, &name, out),
        "find" | "fd" | "fdfind" => find_exec(&command, out),
        "su" | "script" | "runuser" => {
            if let Some((text, _)) = after_flag(&command, 'c') {
                run_text(&command, &[text], "a shell on a text", out);
            }
        }
        "watch" => {
            let words: Vec<Word> = watched(&command);
            run_text(&command, &words, "`watch` on a text", out);
        }
        "git" => git(&command, out),
        name if SHELLS.contains(&name) => match after_flag(&command, 'c') {
            Some((text, args)) => {
                let args = script_args(&args);
                child(&command, &[text], args, "a shell on a text", out);
            }
            // A script in a file: the sandbox knows what it does.
            None => command.certain &= true,
        },
        _ => {
            for line in code::shell_lines(&name, &command) {
                run_text(&command, &[Word::literal(line)], "a program on a text", out);
            }
        }
    }
    out.push(command);
}

fn moves(command: &SimpleCommand, name: &str, out: &mut Out<'_>) {
    if command.wrappers.iter().any(|wrapper| !matches!(wrapper.as_str(), "command" | "builtin")) {
        return;
    }
    let operands: Vec<&Word> = command.operands().filter(|word| !word.text.starts_with('+')).collect();
    let known = operands.iter().all(|word| word.is_literal());
    let state = &mut out.at;
    let before = state.dir.clone();
    match (name, operands.as_slice()) {
        ("popd", _) => match state.stack.pop() {
            Some(dir) => state.dir = dir,
            None => state.dir = None,
        },
        ("cd", [target]) if target.text == "-" => state.dir = state.old.clone(),
        ("cd", []) if known => state.dir = moved(before.as_deref(), &Word::literal("~")),
        ("cd" | "pushd", [target]) => {
            if name == "pushd" {
                state.stack.push(before.clone());
            }
            state.dir = moved(before.as_deref(), target);
        }
        _ => {
            state.dir = None;
            state.stack.clear();
        }
    }
    // `cd ""` and `CDPATH` lead where nobody looks.
    state.sure &= state.get("CDPATH").is_none() && (state.get("HOME").is_none() || !operands.is_empty());
    state.old = before;
}

fn sets(command: &SimpleCommand, name: &str, out: &mut Out<'_>) {
    if matches!(name, "set" | "shift") {
        out.at.args = args::after(command, name, &out.at.args);
        return;
    }
    let names: Vec<&Word> = match name {
        "printf" => {
            let pair = command.args().windows(2).find(|pair| pair[0].text == "-v");
            pair.map(|pair| &pair[1]).into_iter().collect()
        }
        _ => command.operands().collect(),
    };
    let declares = matches!(name, "declare" | "typeset" | "local" | "export" | "readonly");
    for word in names {
        let end = word.text.find(|c: char| !c.is_ascii_alphanumeric() && c != '_');
        match word.known {
            Known::Dynamic => out.at.forget(),
            // `export X` keeps what it holds.
            _ if declares && end.is_none() && name != "local" => {}
            _ if name == "let" => {
                let texts = word.text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
                for text in texts.filter(|text| !text.is_empty()) {
                    out.at.set(text, Val::Unknown);
                }
            }
            _ => out.at.set(&word.text[..end.unwrap_or(word.text.len())], Val::Unknown),
        }
        if declares && word.text.starts_with('-') && word.text.contains('n') {
            out.at.forget();
        }
    }
    if matches!(name, "declare" | "typeset" | "local") && command.has_flag("-n") {
        // A name for another variable: from here on a change of one is a change of the other.
        out.at.forget();
    }
    for name in ["REPLY", "MAPFILE", "OPTARG", "OPTIND"] {
        if out.at.get(name).is_some() {
            out.at.set(name, Val::Unknown);
        }
    }
}

/// The word after the option bundle that holds `letter`, as in `bash -lc TEXT`, and those after it.
fn after_flag(command: &SimpleCommand, letter: char) -> Option<(Word, Vec<Word>)> {
    let is_flag = |word: &Word| {
        word.text.starts_with('-') && !word.text.starts_with("--") && word.text.contains(letter)
    };
    let args = command.args();
    let at = args.iter().position(is_flag)?;
    // An option such as `-o` between takes a word.
    let mut next = at + 1;
    while let Some(word) = args.get(next) {
        match word.text.as_str() {
            "-o" | "+o" | "-O" | "+O" => next += 2,
            "--" => {
                next += 1;
                break;
            }
            text if text.starts_with(['-', '+']) && text.len() > 1 && word.is_literal() => next += 1,
            _ => break,
        }
    }
    let text = args.get(next).cloned().unwrap_or(Word { text: String::new(), known: Known::Dynamic });
    Some((text, args.get(next + 1..).unwrap_or_default().to_vec()))
}

/// What a variable given on the line holds.
fn given(word: &Word) -> Val {
    word.as_literal().map_or(Val::Unknown, |text| Val::Text(text.to_owned()))
}

fn joined(words: &[Word], what: &str, out: &mut Out<'_>) -> Option<String> {
    if words.iter().any(|word| word.known == Known::Dynamic) {
        out.opaque(format!("{what} that is only known when it runs"));
        return None;
    }
    // What a glob finds is read as shell once more.
    out.scan.loose |= words.iter().any(|word| word.known == Known::Pattern);
    let text: Vec<&str> = words.iter().map(|word| word.text.as_str()).collect();
    Some(text.join(" "))
}

/// A script in this very shell.
fn here(command: &SimpleCommand, words: &[Word], what: &str, out: &mut Out<'_>) {
    let Some(text) = joined(words, what, out) else {
        out.at.forget();
        out.at.functions.clear();
        out.at.sure = false;
        return;
    };
    for (name, word) in &command.assignments {
        out.at.set(name, given(word));
    }
    script(&text, out);
}

/// A script in a shell of its own.
pub(super) fn run_text(command: &SimpleCommand, words: &[Word], what: &str, out: &mut Out<'_>) {
    child(command, words, None, what, out);
}

fn child(
    command: &SimpleCommand,
    words: &[Word],
    args: Option<std::rc::Rc<Vec<Word>>>,
    what: &str,
    out: &mut Out<'_>,
) {
    let Some(text) = joined(words, what, out) else { return };
    out.apart(|out| {
        out.at = out.at.for_child();
        out.at.dir.clone_from(&command.dir);
        out.at.args = args;
        for (name, word) in &command.assignments {
            out.at.set(name, given(word));
        }
        script(&text, out);
    });
}

/// The words of `watch` that are its command.
fn watched(command: &SimpleCommand) -> Vec<Word> {
    let mut words = command.args().iter();
    let mut rest = Vec::new();
    while let Some(word) = words.next() {
        match word.text.as_str() {
            "-n" | "--interval" | "-q" => drop(words.next()),
            text if text.starts_with('-') && rest.is_empty() => {}
            _ => {
                rest.push(word.clone());
                rest.extend(words.by_ref().cloned());
            }
        }
    }
    rest
}

/// Texts that git hands to a shell.
fn git(command: &SimpleCommand, out: &mut Out<'_>) {
    let args = command.args();
    let mut texts: Vec<Word> = Vec::new();
    for pair in args.windows(2) {
        let value = &pair[1];
        let alias = pair[0].text == "-c" && value.text.to_ascii_lowercase().starts_with("alias.");
        if let Some(line) = value.text.split_once("=!").filter(|_| alias).map(|(_, line)| line) {
            texts.push(Word { text: line.to_owned(), known: value.known });
        } else if let Some(line) = value.text.split_once('=').filter(|_| alias).map(|(_, line)| line) {
            texts.push(Word { text: format!("git {line}"), known: value.known });
        }
        if matches!(pair[0].text.as_str(), "--exec" | "-x") && args.iter().any(|word| word.text == "rebase") {
            texts.push(value.clone());
        }
    }
    let words: Vec<&str> = args.iter().map(|word| word.text.as_str()).collect();
    if let Some(at) = words.windows(2).position(|pair| pair == ["submodule", "foreach"]) {
        let line: Vec<Word> =
            args[at + 2..].iter().filter(|word| !word.text.starts_with("--")).cloned().collect();
        if !line.is_empty() {
            return run_text(command, &line, "git on a text", out);
        }
    }
    if let Some(at) = words.windows(2).position(|pair| pair == ["bisect", "run"]) {
        let line: Vec<Word> = args[at + 2..].to_vec();
        if !line.is_empty() {
            run_text(command, &line, "git on a text", out);
        }
    }
    for text in texts {
        run_text(command, &[text], "git on a text", out);
    }
}

/// `find … -exec rm {} ;`: the command after each `-exec`.
fn find_exec(command: &SimpleCommand, out: &mut Out<'_>) {
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
        let aside = args[at].text.ends_with("dir");
        let mut argv: Vec<Word> = args[at + 1..end]
            .iter()
            .map(|word| match word.text.contains("{}") {
                true => Word { text: word.text.clone(), known: Known::Dynamic },
                false => word.clone(),
            })
            .collect();
        if fd_only && !argv.iter().any(|word| word.known == Known::Dynamic) {
            argv.push(Word { text: "(a name that was found)".to_owned(), known: Known::Dynamic });
        }
        let mut wrappers = command.wrappers.clone();
        wrappers.extend(command.program.clone());
        let inner = SimpleCommand {
            program: None,
            argv,
            wrappers,
            // It runs in the folder of what was found.
            dir: if aside { None } else { command.dir.clone() },
            fed_by: Vec::new(),
            inside: 0..0,
            stdin: None,
            ..command.clone()
        };
        // `find -exec find -exec …` recurses as deep as the line is long.
        if !out.deeper(12, |out| settle(inner, out)) {
            return;
        }
        at = end + 1;
    }
}
