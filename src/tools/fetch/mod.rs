//! `fetch`: one URL, its answer as text that a model can read.

mod clean;
mod page;
mod words;

use base64::Engine;
use futures::future::BoxFuture;
use serde::Deserialize;
use serde_json::{Value, json};

use super::sniff::{Kind, kind};
use super::{Registry, Tool, ToolContext};
use crate::base::grouped;
use crate::host::net::{Answer, Outward, WebLimits, fetch};
use crate::kernel::{Grant, RawResult};
use crate::protocol::{EffectRule, Part, ToolSpec, ToolStatus};

/// The largest body that a call may ask for, in bytes.
const MOST_BYTES: usize = 20 * 1024 * 1024;
/// The largest image that is handed to a model, in bytes.
const MOST_IMAGE_BYTES: u64 = 5 * 1024 * 1024;

/// Of a media type, in characters; real ones are shorter.
const LONGEST_TYPE: usize = 100;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Args {
    url: String,
    #[serde(default)]
    method: Option<String>,
    #[serde(default)]
    max_bytes: Option<usize>,
    #[serde(default)]
    raw: bool,
}

pub struct Fetch {
    spec: ToolSpec,
    outward: Outward,
}

/// Registers the tool; its requests leave the machine as `outward` says.
pub fn register_fetch(registry: &mut Registry, outward: &Outward) {
    registry.register(Fetch::new(outward.clone()));
}

impl Fetch {
    pub fn new(outward: Outward) -> Self {
        let spec = ToolSpec {
            name: "fetch",
            description: "Get one web page or file; HTML becomes Markdown.",
            schema: json!({
                "type": "object",
                "properties": {
                    "url": {"type": "string"},
                    "method": {"enum": ["GET", "HEAD"]},
                    "max_bytes": {"type": "integer", "minimum": 1, "maximum": MOST_BYTES},
                    "raw": {"type": "boolean", "description": "HTML as it is"}
                },
                "required": ["url"],
                "additionalProperties": false
            }),
            effects: EffectRule::Fetch { arg: "url" },
            read_only: true,
            aliases: &[("uri", "url"), ("href", "url"), ("link", "url")],
        };
        Self { spec, outward }
    }
}

impl Tool for Fetch {
    fn spec(&self) -> &ToolSpec {
        &self.spec
    }

    fn run(&self, grant: Grant, args: Value, _context: ToolContext) -> BoxFuture<'static, RawResult> {
        let outward = self.outward.clone();
        Box::pin(async move {
            let args: Args = match serde_json::from_value(args) {
                Ok(args) => args,
                Err(error) => return RawResult::error(format!("bad arguments for fetch: {error}")),
            };
            let mut limits = WebLimits::default();
            if let Some(most) = args.max_bytes {
                limits.bytes = most.min(MOST_BYTES);
            }
            match fetch(grant, &outward, limits, wanted).await {
                Ok(answer) => {
                    let head = args.method.is_some_and(|method| method.eq_ignore_ascii_case("head"));
                    let raw = args.raw;
                    // Reading a large page takes a while.
                    let read = tokio::task::spawn_blocking(move || result(answer, raw, head)).await;
                    read.unwrap_or_else(|error| RawResult::error(format!("fetch broke off: {error}")))
                }
                Err(error) => RawResult::error(format!("{}: {error}", args.url)),
            }
        })
    }
}

/// What the type of an answer says it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    Html,
    Text,
    Image,
    /// Only the bytes can tell.
    Unsaid,
    Other,
}

fn form(content_type: &str) -> Form {
    let essence = content_type.split(';').next().unwrap_or_default().trim();
    let (kind, name) = essence.split_once('/').unwrap_or((essence, ""));
    let texts = [
        "json",
        "xml",
        "javascript",
        "ecmascript",
        "yaml",
        "x-yaml",
        "toml",
        "x-sh",
        "x-ndjson",
        "jsonl",
        "graphql",
        "sql",
        "x-httpd-php",
        "x-javascript",
        "rtf",
        "x-tex",
        "x-www-form-urlencoded",
    ];
    match (kind, name) {
        ("", _) | ("application" | "binary", "octet-stream") => Form::Unsaid,
        ("text", "html") | ("application", "xhtml+xml") => Form::Html,
        ("text", _) | ("image", "svg+xml") => Form::Text,
        ("image", "png" | "jpeg" | "jpg" | "gif" | "webp") => Form::Image,
        ("application", name)
            if texts.contains(&name) || name.ends_with("+json") || name.ends_with("+xml") =>
        {
            Form::Text
        }
        _ => Form::Other,
    }
}

/// A body that could not be shown is not fetched.
fn wanted(answer: &Answer) -> bool {
    match form(&answer.content_type) {
        Form::Other => false,
        Form::Image => answer.length.is_none_or(|length| length <= MOST_IMAGE_BYTES),
        _ => true,
    }
}

