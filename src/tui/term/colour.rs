//! Colours as SGR parameters, brought down to what the terminal can show.

use ratatui::style::Color;

/// How many colours the terminal shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Depth {
    /// Attributes only: bold, underlined, reversed.
    None,
    Ansi16,
    Ansi256,
    True,
}

/// The sixteen colours as xterm ships them; users change them, so a match is only the nearest guess.
const ANSI: [(u8, u8, u8); 16] = [
    (0, 0, 0),
    (205, 0, 0),
    (0, 205, 0),
    (205, 205, 0),
    (0, 0, 238),
    (205, 0, 205),
    (0, 205, 205),
    (229, 229, 229),
    (127, 127, 127),
    (255, 0, 0),
    (0, 255, 0),
    (255, 255, 0),
    (92, 92, 255),
    (255, 0, 255),
    (0, 255, 255),
    (255, 255, 255),
];

/// The levels of xterm's 6×6×6 cube.
const LEVELS: [u8; 6] = [0, 95, 135, 175, 215, 255];

/// `color` as `depth` can show it; `Reset` where it cannot show any.
pub(super) fn lower(color: Color, depth: Depth) -> Color {
    match (depth, color) {
        (_, Color::Reset) | (Depth::None, _) => Color::Reset,
        (Depth::True, other) => other,
        (Depth::Ansi256, Color::Rgb(r, g, b)) => Color::Indexed(nearest_256((r, g, b))),
        (Depth::Ansi16, Color::Rgb(r, g, b)) => Color::Indexed(nearest_16((r, g, b))),
        (Depth::Ansi16, Color::Indexed(index)) if index >= 16 => Color::Indexed(nearest_16(rgb_of(index))),
        (_, other) => other,
    }
}

/// Appends the SGR parameters of a lowered colour. `base` is 30 for text and 40 for what is behind it.
pub(super) fn parameters(color: Color, base: u16, named: bool, out: &mut Vec<u16>) {
    let index = match color {
        Color::Reset => return out.push(base + 9),
        Color::Rgb(r, g, b) => return out.extend([base + 8, 2, u16::from(r), u16::from(g), u16::from(b)]),
        Color::Indexed(index) if index < 16 && named => index,
        Color::Indexed(index) => return out.extend([base + 8, 5, u16::from(index)]),
        Color::Black => 0,
        Color::Red => 1,
        Color::Green => 2,
        Color::Yellow => 3,
        Color::Blue => 4,
        Color::Magenta => 5,
        Color::Cyan => 6,
        Color::Gray => 7,
        Color::DarkGray => 8,
        Color::LightRed => 9,
        Color::LightGreen => 10,
        Color::LightYellow => 11,
        Color::LightBlue => 12,
        Color::LightMagenta => 13,
        Color::LightCyan => 14,
        Color::White => 15,
    };
    let index = u16::from(index);
    out.push(if index < 8 { base + index } else { base + 60 + index - 8 });
}

fn nearest_16(rgb: (u8, u8, u8)) -> u8 {
    (0..16).min_by_key(|index| distance(ANSI[usize::from(*index)], rgb)).unwrap_or(7)
}

fn nearest_256(rgb: (u8, u8, u8)) -> u8 {
    let level = |value: u8| (0..6).min_by_key(|at| LEVELS[*at].abs_diff(value)).unwrap_or(0) as u8;
    let cube = 16 + 36 * level(rgb.0) + 6 * level(rgb.1) + level(rgb.2);
    let mean = (u16::from(rgb.0) + u16::from(rgb.1) + u16::from(rgb.2)) / 3;
    let grey = 232 + (mean.saturating_sub(3) / 10).min(23) as u8;
    // The cube wins a tie: its colours are the ones that themes know.
    if distance(rgb_of(grey), rgb) < distance(rgb_of(cube), rgb) { grey } else { cube }
}

/// xterm's colour of an index.
fn rgb_of(index: u8) -> (u8, u8, u8) {
    match index {
        0..=15 => ANSI[usize::from(index)],
        16..=231 => {
            let at = index - 16;
            let level = |value: u8| LEVELS[usize::from(value % 6)];
            (level(at / 36), level(at / 6), level(at))
        }
        _ => {
            let grey = 8 + 10 * (index - 232);
            (grey, grey, grey)
        }
    }
}

fn distance(a: (u8, u8, u8), b: (u8, u8, u8)) -> u32 {
    let part = |x: u8, y: u8| u32::from(x.abs_diff(y)).pow(2);
    part(a.0, b.0) + part(a.1, b.1) + part(a.2, b.2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_depth_shows_the_nearest_colour_it_has() {
        let orange = Color::Rgb(255, 135, 0);
        for (depth, color, wanted) in [
            (Depth::None, orange, Color::Reset),
            (Depth::None, Color::Red, Color::Reset),
            (Depth::Ansi16, Color::Red, Color::Red),
            (Depth::Ansi16, Color::Rgb(250, 10, 10), Color::Indexed(9)),
            (Depth::Ansi16, Color::Indexed(15), Color::Indexed(15)),
            (Depth::Ansi16, Color::Indexed(16), Color::Indexed(0)),
            (Depth::Ansi16, Color::Indexed(231), Color::Indexed(15)),
            (Depth::Ansi256, orange, Color::Indexed(208)),
            (Depth::Ansi256, Color::Rgb(0, 0, 0), Color::Indexed(16)),
            (Depth::Ansi256, Color::Rgb(128, 128, 128), Color::Indexed(244)),
            (Depth::Ansi256, Color::Rgb(255, 255, 255), Color::Indexed(231)),
            (Depth::True, orange, orange),
        ] {
            assert_eq!(lower(color, depth), wanted, "{color:?} at {depth:?}");
        }
    }

    #[test]
    fn named_colours_use_the_codes_that_every_terminal_knows() {
        for (color, base, wanted) in [
            (Color::Reset, 30, vec![39]),
            (Color::Black, 30, vec![30]),
            (Color::Gray, 40, vec![47]),
            (Color::DarkGray, 30, vec![90]),
            (Color::White, 40, vec![107]),
            (Color::Indexed(208), 30, vec![38, 5, 208]),
            (Color::Rgb(1, 2, 3), 40, vec![48, 2, 1, 2, 3]),
        ] {
            let mut out = Vec::new();
            parameters(color, base, true, &mut out);
            assert_eq!(out, wanted, "{color:?}");
        }
    }
}
