//! What a keymap file may say, and how it is told when it says something else.

use super::*;

fn load(text: &str) -> Result<Keymap, String> {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("keymap.yaml");
    std::fs::write(&path, text).unwrap();
    Keymap::load(Some(&path)).map_err(|error| error.to_string().replace(&*dir.path().to_string_lossy(), ""))
}

#[test]
fn the_built_in_keymap_loads_and_every_action_has_a_key_or_needs_none() {
    let keymap = Keymap::built_in();
    let bound = |action: Action| keymap.bindings().iter().any(|binding| binding.action == action);
    let without: Vec<&str> = Action::ALL.iter().copied().filter(|a| !bound(*a)).map(Action::name).collect();
    assert_eq!(without, ["quit", "keys"]);
    assert_eq!(Keymap::load(Some(Path::new("/nowhere/keymap.yaml"))).unwrap(), keymap);
    assert_eq!(load("").unwrap(), keymap);
}

#[test]
fn the_users_keys_lie_over_the_built_in_ones() {
    let keymap = load("composer:\n  ctrl+r: undo\n  alt+enter: ~\n  F5: submit\nglobal:\n").unwrap();
    assert_eq!(keymap.keys_of(KeyContext::Composer, Action::HistorySearch), [] as [&str; 0]);
    assert!(keymap.keys_of(KeyContext::Composer, Action::Undo).contains(&"ctrl+r".to_owned()));
    assert_eq!(keymap.keys_of(KeyContext::Composer, Action::FollowUp), [] as [&str; 0]);
    assert_eq!(keymap.keys_of(KeyContext::Composer, Action::Submit), ["enter", "f5"]);
    assert_eq!(keymap.keys_of(KeyContext::Global, Action::Rewind), ["esc esc"]);
}

#[test]
fn slips_are_named_with_file_line_and_nearest() {
    let cases = [
        (
            "composr:\n  f1: undo\n",
            "there is no context `composr`; contexts: composer, global, approval, list, transcript (did you mean `composer`?)",
        ),
        ("composer:\n  f1: undoo\n", ":2: there is no action `undoo` (did you mean `undo`?)"),
        (
            "composer:\n  f1: undo\n  entr: undo\n",
            ":3: `entr`: there is no key `entr` (did you mean `enter`?)",
        ),
        ("composer:\n  crtl+a: undo\n", ":2: `crtl+a`: there is no modifier `crtl` (did you mean `ctrl`?)"),
        ("composer:\n  f1 f2 f3: undo\n", "two keys in a row at most"),
        ("list:\n  f1: undo\n", ":2: `undo` means nothing in list; it belongs to composer"),
        (
            "composer:\n  Ctrl+A: undo\n  control+a: redo\n",
            ":3: `control+a` is bound twice in composer; keep one",
        ),
        ("composer:\n  f25: undo\n", "there is no key `f25`"),
        ("- a\n", "keymap.yaml"),
    ];
    for (text, expected) in cases {
        let Err(error) = load(text) else { panic!("{text}") };
        assert!(error.contains(expected), "{text}: {error}");
    }
    let literal = load("composer:\n  f1: undo\n  f1: redo\n").unwrap_err();
    assert!(literal.contains("f1") && literal.contains('3'), "{literal}");
}

#[test]
fn keys_read_as_they_are_written() {
    for text in
        ["ctrl+r", "alt+enter", "shift+tab", "?", "+", "ctrl++", "G", "space", "f12", "ctrl+alt+x", "alt+<"]
    {
        assert_eq!(Stroke::parse(text).unwrap().to_string(), text);
    }
    let same =
        [("Ctrl+R", "ctrl+r"), ("shift+a", "A"), ("Alt+A", "alt+a"), ("escape", "esc"), ("shift+?", "?")];
    for (one, other) in same {
        assert_eq!(Stroke::parse(one), Stroke::parse(other), "{one}");
    }
}

#[test]
fn keys_that_are_one_control_code_are_one_key() {
    let stroke = |c, shift| Stroke::new(Key::Char(c), true, false, shift).to_string();
    // As crossterm reads 0x00 and 0x1c to 0x1f, and as people write them.
    let cases = [
        (' ', "ctrl+space"),
        ('@', "ctrl+space"),
        ('2', "ctrl+space"),
        ('4', "ctrl+\\"),
        ('5', "ctrl+]"),
        ('6', "ctrl+^"),
        ('7', "ctrl+_"),
        ('/', "ctrl+_"),
        ('_', "ctrl+_"),
        ('3', "ctrl+3"),
        ('8', "ctrl+8"),
        ('h', "ctrl+h"),
        ('-', "ctrl+-"),
    ];
    for (c, name) in cases {
        assert_eq!(stroke(c, false), name, "{c}");
        assert_eq!(
            Stroke::parse(&format!("ctrl+{c}").replace("ctrl+ ", "ctrl+space")).unwrap().to_string(),
            name
        );
        assert_eq!(Stroke::new(Key::Char(c), false, false, false).key, Key::Char(c), "alone it is itself");
    }
    assert_eq!(stroke('-', true), "ctrl+_", "as a terminal says it that tells more");
    assert_eq!(Stroke::new(Key::Char('7'), true, true, false).to_string(), "ctrl+alt+_");
}
