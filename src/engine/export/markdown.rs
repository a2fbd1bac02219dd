//! A conversation as Markdown. What tools gave stands in fences that it cannot close.

use super::{Called, Message, Piece, Transcript, inert};
use crate::protocol::VerdictKind;

pub(super) fn markdown(transcript: &Transcript) -> String {
    let mut out = format!("# Session {}\n\n", transcript.session);
    let mut fact = |name: &str, value: &str| {
        if !value.is_empty() {
            out.push_str(&format!("- {name}: {}\n", inert(value).replace('\n', " ")));
        }
    };
    fact("title", &transcript.title);
    fact("time", &format!("{} to {}", transcript.started, transcript.last));
    fact("model", &transcript.model);
    fact("profile", &transcript.profile);
    fact("workspace", &transcript.workspace);
    if let Some(parent) = &transcript.parent {
        fact("fork of", &format!("{}, up to entry {}", parent.session, parent.entry));
    }
    if transcript.branches > 1 {
        fact("branches", &format!("{}, of which this is the current one", transcript.branches));
    }
    fact("tainted by", &transcript.taint.join(", "));
    for message in &transcript.messages {
        match message {
            Message::User { at, text, images, .. } => {
                out.push_str(&format!("\n## User\n\n*{at}*\n\n{}\n", inert(text)));
                for image in images {
                    out.push_str(&format!("\n[image: {}]\n", inert(&image.media_type)));
                }
            }
            Message::Assistant { at, model, pieces, .. } => {
                out.push_str(&format!("\n## Assistant\n\n*{at} · {}*\n", inert(model)));
                pieces.iter().for_each(|one| piece(one, &mut out));
            }
        }
    }
    out
}

fn piece(piece: &Piece, out: &mut String) {
    match piece {
        Piece::Text { text } => out.push_str(&format!("\n{}\n", inert(text))),
        Piece::Thinking { text } => {
            out.push('\n');
            inert(text).lines().for_each(|line| out.push_str(&format!("> {line}\n")));
        }
        Piece::Call(call) => called(call, out),
    }
}

fn called(call: &Called, out: &mut String) {
    let status = match call.status.as_deref() {
        None => " (no result)",
        Some("error") => " (failed)",
        Some("denied") => " (refused)",
        Some("cancelled") => " (cancelled)",
        Some(_) => "",
    };
    out.push_str(&format!("\n**{} {}**{status}\n\n", inert(&call.id), inert(&call.tool)));
    fenced("json", &call.args.to_string(), out);
    if !call.detail.is_empty() && call.verdict != Some(VerdictKind::Allow) {
        let detail = inert(&call.detail).replace('\n', " ");
        out.push_str(&format!("\n> {detail}\n"));
    }
    if !call.result.is_empty() {
        out.push('\n');
        fenced("text", &call.result, out);
    }
    for image in &call.images {
        out.push_str(&format!("\n[image: {}]\n", inert(&image.media_type)));
    }
}

/// A block with a fence that is longer than any run of backticks in it.
fn fenced(language: &str, text: &str, out: &mut String) {
    let text = inert(text);
    let longest = text.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat((longest + 1).max(3));
    out.push_str(&format!("{fence}{language}\n{}\n{fence}\n", text.trim_end_matches('\n')));
}
