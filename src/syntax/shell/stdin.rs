//! Shells that read their script from a pipe or a heredoc, and what simple commands print.

use super::out::Out;
use super::state::Val;
use super::walk::script;
use super::wrap::SHELLS;
use super::{Known, SimpleCommand, Word};

/// Looks at the command added last: a shell without a script runs what it reads.
pub(super) fn follow(out: &mut Out<'_>) {
    let Some(command) = out.commands().last() else { return };
    let name = command.program.as_deref().unwrap_or_default();
    if !SHELLS.contains(&name) || !reads_script(command) {
        return;
    }
    let name = name.to_owned();
    let text = match (&command.stdin, command.fed_by.last()) {
        (Some(text), _) => text.as_literal().map(str::to_owned),
        (None, Some(source)) => out.commands().get(*source).filter(|maker| maker.whole).and_then(printed),
        (None, None) => return,
    };
    let child = out.at.for_child();
    match text {
        Some(text) => out.apart(|out| {
            out.at = child;
            script(&text, out);
        }),
        None => out.opaque(format!("`{name}` runs a text that is only known when it runs")),
    }
}

fn reads_script(command: &SimpleCommand) -> bool {
    let inline = |word: &Word| word.text.starts_with('-') && word.text.contains('c');
    if command.args().iter().any(|word| inline(word) && !word.text.starts_with("--")) {
        return false;
    }
    command.has_flag("-s") || command.operands().all(|word| word.text == "-" || word.text == "/dev/stdin")
}

/// What a command prints, where that is plain from its words.
pub(super) fn printed(command: &SimpleCommand) -> Option<String> {
    match command.program.as_deref()? {
        "cat" if command.args().is_empty() => command.stdin.as_ref()?.as_literal().map(str::to_owned),
        "echo" => {
            // With other options it reads escapes.
            let first = command.args().first().map_or("", |word| word.text.as_str());
            if first.starts_with('-') && first != "-n" {
                return None;
            }
            let words: Option<Vec<&str>> =
                command.args().iter().filter(|w| w.text != "-n").map(Word::as_literal).collect();
            words.map(|words| words.join(" "))
        }
        "printf" => {
            let words: Option<Vec<&str>> = command.args().iter().map(Word::as_literal).collect();
            match words?.as_slice() {
                [text] if !text.contains(['%', '\\']) => Some((*text).to_owned()),
                ["%s" | "%s\\n", text] => Some((*text).to_owned()),
                ["%s\\n", texts @ ..] => Some(texts.join("\n")),
                ["%s ", texts @ ..] => Some(texts.join(" ")),
                [text] if !text.contains('%') && !text.replace("\\n", "").contains('\\') => {
                    Some(text.replace("\\n", "\n"))
                }
                _ => None,
            }
        }
        _ => None,
    }
}

/// The value of `$(command)`. `temp` is where temporary files are made.
pub(super) fn value(command: &SimpleCommand, temp: Option<&str>) -> Option<Val> {
    let operands: Vec<&Word> = command.operands().collect();
    let literal = |at: usize| operands.get(at).and_then(|word| word.as_literal());
    let options = command.args().len() - operands.len();
    match command.program.as_deref()? {
        // A word that begins with a tilde would be taken for the home folder.
        "echo" | "printf" => {
            let text = printed(command)?;
            let text = text.trim_end_matches('\n');
            (!text.starts_with('~') || operands.len() == 1).then(|| Val::Text(text.to_owned()))
        }
        "dirname" if options == 0 && operands.len() == 1 => {
            let path = literal(0)?.trim_end_matches('/');
            let folder = match path.rsplit_once('/') {
                Some(("", _)) => "/",
                Some((folder, _)) => folder,
                None if path.is_empty() => return None,
                None => ".",
            };
            Some(Val::Text(folder.to_owned()))
        }
        "basename" if options == 0 && (1..=2).contains(&operands.len()) => {
            let path = literal(0)?.trim_end_matches('/');
            let leaf = path.rsplit('/').next().filter(|leaf| !leaf.is_empty())?;
            let ending = if operands.len() == 2 { literal(1)? } else { "" };
            let leaf = leaf.strip_suffix(ending).filter(|rest| !rest.is_empty()).unwrap_or(leaf);
            Some(Val::Text(leaf.to_owned()))
        }
        "mktemp" => {
            let plain = command.args().iter().filter(|word| word.text.starts_with('-'));
            if !plain.into_iter().all(|word| matches!(word.text.as_str(), "-d" | "-q" | "--directory")) {
                return None;
            }
            match operands.as_slice() {
                [] => temp.map(|temp| Val::Glob(format!("{temp}/tmp.*"))),
                [one] if one.known == Known::Literal && one.text.ends_with('X') => {
                    Some(Val::Glob(format!("{}*", one.text.trim_end_matches('X'))))
                }
                _ => None,
            }
        }
        _ => None,
    }
}
