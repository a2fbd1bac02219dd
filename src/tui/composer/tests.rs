//! What the composer does with keys and pastes, and how it looks.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::*;
use crate::config::Keymap;
use crate::tui::keys::{Keys, event};
use crate::tui::{Styles, paint};

/// A composer with its keys and a clock.
struct Desk {
    composer: Composer,
    keys: Keys,
    now_ms: u64,
}

impl Desk {
    fn new() -> Self {
        let history = vec!["first prompt".to_owned(), "fix the bug\nin main".to_owned()];
        let own = PaletteEntry {
            name: "deploy".to_owned(),
            aliases: Vec::new(),
            args: "ENV".to_owned(),
            about: "Ship it".to_owned(),
        };
        let mut commands = PaletteEntry::built_in();
        commands.push(own);
        Self { composer: Composer::new(history, commands), keys: Keys::new(Keymap::built_in()), now_ms: 0 }
    }

    /// Presses keys, written with spaces between.
    fn press(&mut self, keys: &str) -> ComposerEvent {
        let mut last = ComposerEvent::Nothing;
        for key in keys.split(' ') {
            // Slow enough to make no pairs.
            self.now_ms += 600;
            last = self.composer.handle(event(key), &mut self.keys, self.now_ms);
        }
        last
    }

    fn write(&mut self, text: &str) -> &mut Self {
        for c in text.chars() {
            let key =
                if c == '\n' { event("ctrl+j") } else { KeyEvent::new(KeyCode::Char(c), KeyModifiers::NONE) };
            self.composer.handle(key, &mut self.keys, self.now_ms);
        }
        self
    }

    /// The text with `|` at the cursor, chips as their labels.
    fn text(&self) -> String {
        let (text, at) = (self.composer.text.text(), self.composer.text.cursor());
        let labels = |part: &str| {
            let label = |c: char| if chip::is_chip(c) { self.composer.chips.label(c) } else { c.to_string() };
            part.chars().map(label).collect::<String>()
        };
        format!("{}|{}", labels(&text[..at]), labels(&text[at..]))
    }

    fn screen(&self, width: u16, height: u16) -> String {
        let height = self.composer.height(width, height);
        let mut buf = Buffer::empty(Rect::new(0, 0, width, height));
        let cursor = self.composer.render(buf.area, &mut buf, &Styles::plain());
        paint::screen(&buf, cursor)
    }
}

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

fn draft(text: &str) -> Draft {
    Draft { text: text.to_owned(), images: Vec::new() }
}

#[test]
fn keys_edit() {
    let cases = [
        ("hello world", "ctrl+a", "|hello world"),
        ("hello world", "alt+b alt+d", "hello |"),
        ("hello world", "ctrl+w ctrl+y ctrl+y", "hello worldworld|"),
        ("one two three", "ctrl+w ctrl+w ctrl+a ctrl+y", "two three|one "),
        ("one two", "ctrl+w left ctrl+w ctrl+y alt+y", "two| "),
        ("a\nb", "ctrl+a ctrl+u", "a|b"),
        ("ab\ncd", "up ctrl+a ctrl+k ctrl+k", "|cd"),
        ("ab\ncd", "ctrl+home ctrl+d", "|b\ncd"),
        ("naïve 👩‍💻x", "left backspace", "naïve |x"),
        ("e\u{301}a", "left backspace", "|a"),
        ("🇩🇪🇫🇷", "backspace", "🇩🇪|"),
        ("שלום", "left left delete", "של|ם"),
        ("foo.bar_baz", "alt+b", "foo.|bar_baz"),
        ("foo bar", "ctrl+a alt+f", "foo| bar"),
        ("one two", "ctrl+_", "one|"),
        ("one two", "ctrl+_ ctrl+_", "|"),
        ("one two", "ctrl+_ ctrl+_ alt+_ alt+_", "one two|"),
        ("one", "ctrl+u ctrl+_", "one|"),
        ("abc", "ctrl+a right delete", "a|c"),
        ("line \\", "enter", "line \n|"),
    ];
    for (text, keys, expected) in cases {
        let mut desk = Desk::new();
        desk.write(text).press(keys);
        assert_eq!(desk.text(), expected, "{text:?} {keys}");
    }
}

