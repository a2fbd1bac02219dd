//! Request bodies: canonical requests and the bytes each adapter makes of them. `UPDATE=1` rewrites.

use std::path::Path;

use iosm::model::{Request, Thinking, ToolSchema};
use iosm::protocol::{Block, Item, Part, ToolCall, ToolResult, ToolStatus};
use serde_json::{Value, json};

use super::provider;

fn tools() -> Vec<ToolSchema> {
    let schema = |property: &str| json!({"type": "object", "properties": {property: {"type": "string"}}, "required": [property], "additionalProperties": false});
    vec![
        ToolSchema { name: "read".into(), description: "Reads a file.".into(), schema: schema("path") },
        ToolSchema { name: "bash".into(), description: "Runs a line.".into(), schema: schema("command") },
    ]
}

fn call(id: &str, tool: &str, args: Value) -> Block {
    Block::ToolCall(ToolCall { id: id.into(), tool: tool.into(), args })
}

fn result(id: &str, tool: &str, status: ToolStatus, parts: Vec<Part>) -> Item {
    Item::ToolResult(ToolResult { call_id: id.into(), tool: tool.into(), status, parts })
}

fn image() -> Part {
    Part::Image { media_type: "image/png".into(), data: "iVBORw0KGgo=".into() }
}

fn base(model: &str) -> Request {
    Request {
        version: Request::VERSION,
        model: model.into(),
        system: vec!["You are iosm.".into(), "Rules of the project.".into()],
        tools: tools(),
        items: vec![Item::user("Hello\n\"wörld\" 🦀")],
        max_tokens: 8_000,
        thinking: Thinking::Off,
        session: Some("s_1".into()),
    }
}

/// Every kind of item, in an order that occurs.
fn long(model: &str, same: &str) -> Request {
    let thought = |text: &str, signature: Option<&str>, redacted| Block::Thinking {
        text: text.into(),
        signature: signature.map(str::to_owned),
        redacted,
    };
    let items = vec![
        Item::User { parts: vec![Part::text("What is this?"), image()] },
        Item::Assistant {
            model: same.into(),
            blocks: vec![
                thought("I should look.", Some("c2ln"), false),
                thought("", Some("c2VhbGVk"), true),
                Block::Text { text: "I look.".into() },
                call("t1", "read", json!({"path": "a.png"})),
                call("t2", "bash", json!({"command": "ls"})),
                call("t3", "bash", Value::String("{\"command\": \"l".into())),
            ],
        },
        result("t1", "read", ToolStatus::Ok, vec![Part::text("an image:"), image()]),
        result("t2", "bash", ToolStatus::Denied, vec![Part::text("not allowed")]),
        result("t3", "bash", ToolStatus::Error, vec![]),
        Item::user("Go on."),
        Item::Assistant {
            model: "other/model".into(),
            blocks: vec![thought("foreign", Some("eA=="), false), Block::Text { text: "Done.".into() }],
        },
        Item::user("Thanks."),
        Item::user("And now?"),
    ];
    Request { items, ..base(model) }
}

fn check(folder: &str, name: &str, model: &str, base_url: Option<&str>, request: &Request) {
    let provider = provider(model, base_url);
    let bytes = provider.encode(request);
    assert_eq!(bytes, provider.encode(&request.clone()), "same request, same bytes");
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/golden/{folder}/{name}.json"));
    let text = String::from_utf8(bytes).unwrap();
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(&path, format!("{text}\n")).unwrap();
    }
    let golden = std::fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(text, golden.trim_end(), "{} (UPDATE=1 rewrites it)", path.display());
}

#[test]
fn anthropic_bodies() {
    let (opus, haiku) = ("claude-opus-5-5", "claude-haiku-4-5");
    let body = |name: &str, model: &str, request: &Request| {
        check("anthropic", name, &format!("anthropic/{model}"), None, request);
    };
    body("simple", opus, &base(opus));
    body("long", opus, &long(opus, "anthropic/claude-opus-5-5"));
    body("adaptive", opus, &Request { thinking: Thinking::High, ..base(opus) });
    body("budget", haiku, &Request { thinking: Thinking::Medium, ..base(haiku) });
    body("bare", opus, &Request { system: vec![], tools: vec![], ..base(opus) });
    body("no_system", opus, &Request { system: vec![], ..base(opus) });
}

#[test]
fn openai_bodies() {
    let terra = "gpt-5.6-terra";
    let own = |name: &str, request: &Request| check("openai", name, "openai/gpt-5.6-terra", None, request);
    own("simple", &base(terra));
    own("long", &long(terra, "openai/gpt-5.6-terra"));
    own("effort_with_tools", &Request { thinking: Thinking::High, ..base(terra) });
    own("effort", &Request { thinking: Thinking::High, tools: vec![], ..base(terra) });
    let local = Some("http://127.0.0.1:8080");
    check(
        "openai",
        "compatible",
        "openai_compatible/qwen",
        local,
        &Request { thinking: Thinking::High, ..base("qwen") },
    );
    let images = Request {
        items: vec![
            Item::user("look"),
            Item::Assistant {
                blocks: vec![call("t1", "read", json!({})), call("t2", "read", json!({}))],
                model: String::new(),
            },
            result("t1", "read", ToolStatus::Ok, vec![image()]),
            result("t2", "read", ToolStatus::Ok, vec![Part::text("b")]),
        ],
        ..base("qwen")
    };
    check("openai", "result_images", "openai_compatible/qwen", local, &images);
}
