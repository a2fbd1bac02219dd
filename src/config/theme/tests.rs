//! Every shipped theme loads and can be read; slips in a user's own are named.

use super::*;

/// The least contrast of text by WCAG 2.2, success criterion 1.4.3 (level AA).
const LEAST: f64 = 4.5;

#[test]
fn every_shipped_theme_gives_every_token_a_readable_look() {
    for (name, _) in SHIPPED {
        let theme = Theme::load(name, &[]).unwrap();
        assert!(!theme.description.is_empty(), "{name}");
        for token in Token::ALL {
            let look = theme.look(*token);
            let behind = look.bg.or(theme.ground);
            let known = theme.ground.is_some();
            if let (true, Some(fg), Some(bg)) = (known, look.fg, behind) {
                let ratio = contrast(fg, bg).unwrap();
                let least = if token.is_shape() { 1.5 } else { LEAST };
                assert!(ratio >= least, "{name}: {}: {ratio:.2}", token.name());
            }
            if !known {
                let own =
                    |colour: Option<Colour>| !matches!(colour, Some(Colour::Rgb(..) | Colour::Indexed(_)));
                assert!(own(look.fg) && own(look.bg), "{name}: {}", token.name());
            } else {
                assert!(!look.dim, "{name}: {}: how dim is dim is not known", token.name());
            }
        }
    }
}

#[test]
fn contrast_is_that_of_the_standard() {
    let (black, white) = (Colour::Rgb(0, 0, 0), Colour::Rgb(255, 255, 255));
    assert!((contrast(black, white).unwrap() - 21.0).abs() < 1e-9);
    // #767676 on white is the well-known lightest grey that passes, #777777 the first that does not.
    assert!(contrast(Colour::Rgb(0x76, 0x76, 0x76), white).unwrap() >= LEAST);
    assert!(contrast(Colour::Rgb(0x77, 0x77, 0x77), white).unwrap() < LEAST);
    assert_eq!(contrast(Colour::Ansi(1), white), None);
}

#[test]
fn names_of_tokens_are_unique_and_found() {
    for (at, token) in Token::ALL.iter().enumerate() {
        assert_eq!(*token as usize, at);
        assert_eq!(Token::named(token.name()), Some(*token));
    }
}

fn with(files: &[(&str, &str)], name: &str) -> Result<Theme, String> {
    let dir = tempfile::tempdir().unwrap();
    for (file, text) in files {
        std::fs::write(dir.path().join(format!("{file}.yaml")), text).unwrap();
    }
    Theme::load(name, &[dir.path()]).map_err(|error| error.to_string())
}

#[test]
fn an_own_theme_changes_what_it_names_and_a_palette_reaches_what_was_inherited() {
    let text = "inherits: dark\npalette: {green: '#00ff00'}\ntokens: {error: underline index 196 on black}\n";
    let theme = with(&[("mine", text)], "mine").unwrap();
    assert_eq!(theme.look(Token::Success).fg, Some(Colour::Rgb(0, 255, 0)));
    let error = theme.look(Token::Error);
    assert_eq!((error.fg, error.bg), (Some(Colour::Indexed(196)), Some(Colour::Ansi(0))));
    assert!(error.underline && !error.bold);
    // One may stand in for a shipped one and still build on it.
    let own = with(&[("dark", "inherits: dark\ntokens: {text: red}\n")], "dark").unwrap();
    assert_eq!(own.look(Token::Text).fg, Some(Colour::Rgb(0xff, 0x80, 0x80)));
}

#[test]
fn slips_are_named_with_what_was_meant() {
    let cases = [
        ("inherit: dark\n", "did you mean `inherits`?"),
        ("inherits: drak\n", "did you mean `dark`?"),
        ("inherits: dark\ntokens: {verdict.dney: red}\n", "did you mean `verdict.deny`?"),
        (
            "inherits: dark\ntokens: {error: boldd red}\n",
            "error: unknown word `boldd` (did you mean `bold`?)",
        ),
        ("inherits: dark\ntokens: {error: red green}\n", "second colour"),
        ("inherits: dark\ntokens: {error: red on}\n", "`on` wants one colour"),
        ("inherits: dark\ntokens: {error: ''}\n", "write `plain`"),
        ("inherits: dark\npalette: {red: '#12'}\n", "palette.red: `#12` is not a colour"),
        ("inherits: dark\nground: index 300\n", "ground: `index` wants a number"),
        ("tokens: {text: red}\n", "no look for `muted`"),
    ];
    for (text, expected) in cases {
        let error = with(&[("mine", text)], "mine").unwrap_err();
        assert!(error.contains(expected), "{text}: {error}");
    }
    let circle = [("a", "inherits: b\n"), ("b", "inherits: a\n")];
    assert!(with(&circle, "a").unwrap_err().contains("a from b from a"));
    assert!(Theme::load("../dark", &[]).is_err());
}

#[test]
fn a_terminal_of_256_colours_gets_the_nearest() {
    assert_eq!(Colour::Rgb(255, 0, 0).indexed(), Colour::Indexed(196));
    assert_eq!(Colour::Rgb(8, 8, 8).indexed(), Colour::Indexed(232));
    assert_eq!(Colour::Ansi(3).indexed(), Colour::Ansi(3));
}