#[test]
fn up_and_down_go_by_the_rows_that_are_seen() {
    let mut desk = Desk::new();
    desk.write("aaaa bbbb cccc\nx\nlonger than the rest");
    desk.screen(13, 20);
    // Ten columns of text: `aaaa bbbb `, `cccc`, `x`, `longer `, `than the `, `rest`.
    desk.press("left left left left left left left left left up up");
    assert!(desk.text().contains("\nx|\n"), "{}", desk.text());
    desk.press("up up");
    assert!(desk.text().starts_with("aaaa| bbbb"), "{}", desk.text());
    desk.press("down down");
    assert!(desk.text().contains("\nx|\n"), "{}", desk.text());
    desk.press("down");
    assert!(desk.text().contains("\nlong|er"), "{}", desk.text());
}

#[test]
fn sending_says_what_it_is() {
    let cases = [
        ("hello", "enter", ComposerEvent::Submit(draft("hello"))),
        ("hello", "alt+enter", ComposerEvent::FollowUp(draft("hello"))),
        ("  \n ", "enter", ComposerEvent::Nothing),
        ("!ls -l", "enter", ComposerEvent::Shell { line: "ls -l".into(), told: true }),
        ("!!ls", "enter", ComposerEvent::Shell { line: "ls".into(), told: false }),
        ("!", "enter", ComposerEvent::Nothing),
        ("/taint clear all", "enter", ComposerEvent::Command("taint clear all".into())),
        ("/clear ", "enter", ComposerEvent::Command("clear".into())),
        ("/deploy prod", "enter", ComposerEvent::Command("deploy prod".into())),
        ("/etc/hosts is odd", "enter", ComposerEvent::Submit(draft("/etc/hosts is odd"))),
        ("", "?", ComposerEvent::Action(Action::Keys)),
        ("what", "?", ComposerEvent::Nothing),
        ("", "ctrl+d", ComposerEvent::Quit),
        ("", "ctrl+c", ComposerEvent::AskQuit),
        ("", "ctrl+c ctrl+c", ComposerEvent::Quit),
        ("", "ctrl+c left ctrl+c", ComposerEvent::AskQuit),
        ("text", "ctrl+c", ComposerEvent::Nothing),
        ("text", "esc", ComposerEvent::Action(Action::Interrupt)),
        ("text", "shift+tab", ComposerEvent::Action(Action::NextProfile)),
        ("text", "ctrl+g", ComposerEvent::Action(Action::Editor)),
        ("text", "ctrl+t", ComposerEvent::Action(Action::Transcript)),
        ("text", "tab", ComposerEvent::Nothing),
    ];
    for (text, keys, expected) in cases {
        let mut desk = Desk::new();
        assert_eq!(desk.write(text).press(keys), expected, "{text:?} {keys}");
        let sent = !matches!(expected, ComposerEvent::Nothing | ComposerEvent::Action(_));
        assert!(!sent || desk.composer.is_empty(), "{text:?} {keys}");
    }
    let mut desk = Desk::new();
    desk.composer.set_running(true);
    assert_eq!(desk.write("later").press("tab"), ComposerEvent::FollowUp(draft("later")));
}

#[test]
fn an_unknown_command_is_refused_with_the_nearest_and_is_in_the_history() {
    let mut desk = Desk::new();
    let ComposerEvent::Refused(report) = desk.write("/taimt all").press("enter") else { panic!() };
    assert!(report.hints.iter().any(|hint| hint == "did you mean /taint?"), "{report:?}");
    assert!(report.causes[0].contains("/taimt all"), "{report:?}");
    assert_eq!(desk.text(), "|");
    desk.press("up");
    assert_eq!(desk.text(), "/taimt all|");
    let mut desk = Desk::new();
    let ComposerEvent::Refused(report) = desk.write("/deplyo x").press("enter") else { panic!() };
    assert!(report.hints.iter().any(|hint| hint == "did you mean /deploy?"), "{report:?}");
}

#[test]
fn what_begins_like_a_command_is_no_message() {
    for (line, is_refused) in [
        ("/hlep/init", true),
        ("/help/init now", true),
        ("/dep/loy", true),
        ("/user:sum/plan accept", true),
        ("/nothing", true),
        ("/usr/share/x is odd", false),
        ("/here", false),
        ("/helpful/x", false),
        ("// a comment", false),
    ] {
        let mut desk = Desk::new();
        desk.composer.look_at_paths_with(|path| path == "/here");
        let event = desk.write(line).press("enter");
        let refused = matches!(event, ComposerEvent::Refused(_));
        assert_eq!(refused, is_refused, "{line}: {event:?}");
        assert_eq!(matches!(event, ComposerEvent::Submit(_)), !is_refused, "{line}: {event:?}");
        assert_eq!(desk.text(), "|", "{line}");
    }
}

