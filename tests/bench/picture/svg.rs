//! A terminal's screen as an SVG: one text for each run of one look, stretched to its columns, so that it lines
//! up in any font.

use std::fmt::Write;

use regex::Regex;
use vt100::{Color, Screen};

/// Of one cell, in pixels.
const CELL: (f64, f64) = (8.4, 18.0);
/// Around the text, and above it for the bar of the window.
const MARGIN: (f64, f64) = (18.0, 46.0);
const GROUND: &str = "#1e1e1e";
const INK: &str = "#d7d7d7";
const FONT: &str =
    "ui-monospace,SFMono-Regular,Menlo,Consolas,'DejaVu Sans Mono','Liberation Mono',monospace";

/// One cell as it is drawn.
#[derive(Clone, PartialEq)]
struct Cell {
    text: String,
    look: Look,
}

#[derive(Clone, PartialEq, Default)]
struct Look {
    fg: Option<String>,
    bg: Option<String>,
    bold: bool,
    italic: bool,
    underline: bool,
}

/// Draws what is on the screen, without the blank rows below. What the `same` expressions find is shown as what
/// stands beside them: it would be different each time.
pub fn draw(screen: &Screen, same: &[(Regex, &str)], title: &str) -> String {
    let (rows, cols) = screen.size();
    let (rows, cols) = (u16::from(rows), u16::from(cols));
    let mut all: Vec<Vec<Cell>> = (0..rows).map(|row| cells(screen, row, cols, same)).collect();
    while all.last().is_some_and(|row| row.iter().all(is_blank)) {
        all.pop();
    }
    let width = f64::from(cols) * CELL.0 + 2.0 * MARGIN.0;
    let height = all.len() as f64 * CELL.1 + MARGIN.1 + 14.0;
    let mut out = String::new();
    let _ = write!(
        out,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width:.0} {height:.0}\" width=\"{width:.0}\" \
         height=\"{height:.0}\" font-family=\"{FONT}\" font-size=\"14\" role=\"img\" aria-label=\"An interactive session of iosm\">\n\
         <rect x=\"1\" y=\"1\" width=\"{:.0}\" height=\"{:.0}\" rx=\"9\" fill=\"{GROUND}\" stroke=\"#808080\" stroke-opacity=\".55\"/>\n\
         <path d=\"M1 32H{:.0}\" stroke=\"#3a3a3a\"/>\n",
        width - 2.0,
        height - 2.0,
        width - 1.0,
    );
    for x in [20, 40, 60] {
        let _ = writeln!(out, "<circle cx=\"{x}\" cy=\"17\" r=\"5.5\" fill=\"#4d4d4d\"/>");
    }
    let _ = writeln!(
        out,
        "<text x=\"{:.0}\" y=\"22\" fill=\"#9a9a9a\" text-anchor=\"middle\" font-size=\"13\">{}</text>",
        width / 2.0,
        escaped(title)
    );
    for (at, row) in all.iter().enumerate() {
        line(&mut out, row, MARGIN.1 + at as f64 * CELL.1);
    }
    out.push_str("</svg>\n");
    out
}

fn is_blank(cell: &Cell) -> bool {
    cell.text == " " && cell.look.bg.is_none()
}

fn cells(screen: &Screen, row: u16, cols: u16, same: &[(Regex, &str)]) -> Vec<Cell> {
    let cell = |col| {
        let cell = screen.cell(row, col)?;
        let text = if cell.contents().is_empty() { " " } else { cell.contents() };
        let (mut fg, mut bg) = (colour(cell.fgcolor()), colour(cell.bgcolor()));
        if cell.inverse() {
            (fg, bg) = (bg.or(Some(GROUND.into())), fg.or(Some(INK.into())));
        }
        let (bold, italic, underline) = (cell.bold(), cell.italic(), cell.underline());
        let look = Look { fg, bg, bold, italic, underline };
        (!cell.is_wide_continuation()).then(|| Cell { text: text.to_owned(), look })
    };
    let mut cells: Vec<Cell> = (0..cols).filter_map(cell).collect();
    for (different, same) in same {
        let text: String = cells.iter().map(|cell| cell.text.as_str()).collect();
        if let Some(found) = different.find(&text) {
            replace(&mut cells, found.as_str(), same);
        }
    }
    cells
}

