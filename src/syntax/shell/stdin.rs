//! Shells that read their script from a pipe or a heredoc.

use super::walk::{Out, script};
use super::wrap::SHELLS;
use super::{SimpleCommand, Word};

/// Looks at the command added last: a shell without a script runs what it reads.
pub(super) fn follow(out: &mut Out) {
    let Some(command) = out.commands().last() else { return };
    let name = command.program.as_deref().unwrap_or_default();
    if !SHELLS.contains(&name) || !reads_script(command) {
        return;
    }
    let text = match (&command.stdin, command.fed_by.last()) {
        (Some(text), _) => text.as_literal().map(str::to_owned),
        (None, Some(source)) => out.commands().get(*source).and_then(printed),
        (None, None) => return,
    };
    match text {
        Some(text) => script(&text, out),
        None => out.opaque(format!("`{name}` runs a text that is only known when it runs")),
    }
}

fn reads_script(command: &SimpleCommand) -> bool {
    let inline = |word: &Word| word.text.starts_with('-') && word.text.contains('c');
    if command.args().iter().any(|word| inline(word) && !word.text.starts_with("--")) {
        return false;
    }
    command.has_flag("-s") || command.operands().all(|word| word.text == "-")
}

/// What a command prints, where that is plain from its words.
fn printed(command: &SimpleCommand) -> Option<String> {
    match command.program.as_deref()? {
        "cat" if command.args().is_empty() => command.stdin.as_ref()?.as_literal().map(str::to_owned),
        "echo" => {
            let words: Option<Vec<&str>> =
                command.args().iter().filter(|w| !w.text.starts_with('-')).map(Word::as_literal).collect();
            words.map(|words| words.join(" "))
        }
        "printf" if command.args().len() == 1 => {
            let text = command.args()[0].as_literal()?;
            (!text.contains(['%', '\\'])).then(|| text.to_owned())
        }
        _ => None,
    }
}
