//! The inline screen: where lines end up, and what is written for them.

use ratatui::style::{Color, Modifier, Style};
use ratatui::text::{Line, Span};

use super::world::{World, broken, draw};

const SIZES: [(u16, u16); 3] = [(40, 12), (200, 60), (20, 5)];

#[test]
fn lines_are_printed_once_above_the_tail_at_every_size() {
    for (cols, rows) in SIZES {
        let mut world = World::new(cols, rows).stood("$ iosm\r\n");
        let mut wanted = vec!["$ iosm".to_owned()];
        for at in 0..100 {
            let line = format!("{at} {}", "word ".repeat(at % 60)).trim_end().to_owned();
            world.print(&[&line]);
            wanted.push(line);
            world.frame(&["> draft", "status"]);
        }
        wanted.extend(["> draft".to_owned(), "status".to_owned()]);
        assert_eq!(world.lines(), wanted, "{cols}x{rows}");
    }
}

#[test]
fn a_full_clear_is_never_sent() {
    let mut world = World::new(20, 5);
    for at in 0..50 {
        world.print(&["a line that is longer than the screen is wide"]);
        world.frame(&["tail"; 5][..at % 6]);
        if at % 7 == 0 {
            world.resize(20, 5 + (at as u16 % 3));
        }
        let cursor_home = world.terminal.screen().cursor_position() == (0, 0);
        let written = world.written();
        for clear in ["\x1b[2J", "\x1b[3J", "\x1b[1;1H", "\x1b[H", "\x1bc"] {
            assert!(!written.contains(clear), "{clear:?} at {at}, home {cursor_home}: {written:?}");
        }
    }
}

#[test]
fn what_stood_on_the_terminal_stays() {
    for (stood, wanted) in [
        ("", vec!["tail"]),
        ("$ iosm\r\n", vec!["$ iosm", "tail"]),
        ("no newline", vec!["no newline", "tail"]),
        ("x", vec!["x", "tail"]),
        ("exactly twenty cols!", vec!["exactly twenty cols!", "tail"]),
        ("1\r\n2\r\n3\r\n4\r\n5\r\n6\r\n", vec!["1", "2", "3", "4", "5", "6", "tail"]),
    ] {
        let mut world = World::new(20, 5).stood(stood);
        world.frame(&["tail"]);
        let rows = world.rows();
        let rows: Vec<_> = rows.iter().map(|(row, _)| row.trim_end()).filter(|row| !row.is_empty()).collect();
        assert_eq!(rows, wanted, "{stood:?}");
    }
}

#[test]
fn nothing_is_written_when_nothing_changed() {
    let mut world = World::new(40, 12);
    world.print(&["one"]);
    world.frame_with(&["> draft", "status"], Some((7, 0)));
    world.written();
    for _ in 0..3 {
        world.frame_with(&["> draft", "status"], Some((7, 0)));
        world.screen.resize(iosm::tui::term::Size::new(40, 12));
    }
    assert_eq!(world.written(), "");
}

#[test]
fn a_letter_costs_a_letter() {
    let mut world = World::new(40, 12);
    world.frame_with(&["│ > draf", "status"], Some((8, 0)));
    world.written();
    world.frame_with(&["│ > draft", "status"], Some((9, 0)));
    assert_eq!(world.written(), "\x1b[?2026h\x1b[?25l\x1b[?7lt\x1b[?7h\x1b[?25h\x1b[?2026l");
    // The cursor alone needs no synchronized frame.
    world.frame_with(&["│ > draft", "status"], Some((4, 0)));
    assert_eq!(world.written(), "\x1b[5G");
}

