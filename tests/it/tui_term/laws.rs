//! The law of the screen: scrollback and screen, unwrapped, are every printed line once and in order,
//! and then the tail.

use iosm::tui::term::plain;
use proptest::prelude::*;

use super::world::{World, broken};

#[derive(Debug, Clone)]
enum Act {
    Print(Vec<String>),
    Frame(Vec<String>, Option<(u16, u16)>),
    Rows(u16),
    Board(bool),
}

/// No tail is higher than the screen ever is: what the terminal itself pushes out cannot be called back.
const LOWEST: u16 = 6;

fn text() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        4 => "[a-z ]{0,30}",
        2 => "[a-z]{0,90}",
        2 => "[漢字かな]{1,40}",
        1 => "(e\u{301}|👍|é|│|\t|\u{1b}\\[A|\u{202e}|\r){0,8}",
    ];
    prop::collection::vec(piece, 0..3).prop_map(|pieces| pieces.concat())
}

fn act() -> impl Strategy<Value = Act> {
    prop_oneof![
        4 => prop::collection::vec(text(), 0..5).prop_map(Act::Print),
        6 => (prop::collection::vec("[a-z漢 │]{0,30}", 0..usize::from(LOWEST)), prop::option::of((0..30u16, 0..7u16)))
            .prop_map(|(rows, cursor)| Act::Frame(rows, cursor)),
        1 => (LOWEST..30).prop_map(Act::Rows),
        1 => any::<bool>().prop_map(Act::Board),
    ]
}

/// What a row of the tail shows: as much as fits.
pub(super) fn cut(text: &str, cols: u16) -> String {
    let mut out = String::new();
    for ch in text.chars() {
        let longer = format!("{out}{ch}");
        if unicode_width::UnicodeWidthStr::width(longer.as_str()) > usize::from(cols) {
            break;
        }
        out = longer;
    }
    out.trim_end().to_owned()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_printed_line_stands_there_once_and_in_order(
        cols in 2..90u16,
        rows in LOWEST..30,
        stood in 0..40usize,
        acts in prop::collection::vec(act(), 1..40),
    ) {
        let mut world = World::new(cols, rows).stood(&"old\r\n".repeat(stood));
        let mut wanted = vec!["old".to_owned(); stood];
        let mut tail = Vec::new();
        world.frame(&[]);
        for act in acts {
            match act {
                Act::Print(lines) => {
                    world.print(&lines.iter().map(String::as_str).collect::<Vec<_>>());
                    // A carriage return at a line's end belongs to its newline.
                    let shown = |line: &String| broken(&plain(line.strip_suffix('\r').unwrap_or(line)), cols);
                    wanted.extend(lines.iter().flat_map(shown));
                }
                Act::Frame(rows, cursor) => {
                    world.frame_with(&rows.iter().map(String::as_str).collect::<Vec<_>>(), cursor);
                    tail = rows;
                }
                Act::Rows(rows) => world.resize(cols, rows),
                Act::Board(on) => world.screen.alternate(on),
            }
        }
        world.screen.alternate(false);
        let rows: Vec<&str> = tail.iter().map(String::as_str).collect();
        world.frame(&rows);
        wanted.extend(rows.iter().map(|row| cut(row, cols)));
        while wanted.last().is_some_and(String::is_empty) {
            wanted.pop();
        }
        prop_assert_eq!(world.lines(), wanted);
        prop_assert!(world.terminal.callbacks().0.is_empty());
        let written = world.written();
        prop_assert!(!written.contains("\x1b[2J") && !written.contains("\x1b[3J"));
        world.frame(&rows);
        prop_assert_eq!(world.written(), "");
    }
}