fn result(answer: Answer, raw: bool, head: bool) -> RawResult {
    let status = format!("{} {}", answer.status, answer.reason).trim_end().to_owned();
    let essence = answer.content_type.split(';').next().unwrap_or_default().trim();
    let shown_type: String = essence.chars().take(LONGEST_TYPE).collect();
    let shown_type = if shown_type.is_empty() { "no type given" } else { &shown_type };
    let size = match (&answer.body, answer.length) {
        (Some(body), _) if answer.cut => format!("cut after {} bytes", grouped(body.len())),
        (Some(body), _) => format!("{} bytes", grouped(body.len())),
        (None, Some(length)) => format!("{} bytes", grouped(usize::try_from(length).unwrap_or(usize::MAX))),
        (None, None) => "size unknown".to_owned(),
    };
    let mut text = format!("{}\n{status} · {shown_type} · {size}\n", answer.url);
    let summary = format!("{status} · {shown_type} · {size}");
    let made = |status, parts| RawResult::new(status, parts, summary.clone());
    if head {
        for (name, value) in &answer.fields {
            text.push_str(&format!("{name}: {value}\n"));
        }
        return made(status_of(&answer), vec![Part::text(text)]);
    }
    let Some(body) = &answer.body else {
        let what = match form(&answer.content_type) {
            Form::Image => "an image over 5 MiB",
            _ => "neither text nor an image that can be shown",
        };
        text.push_str(&format!("\nnot fetched: {what}; download it with a command if it is needed"));
        return made(ToolStatus::Error, vec![Part::text(text)]);
    };
    let found = kind(body);
    let form = match form(&answer.content_type) {
        Form::Unsaid if page::looks_like_html(body) => Form::Html,
        Form::Unsaid if matches!(found, Kind::Image(_)) => Form::Image,
        Form::Unsaid => Form::Text,
        said => said,
    };
    match (form, found) {
        (Form::Image, Kind::Image(media_type)) if !answer.cut && body.len() as u64 <= MOST_IMAGE_BYTES => {
            let data = base64::engine::general_purpose::STANDARD.encode(body);
            let image = Part::Image { media_type: media_type.to_owned(), data };
            made(status_of(&answer), vec![Part::text(text), image])
        }
        (Form::Html | Form::Text, _) => {
            let Some(words) = words::decode(body, &answer.content_type) else {
                text.push_str("\nnot shown: the body is binary; download it with a command if it is needed");
                return made(ToolStatus::Error, vec![Part::text(text)]);
            };
            text.push('\n');
            if form == Form::Html && !raw {
                text.push_str(&page::markdown(&words, &answer.url));
            } else {
                text.push_str(&words);
            }
            if answer.cut {
                text.push_str("\n[cut here; a larger max_bytes shows more]");
            }
            made(status_of(&answer), vec![Part::text(text)])
        }
        _ => {
            text.push_str("\nnot shown: it is not the image that it says it is, or too large for one");
            made(ToolStatus::Error, vec![Part::text(text)])
        }
    }
}

/// A page that says it is not there was fetched, but not what was wanted.
fn status_of(answer: &Answer) -> ToolStatus {
    if answer.status < 400 { ToolStatus::Ok } else { ToolStatus::Error }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(content_type: &str, body: &[u8]) -> Answer {
        Answer {
            url: "https://a.test/x".to_owned(),
            status: 200,
            reason: "OK",
            content_type: content_type.to_owned(),
            length: None,
            fields: Vec::new(),
            body: Some(body.to_vec()),
            cut: false,
            redirects: 0,
        }
    }

    fn shown(content_type: &str, body: &[u8]) -> (ToolStatus, String) {
        let result = result(answer(content_type, body), false, false);
        let Part::Text { text } = &result.parts[0] else { panic!("text first") };
        (result.status, text.clone())
    }

    #[test]
    fn types_decide_what_is_shown() {
        let png = b"\x89PNG\r\n\x1a\nrest";
        for (content_type, body, status, needle) in [
            ("text/html; charset=utf-8", &b"<h1>Hi</h1>"[..], ToolStatus::Ok, "\n# Hi"),
            ("", b"<!DOCTYPE html><h1>Hi</h1>", ToolStatus::Ok, "\n# Hi"),
            ("application/json", b"{\"a\": 1}", ToolStatus::Ok, "{\"a\": 1}"),
            ("application/vnd.api+json", b"{}", ToolStatus::Ok, "{}"),
            ("text/plain", b"<b>as it is</b>", ToolStatus::Ok, "<b>as it is</b>"),
            ("text/plain", b"a\0b", ToolStatus::Error, "binary"),
            ("application/octet-stream", b"plain after all", ToolStatus::Ok, "plain after all"),
            ("application/octet-stream", b"\x7fELF\0", ToolStatus::Error, "binary"),
            ("image/png", b"not a picture", ToolStatus::Error, "not the image"),
            ("image/png", png, ToolStatus::Ok, "image/png · 12 bytes"),
            ("", png, ToolStatus::Ok, "no type given · 12 bytes"),
        ] {
            let (got, text) = shown(content_type, body);
            assert_eq!(got, status, "{content_type}: {text}");
            assert!(text.starts_with("https://a.test/x\n200 OK · ") && text.contains(needle), "{text}");
        }
        for (content_type, wants) in [
            ("application/pdf", false),
            ("video/mp4", false),
            ("image/webp", true),
            ("text/css", true),
            ("", true),
        ] {
            assert_eq!(wanted(&answer(content_type, b"")), wants, "{content_type}");
        }
        let image = result(answer("image/png", png), false, false);
        assert!(matches!(&image.parts[1], Part::Image { media_type, .. } if media_type == "image/png"));
    }
}
