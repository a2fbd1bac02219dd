//! The real screen in a real terminal (tmux), with a scripted model: what a person does in a day.

mod approval;
mod ends;
mod first_run;
mod full;
mod images;
mod interrupt;
mod lifecycle;
mod pages;
mod rewind;
mod sessions;
mod sizes;
mod terminal;
mod writing;

use std::time::Duration;

pub use terminal::Terminal;

use crate::world::World;

/// Longer than a question takes no answer after a key that was meant for something else (`TYPING_MS` of the
/// dialog).
const GUARD: Duration = Duration::from_millis(1_200);

/// Between two keys of a person.
const A_BEAT: Duration = Duration::from_millis(100);

/// The screen in a terminal of 100 columns, ready for a message.
fn open(world: &World, rules: &str) -> Terminal {
    open_with(world, rules, &[], &[])
}

fn open_with(world: &World, rules: &str, args: &[&str], variables: &[(&str, &str)]) -> Terminal {
    let model = world.script(rules);
    let terminal = Terminal::start_with(world, 100, 30, &[&["-m", &model], args].concat(), variables);
    terminal.shows("full · script.yaml");
    terminal
}

/// Answers `done` to everything.
const OBLIGING: &str = "rules:\n  - reply: [{text: done}]\n";

/// These words stand in `text` in this order.
fn in_order(text: &str, words: &[&str]) {
    let mut from = 0;
    for word in words {
        let at = text[from..].find(word);
        from += at.unwrap_or_else(|| panic!("`{word}` is not there, or not in order:\n{text}")) + word.len();
    }
}
