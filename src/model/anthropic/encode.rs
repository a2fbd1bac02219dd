//! A canonical request as a Messages API body: pure, same request, same bytes.
//!
//! The API wants user and assistant to alternate, so neighbouring items of one side become one
//! message. The prefix law therefore reads: with cache marks taken out, the `messages` text of a
//! request, up to its closing brackets, is a prefix of that of every later request whose items begin
//! with the same ones.

use serde::Serialize;
use serde_json::Value;

use super::ThinkingStyle;
use crate::model::request::{Request, Thinking};
use crate::protocol::{Block, Item, Part, ToolCall, ToolResult, ToolStatus};

#[derive(Serialize)]
struct Body<'a> {
    model: &'a str,
    max_tokens: u32,
    stream: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    thinking: Option<ThinkingField>,
    #[serde(skip_serializing_if = "Option::is_none")]
    output_config: Option<OutputConfig>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tools: Vec<Tool<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    system: Vec<Content<'a>>,
    messages: Vec<Message<'a>>,
}

#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum ThinkingField {
    Enabled {
        budget_tokens: u32,
    },
    /// `display`: newer models send empty thinking unless asked for a summary.
    Adaptive {
        display: &'static str,
    },
}

#[derive(Serialize)]
struct OutputConfig {
    effort: &'static str,
}

#[derive(Serialize)]
struct Tool<'a> {
    name: &'a str,
    description: &'a str,
    input_schema: &'a Value,
    #[serde(skip_serializing_if = "Option::is_none")]
    cache_control: Option<CacheMark>,
}

#[derive(Serialize)]
struct Message<'a> {
    role: &'static str,
    content: Vec<Content<'a>>,
}

/// One content block. The mark comes last, so that taking it out leaves the rest as it was.
#[derive(Serialize)]
struct Content<'a> {
    #[serde(flatten)]
    kind: Kind<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cache_control: Option<CacheMark>,
}

#[derive(Serialize)]
struct CacheMark {
    r#type: &'static str,
}

const MARK: Option<CacheMark> = Some(CacheMark { r#type: "ephemeral" });

#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Kind<'a> {
    Text {
        text: &'a str,
    },
    Thinking {
        thinking: &'a str,
        signature: &'a str,
    },
    RedactedThinking {
        data: &'a str,
    },
    Image {
        source: Source<'a>,
    },
    ToolUse {
        id: &'a str,
        name: &'a str,
        input: Input<'a>,
    },
    ToolResult {
        tool_use_id: &'a str,
        content: Vec<Kind<'a>>,
        #[serde(skip_serializing_if = "std::ops::Not::not")]
        is_error: bool,
    },
}

#[derive(Serialize)]
struct Source<'a> {
    r#type: &'static str,
    media_type: &'a str,
    data: &'a str,
}

/// The API takes objects only; arguments that never parsed are shown to the model inside one.
#[derive(Serialize)]
#[serde(untagged)]
enum Input<'a> {
    Object(&'a Value),
    Unparsed { unparsed_arguments: &'a Value },
}

/// The body that asks `request`.
pub(super) fn encode(request: &Request, style: ThinkingStyle) -> Vec<u8> {
    let (thinking, output_config) = thinking(request, style);
    let mut body = Body {
        model: &request.model,
        max_tokens: request.max_tokens,
        stream: true,
        thinking,
        output_config,
        tools: request.tools.iter().map(tool).collect(),
        system: request.system.iter().filter_map(|text| text_block(text)).map(unmarked).collect(),
        messages: messages(request),
    };
    mark(&mut body);
    serde_json::to_vec(&body).expect("a request has only string keys")
}

fn tool(schema: &crate::model::ToolSchema) -> Tool<'_> {
    Tool {
        name: &schema.name,
        description: &schema.description,
        input_schema: &schema.schema,
        cache_control: None,
    }
}

