//! Commands of the shell whose words name variables, or are arithmetic.

use super::args::after as args_after;
use super::names::{declares, evaluates};
use super::out::Out;
use super::start::here;
use super::state::Val;
use super::{Known, SimpleCommand, Word};

/// What a command of the shell's own sets, and what of its words is read as code.
pub(super) fn sets(command: &SimpleCommand, name: &str, out: &mut Out<'_>) {
    // A program of this name knows nothing of variables.
    if command.wrappers.iter().any(|wrapper| !matches!(wrapper.as_str(), "command" | "builtin")) {
        return;
    }
    let args = command.args();
    match name {
        "shift" => out.at.args = args_after(command, name, &out.at.args),
        "set" => {
            out.at.args = args_after(command, name, &out.at.args);
            let flag = |letter: char| args.iter().any(|w| w.text.starts_with('-') && w.text.contains(letter));
            out.at.exports_all |= flag('a') || args.iter().any(|word| word.text == "allexport");
            if flag('k') || args.iter().any(|word| word.text == "keyword") {
                out.unseen();
            }
        }
        "test" | "[" => tests(command, out),
        "let" => args.iter().for_each(|word| reckons(word, out)),
        "printf" => prints(command, out),
        "wait" => {
            let (given, _) = options(args, "p");
            open(command, out);
            for (_, word) in given {
                sets_one(&word, &Val::Unknown, out);
            }
        }
        "read" => {
            let (given, names) = options(args, "adinNptu");
            open(command, out);
            let lists = given.iter().filter(|(letter, _)| *letter == 'a').map(|(_, word)| word);
            lists.for_each(|word| sets_one(word, &Val::Unknown, out));
            let values = fields_read(command, &given, names.len());
            for (at, word) in names.iter().enumerate() {
                let value = values.as_ref().map_or(Val::Unknown, |values| Val::Text(values[at].clone()));
                sets_one(word, &value, out);
            }
            if names.is_empty() && out.at.get("REPLY").is_some() {
                out.at.set("REPLY", Val::Unknown);
            }
        }
        "mapfile" | "readarray" => {
            let (given, names) = options(args, "dnOsuCc");
            open(command, out);
            for (letter, word) in given {
                if letter == 'C' {
                    out.apart(|out| here(command, &[word], "`mapfile` with a text to run", out));
                }
            }
            names.iter().for_each(|word| sets_one(word, &Val::Unknown, out));
            out.at.set("MAPFILE", Val::Unknown);
        }
        "getopts" => {
            open(command, out);
            args.iter().skip(1).take(1).for_each(|word| sets_one(word, &Val::Unknown, out));
            out.at.set("OPTARG", Val::Unknown);
        }
        "unset" => {
            open(command, out);
            let names = args.iter().filter(|word| !word.text.starts_with('-'));
            names.for_each(|word| sets_one(word, &Val::Unknown, out));
        }
        name if declares(name) => declarations(command, name, out),
        _ => {}
    }
}

/// A word that may be several may be an option and its value.
fn open(command: &SimpleCommand, out: &mut Out<'_>) {
    if command.splits {
        out.unseen();
    }
}

fn reckons(word: &Word, out: &mut Out<'_>) {
    match word.known {
        Known::Number => {}
        Known::Dynamic => {
            out.unseen();
            out.at.forget();
        }
        // A glob that finds nothing stays as it is written.
        Known::Literal | Known::Pattern => out.arithmetic(&word.text),
    }
}

fn sets_one(word: &Word, value: &Val, out: &mut Out<'_>) {
    let Some(name) = out.target(word) else { return };
    let whole = name.len() == word.text.len();
    let value = if whole { value } else { &Val::Unknown };
    out.gives(&name, value);
    out.at.set(&name, value.clone());
}

/// `-v NAME` before the format.
fn prints(command: &SimpleCommand, out: &mut Out<'_>) {
    let Some(first) = command.args().first() else { return };
    if first.known == Known::Dynamic && (command.splits || first.known_prefix().is_empty()) {
        // It may be `-v` with a name in the same word.
        return out.unseen();
    }
    let Some(rest) = first.text.strip_prefix("-v") else { return };
    let named = match rest {
        "" => command.args().get(1).cloned(),
        rest => Some(Word { text: rest.to_owned(), known: first.known }),
    };
    if let Some(word) = named {
        sets_one(&word, &Val::Unknown, out);
    }
}

