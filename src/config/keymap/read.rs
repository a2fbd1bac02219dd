//! A keymap file, read strictly: what is wrong is told with its line and the nearest valid name.

use std::fmt;
use std::path::Path;

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_yaml::Spanned;

use super::stroke::{Stroke, UnknownKey};
use super::{Action, KeyContext, KeymapError};
use crate::base::nearest;
use crate::config::strict::parse;

/// One line of a file; without an action the key is removed.
pub(super) struct Entry {
    pub context: KeyContext,
    pub first: Stroke,
    pub second: Option<Stroke>,
    pub action: Option<Action>,
}

/// Keys in their order, each with the line it stands on.
struct Pairs<T>(Vec<(String, T)>);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Pairs<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader<T>(std::marker::PhantomData<T>);
        impl<'de, T: Deserialize<'de>> Visitor<'de> for Reader<T> {
            type Value = Pairs<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a map")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut pairs = Vec::new();
                while let Some(pair) = map.next_entry()? {
                    pairs.push(pair);
                }
                Ok(Pairs(pairs))
            }

            fn visit_unit<E>(self) -> Result<Self::Value, E> {
                Ok(Pairs(Vec::new()))
            }
        }
        deserializer.deserialize_map(Reader(std::marker::PhantomData))
    }
}

type File = Pairs<Option<Pairs<Spanned<Option<String>>>>>;

pub(super) fn entries(text: &str, file: Option<&Path>) -> Result<Vec<Entry>, KeymapError> {
    let wrong = |line: u64, what: String, hint: Option<String>| KeymapError::Entry {
        file: file.map(Path::to_owned),
        line,
        what,
        hint,
    };
    let read: File = parse(text, file)?;
    let mut entries: Vec<Entry> = Vec::new();
    for (name, pairs) in read.0 {
        let Some(context) = KeyContext::ALL.into_iter().find(|context| context.name() == name) else {
            let names = KeyContext::ALL.map(KeyContext::name);
            let hint = nearest(&name, names).map(str::to_owned);
            let what = format!("there is no context `{name}`; contexts: {}", names.join(", "));
            return Err(wrong(0, what, hint));
        };
        for (keys, value) in pairs.into_iter().flat_map(|pairs| pairs.0) {
            let line = value.referenced.line();
            let unknown = |error: UnknownKey| wrong(line, error.what, error.hint);
            let (first, second) = strokes(&keys).map_err(unknown)?;
            let twice =
                |entry: &&Entry| (entry.context, entry.first, entry.second) == (context, first, second);
            if entries.iter().find(twice).is_some() {
                return Err(wrong(line, format!("`{keys}` is bound twice in {name}; keep one"), None));
            }
            let action = match value.value {
                None => None,
                Some(action) => Some(find(&action, context).map_err(|(what, hint)| wrong(line, what, hint))?),
            };
            entries.push(Entry { context, first, second, action });
        }
    }
    Ok(entries)
}

fn strokes(keys: &str) -> Result<(Stroke, Option<Stroke>), UnknownKey> {
    let words: Vec<&str> = keys.split_whitespace().collect();
    match words.as_slice() {
        [first] => Ok((Stroke::parse(first)?, None)),
        [first, second] => Ok((Stroke::parse(first)?, Some(Stroke::parse(second)?))),
        [] => Err(UnknownKey { what: "a key without a name".to_owned(), hint: Some("space".to_owned()) }),
        _ => Err(UnknownKey { what: format!("`{keys}`: two keys in a row at most"), hint: None }),
    }
}

fn find(name: &str, context: KeyContext) -> Result<Action, (String, Option<String>)> {
    let here = Action::ALL.iter().copied().filter(|action| action.contexts().contains(&context));
    match Action::ALL.iter().copied().find(|action| action.name() == name) {
        Some(action) if action.contexts().contains(&context) => Ok(action),
        Some(action) => {
            let places: Vec<&str> = action.contexts().iter().map(|context| context.name()).collect();
            let what =
                format!("`{name}` means nothing in {}; it belongs to {}", context.name(), places.join(", "));
            Err((what, None))
        }
        None => {
            let hint = nearest(name, here.map(Action::name)).map(str::to_owned);
            Err((format!("there is no action `{name}`"), hint))
        }
    }
}
