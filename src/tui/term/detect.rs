//! What kind of terminal this is, by its environment: nothing is asked of the terminal itself.

use crate::protocol::{Report, ReportKind};

use super::colour::Depth;
use super::reflow::Rewrap;

/// What is known of a terminal before a byte is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Kind {
    pub depth: Depth,
    pub rewrap: Rewrap,
    /// Whether the modes of today's emulators may be sent. The Linux console prints parts of what it
    /// does not know.
    pub modern: bool,
    /// Whether the mouse's wheel is to be told to us. The terminal then selects only with shift held.
    pub wheel: bool,
}

impl Kind {
    /// Reads variables through `lookup`.
    ///
    /// # Errors
    /// A terminal without cursor movement cannot show a screen.
    pub fn detect(lookup: impl Fn(&str) -> Option<String>) -> Result<Self, Report> {
        let set = |name: &str| lookup(name).filter(|value| !value.is_empty());
        let term = set("TERM").unwrap_or_default().to_lowercase();
        if matches!(term.as_str(), "" | "dumb" | "unknown" | "emacs") {
            let shown =
                if term.is_empty() { "TERM is not set".to_owned() } else { format!("TERM is `{term}`") };
            return Err(Report::new(
                ReportKind::Usage,
                format!("this terminal cannot show a screen: {shown}"),
            )
            .hint("ask without a screen: iosm -p 'what to do'")
            .hint("set TERM to what the terminal is, for example TERM=xterm-256color"));
        }
        Ok(Self {
            depth: depth(&set, &term),
            rewrap: rewrap(&set, &term),
            modern: term != "linux",
            wheel: false,
        })
    }
}

/// NO_COLOR (<https://no-color.org>) wins over CLICOLOR_FORCE, which wins over terminals without colours.
fn depth(set: &impl Fn(&str) -> Option<String>, term: &str) -> Depth {
    if set("NO_COLOR").is_some() {
        return Depth::None;
    }
    let shown = shown_depth(set, term);
    let forced = set("CLICOLOR_FORCE").is_some_and(|value| value != "0");
    if forced { shown.max(Depth::Ansi16) } else { shown }
}

fn shown_depth(set: &impl Fn(&str) -> Option<String>, term: &str) -> Depth {
    let program = set("TERM_PROGRAM").unwrap_or_default();
    // GNU screen passes COLORTERM on from outside, but not the colours.
    let screen = set("STY").is_some() && set("TMUX").is_none();
    if screen {
        return if term.contains("256color") { Depth::Ansi256 } else { Depth::Ansi16 };
    }
    if set("COLORTERM").is_some_and(|value| matches!(value.to_lowercase().as_str(), "truecolor" | "24bit")) {
        return Depth::True;
    }
    let family = |name: &str| term == name || term.starts_with(&format!("{name}-"));
    if term.ends_with("-direct")
        || ["xterm-kitty", "xterm-ghostty", "alacritty", "wezterm", "foot", "contour", "rio"]
            .into_iter()
            .any(family)
        || matches!(program.as_str(), "iTerm.app" | "WezTerm" | "vscode" | "ghostty" | "WarpTerminal" | "rio")
        || set("WT_SESSION").is_some()
    {
        return Depth::True;
    }
    if term.contains("256color") || program == "Apple_Terminal" {
        return Depth::Ansi256;
    }
    let without = ["vt52", "vt100", "vt102", "vt220", "vt320", "vt420"].into_iter().any(family);
    if without || term.ends_with("-m") || term.ends_with("-mono") { Depth::None } else { Depth::Ansi16 }
}