#[test]
fn nothing_written_is_lost() {
    let mut desk = Desk::new();
    desk.write("a long thought").press("ctrl+c");
    assert_eq!(desk.text(), "|");
    desk.press("up");
    assert_eq!(desk.text(), "a long thought|");
    desk.press("up");
    assert_eq!(desk.text(), "fix the bug\nin main|");
    desk.press("down");
    assert_eq!(desk.text(), "a long thought|");
    let mut desk = Desk::new();
    desk.write("draft").press("up");
    desk.press("down");
    assert_eq!(desk.text(), "draft|");
}

#[test]
fn the_history_is_searched_letter_by_letter() {
    let mut desk = Desk::new();
    desk.write("draft").press("ctrl+r");
    desk.write("BUG");
    assert!(desk.screen(60, 9).contains("nothing older: BUG"));
    desk.press("ctrl+u");
    desk.write("in");
    assert!(desk.screen(60, 9).contains("in main") || desk.screen(60, 9).contains("fix the bug"));
    desk.press("enter");
    assert_eq!(desk.text(), "fix the bug\nin main|");
    desk.press("ctrl+_");
    assert_eq!(desk.text(), "draft|");
    desk.press("ctrl+r");
    desk.write("i").press("ctrl+r");
    desk.press("right");
    assert_eq!(desk.text(), "first prompt|");
    desk.press("ctrl+r");
    desk.write("fix").press("esc");
    assert_eq!(desk.text(), "first prompt|");
    assert!(!desk.composer.is_busy());
}

#[test]
fn long_pastes_become_chips() {
    let lines = |count: usize| "line\n".repeat(count);
    let cases = [
        (lines(8), false),
        (lines(9), true),
        ("x".repeat(1_000), false),
        ("x".repeat(1_001), true),
        ("é".repeat(1_000), false),
    ];
    for (text, folded) in cases {
        let mut desk = Desk::new();
        desk.composer.paste(&text);
        assert_eq!(desk.composer.text.text() != text, folded, "{} bytes", text.len());
        let ComposerEvent::Submit(sent) = desk.press("enter") else { panic!() };
        assert_eq!(sent.text, text.trim_end());
    }
    let mut desk = Desk::new();
    desk.write("see ").composer.paste(&"line\r\n".repeat(5_000));
    desk.write(" and");
    assert_eq!(desk.text(), "see [pasted 5,000 lines] and|");
    desk.press("left left left left backspace");
    assert_eq!(desk.text(), "see | and");
    desk.press("ctrl+_");
    assert_eq!(desk.text(), "see [pasted 5,000 lines] and|".replace(" and|", "| and"));
    desk.press("alt+o");
    assert_eq!(desk.composer.text.text().lines().count(), 5_001);
    desk.press("ctrl+_");
    assert_eq!(desk.composer.expanded(), format!("see {} and", "line\n".repeat(5_000)));
}

#[test]
fn pastes_hold_no_controls_and_images_are_chips() {
    let mut desk = Desk::new();
    desk.composer.paste("a\u{1b}[31mb\r\nc\td\u{100000}");
    assert_eq!(desk.composer.text.text(), "a[31mb\nc\td\u{fffd}");
    let cases = [
        ("/tmp/a\\ b.png", Some("/tmp/a b.png")),
        ("'~/shot.PNG' ", Some("~/shot.PNG")),
        ("file:///x/y.webp", Some("/x/y.webp")),
        ("look at /tmp/a.png", None),
        ("a.png", None),
        ("/tmp/a.txt", None),
        ("/tmp/Screen Shot \\(1\\).png", Some("/tmp/Screen Shot (1).png")),
        ("file:///tmp/a%20b.png", Some("/tmp/a b.png")),
        ("/tmp/a%20b.png", Some("/tmp/a%20b.png")),
        ("file:///tmp/a%2.png", None),
    ];
    for (pasted, image) in cases {
        let mut desk = Desk::new();
        desk.composer.paste(pasted);
        let ComposerEvent::Submit(sent) = desk.press("enter") else { panic!("{pasted}") };
        assert_eq!(sent.images.first().map(String::as_str), image, "{pasted}");
        assert_eq!(sent.text, image.unwrap_or(pasted.trim_end()));
    }
}

