//! The closed list of repairs. None invents, drops or rounds a value; each only spells it as the
//! schema wants it.

use serde_json::{Map, Value};

use crate::protocol::ToolSpec;

/// Schemas nested deeper than this are taken as they are.
const DEPTH: usize = 12;

/// A name without case and separators: `filePath`, `file-path` and `file_path` are one.
pub(super) fn plain(name: &str) -> String {
    name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// `args` with every repair applied that the schema asks for.
pub(super) fn repair(spec: &ToolSpec, args: &Value) -> Value {
    let mend = Mend { root: &spec.schema, aliases: spec.aliases };
    mend.value(&spec.schema, args.clone(), DEPTH, true)
}

struct Mend<'s> {
    root: &'s Value,
    aliases: &'s [(&'static str, &'static str)],
}

impl Mend<'_> {
    fn value(&self, schema: &Value, value: Value, depth: usize, top: bool) -> Value {
        if depth == 0 {
            return value;
        }
        let schema = self.target(schema, depth);
        match self.respell(schema, value) {
            Value::Object(map) => Value::Object(self.object(schema, map, depth, top)),
            Value::Array(items) => match schema.get("items") {
                Some(item) => {
                    items.into_iter().map(|value| self.value(item, value, depth - 1, false)).collect()
                }
                None => Value::Array(items),
            },
            value => value,
        }
    }

    /// Follows `$ref` within the schema.
    fn target<'v>(&'v self, mut schema: &'v Value, depth: usize) -> &'v Value {
        for _ in 0..depth {
            let Some(pointer) = schema.get("$ref").and_then(Value::as_str).and_then(|r| r.strip_prefix('#'))
            else {
                break;
            };
            let Some(next) = self.root.pointer(pointer) else { break };
            schema = next;
        }
        schema
    }

    /// A string where something else is due, or one object where a list of them is.
    fn respell(&self, schema: &Value, value: Value) -> Value {
        let wants = |kind: &str| self.wants(schema, kind);
        match value {
            Value::String(text) if !wants("string") => {
                let trimmed = text.trim();
                let parsed = serde_json::from_str::<Value>(trimmed).ok().filter(|parsed| match parsed {
                    // The whole number must survive: `1.0` is no integer, `1e400` no number.
                    Value::Number(number) => {
                        (wants("integer") && (number.is_i64() || number.is_u64()) || wants("number"))
                            && number.to_string() == trimmed
                    }
                    Value::Bool(_) => wants("boolean"),
                    Value::Object(_) => wants("object"),
                    Value::Array(_) => wants("array"),
                    _ => false,
                });
                let boolean = || match trimmed {
                    "True" if wants("boolean") => Some(Value::Bool(true)),
                    "False" if wants("boolean") => Some(Value::Bool(false)),
                    _ => None,
                };
                parsed.or_else(boolean).unwrap_or(Value::String(text))
            }
            Value::Object(map) if wants("array") && !wants("object") => {
                let listed =
                    schema.get("items").is_some_and(|item| self.wants(self.target(item, DEPTH), "object"));
                if listed { Value::Array(vec![Value::Object(map)]) } else { Value::Object(map) }
            }
            value => value,
        }
    }

    fn wants(&self, schema: &Value, kind: &str) -> bool {
        match schema.get("type") {
            Some(Value::String(one)) => one == kind,
            Some(Value::Array(many)) => many.iter().any(|one| one == kind),
            _ => ["anyOf", "oneOf"].iter().any(|key| {
                let options = schema.get(*key).and_then(Value::as_array);
                options.into_iter().flatten().any(|option| {
                    let option = self.target(option, DEPTH);
                    option.get("type").is_some_and(|t| t == kind)
                })
            }),
        }
    }

    fn object(&self, schema: &Value, map: Map<String, Value>, depth: usize, top: bool) -> Map<String, Value> {
        let Some(known) = schema.get("properties").and_then(Value::as_object) else { return map };
        let closed = schema.get("additionalProperties") == Some(&Value::Bool(false));
        let required = |key: &str| {
            let list = schema.get("required").and_then(Value::as_array);
            list.into_iter().flatten().any(|name| name == key)
        };
        let mut out = Map::new();
        let given: Vec<String> = map.keys().cloned().collect();
        for (key, value) in map {
            let name = if known.contains_key(&key) || !closed {
                key
            } else {
                match self.renamed(&key, known, top) {
                    // Two spellings of one argument: nobody can tell which is meant.
                    Some(name) if !given.contains(&name) && !out.contains_key(&name) => name,
                    _ => key,
                }
            };
            let Some(property) = known.get(&name) else {
                out.insert(name, value);
                continue;
            };
            let nullable = self.wants(self.target(property, DEPTH), "null");
            if value.is_null() && !required(&name) && !nullable {
                continue;
            }
            let value = self.value(property, value, depth - 1, false);
            out.insert(name, value);
        }
        out
    }

    /// The one parameter that `key` can stand for.
    fn renamed(&self, key: &str, known: &Map<String, Value>, top: bool) -> Option<String> {
        let wanted = plain(key);
        let mut alike = known.keys().filter(|name| plain(name) == wanted);
        if let (Some(name), None) = (alike.next(), alike.next()) {
            return Some(name.clone());
        }
        let alias = self.aliases.iter().filter(|_| top).find(|(alias, _)| plain(alias) == wanted);
        alias.map(|(_, name)| (*name).to_owned()).filter(|name| known.contains_key(name))
    }
}
