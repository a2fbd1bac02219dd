//! The look that the terminal writes with now, and the shortest way to another one.

use std::io::Write;

use ratatui::buffer::Cell;
use ratatui::style::{Color, Modifier, Style};

use super::colour::{self, Depth};

/// A look in full: nothing of it is inherited.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Ink {
    fg: Color,
    bg: Color,
    modifier: Modifier,
}

impl Ink {
    pub(super) const PLAIN: Self = Self { fg: Color::Reset, bg: Color::Reset, modifier: Modifier::empty() };

    pub(super) fn of_style(style: Style, depth: Depth) -> Self {
        Self {
            fg: colour::lower(style.fg.unwrap_or(Color::Reset), depth),
            bg: colour::lower(style.bg.unwrap_or(Color::Reset), depth),
            modifier: style.add_modifier - style.sub_modifier,
        }
    }

    pub(super) fn of_cell(cell: &Cell, depth: Depth) -> Self {
        Self { fg: colour::lower(cell.fg, depth), bg: colour::lower(cell.bg, depth), modifier: cell.modifier }
    }
}

/// Writes looks, each as the difference to the one before.
#[derive(Debug)]
pub(super) struct Pen {
    depth: Depth,
    now: Ink,
}

/// SGR codes that switch an attribute on, and off. Bold and dim share the way off.
const ATTRIBUTES: [(Modifier, u16, u16); 9] = [
    (Modifier::BOLD, 1, 22),
    (Modifier::DIM, 2, 22),
    (Modifier::ITALIC, 3, 23),
    (Modifier::UNDERLINED, 4, 24),
    (Modifier::SLOW_BLINK, 5, 25),
    (Modifier::RAPID_BLINK, 6, 25),
    (Modifier::REVERSED, 7, 27),
    (Modifier::HIDDEN, 8, 28),
    (Modifier::CROSSED_OUT, 9, 29),
];

impl Pen {
    /// A pen on a terminal whose attributes are reset.
    pub(super) fn new(depth: Depth) -> Self {
        Self { depth, now: Ink::PLAIN }
    }

    pub(super) fn depth(&self) -> Depth {
        self.depth
    }

    pub(super) fn plain(&mut self, out: &mut Vec<u8>) {
        self.take(Ink::PLAIN, out);
    }

    pub(super) fn take(&mut self, ink: Ink, out: &mut Vec<u8>) {
        if ink == self.now {
            return;
        }
        let before = std::mem::replace(&mut self.now, ink);
        if ink == Ink::PLAIN {
            out.extend_from_slice(b"\x1b[0m");
            return;
        }
        let mut codes = Vec::with_capacity(8);
        let mut held = before.modifier;
        for (attribute, _, off) in ATTRIBUTES {
            if held.contains(attribute) && !ink.modifier.contains(attribute) {
                codes.push(off);
                for (other, _, shared) in ATTRIBUTES {
                    if shared == off {
                        held -= other;
                    }
                }
            }
        }
        for (attribute, on, _) in ATTRIBUTES {
            if ink.modifier.contains(attribute) && !held.contains(attribute) {
                codes.push(on);
            }
        }
        let named = self.depth == Depth::Ansi16;
        if ink.fg != before.fg {
            colour::parameters(ink.fg, 30, named, &mut codes);
        }
        if ink.bg != before.bg {
            colour::parameters(ink.bg, 40, named, &mut codes);
        }
        out.extend_from_slice(b"\x1b[");
        for (at, code) in codes.iter().enumerate() {
            // Writing to memory does not fail.
            let _ = if at == 0 { write!(out, "{code}") } else { write!(out, ";{code}") };
        }
        out.push(b'm');
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn way(from: Style, to: Style, depth: Depth) -> String {
        let mut pen = Pen::new(depth);
        pen.take(Ink::of_style(from, depth), &mut Vec::new());
        let mut out = Vec::new();
        pen.take(Ink::of_style(to, depth), &mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn only_what_differs_is_written() {
        let plain = Style::new();
        let bold = plain.add_modifier(Modifier::BOLD);
        let dim = plain.add_modifier(Modifier::DIM);
        let both = bold.add_modifier(Modifier::DIM);
        for (from, to, depth, wanted) in [
            (plain, plain, Depth::True, ""),
            (plain, bold, Depth::True, "\x1b[1m"),
            (bold, plain, Depth::True, "\x1b[0m"),
            (bold, dim, Depth::True, "\x1b[22;2m"),
            (both, bold, Depth::True, "\x1b[22;1m"),
            (bold, bold.fg(Color::Red), Depth::True, "\x1b[31m"),
            (bold.fg(Color::Red), bold, Depth::True, "\x1b[39m"),
            (plain, bold.fg(Color::Rgb(1, 2, 3)), Depth::True, "\x1b[1;38;2;1;2;3m"),
            (plain, bold.fg(Color::Rgb(1, 2, 3)).bg(Color::Blue), Depth::None, "\x1b[1m"),
            (plain, plain.fg(Color::Red), Depth::None, ""),
        ] {
            assert_eq!(way(from, to, depth), wanted, "{from:?} to {to:?}");
        }
    }
}