#[test]
fn several_images_of_one_paste_are_several_chips() {
    for pasted in ["/tmp/a.png '/tmp/b c.jpg'", "/tmp/a.png\n/tmp/b\\ c.jpg\n"] {
        let mut desk = Desk::new();
        desk.composer.paste(pasted);
        assert_eq!(desk.text(), "[image a.png] [image b c.jpg]|", "{pasted}");
        let ComposerEvent::Submit(sent) = desk.press("enter") else { panic!("{pasted}") };
        assert_eq!(sent.images, ["/tmp/a.png", "/tmp/b c.jpg"]);
    }
    let mut desk = Desk::new();
    desk.composer.paste("/tmp/a.png and words");
    assert_eq!(desk.text(), "/tmp/a.png and words|");
}

#[test]
fn a_text_that_comes_back_has_its_images_again() {
    let mut desk = Desk::new();
    desk.write("see ");
    desk.composer.paste("/tmp/a.png");
    desk.write(" twice");
    desk.composer.add_image("/tmp/a.png".to_owned());
    assert_eq!(desk.text(), "see [image a.png] twice[image a.png]|");
    let whole = "see /tmp/a.png twice/tmp/a.png";
    // From the external editor, written on.
    desk.composer.set_text(&format!("{whole} and so on"));
    assert_eq!(desk.text(), "see [image a.png] twice[image a.png] and so on|");
    let ComposerEvent::Submit(sent) = desk.press("enter") else { panic!() };
    assert_eq!((sent.text, sent.images.len()), (format!("{whole} and so on"), 2));
    // From the history, also a long one.
    desk.press("up");
    assert_eq!(desk.text(), "see [image a.png] twice[image a.png] and so on|");
    desk.press("ctrl+c");
    let long = format!("/tmp/a.png\n{}", "x".repeat(2_000));
    desk.composer.set_history(vec![long.clone()]);
    desk.press("up enter");
    desk.press("up");
    assert!(desk.text().starts_with("[image a.png]\nxxx"), "{}", desk.text());
    // Unfolded it is text, and goes with nothing.
    let mut desk = Desk::new();
    desk.composer.paste("/tmp/a.png");
    desk.press("alt+o");
    let ComposerEvent::Submit(sent) = desk.press("enter") else { panic!() };
    assert_eq!((sent.text.as_str(), sent.images.len()), ("/tmp/a.png", 0));
}

#[test]
fn images_of_an_earlier_time_are_known_by_their_messages() {
    let mut desk = Desk::new();
    desk.composer.know_images_of("see /tmp/a.png, then /tmp/b.png and /tmp/c.png", 1);
    desk.composer.know_images(&["/tmp/a.png.webp".to_owned()]);
    desk.composer.set_text("/tmp/b.png /tmp/c.png /tmp/a.png.webp");
    assert_eq!(desk.text(), "[image b.png] /tmp/c.png [image a.png.webp]|");
}

#[test]
fn mentions_are_completed() {
    let mut desk = Desk::new();
    desk.write("look at @ke");
    assert!(desk.composer.wants_files() && !desk.composer.wants_files());
    assert!(desk.screen(60, 9).contains("looking for files"));
    let files = ["src/keys.rs", "my notes/key.md", "README.md"];
    desk.composer.set_files(Arc::new(files.map(str::to_owned).to_vec()));
    assert!(!desk.screen(60, 9).contains("README"));
    desk.write("ysrs").press("enter");
    assert_eq!(desk.text(), "look at @src/keys.rs |");
    desk.write("@notes").press("tab");
    assert_eq!(desk.text(), "look at @src/keys.rs @\"my notes/key.md\" |");
    desk.write("@zzzz").press("enter");
    assert!(desk.composer.is_empty(), "what fits nothing is sent as it is");
    desk.write("mail a@b").press("left");
    assert!(!desk.composer.is_busy(), "an address is no mention");
    desk.write(" (@").press("esc");
    assert!(!desk.composer.is_busy());
    desk.write("ke");
    assert!(!desk.composer.is_busy(), "closed until another is begun");
}

