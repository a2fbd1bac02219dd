//! The YAML of a rule: names that people write, strict; and back to YAML.

use serde::de::{self, MapAccess, SeqAccess, Visitor};
use serde::ser::SerializeMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::rule::{Example, HostClass};
use super::{Rule, RuleAction};
use crate::protocol::Reason;

/// One entry or a list of them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Many(pub Vec<String>);

impl<'de> Deserialize<'de> for Many {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Read;
        impl<'de> Visitor<'de> for Read {
            type Value = Many;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a text or a list of texts")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Many, E> {
                Ok(Many(vec![text.to_owned()]))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Many, A::Error> {
                let mut all = Vec::new();
                while let Some(text) = list.next_element::<String>()? {
                    all.push(text);
                }
                Ok(Many(all))
            }
        }
        from.deserialize_any(Read)
    }
}

impl Serialize for Many {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match self.0.as_slice() {
            [one] => to.serialize_str(one),
            many => many.serialize(to),
        }
    }
}

impl Many {
    fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// `bash: cargo test`, as a pair or as a text.
impl<'de> Deserialize<'de> for Example {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Read;
        impl<'de> Visitor<'de> for Read {
            type Value = Example;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("an example such as `bash: cargo test`")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Example, E> {
                let (tool, argument) = text.split_once(':').ok_or_else(|| {
                    E::custom(format!("`{text}` is no example; write `TOOL: ARGUMENT`, such as `bash: make`"))
                })?;
                Ok(Example { tool: tool.trim().to_owned(), argument: argument.trim().to_owned() })
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Example, A::Error> {
                let pair = map.next_entry::<String, String>()?;
                let (tool, argument) = pair.ok_or_else(|| de::Error::custom("an example is empty"))?;
                match map.next_key::<String>()? {
                    None => Ok(Example { tool, argument }),
                    Some(_) => Err(de::Error::custom("an example names one call; write one `- ` for each")),
                }
            }
        }
        from.deserialize_any(Read)
    }
}

impl Serialize for Example {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let mut map = to.serialize_map(Some(1))?;
        map.serialize_entry(&self.tool, &self.argument)?;
        map.end()
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Require {
    pub check: String,
}

/// A rule as it stands in a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RuleText {
    pub(super) name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) action: Option<RuleAction>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) require: Option<Require>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) call: Option<String>,
    #[serde(default, skip_serializing_if = "Many::is_empty")]
    pub(super) tool: Many,
    #[serde(default, skip_serializing_if = "Many::is_empty")]
    pub(super) effect: Many,
    #[serde(default, skip_serializing_if = "Many::is_empty")]
    pub(super) path: Many,
    #[serde(default, skip_serializing_if = "Many::is_empty")]
    pub(super) host: Many,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) class: Option<HostClass>,
    #[serde(default, skip_serializing_if = "Many::is_empty")]
    pub(super) command: Many,
    #[serde(default, skip_serializing_if = "Many::is_empty")]
    pub(super) git: Many,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) reason: Option<Reason>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) message: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty", rename = "match")]
    pub(super) matches: Vec<Example>,
    #[serde(default, skip_serializing_if = "Vec::is_empty", rename = "not_match")]
    pub(super) not_matches: Vec<Example>,
}

impl From<&Rule> for RuleText {
    fn from(rule: &Rule) -> Self {
        let many = |list: &[String]| Many(list.to_vec());
        let (call, tool) = match &rule.argument {
            Some(argument) => (
                Some(format!("{}({argument})", rule.tools.first().map_or("*", String::as_str))),
                Many::default(),
            ),
            None => (None, many(&rule.tools)),
        };
        Self {
            name: rule.name.clone(),
            action: rule.check.is_none().then_some(rule.action),
            require: rule.check.clone().map(|check| Require { check }),
            call,
            tool,
            effect: many(&rule.effects),
            path: many(&rule.paths),
            host: many(&rule.hosts),
            class: rule.class,
            command: many(&rule.commands),
            git: many(&rule.git),
            reason: rule.reason,
            message: rule.message.clone(),
            matches: rule.matches.clone(),
            not_matches: rule.not_matches.clone(),
        }
    }
}
