//! A conversation as one HTML file: no script, nothing fetched, light or dark as the reader prefers.
//!
//! Whatever the session says is text: it is escaped, and the page's own policy forbids scripts, frames,
//! forms and requests besides.

use super::{Called, Message, Picture, Piece, Transcript, inert};
use crate::protocol::VerdictKind;

const POLICY: &str =
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'";

const STYLE: &str = "\
:root{color-scheme:light dark;--back:#fff;--text:#1c1e21;--dim:#5f6670;--line:#d8dce2;--soft:#f4f5f7;--mine:#e9f0fb;--bad:#a61b1b}
@media (prefers-color-scheme:dark){:root{--back:#16181c;--text:#e4e6ea;--dim:#9aa2ad;--line:#343941;--soft:#1f2329;--mine:#1d2a3d;--bad:#ff8a80}}
body{margin:0 auto;max-width:52rem;padding:1.5rem;background:var(--back);color:var(--text);font:16px/1.5 system-ui,sans-serif}
h1{font-size:1.4rem}h2{font-size:.9rem;color:var(--dim);margin:1.6rem 0 .4rem;font-weight:600}
dl{display:grid;grid-template-columns:max-content 1fr;gap:.1rem 1rem;color:var(--dim);font-size:.9rem}dd{margin:0;overflow-wrap:anywhere}
.said{white-space:pre-wrap;overflow-wrap:anywhere;margin:.5rem 0}
.mine{background:var(--mine);border-radius:.5rem;padding:.6rem .9rem}
pre{background:var(--soft);border:1px solid var(--line);border-radius:.4rem;padding:.6rem;overflow:auto;white-space:pre-wrap;overflow-wrap:anywhere;font:13px/1.45 ui-monospace,monospace}
details{border-left:3px solid var(--line);padding:.1rem .8rem;margin:.5rem 0}summary{cursor:pointer;color:var(--dim);overflow-wrap:anywhere}
.bad{color:var(--bad)}img{max-width:100%}time{font-weight:400}
";

/// Longest arguments in the line of a folded call, in characters.
const LONGEST_SUMMARY: usize = 100;

pub(super) fn html(transcript: &Transcript) -> String {
    let title = match transcript.title.as_str() {
        "" => escaped(&transcript.session),
        title => escaped(title),
    };
    let mut out = format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"{POLICY}\">\n\
         <meta name=\"referrer\" content=\"no-referrer\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <title>{title}</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n<h1>{title}</h1>\n<dl>\n"
    );
    let mut fact = |name: &str, value: &str| {
        if !value.is_empty() {
            out.push_str(&format!("<dt>{name}</dt><dd>{}</dd>\n", escaped(value)));
        }
    };
    fact("Session", &transcript.session);
    fact("Time", &format!("{} to {}", transcript.started, transcript.last));
    fact("Model", &transcript.model);
    fact("Profile", &transcript.profile);
    fact("Workspace", &transcript.workspace);
    if let Some(parent) = &transcript.parent {
        fact("Fork of", &format!("{}, up to entry {}", parent.session, parent.entry));
    }
    if transcript.branches > 1 {
        fact("Branches", &format!("{}, of which this is the current one", transcript.branches));
    }
    fact("Tainted by", &transcript.taint.join(", "));
    out.push_str("</dl>\n");
    for message in &transcript.messages {
        match message {
            Message::User { entry, at, text, images } => {
                out.push_str(&format!("<h2 id=\"e{entry}\">You <time>{}</time></h2>\n", escaped(at)));
                out.push_str(&format!("<div class=\"said mine\">{}</div>\n", escaped(text)));
                images.iter().for_each(|image| picture(image, &mut out));
            }
            Message::Assistant { entry, at, model, pieces } => {
                let (at, model) = (escaped(at), escaped(model));
                out.push_str(&format!("<h2 id=\"e{entry}\">{model} <time>{at}</time></h2>\n"));
                pieces.iter().for_each(|one| piece(one, &mut out));
            }
        }
    }
    out + "</body>\n</html>\n"
}

fn piece(piece: &Piece, out: &mut String) {
    match piece {
        Piece::Text { text } => prose(text, out),
        Piece::Thinking { text } => out.push_str(&format!(
            "<details><summary>Thinking</summary><div class=\"said\">{}</div></details>\n",
            escaped(text)
        )),
        Piece::Call(call) => called(call, out),
    }
}

/// Words, and fenced code apart from them.
fn prose(text: &str, out: &mut String) {
    let mut words = String::new();
    let mut open: Option<(usize, String)> = None;
    for line in text.split_inclusive('\n') {
        let ticks = line.trim_start().chars().take_while(|c| *c == '`').count();
        open = match open.take() {
            Some((fence, block)) if ticks >= fence && line.trim().len() == ticks => {
                code(&block, out);
                None
            }
            Some((fence, block)) => Some((fence, block + line)),
            None if ticks >= 3 => {
                said(&words, out);
                words.clear();
                Some((ticks, String::new()))
            }
            None => {
                words.push_str(line);
                None
            }
        };
    }
    said(&words, out);
    if let Some((_, block)) = open {
        code(&block, out);
    }
}

fn said(words: &str, out: &mut String) {
    let words = words.trim_matches('\n');
    if !words.trim().is_empty() {
        out.push_str(&format!("<div class=\"said\">{}</div>\n", escaped(words)));
    }
}

fn code(block: &str, out: &mut String) {
    out.push_str(&format!("<pre>{}</pre>\n", escaped(block.trim_end_matches('\n'))));
}

fn called(call: &Called, out: &mut String) {
    let args = call.args.to_string();
    let short: String = args.chars().take(LONGEST_SUMMARY).collect();
    let more = if short.len() < args.len() { "…" } else { "" };
    let (class, status) = match call.status.as_deref() {
        None => (" class=\"bad\"", " · no result"),
        Some("error") => (" class=\"bad\"", " · failed"),
        Some("denied") => (" class=\"bad\"", " · refused"),
        Some("cancelled") => (" class=\"bad\"", " · cancelled"),
        Some(_) => ("", ""),
    };
    let (id, tool, short) = (escaped(&call.id), escaped(&call.tool), escaped(&short));
    out.push_str(&format!("<details><summary{class}>{id} <b>{tool}</b> {short}{more}{status}</summary>\n"));
    if let Ok(pretty) = serde_json::to_string_pretty(&call.args) {
        code(&pretty, out);
    }
    if !call.detail.is_empty() && call.verdict != Some(VerdictKind::Allow) {
        out.push_str(&format!("<p class=\"bad\">{}</p>\n", escaped(&call.detail)));
    }
    if !call.result.is_empty() {
        code(&call.result, out);
    }
    call.images.iter().for_each(|image| picture(image, out));
    out.push_str("</details>\n");
}

/// A raster image as it is; anything else, such as SVG, in words.
fn picture(image: &Picture, out: &mut String) {
    const SHOWN: [&str; 4] = ["image/png", "image/jpeg", "image/gif", "image/webp"];
    let is_base64 = image.data.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/' | b'='));
    if is_base64 && SHOWN.contains(&image.media_type.as_str()) {
        let (kind, data) = (&image.media_type, &image.data);
        out.push_str(&format!("<img alt=\"image\" src=\"data:{kind};base64,{data}\">\n"));
    } else {
        out.push_str(&format!("<p>[image: {}]</p>\n", escaped(&image.media_type)));
    }
}

/// Text as HTML, in an element or between double quotes.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + text.len() / 8);
    for c in inert(text).chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
    }
    out
}