/// Puts `new` where `old` stands in a row, and moves what comes after it.
fn replace(cells: &mut Vec<Cell>, old: &str, new: &str) {
    let length = old.chars().count();
    let fits = |at: &usize| {
        cells[*at..*at + length].iter().map(|cell| cell.text.as_str()).collect::<String>() == old
    };
    let Some(at) = (0..(cells.len() + 1).saturating_sub(length)).find(fits) else { return };
    let look = cells[at].look.clone();
    let columns = cells.len();
    let put = new.chars().map(|c| Cell { text: c.to_string(), look: look.clone() });
    cells.splice(at..at + length, put.collect::<Vec<_>>());
    cells.resize(columns, Cell { text: " ".to_owned(), look: Look::default() });
}

fn line(out: &mut String, row: &[Cell], top: f64) {
    let mut at = 0;
    while at < row.len() {
        let look = &row[at].look;
        let end = row[at..].iter().position(|cell| cell.look != *look).map_or(row.len(), |more| at + more);
        let x = |col: usize| MARGIN.0 + col as f64 * CELL.0;
        if let Some(bg) = &look.bg {
            let width = (end - at) as f64 * CELL.0;
            let _ = writeln!(
                out,
                "<rect x=\"{:.1}\" y=\"{top:.0}\" width=\"{width:.1}\" height=\"{:.0}\" fill=\"{bg}\"/>",
                x(at),
                CELL.1
            );
        }
        for (from, to) in words(&row[at..end]) {
            let text: String = row[at + from..at + to].iter().map(|cell| cell.text.as_str()).collect();
            let width = (to - from) as f64 * CELL.0;
            let _ = write!(
                out,
                "<text x=\"{:.1}\" y=\"{:.0}\" textLength=\"{width:.1}\" lengthAdjust=\"spacingAndGlyphs\" fill=\"{}\"",
                x(at + from),
                top + 13.0,
                look.fg.as_deref().unwrap_or(INK)
            );
            for (is, name) in [
                (look.bold, " font-weight=\"bold\""),
                (look.italic, " font-style=\"italic\""),
                (look.underline, " text-decoration=\"underline\""),
            ] {
                out.push_str(if is { name } else { "" });
            }
            let _ = writeln!(out, ">{}</text>", escaped(&text));
        }
        at = end;
    }
}

/// Pieces without two blanks in a row, which XML would not keep.
fn words(cells: &[Cell]) -> Vec<(usize, usize)> {
    let blank = |at: usize| cells.get(at).is_none_or(|cell| cell.text == " ");
    let mut pieces = Vec::new();
    let mut at = 0;
    while at < cells.len() {
        if blank(at) {
            at += 1;
            continue;
        }
        let mut end = at;
        while end < cells.len() && !(blank(end) && blank(end + 1)) {
            end += 1;
        }
        pieces.push((at, end));
        at = end;
    }
    pieces
}

fn colour(colour: Color) -> Option<String> {
    match colour {
        Color::Default => None,
        Color::Idx(index) => Some(indexed(index)),
        Color::Rgb(r, g, b) => Some(format!("#{r:02x}{g:02x}{b:02x}")),
    }
}

/// By xterm's table of 256.
fn indexed(index: u8) -> String {
    const ANSI: [&str; 16] = [
        "#000000", "#cd3131", "#0dbc79", "#e5e510", "#2472c8", "#bc3fbc", "#11a8cd", "#e5e5e5", "#666666",
        "#f14c4c", "#23d18b", "#f5f543", "#3b8eea", "#d670d6", "#29b8db", "#ffffff",
    ];
    let level = |n: u8| if n == 0 { 0 } else { 55 + 40 * n };
    match index {
        0..16 => ANSI[usize::from(index)].to_owned(),
        16..232 => {
            let n = index - 16;
            format!("#{:02x}{:02x}{:02x}", level(n / 36), level(n / 6 % 6), level(n % 6))
        }
        _ => format!("#{0:02x}{0:02x}{0:02x}", 8 + 10 * (index - 232)),
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
