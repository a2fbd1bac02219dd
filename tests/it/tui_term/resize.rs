//! The same law where the terminal rewraps: every printed line once and in order, then the tail,
//! whatever the window's sizes were in between.

use iosm::tui::term::{Depth, Rewrap, Screen, Size};

use super::laws::cut;
use super::tmux::Pane;
use super::world::{draw, line_of};

/// A small generator, so that a failing case can be told by its seed.
struct Chance(u64);

impl Chance {
    fn below(&mut self, most: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (self.0 >> 33) % most
    }

    /// Lines that wrap have no wide characters: tmux 3.3 takes such a line apart when it joins its rows again,
    /// and loses the cursor's place with it.
    fn printed(&mut self) -> String {
        match self.below(4) {
            0 => self.text(0, 5),
            1 => self.text(1, 5),
            _ => self.text(2, 120),
        }
    }

    fn shown(&mut self) -> String {
        let kind = self.below(4);
        self.text(kind, 30)
    }

    fn text(&mut self, kind: u64, longest: u64) -> String {
        let length = self.below(longest + 1);
        (0..length)
            .map(|_| match kind {
                0 => ['漢', '字', 'か'][self.below(3) as usize],
                1 => ['a', '漢', ' ', 'é'][self.below(4) as usize],
                _ => char::from(b'a' + self.below(26) as u8),
            })
            .collect::<String>()
            .trim_end()
            .to_owned()
    }
}

fn play(seed: u64, steps: usize, cursors: bool) {
    let (mut cols, mut rows) = (40, 14);
    let Some(mut pane) = Pane::open(cols, rows) else {
        println!("no tmux: not tried");
        return;
    };
    let mut screen = Screen::new(Vec::new(), Size::new(cols, rows), Depth::True, Rewrap::All);
    let mut chance = Chance(seed);
    let mut wanted = Vec::new();
    let mut tail: Vec<String> = Vec::new();
    let mut cursor = None;
    let mut story = Vec::new();
    // On a screen that is not full, tmux pushes rows into its history for every row that rewrapping brings,
    // the tail's among them when it stands near the top: there nobody can take them back.
    for at in 0..40 {
        pane.send(format!("old {at}\r\n").as_bytes());
        wanted.push(format!("old {at}"));
    }
    for step in 0..steps {
        let before = cols;
        match chance.below(5) {
            0 => (cols, rows) = (10 + chance.below(70) as u16, rows),
            1 => (cols, rows) = (10 + chance.below(70) as u16, 12 + chance.below(12) as u16),
            2 => {
                let lines: Vec<String> = (0..chance.below(6)).map(|_| chance.printed()).collect();
                screen.print(lines.iter().map(|line| line_of(line)));
                wanted.extend(lines);
            }
            3 => {
                // Rewrapped to the narrowest window they must still fit on the screen.
                tail = (0..1 + chance.below(3)).map(|_| chance.shown()).collect();
                cursor = None;
            }
            _ => {
                tail = (0..1 + chance.below(2)).map(|_| chance.shown()).collect();
                let y = chance.below(tail.len() as u64) as u16;
                cursor = cursors.then(|| (chance.below(u64::from(cols)) as u16, y));
            }
        }
        if screen.size() != Size::new(cols, rows) {
            pane.resize(cols, rows);
            screen.resize(Size::new(cols, rows));
        }
        story.push(format!("{step}: {before}->{cols}x{rows}, tail {tail:?}, cursor {cursor:?}"));
        let rows: Vec<&str> = tail.iter().map(String::as_str).collect();
        screen
            .frame(rows.len() as u16, |buffer| {
                draw(buffer, &rows);
                cursor
            })
            .unwrap();
        pane.send(&std::mem::take(screen.writer()));
        let mut shown = wanted.clone();
        shown.extend(rows.iter().map(|row| cut(row, cols)));
        while shown.last().is_some_and(String::is_empty) {
            shown.pop();
        }
        let told = &story[story.len().saturating_sub(3)..];
        let found = pane.lines();
        let common = found.iter().zip(&shown).take_while(|(found, wanted)| found == wanted).count();
        assert_eq!(found[common..], shown[common..], "seed {seed}, from line {common}: {told:#?}");
    }
}

#[test]
fn a_resized_tail_leaves_nothing_behind_and_takes_nothing_away() {
    for seed in 1..=4 {
        play(seed, 60, false);
    }
}

#[test]
fn a_shown_cursor_tells_where_the_tail_went() {
    for seed in 11..=14 {
        play(seed, 60, true);
    }
}
