//! A canonical request as a Chat Completions body: pure, same request, same bytes.
//!
//! The prefix law: the `messages` text of a request, up to its closing bracket, is a prefix of that
//! of every later request whose items begin with the same ones, where every call of the earlier
//! request has its result (which is so whenever a request is sent).

use serde::Serialize;
use serde_json::Value;

use super::{Dialect, EffortStyle};
use crate::model::request::{Request, Thinking};
use crate::protocol::{Block, Item, Part, ToolCall, ToolResult, ToolStatus};

#[derive(Serialize)]
struct Body<'a> {
    model: &'a str,
    stream: bool,
    stream_options: StreamOptions,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_completion_tokens: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_tokens: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reasoning_effort: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    prompt_cache_key: Option<&'a str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tools: Vec<Tool<'a>>,
    messages: Vec<Message<'a>>,
}

#[derive(Serialize)]
struct StreamOptions {
    include_usage: bool,
}

#[derive(Serialize)]
struct Tool<'a> {
    r#type: &'static str,
    function: Function<'a>,
}

#[derive(Serialize)]
struct Function<'a> {
    name: &'a str,
    description: &'a str,
    parameters: &'a Value,
}

#[derive(Serialize)]
#[serde(tag = "role", rename_all = "snake_case")]
enum Message<'a> {
    System {
        content: String,
    },
    User {
        content: Content<'a>,
    },
    Assistant {
        #[serde(skip_serializing_if = "Option::is_none")]
        content: Option<String>,
        #[serde(skip_serializing_if = "Vec::is_empty")]
        tool_calls: Vec<Call<'a>>,
    },
    Tool {
        tool_call_id: &'a str,
        content: String,
    },
}

#[derive(Serialize)]
#[serde(untagged)]
enum Content<'a> {
    Text(&'a str),
    Parts(Vec<Piece<'a>>),
}

#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Piece<'a> {
    Text { text: &'a str },
    ImageUrl { image_url: Url },
}

#[derive(Serialize)]
struct Url {
    url: String,
}

#[derive(Serialize)]
struct Call<'a> {
    id: &'a str,
    r#type: &'static str,
    function: Called<'a>,
}

#[derive(Serialize)]
struct Called<'a> {
    name: &'a str,
    arguments: String,
}

/// The body that asks `request`.
pub(super) fn encode(request: &Request, dialect: &Dialect) -> Vec<u8> {
    let max = Some(request.max_tokens);
    let body = Body {
        model: &request.model,
        stream: true,
        stream_options: StreamOptions { include_usage: true },
        max_completion_tokens: max.filter(|_| dialect.max_completion_tokens),
        max_tokens: max.filter(|_| !dialect.max_completion_tokens),
        reasoning_effort: effort(request, dialect.effort),
        prompt_cache_key: request.session.as_deref().filter(|_| dialect.cache_key),
        tools: request
            .tools
            .iter()
            .map(|tool| Tool {
                r#type: "function",
                function: Function {
                    name: &tool.name,
                    description: &tool.description,
                    parameters: &tool.schema,
                },
            })
            .collect(),
        messages: messages(request, dialect),
    };
    serde_json::to_vec(&body).expect("a request has only string keys")
}

fn effort(request: &Request, style: EffortStyle) -> Option<&'static str> {
    let level = match request.thinking {
        Thinking::Off => None,
        Thinking::Low => Some("low"),
        Thinking::Medium => Some("medium"),
        Thinking::High => Some("high"),
    };
    match style {
        EffortStyle::None => None,
        EffortStyle::NoneWithTools if !request.tools.is_empty() => Some("none"),
        EffortStyle::Level | EffortStyle::NoneWithTools => level,
    }
}

fn messages<'a>(request: &'a Request, dialect: &Dialect) -> Vec<Message<'a>> {
    let mut messages = Vec::new();
    // One message: chat templates exist that refuse a second one.
    let system = request.system.join("\n\n");
    if !system.is_empty() {
        messages.push(Message::System { content: system });
    }
    // A tool message holds text only. Images go into a user message, which must not come between
    // the results of one turn.
    let mut images = Vec::new();
    for item in &request.items {
        if !matches!(item, Item::ToolResult(_)) {
            flush(&mut images, &mut messages);
        }
        match item {
            Item::User { parts } => messages.push(Message::User { content: user(parts) }),
            Item::Assistant { blocks, .. } => messages.extend(assistant(blocks, dialect)),
            Item::ToolResult(result) => {
                messages.push(Message::Tool { tool_call_id: &result.call_id, content: result_text(result) });
                images.extend(result.parts.iter().filter_map(image));
            }
        }
    }
    flush(&mut images, &mut messages);
    messages
}

fn flush<'a>(images: &mut Vec<Piece<'a>>, messages: &mut Vec<Message<'a>>) {
    if images.is_empty() {
        return;
    }
    let mut parts = vec![Piece::Text { text: "Images of the tool results above, in their order:" }];
    parts.append(images);
    messages.push(Message::User { content: Content::Parts(parts) });
}

fn user(parts: &[Part]) -> Content<'_> {
    match parts {
        [] => Content::Text(""),
        [Part::Text { text }] => Content::Text(text),
        parts => Content::Parts(parts.iter().filter_map(piece).collect()),
    }
}

fn piece(part: &Part) -> Option<Piece<'_>> {
    match part {
        Part::Text { text } => Some(Piece::Text { text }),
        Part::Image { .. } => image(part),
    }
}

fn image(part: &Part) -> Option<Piece<'_>> {
    match part {
        Part::Text { .. } => None,
        Part::Image { media_type, data } => {
            Some(Piece::ImageUrl { image_url: Url { url: format!("data:{media_type};base64,{data}") } })
        }
    }
}

/// Thinking has no place in this API's messages and is left out. A turn with nothing else is none.
fn assistant<'a>(blocks: &'a [Block], dialect: &Dialect) -> Option<Message<'a>> {
    let mut content = String::new();
    let mut tool_calls = Vec::new();
    for block in blocks {
        match block {
            Block::Text { text } => content.push_str(text),
            Block::Thinking { .. } => {}
            Block::ToolCall(ToolCall { id, tool, args }) => {
                // What never parsed goes back as it was written.
                let arguments = args.as_str().map_or_else(|| args.to_string(), str::to_owned);
                tool_calls.push(Call { id, r#type: "function", function: Called { name: tool, arguments } });
            }
        }
    }
    if content.is_empty() && tool_calls.is_empty() {
        return None;
    }
    let content = Some(content).filter(|content| dialect.empty_text || !content.is_empty());
    Some(Message::Assistant { content, tool_calls })
}

/// The API has no flag for a failed call, so the text says it.
fn result_text(result: &ToolResult) -> String {
    let text = result.text();
    let mark = match result.status {
        ToolStatus::Ok => return text,
        ToolStatus::Error => "[error]",
        ToolStatus::Denied => "[denied]",
        ToolStatus::Cancelled => "[cancelled]",
    };
    if text.is_empty() { mark.to_owned() } else { format!("{mark} {text}") }
}
