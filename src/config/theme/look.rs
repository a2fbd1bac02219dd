//! One look in words: attributes, a colour, and `on` another. Such as `bold red`, `#d0d0d0 on surface`,
//! `underline`, `index 244`, or `plain` for nothing at all.

use std::collections::BTreeMap;

use crate::base::nearest;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Colour {
    /// One of the sixteen that the terminal's own palette has, counted as in ECMA-48 (8 to 15 are bright).
    Ansi(u8),
    /// Of xterm's 256.
    Indexed(u8),
    Rgb(u8, u8, u8),
}

/// Colours and attributes of one token; `None` is the terminal's own.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Look {
    pub fg: Option<Colour>,
    pub bg: Option<Colour>,
    pub bold: bool,
    pub dim: bool,
    pub italic: bool,
    pub underline: bool,
    pub reversed: bool,
    pub struck: bool,
}

const ANSI: [&str; 16] = [
    "black",
    "red",
    "green",
    "yellow",
    "blue",
    "magenta",
    "cyan",
    "white",
    "bright-black",
    "bright-red",
    "bright-green",
    "bright-yellow",
    "bright-blue",
    "bright-magenta",
    "bright-cyan",
    "bright-white",
];
const ATTRIBUTES: [&str; 8] = ["bold", "dim", "italic", "underline", "reversed", "struck", "plain", "on"];

type Palette = BTreeMap<String, Colour>;

/// Reads one colour: a name of the palette, one of the terminal's sixteen, `#rrggbb`, or `index N`.
pub(super) fn colour(words: &str, palette: &Palette) -> Result<Colour, String> {
    let mut words = words.split_whitespace();
    let colour = one_colour(words.next().unwrap_or_default(), &mut words, palette)?;
    match words.next() {
        None => Ok(colour),
        Some(more) => Err(format!("`{more}` after the colour; write one colour")),
    }
}

pub(super) fn look(words: &str, palette: &Palette) -> Result<Look, String> {
    let mut look = Look::default();
    let mut behind = false;
    let mut words = words.split_whitespace().peekable();
    if words.peek().is_none() {
        return Err("an empty look; write `plain` for none".to_owned());
    }
    while let Some(word) = words.next() {
        match word {
            "bold" => look.bold = true,
            "dim" => look.dim = true,
            "italic" => look.italic = true,
            "underline" => look.underline = true,
            "reversed" => look.reversed = true,
            "struck" => look.struck = true,
            "plain" => {}
            "on" if !behind && words.peek().is_some() => {
                behind = true;
                let next = words.next().unwrap_or_default();
                look.bg = Some(one_colour(next, &mut words, palette)?);
            }
            "on" => return Err("`on` wants one colour after it; a look with a `#` goes in quotes".to_owned()),
            _ if look.fg.is_some() => {
                return Err(format!("`{word}` is a second colour; put `on` before a background"));
            }
            _ => look.fg = Some(one_colour(word, &mut words, palette)?),
        }
    }
    Ok(look)
}

fn one_colour<'a>(
    word: &str,
    rest: &mut impl Iterator<Item = &'a str>,
    palette: &Palette,
) -> Result<Colour, String> {
    if let Some(colour) = palette.get(word) {
        return Ok(*colour);
    }
    if let Some(number) = ANSI.iter().position(|name| *name == word) {
        return Ok(Colour::Ansi(number as u8));
    }
    if let Some(hex) = word.strip_prefix('#') {
        let digits = hex.len() == 6 && hex.chars().all(|c| c.is_ascii_hexdigit());
        let value = digits.then(|| u32::from_str_radix(hex, 16).ok()).flatten();
        let value = value.ok_or_else(|| format!("`{word}` is not a colour; write six digits: `#rrggbb`"))?;
        let [_, r, g, b] = value.to_be_bytes();
        return Ok(Colour::Rgb(r, g, b));
    }
    if word == "index" {
        let number = rest.next().and_then(|number| number.parse().ok());
        return number.map(Colour::Indexed).ok_or_else(|| "`index` wants a number from 0 to 255".to_owned());
    }
    let known = ANSI.into_iter().chain(ATTRIBUTES).chain(palette.keys().map(String::as_str));
    let hint = nearest(word, known).map_or(String::new(), |name| format!(" (did you mean `{name}`?)"));
    Err(format!("unknown word `{word}`{hint}"))
}

/// Contrast of two colours from 1 to 21, as WCAG 2.2 defines it ("contrast ratio" and "relative luminance",
/// <https://www.w3.org/TR/WCAG22/#dfn-contrast-ratio>). `None` where the terminal decides on a colour.
pub fn contrast(a: Colour, b: Colour) -> Option<f64> {
    let (a, b) = (luminance(a)?, luminance(b)?);
    Some((a.max(b) + 0.05) / (a.min(b) + 0.05))
}

fn luminance(colour: Colour) -> Option<f64> {
    let (r, g, b) = colour.rgb()?;
    let channel = |value: u8| {
        let value = f64::from(value) / 255.0;
        if value <= 0.040_45 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
    };
    Some(0.2126 * channel(r) + 0.7152 * channel(g) + 0.0722 * channel(b))
}

impl Colour {
    /// Red, green and blue; `None` for what the terminal's palette decides. The 256 are those of xterm
    /// (`256colres.pl`): a cube of six steps, then a ramp of grey.
    pub fn rgb(self) -> Option<(u8, u8, u8)> {
        const STEPS: [u8; 6] = [0, 95, 135, 175, 215, 255];
        match self {
            Self::Rgb(r, g, b) => Some((r, g, b)),
            Self::Ansi(_) | Self::Indexed(0..16) => None,
            Self::Indexed(n @ 16..232) => {
                let n = usize::from(n - 16);
                Some((STEPS[n / 36], STEPS[n / 6 % 6], STEPS[n % 6]))
            }
            Self::Indexed(n) => {
                let grey = 8 + 10 * (n - 232);
                Some((grey, grey, grey))
            }
        }
    }

    /// The nearest of xterm's 256, for terminals without true colour.
    pub fn indexed(self) -> Self {
        let Self::Rgb(r, g, b) = self else { return self };
        let far = |n: &u8| {
            let (x, y, z) = Self::Indexed(*n).rgb().unwrap_or_default();
            let square = |a: u8, b: u8| i32::from(a.abs_diff(b)).pow(2);
            square(r, x) + square(g, y) + square(b, z)
        };
        Self::Indexed((16..=255).min_by_key(far).unwrap_or(16))
    }
}