/// `-v NAME` anywhere; two words that nobody knows may be that.
fn tests(command: &SimpleCommand, out: &mut Out<'_>) {
    open(command, out);
    let args = command.args();
    for pair in args.windows(2) {
        let may = |word: &Word| word.known == Known::Dynamic && word.known_prefix().is_empty();
        if matches!(pair[0].text.as_str(), "-v" | "-R") {
            if pair[1].known == Known::Dynamic {
                out.unseen();
            } else {
                out.place(&pair[1].text);
            }
        } else if may(&pair[0]) && (pair[1].known == Known::Dynamic || pair[1].text.contains("[$")) {
            out.unseen();
        }
    }
}

fn declarations(command: &SimpleCommand, name: &str, out: &mut Out<'_>) {
    let args = command.args();
    let flags = || args.iter().filter(|word| word.text.starts_with('-'));
    let flag = |letter: char| flags().any(|word| word.text.contains(letter));
    let evaluated = name != "export" && flags().any(|word| evaluates(&word.text));
    open(command, out);
    for word in args {
        if word.known != Known::Dynamic && word.text.starts_with(['-', '+']) {
            continue;
        }
        let Some(variable) = out.target(word) else { continue };
        let value = word.text.split_once('=').map(|(_, value)| value);
        if evaluated {
            out.at.evaluated.insert(variable.clone());
        }
        if let Some(value) = value {
            let given = if word.is_literal() { Val::Text(value.to_owned()) } else { Val::Unknown };
            if value.starts_with('(') {
                out.list(value);
            }
            out.gives(&variable, &given);
        }
        // `export X` keeps what it holds.
        if value.is_some() || name == "local" || variable.len() != word.text.len() {
            out.at.set(&variable, Val::Unknown);
        }
        if name == "export" || flag('x') {
            out.at.exported.insert(variable.clone());
        }
        if name == "readonly" || flag('r') {
            out.at.fixed.insert(variable);
        }
    }
    if flag('n') && name != "export" {
        // A name for another variable: from here on a change of one is a change of the other.
        out.at.forget();
    }
}

/// The values of options, of which the letters `valued` take one, and the words after them.
fn options(args: &[Word], valued: &str) -> (Vec<(char, Word)>, Vec<Word>) {
    let mut given = Vec::new();
    let mut at = 0;
    while let Some(word) = args.get(at) {
        let text = word.text.as_str();
        if word.known == Known::Dynamic || !text.starts_with('-') || text == "-" {
            break;
        }
        at += 1;
        if text == "--" {
            break;
        }
        let found = text.char_indices().skip(1).find(|(_, letter)| valued.contains(*letter));
        if let Some((place, letter)) = found {
            let rest = &text[place + letter.len_utf8()..];
            if !rest.is_empty() {
                given.push((letter, Word { text: rest.to_owned(), known: word.known }));
            } else if let Some(next) = args.get(at) {
                given.push((letter, next.clone()));
                at += 1;
            }
        }
    }
    (given, args.get(at..).unwrap_or_default().to_vec())
}

/// What `read` takes from a text that is known, for each of `count` names.
fn fields_read(command: &SimpleCommand, given: &[(char, Word)], count: usize) -> Option<Vec<String>> {
    let text = command.stdin.as_ref()?.as_literal()?;
    let line = text.lines().next().unwrap_or_default();
    if count == 0 || line.contains('\\') || given.iter().any(|(letter, _)| *letter != 'p') {
        return None;
    }
    let blank = [' ', '\t'];
    let mut rest = line.trim_matches(blank);
    let mut values = Vec::with_capacity(count);
    for _ in 1..count {
        let end = rest.find(blank).unwrap_or(rest.len());
        values.push(rest[..end].to_owned());
        rest = rest[end..].trim_start_matches(blank);
    }
    values.push(rest.to_owned());
    // A tilde after the first word would be taken for the home folder.
    (!values.iter().any(|value| value.contains('~'))).then_some(values)
}
