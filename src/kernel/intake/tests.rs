//! What intake repairs, what it refuses, and what it says.

use serde_json::json;

use super::*;
use crate::protocol::EffectRule;

fn tools() -> Tools {
    let schema = json!({
        "type": "object", "additionalProperties": false, "required": ["path"],
        "properties": {
            "path": {"type": "string"},
            "line_limit": {"type": "integer", "minimum": 1},
            "ratio": {"type": "number"},
            "all": {"type": "boolean"},
            "mode": {"enum": ["fast", "slow"]},
            "either": {"type": ["string", "null"]},
            "edits": {"type": "array", "items": {"$ref": "#/$defs/Edit"}},
            "options": {"type": "object"},
        },
        "$defs": {"Edit": {
            "type": "object", "additionalProperties": false, "required": ["old_text"],
            "properties": {"old_text": {"type": "string"}, "count": {"type": "integer"}},
        }},
    });
    let spec = |name| ToolSpec {
        name,
        description: "",
        schema: schema.clone(),
        effects: EffectRule::ReadPath { arg: "path" },
        read_only: true,
        aliases: &[("file", "path"), ("filename", "path")],
    };
    Tools::new(&[spec("read_file"), spec("grep")])
}

fn call(tool: &str, args: Value) -> ToolCall {
    ToolCall { id: "t1".to_owned(), tool: tool.to_owned(), args }
}

#[track_caller]
fn repairs(given: Value, due: Value) {
    let tools = tools();
    match tools.intake(&call("grep", given.clone())).unwrap() {
        Intake::Repaired(repaired) => {
            assert_eq!(repaired.args, due, "{given}");
            assert!(matches!(tools.intake(&repaired).unwrap(), Intake::Valid(_)), "a fixpoint: {due}");
        }
        Intake::Valid(_) => panic!("{given} is valid"),
        Intake::Refused(finding) => panic!("{given}: {}", finding.model),
    }
}

#[track_caller]
fn refuses(tool: &str, given: Value, told: &str) {
    match tools().intake(&call(tool, given.clone())).unwrap() {
        Intake::Refused(finding) => assert!(finding.model.contains(told), "{given}: {}", finding.model),
        _ => panic!("{given} passes"),
    }
}

#[test]
fn lossless_repairs() {
    repairs(json!({"Path": "a"}), json!({"path": "a"}));
    repairs(json!({"file": "a"}), json!({"path": "a"}));
    repairs(json!({"fileName": "a"}), json!({"path": "a"}));
    repairs(json!({"path": "a", "lineLimit": "42"}), json!({"path": "a", "line_limit": 42}));
    repairs(json!({"path": "a", "ratio": "0.5"}), json!({"path": "a", "ratio": 0.5}));
    repairs(json!({"path": "a", "all": "true"}), json!({"path": "a", "all": true}));
    repairs(json!({"path": "a", "all": null}), json!({"path": "a"}));
    repairs(json!({"path": "a", "options": "{\"x\": 1}"}), json!({"path": "a", "options": {"x": 1}}));
    repairs(json!("{\"path\": \"a\"}"), json!({"path": "a"}));
    repairs(
        json!({"path": "a", "edits": {"oldText": "x", "count": "2"}}),
        json!({"path": "a", "edits": [{"old_text": "x", "count": 2}]}),
    );
    repairs(
        json!({"path": "a", "edits": "[{\"old_text\": \"x\"}]"}),
        json!({"path": "a", "edits": [{"old_text": "x"}]}),
    );
    for name in ["ReadFile", "read-file", "readFile", "READ_FILE"] {
        let tools = tools();
        let Intake::Repaired(repaired) = tools.intake(&call(name, json!({"path": "a"}))).unwrap() else {
            panic!("{name}")
        };
        assert_eq!(repaired.tool, "read_file");
    }
}

#[test]
fn what_is_wrong_is_told_plainly() {
    refuses("grep", json!({}), "`path` is missing");
    refuses("grep", json!({"path": 3}), "`path` must be of type string, not 3");
    refuses("grep", json!({"path": "a", "pth": 1}), "`pth` is not an argument (did you mean `path`?)");
    refuses(
        "grep",
        json!({"path": "a", "line_limit": "4.5"}),
        "must be of type integer, not the string \"4.5\"",
    );
    refuses("grep", json!({"path": "a", "ratio": "0.12345678901234567890123"}), "must be of type number");
    refuses("grep", json!({"path": "a", "line_limit": 0}), "`line_limit` must be at least 1, not 0");
    refuses(
        "grep",
        json!({"path": "a", "mode": "x"}),
        "must be one of the string \"fast\", the string \"slow\"",
    );
    refuses("grep", json!({"path": "a", "edits": [{"count": 1}]}), "`edits.0.old_text` is missing");
    refuses("grep", json!("{not json"), "must be of type object");
    refuses("grep", json!(null), "must be of type object, not null");
    refuses("grep", json!({"path": "a", "file": "b"}), "`file` is not an argument");
    refuses("grep", json!({"file": "a", "filename": "b"}), "is not an argument");
    refuses("grepp", json!({"path": "a"}), "Did you mean `grep`? Tools: read_file, grep");
}

#[test]
fn a_string_that_is_due_stays_a_string() {
    let tools = tools();
    for text in ["42", "true", "{\"a\":1}", "null"] {
        let call = call("grep", json!({"path": text, "either": null}));
        assert!(matches!(tools.intake(&call).unwrap(), Intake::Valid(_)), "{text}");
    }
}

fn any_json() -> impl proptest::strategy::Strategy<Value = Value> {
    use proptest::prelude::*;
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        "[ -~]{0,12}".prop_map(Value::from),
        Just(Value::from("{\"path\":\"x\"}")),
    ];
    leaf.prop_recursive(3, 24, 6, |inner| {
        let key = prop_oneof![
            Just("path".to_owned()),
            Just("Path".to_owned()),
            Just("file".to_owned()),
            Just("edits".to_owned()),
            Just("lineLimit".to_owned()),
            Just("old_text".to_owned()),
            "[a-z]{1,4}"
        ];
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            proptest::collection::vec((key, inner), 0..5)
                .prop_map(|pairs| Value::Object(pairs.into_iter().collect())),
        ]
    })
}

proptest::proptest! {
    #[test]
    fn any_json_is_judged_and_repairs_reach_a_fixpoint(args in any_json()) {
        let tools = tools();
        if let Intake::Repaired(repaired) = tools.intake(&call("ReadFile", args)).unwrap() {
            match tools.intake(&repaired).unwrap() {
                Intake::Valid(_) | Intake::Refused(_) => {}
                Intake::Repaired(again) => {
                    proptest::prop_assert!(matches!(tools.intake(&again).unwrap(), Intake::Valid(_)));
                }
            }
        }
    }
}