/// Over a connection only TERM is known, and most of what calls itself xterm rewraps. Where the guess is
/// wrong, rows of the tail stay behind or rows just above it go, when the window becomes narrower.
fn rewrap(set: &impl Fn(&str) -> Option<String>, term: &str) -> Rewrap {
    if set("TMUX").is_some() || term.starts_with("tmux") {
        return Rewrap::All;
    }
    let cuts = set("STY").is_some()
        || set("XTERM_VERSION").is_some()
        || ["linux", "screen", "st", "vt", "cons", "eterm", "ansi"].into_iter().any(|name| {
            term.strip_prefix(name)
                .is_some_and(|rest| !rest.starts_with(|next: char| next.is_ascii_lowercase()))
        });
    if cuts {
        return Rewrap::Never;
    }
    match set("TERM_PROGRAM").as_deref() {
        Some("vscode") => Rewrap::AllButCursor,
        _ => Rewrap::All,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn detect(variables: &[(&str, &str)]) -> Result<Kind, Report> {
        Kind::detect(|name| {
            variables.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned())
        })
    }

    #[test]
    fn colours_follow_the_environment() {
        let xterm = ("TERM", "xterm-256color");
        for (variables, wanted) in [
            (vec![xterm], Depth::Ansi256),
            (vec![("TERM", "xterm")], Depth::Ansi16),
            (vec![("TERM", "linux")], Depth::Ansi16),
            (vec![("TERM", "vt220")], Depth::None),
            (vec![("TERM", "vt220"), ("CLICOLOR_FORCE", "1")], Depth::Ansi16),
            (vec![("TERM", "vt220"), ("CLICOLOR_FORCE", "0")], Depth::None),
            (vec![xterm, ("CLICOLOR_FORCE", "1")], Depth::Ansi256),
            (vec![xterm, ("COLORTERM", "truecolor")], Depth::True),
            (vec![xterm, ("COLORTERM", "24bit")], Depth::True),
            (vec![xterm, ("COLORTERM", "yes")], Depth::Ansi256),
            (vec![xterm, ("COLORTERM", "truecolor"), ("NO_COLOR", "1")], Depth::None),
            (vec![xterm, ("NO_COLOR", "1"), ("CLICOLOR_FORCE", "1")], Depth::None),
            (vec![xterm, ("NO_COLOR", "")], Depth::Ansi256),
            (
                vec![("TERM", "screen.xterm-256color"), ("STY", "1.x"), ("COLORTERM", "truecolor")],
                Depth::Ansi256,
            ),
            (vec![("TERM", "screen"), ("STY", "1.x")], Depth::Ansi16),
            (
                vec![("TERM", "screen-256color"), ("STY", "1"), ("TMUX", "/t"), ("COLORTERM", "truecolor")],
                Depth::True,
            ),
            (vec![("TERM", "xterm-kitty")], Depth::True),
            (vec![("TERM", "foot-extra")], Depth::True),
            (vec![("TERM", "xterm-direct")], Depth::True),
            (vec![xterm, ("TERM_PROGRAM", "iTerm.app")], Depth::True),
            (vec![xterm, ("TERM_PROGRAM", "Apple_Terminal")], Depth::Ansi256),
        ] {
            assert_eq!(detect(&variables).unwrap().depth, wanted, "{variables:?}");
        }
    }

    #[test]
    fn a_terminal_without_a_cursor_is_refused_with_a_way_out() {
        for variables in [
            vec![],
            vec![("TERM", "")],
            vec![("TERM", "dumb")],
            vec![("TERM", "dumb"), ("CLICOLOR_FORCE", "1")],
        ] {
            let report = detect(&variables).unwrap_err();
            assert!(report.hints.iter().any(|hint| hint.contains("iosm -p")), "{report:?}");
        }
    }

    #[test]
    fn what_rewraps_is_known_by_name() {
        let xterm = ("TERM", "xterm-256color");
        for (variables, wanted) in [
            (vec![xterm], Rewrap::All),
            (vec![xterm, ("XTERM_VERSION", "XTerm(390)")], Rewrap::Never),
            (vec![("TERM", "tmux-256color"), ("XTERM_VERSION", "XTerm(390)"), ("TMUX", "/t")], Rewrap::All),
            (vec![("TERM", "screen-256color"), ("TMUX", "/t")], Rewrap::All),
            (vec![("TERM", "screen"), ("STY", "1")], Rewrap::Never),
            (vec![("TERM", "linux")], Rewrap::Never),
            (vec![("TERM", "st-256color")], Rewrap::Never),
            (vec![("TERM", "stterm")], Rewrap::All),
            (vec![xterm, ("TERM_PROGRAM", "vscode")], Rewrap::AllButCursor),
        ] {
            assert_eq!(detect(&variables).unwrap().rewrap, wanted, "{variables:?}");
        }
        assert!(!detect(&[("TERM", "linux")]).unwrap().modern);
        assert!(detect(&[xterm]).unwrap().modern);
    }
}
