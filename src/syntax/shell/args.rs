//! What `set` and `shift` do to `$1` and so on.

use std::rc::Rc;

use super::{SimpleCommand, Word};

type Args = Option<Rc<Vec<Word>>>;

/// The arguments after `set` or `shift`; `None` where they are not known.
pub(super) fn after(command: &SimpleCommand, name: &str, before: &Args) -> Args {
    if command.wrappers.iter().any(|wrapper| !matches!(wrapper.as_str(), "command" | "builtin")) {
        // In a process of its own.
        return before.clone();
    }
    if name == "shift" { shifted(command, before) } else { set(command, before) }
}

fn shifted(command: &SimpleCommand, before: &Args) -> Args {
    let by = match command.args() {
        [] => 1,
        [one] => one.as_literal()?.parse::<usize>().ok()?,
        _ => return None,
    };
    let args = before.as_ref()?;
    // A glob may be several of them.
    let known = args.get(..by)?.iter().all(Word::is_literal);
    known.then(|| Rc::new(args[by..].to_vec()))
}

/// `set -e` leaves them, `set -- a b` and `set a b` replace them.
fn set(command: &SimpleCommand, before: &Args) -> Args {
    let mut words = command.args().iter();
    while let Some(word) = words.next() {
        let text = word.as_literal()?;
        match text {
            "--" => return Some(Rc::new(words.cloned().collect())),
            "-" => break,
            _ if text.starts_with(['-', '+']) => {
                if text.ends_with('o') {
                    words.next();
                }
            }
            _ => return Some(Rc::new(std::iter::once(word).chain(words).cloned().collect())),
        }
    }
    let rest: Vec<Word> = words.cloned().collect();
    if rest.is_empty() { before.clone() } else { Some(Rc::new(rest)) }
}