#[test]
fn a_frame_is_one_synchronized_write_with_the_cursor_hidden() {
    struct Writes(Vec<Vec<u8>>);
    impl std::io::Write for Writes {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.push(bytes.to_vec());
            Ok(bytes.len())
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    use iosm::tui::term::{Depth, Rewrap, Screen, Size};
    let mut screen = Screen::new(Writes(Vec::new()), Size::new(40, 12), Depth::True, Rewrap::All);
    screen.print([Line::from("one"), Line::from("two")]);
    screen
        .frame(2, |buffer| {
            draw(buffer, &["a", "b"]);
            Some((0, 1))
        })
        .unwrap();
    let writes = &screen.writer().0;
    assert_eq!(writes.len(), 1);
    let text = String::from_utf8(writes[0].clone()).unwrap();
    assert!(text.starts_with("\x1b[?2026h\x1b[?25l"), "{text:?}");
    assert!(text.ends_with("\x1b[?25h\x1b[?2026l"), "{text:?}");
}

#[test]
fn the_tail_follows_what_is_printed_as_it_grows_and_shrinks() {
    let mut world = World::new(20, 8).stood("$ iosm\r\n");
    world.frame(&["a", "b"]);
    world.frame(&["1", "2", "3", "4", "5", "6", "7", "8"]);
    assert_eq!(world.lines(), ["$ iosm", "1", "2", "3", "4", "5", "6", "7", "8"]);
    world.frame(&["1", "2", "3"]);
    assert_eq!(world.lines(), ["$ iosm", "1", "2", "3"]);
    world.frame(&[]);
    assert_eq!(world.lines(), ["$ iosm"]);
    world.print(&["printed"]);
    world.frame(&["x"]);
    assert_eq!(world.lines(), ["$ iosm", "printed", "x"]);
}

#[test]
fn the_cursor_stands_where_the_draft_wants_it() {
    let mut world = World::new(20, 8).stood("$ iosm\r\n");
    world.frame_with(&["a", "漢字 draft", "c"], Some((10, 1)));
    assert_eq!(world.terminal.screen().cursor_position(), (2, 10));
    assert!(!world.terminal.screen().hide_cursor());
    world.print(&["one", "two"]);
    world.frame_with(&["a", "漢字 draft", "c"], Some((2, 1)));
    assert_eq!(world.terminal.screen().cursor_position(), (4, 2));
    world.frame_with(&["a"], None);
    assert!(world.terminal.screen().hide_cursor());
    // Outside of the tail it is not shown.
    world.frame_with(&["a"], Some((0, 1)));
    assert!(world.terminal.screen().hide_cursor());
}

#[test]
fn wide_characters_wrap_and_are_replaced_whole() {
    let mut world = World::new(20, 8);
    let wide = "漢".repeat(25);
    let shifted = format!("x{wide}");
    world.print(&[&wide, &shifted, &"=".repeat(20), &"=".repeat(40)]);
    world.frame(&["漢字漢字", "a漢字b"]);
    let printed = [vec![wide], broken(&shifted, 20), vec!["=".repeat(20), "=".repeat(40)]].concat();
    assert_eq!(world.lines(), [printed.clone(), vec!["漢字漢字".into(), "a漢字b".into()]].concat());
    for tail in [["a漢字漢", "漢字bb"], ["abcdefg", "漢a字b"], ["漢字漢字", " "], [" 漢字", "漢"]]
    {
        world.frame(&tail);
        let shown = tail.iter().map(|row| row.trim_end().to_owned()).filter(|row| !row.is_empty()).collect();
        assert_eq!(world.lines(), [printed.clone(), shown].concat());
    }
}

#[test]
fn looks_are_written_and_end_with_their_line() {
    let mut world = World::new(20, 5);
    let red = Style::new().fg(Color::Red).add_modifier(Modifier::BOLD);
    world.screen.print([Line::from(vec![Span::styled("red", red), Span::raw(" plain")])]);
    world.frame(&["tail"]);
    let screen = world.terminal.screen();
    let cell = screen.cell(0, 0).unwrap();
    assert_eq!((cell.fgcolor(), cell.bold()), (vt100::Color::Idx(1), true));
    for (row, column) in [(0, 4), (1, 0)] {
        let cell = screen.cell(row, column).unwrap();
        assert_eq!((cell.fgcolor(), cell.bold()), (vt100::Color::Default, false), "{row} {column}");
    }
}

#[test]
fn the_alternate_screen_leaves_no_trace_and_lines_wait_for_its_end() {
    let mut world = World::new(20, 5).stood("$ iosm\r\n");
    world.print(&["one"]);
    world.frame(&["tail"]);
    world.screen.alternate(true);
    world.frame(&["board"]);
    assert!(world.terminal.screen().alternate_screen());
    assert_eq!(world.terminal.screen().contents().trim_end(), "board");
    world.print(&["two"]);
    world.resize(20, 6);
    world.frame(&["board 2"]);
    assert_eq!(world.terminal.screen().contents().trim_end(), "board 2");
    world.screen.alternate(false);
    world.frame(&["tail 2"]);
    assert_eq!(world.lines(), ["$ iosm", "one", "two", "tail 2"]);
    assert!(!world.written().contains("\x1b[2J"));
}

#[test]
fn leaving_keeps_the_tail_or_takes_it_away() {
    for (keep, wanted, row) in [(true, vec!["$ iosm", "one", "a", "b"], 4), (false, vec!["$ iosm", "one"], 2)]
    {
        let mut world = World::new(20, 8).stood("$ iosm\r\n");
        world.frame(&["a", "b"]);
        world.print(&["one"]);
        world.leave(keep);
        assert_eq!(world.lines(), wanted);
        assert_eq!(world.terminal.screen().cursor_position(), (row, 0));
        assert!(!world.terminal.screen().hide_cursor());
    }
    let mut world = World::new(20, 8).stood("$ iosm\r\n");
    world.leave(true);
    assert_eq!(world.written(), "", "a screen that never began has nothing to end");
    world.frame(&["board"]);
    world.screen.alternate(true);
    world.frame(&["board"]);
    world.print(&["waited"]);
    world.leave(true);
    assert_eq!(world.lines(), ["$ iosm", "waited"]);
    assert!(!world.terminal.screen().alternate_screen());
}

#[test]
fn a_screen_begins_again_below_what_others_wrote() {
    let mut world = World::new(20, 8);
    world.print(&["one"]);
    world.frame(&["tail"]);
    world.leave(false);
    world.terminal.process(b"editor says hello\r\n");
    world.screen.restart();
    world.frame(&["tail"]);
    assert_eq!(world.lines(), ["one", "editor says hello", "tail"]);
}

/// `cargo test --test it tui_term::screen::what_frames_cost -- --nocapture`, unoptimised.
#[test]
fn what_frames_cost() {
    use std::time::Instant;
    let mut world = World::new(200, 60);
    let texts = ["a".repeat(200), "b".repeat(200)];
    let mut spent = std::time::Duration::ZERO;
    let mut bytes = 0;
    for at in 0..20 {
        let began = Instant::now();
        world
            .screen
            .frame(60, |buffer| {
                draw(buffer, &[texts[at % 2].as_str(); 60]);
                None
            })
            .unwrap();
        spent += began.elapsed();
        bytes = std::mem::take(world.screen.writer()).len();
    }
    println!("a full repaint of 200x60, drawing included: {:?}, {bytes} bytes", spent / 20);
    let line = "The quick brown fox jumps over the lazy dog, and then some more of it. ".repeat(2);
    let lines = vec![line.as_str(); (1 << 20) / line.len() + 1];
    let began = Instant::now();
    world.print(&lines);
    world.screen.frame(4, |_| None).unwrap();
    println!("printing 1 MiB: {:?}, {} bytes", began.elapsed(), world.screen.writer().len());
}