/// Budgets leave at least half of `max_tokens` to the answer; the API's smallest is 1,024.
fn thinking(request: &Request, style: ThinkingStyle) -> (Option<ThinkingField>, Option<OutputConfig>) {
    let (budget, effort) = match request.thinking {
        Thinking::Off => return (None, None),
        Thinking::Low => (2_048, "low"),
        Thinking::Medium => (8_192, "medium"),
        Thinking::High => (24_576, "high"),
    };
    match style {
        ThinkingStyle::None => (None, None),
        ThinkingStyle::Budget if request.max_tokens < 2_048 => (None, None),
        ThinkingStyle::Budget => {
            (Some(ThinkingField::Enabled { budget_tokens: budget.min(request.max_tokens / 2) }), None)
        }
        ThinkingStyle::Adaptive => {
            (Some(ThinkingField::Adaptive { display: "summarized" }), Some(OutputConfig { effort }))
        }
    }
}

fn messages(request: &Request) -> Vec<Message<'_>> {
    let ours = format!("anthropic/{}", request.model);
    let mut messages: Vec<Message<'_>> = Vec::new();
    for item in &request.items {
        let (role, kinds): (_, Vec<Kind<'_>>) = match item {
            Item::User { parts } => ("user", parts.iter().filter_map(part).collect()),
            Item::ToolResult(result) => ("user", vec![tool_result(result)]),
            Item::Assistant { blocks, model } => (
                "assistant",
                blocks.iter().filter_map(|block| assistant_block(block, *model == ours)).collect(),
            ),
        };
        if kinds.is_empty() {
            continue;
        }
        let content = kinds.into_iter().map(unmarked);
        match messages.last_mut() {
            Some(last) if last.role == role => last.content.extend(content),
            _ => messages.push(Message { role, content: content.collect() }),
        }
    }
    messages
}

fn assistant_block(block: &Block, same_model: bool) -> Option<Kind<'_>> {
    match block {
        Block::Text { text } => text_block(text),
        // A signature is good for the model that made it and for no other.
        Block::Thinking { signature: Some(signature), redacted: true, .. } if same_model => {
            Some(Kind::RedactedThinking { data: signature })
        }
        Block::Thinking { text, signature: Some(signature), redacted: false } if same_model => {
            Some(Kind::Thinking { thinking: text, signature })
        }
        Block::Thinking { .. } => None,
        Block::ToolCall(ToolCall { id, tool, args }) => {
            let input = if args.is_object() {
                Input::Object(args)
            } else {
                Input::Unparsed { unparsed_arguments: args }
            };
            Some(Kind::ToolUse { id, name: tool, input })
        }
    }
}

fn tool_result(result: &ToolResult) -> Kind<'_> {
    Kind::ToolResult {
        tool_use_id: &result.call_id,
        content: result.parts.iter().filter_map(part).collect(),
        is_error: result.status != ToolStatus::Ok,
    }
}

fn part(part: &Part) -> Option<Kind<'_>> {
    match part {
        Part::Text { text } => text_block(text),
        Part::Image { media_type, data } => {
            Some(Kind::Image { source: Source { r#type: "base64", media_type, data } })
        }
    }
}

/// The API refuses blocks of nothing but white space.
fn text_block(text: &str) -> Option<Kind<'_>> {
    (!text.trim().is_empty()).then_some(Kind::Text { text })
}

fn unmarked(kind: Kind<'_>) -> Content<'_> {
    Content { kind, cache_control: None }
}

/// At most three of the four marks the API allows: behind tools and system, which stay for a session;
/// behind the newest user message, to be read by the next request; and behind the one before, which
/// the last request wrote and this one reads even when many blocks lie between.
fn mark(body: &mut Body<'_>) {
    match (body.system.last_mut(), body.tools.last_mut()) {
        (Some(last), _) => last.cache_control = MARK,
        (None, Some(last)) => last.cache_control = MARK,
        (None, None) => {}
    }
    let users = body.messages.iter_mut().rev().filter(|message| message.role == "user");
    for message in users.take(2) {
        if let Some(last) = message.content.last_mut() {
            last.cache_control = MARK;
        }
    }
}