#[test]
fn an_esc_that_closes_a_list_is_no_half_of_a_pair() {
    let mut desk = Desk::new();
    desk.write("/he");
    let esc = event("esc");
    assert_eq!(desk.composer.handle(esc, &mut desk.keys, 10_000), ComposerEvent::Nothing);
    let interrupt = ComposerEvent::Action(Action::Interrupt);
    assert_eq!(desk.composer.handle(esc, &mut desk.keys, 10_100), interrupt);
    assert_eq!(desk.composer.handle(esc, &mut desk.keys, 10_200), ComposerEvent::Action(Action::Rewind));
    assert_eq!(desk.text(), "/he|");
}

#[test]
fn the_palette_runs_what_needs_no_more_and_completes_the_rest() {
    let mut desk = Desk::new();
    assert_eq!(desk.write("/hel").press("enter"), ComposerEvent::Command("help".into()));
    assert_eq!(desk.write("/dep").press("enter"), ComposerEvent::Nothing);
    assert_eq!(desk.text(), "/deploy |");
    assert!(desk.screen(60, 9).contains("/deploy ENV  Ship it"));
    desk.press("ctrl+c");
    desk.write("/hel").press("tab");
    assert_eq!(desk.text(), "/help |");
    desk.press("ctrl+c");
    assert_eq!(desk.write("/q").press("enter"), ComposerEvent::Command("quit".into()));
    desk.write("/").press("up");
    desk.press("tab");
    assert_eq!(desk.text(), "/deploy |");
}

#[test]
fn a_long_text_costs_no_more_than_what_is_seen() {
    let mut desk = Desk::new();
    let paste = "some words in a line of text that is long enough\n".repeat(21_000);
    let since = std::time::Instant::now();
    desk.composer.paste(&paste);
    desk.press("alt+o");
    for _ in 0..20 {
        desk.write("x").press("up");
        desk.screen(80, 20);
    }
    // Unoptimised and on a busy machine; a walk over all of it takes many times as long.
    assert!(since.elapsed().as_millis() < 3_000, "{:?}", since.elapsed());
}

#[test]
fn looks() {
    let mut out = String::new();
    for (width, height) in [(40, 12), (80, 24), (200, 60)] {
        let mut shot = |name: &str, desk: &Desk| {
            out.push_str(&format!("== {name} {width}x{height}\n{}", desk.screen(width, height)));
        };
        shot("empty", &Desk::new());
        let mut desk = Desk::new();
        desk.write("A first line that is long enough to be wrapped on a narrow screen, 世界 too 👩‍💻\nsecond ");
        desk.composer.paste(&"line\n".repeat(5_000));
        desk.write(" end");
        shot("text and chip", &desk);
        let mut desk = Desk::new();
        shot("shell", desk.write("!cargo test"));
        // Of its own, so that a new command changes no picture.
        let palette = || {
            let entry = |(name, args, about): (&str, &str, &str)| PaletteEntry {
                name: name.to_owned(),
                aliases: Vec::new(),
                args: args.to_owned(),
                about: about.to_owned(),
            };
            let entries = [
                ("help", "[COMMAND]", "List the commands, or explain one"),
                (
                    "taint",
                    "[clear SOURCE|all]",
                    "Show what untrusted text the agent has read, or clear a mark",
                ),
                ("theme", "[NAME]", "Change the colours"),
                ("deploy", "ENV [VERSION]", "Ship it"),
            ];
            let mut desk = Desk::new();
            desk.composer.set_commands(entries.map(entry).to_vec());
            desk
        };
        shot("palette", palette().write("/"));
        shot("palette narrowed", palette().write("/t"));
        shot("arguments", palette().write("/deploy prod "));
        let mut desk = Desk::new();
        desk.composer
            .set_files(Arc::new((0..30).map(|n| format!("src/a/long/way/down/module_{n}/mod.rs")).collect()));
        desk.write("see @mod2").press("down down");
        shot("mention", &desk);
        let mut desk = Desk::new();
        desk.press("ctrl+r");
        shot("search", desk.write("bug"));
    }
    insta::with_settings!({snapshot_path => "../../../tests/golden/tui", prepend_module_to_snapshot => false}, {
        insta::assert_snapshot!("composer", out);
    });
}
