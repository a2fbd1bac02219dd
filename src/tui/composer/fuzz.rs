//! Laws of the composer, held against random keys and pastes.

use std::sync::Arc;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use proptest::prelude::*;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::*;
use crate::config::Keymap;
use crate::tui::Styles;
use crate::tui::keys::Keys;

/// Something that happens to the composer.
#[derive(Debug, Clone)]
enum Happens {
    Key(KeyEvent),
    Paste(String),
    Draw(u16, u16),
    Wait,
    Files,
}

const NASTY: &[char] = &[
    'a',
    ' ',
    '\t',
    '@',
    '/',
    '!',
    '\\',
    '"',
    '.',
    'é',
    '\u{301}',
    '\u{200d}',
    '👩',
    '💻',
    '🇩',
    '🇪',
    '世',
    'ש',
    'ل',
    '\u{202e}',
    '\u{200b}',
    '\u{600}',
    '\u{e33}',
    '\u{fe0f}',
    '\u{100000}',
    '\u{10ffff}',
    '\u{1b}',
    '\r',
    '\n',
];

fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => proptest::collection::vec(prop_oneof![proptest::sample::select(NASTY), any::<char>()], 0..12)
            .prop_map(|chars| chars.into_iter().collect()),
        1 => Just("line of a long paste\n".repeat(30)),
        1 => Just("/tmp/shot.png".to_owned()),
        1 => Just("x".repeat(1_001)),
    ]
}

pub(in crate::tui) fn key() -> impl Strategy<Value = KeyEvent> {
    let code = prop_oneof![
        6 => prop_oneof![proptest::sample::select(NASTY), proptest::char::range(' ', '~')].prop_map(KeyCode::Char),
        4 => proptest::sample::select(vec![
            KeyCode::Enter, KeyCode::Tab, KeyCode::BackTab, KeyCode::Esc, KeyCode::Backspace, KeyCode::Delete,
            KeyCode::Up, KeyCode::Down, KeyCode::Left, KeyCode::Right, KeyCode::Home, KeyCode::End,
            KeyCode::PageUp, KeyCode::PageDown, KeyCode::F(5), KeyCode::Insert, KeyCode::Null,
        ]),
    ];
    let held = proptest::sample::select(vec![
        KeyModifiers::NONE,
        KeyModifiers::NONE,
        KeyModifiers::SHIFT,
        KeyModifiers::CONTROL,
        KeyModifiers::CONTROL,
        KeyModifiers::ALT,
        KeyModifiers::CONTROL | KeyModifiers::ALT,
    ]);
    (code, held).prop_map(|(code, held)| KeyEvent::new(code, held))
}

fn happens() -> impl Strategy<Value = Happens> {
    prop_oneof![
        10 => key().prop_map(Happens::Key),
        2 => text().prop_map(Happens::Paste),
        2 => (1u16..50, 1u16..14).prop_map(|(width, height)| Happens::Draw(width, height)),
        1 => Just(Happens::Wait),
        1 => Just(Happens::Files),
    ]
}

