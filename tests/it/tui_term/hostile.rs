//! Text that would act on the terminal: printed and drawn, it only ever shows.

use iosm::tui::term::plain;

use super::world::World;

const HOSTILE: [&str; 16] = [
    "\x1b[2J\x1b[H",
    "\x1b]0;owned\x07",
    "\x1b]52;c;b3duZWQ=\x07",
    "\x1bP+q544e\x1b\\",
    "\x1b[?1049h",
    "\x1bc",
    "\u{9b}2J",
    "\u{9d}0;owned\u{9c}",
    "\x07\x08\x7f\0",
    "\x1b[10A\x1b[31m",
    "a\rb",
    "\x0e\x0f\x0b\x0c",
    "\u{202e}drawkcab\u{202c}",
    "\u{2066}x\u{2069}",
    "\u{301}\u{301}",
    "\x1b_kitty\x1b\\ \x1b^pm\x1b\\",
];

#[test]
fn hostile_text_is_printed_as_text() {
    let mut world = World::new(80, 24);
    for text in HOSTILE {
        world.print(&[text, &format!("x{text}y")]);
        world.frame(&["tail"]);
    }
    let wanted: Vec<String> = HOSTILE
        .iter()
        .flat_map(|text| [plain(text), plain(&format!("x{text}y"))])
        .chain(["tail".to_owned()])
        .collect();
    assert_eq!(world.lines(), wanted);
    assert_eq!(world.terminal.callbacks().0, [""; 0]);
    assert!(!world.terminal.screen().alternate_screen());
    let written = world.written();
    assert!(!written.contains(['\u{202e}', '\u{9b}', '\u{9d}', '\x07', '\x7f']), "{written:?}");
}

#[test]
fn hostile_cells_are_drawn_as_blanks_of_their_width() {
    let mut world = World::new(20, 8);
    world
        .screen
        .frame(2, |buffer| {
            for (x, symbol) in ["\x1b[2J", "\r", "\n", "\u{9b}", "\u{202e}", "a\u{7}"].into_iter().enumerate()
            {
                buffer.cell_mut((x as u16, 0)).unwrap().set_symbol(symbol);
            }
            buffer.cell_mut((8, 0)).unwrap().set_symbol("|");
            // Half of a wide character does not fit.
            buffer.cell_mut((19, 1)).unwrap().set_symbol("漢");
            None
        })
        .unwrap();
    let bytes = std::mem::take(world.screen.writer());
    world.terminal.process(&bytes);
    let rows: Vec<String> = world.terminal.screen().rows(0, 20).take(2).collect();
    assert!(rows[0].ends_with('|') && rows[0].len() == 9, "{rows:?}");
    assert_eq!(rows[1].trim(), "");
    assert_eq!(world.terminal.callbacks().0, [""; 0]);
}

#[test]
fn a_newline_in_a_line_ends_a_line() {
    let mut world = World::new(20, 8);
    world.print(&["one\ntwo\r\nthree", ""]);
    world.frame(&["tail"]);
    assert_eq!(world.lines(), ["one", "two", "three", "", "tail"]);
}