fn draw(composer: &Composer, width: u16, height: u16) {
    let wanted = composer.height(width, height);
    assert!((1..=height).contains(&wanted));
    // The area is a part of a larger screen: nothing may be drawn beside it.
    let mut buf = Buffer::filled(Rect::new(0, 0, width + 2, height + 2), ratatui::buffer::Cell::new("~"));
    let area = Rect::new(1, 1, width, wanted);
    for y in area.y..area.bottom() {
        for x in area.x..area.right() {
            buf[(x, y)].reset();
        }
    }
    let cursor = composer.render(area, &mut buf, &Styles::plain()).unwrap();
    assert!(area.contains(cursor), "{cursor} {area}");
    for y in 0..height + 2 {
        for x in 0..width + 2 {
            assert!(area.contains((x, y).into()) || buf[(x, y)].symbol() == "~", "{x} {y}");
        }
    }
    composer.render(
        Rect::new(0, 0, width, height),
        &mut Buffer::empty(Rect::new(0, 0, 1, 1)),
        &Styles::plain(),
    );
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 192, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn nothing_makes_it_fall(all in proptest::collection::vec(happens(), 1..60)) {
        let mut keys = Keys::new(Keymap::built_in());
        let mut composer = Composer::new(vec!["old one".into(), "x\n".repeat(40)], PaletteEntry::built_in());
        let mut now_ms = 0;
        for one in all {
            match one {
                Happens::Key(key) => drop(composer.handle(key, &mut keys, now_ms)),
                Happens::Paste(text) => composer.paste(&text),
                Happens::Draw(width, height) => draw(&composer, width, height),
                Happens::Wait => now_ms += 700,
                Happens::Files => composer.set_files(Arc::new(vec!["src/a b.rs".into(), "é\u{301}/世.md".into()])),
            }
            let (text, cursor) = (composer.text.text(), composer.text.cursor());
            prop_assert!(text.is_char_boundary(cursor));
            // The cursor never stands within what is seen as one character.
            prop_assert_eq!(wrap::previous(text, wrap::next(text, cursor)), if cursor < text.len() { cursor } else { wrap::previous(text, cursor) });
        }
        draw(&composer, 1, 1);
        draw(&composer, 40, 12);
    }

    #[test]
    fn undo_gives_back_every_text_before(texts in proptest::collection::vec(text(), 1..12)) {
        let mut composer = Composer::new(Vec::new(), Vec::new());
        let mut before = Vec::new();
        for text in &texts {
            before.push(composer.text.text().to_owned());
            composer.paste(text);
            if composer.text.text() == before.last().unwrap() {
                before.pop();
            }
        }
        let last = composer.text.text().to_owned();
        for text in before.iter().rev() {
            composer.text.undo();
            prop_assert_eq!(composer.text.text(), text);
        }
        for _ in &before {
            composer.text.redo();
        }
        prop_assert_eq!(composer.text.text(), last);
    }

    #[test]
    fn edits_agree_with_a_plain_list_of_letters(edits in proptest::collection::vec((0u8..7, proptest::char::range('a', 'f')), 1..120)) {
        let mut keys = Keys::new(Keymap::built_in());
        let mut composer = Composer::new(Vec::new(), Vec::new());
        let (mut model, mut at): (Vec<char>, usize) = (Vec::new(), 0);
        for (edit, c) in edits {
            let code = match edit {
                0..=2 => { model.insert(at, c); at += 1; KeyCode::Char(c) }
                3 => { at = at.saturating_sub(1); KeyCode::Left }
                4 => { at = (at + 1).min(model.len()); KeyCode::Right }
                5 => { if at > 0 { at -= 1; model.remove(at); } KeyCode::Backspace }
                _ => { if at < model.len() { model.remove(at); } KeyCode::Delete }
            };
            composer.handle(KeyEvent::new(code, KeyModifiers::NONE), &mut keys, 0);
            prop_assert_eq!(composer.text.text(), model.iter().collect::<String>());
            prop_assert_eq!(composer.text.cursor(), at);
        }
    }

    #[test]
    fn rows_hold_the_whole_line_and_no_more_than_fits(line in "[a-c é世\u{301}]{0,60}", width in 1usize..12) {
        let chips = Chips::default();
        let rows = wrap::rows(&line, 0..line.len(), width, &chips);
        prop_assert_eq!(rows.iter().map(|row| &line[row.clone()]).collect::<String>(), line.clone());
        for row in &rows {
            let columns = wrap::column_of(&line, row, row.end, &chips, width);
            prop_assert!(columns <= width || wrap::next(&line, row.start) == row.end, "{columns} > {width}");
        }
        let ascii: String = line.chars().map(|c| if c.is_ascii() { c } else { 'z' }).collect();
        let fast = wrap::rows(&ascii, 0..ascii.len(), width, &chips);
        let slow = crate::tui::paint::wrap(&ascii, width);
        prop_assert_eq!(fast.iter().map(|row| &ascii[row.clone()]).collect::<Vec<_>>(), slow);
    }
}
