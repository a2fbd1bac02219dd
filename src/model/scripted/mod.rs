//! A provider that answers from a YAML script: deterministic, no network, no key. `docs/MODELS.md`
//! describes the format.
//!
//! What it answers depends on the request alone, so a session goes on properly in a new process. The
//! one exception are answers that fail: they leave no trace in a conversation, so how often the
//! newest request has failed already is counted here.

mod record;
mod reply;
mod script;
mod select;

use std::collections::{HashMap, VecDeque};
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use futures::{StreamExt, stream};

pub use record::Recorder;

use super::error::ModelError;
use super::{DeltaStream, Provider, Request};
use crate::base::nearest;
use crate::protocol::Item;
use reply::Action;
use script::Script;
use select::{Chosen, View};

const SHIPPED: [(&str, &str); 3] = [
    ("hello", include_str!("../../../templates/scripts/hello.yaml")),
    ("demo", include_str!("../../../templates/scripts/demo.yaml")),
    ("audit", include_str!("../../../templates/scripts/audit.yaml")),
];

/// The names of the built-in scripts.
pub fn shipped_scripts() -> impl Iterator<Item = &'static str> {
    SHIPPED.iter().map(|(name, _)| *name)
}

pub(super) struct Scripted {
    name: String,
    script: Script,
    /// By conversation: how many items the newest request had, and how often it has failed.
    failures: Mutex<HashMap<Option<String>, (usize, u32)>>,
}

impl Scripted {
    /// Opens a built-in script by name, or a file.
    pub(super) fn open(name: &str) -> Result<Self, ModelError> {
        let shipped = SHIPPED.iter().find(|(shipped, _)| *shipped == name);
        let script = match shipped {
            Some((_, text)) => Script::parse(text, name)?,
            None if looks_like_a_path(name) => {
                let text = crate::base::read_text(Path::new(name)).map_err(|error| ModelError::Config {
                    message: format!("cannot read the script {name}: {error}"),
                    hints: Vec::new(),
                })?;
                Script::parse(&text, name)?
            }
            None => return Err(unknown(name)),
        };
        Ok(Self { name: format!("scripted/{name}"), script, failures: Mutex::default() })
    }

    fn failed_so_far(&self, request: &Request) -> u32 {
        let failures = self.failures.lock().unwrap_or_else(PoisonError::into_inner);
        match failures.get(&request.session) {
            Some((items, count)) if *items == request.items.len() => *count,
            _ => 0,
        }
    }

    fn answer(&self, request: &Request) -> Result<VecDeque<Action>, ModelError> {
        let failed = self.failed_so_far(request);
        let Some(Chosen { rule, captures }) = select::choose(&self.script, request, failed) else {
            return Err(self.no_rule(request));
        };
        let rule = &self.script.rules[rule];
        if rule.fails() {
            let mut failures = self.failures.lock().unwrap_or_else(PoisonError::into_inner);
            failures.insert(request.session.clone(), (request.items.len(), failed + 1));
        }
        Ok(reply::actions(rule, &captures, request))
    }

    fn no_rule(&self, request: &Request) -> ModelError {
        let view = View::new(request, request.items.len());
        let newest = match request.items.last() {
            None => "there is no message".to_owned(),
            Some(Item::ToolResult(result)) => {
                format!("the newest message is the result of `{}`: {}", result.tool, shown(&result.text()))
            }
            Some(_) => format!("the newest message is: {}", shown(&view.prompt())),
        };
        ModelError::Config {
            message: format!(
                "no rule of the script `{}` matches turn {} of {}; {newest}",
                self.script.origin,
                view.turn,
                view.agent()
            ),
            hints: vec!["add a rule for it, or one without `when` at the end of the script".into()],
        }
    }
}

fn looks_like_a_path(name: &str) -> bool {
    name.contains('/') || name.ends_with(".yaml") || name.ends_with(".yml")
}

fn unknown(name: &str) -> ModelError {
    let names: Vec<&str> = shipped_scripts().collect();
    let hint = match nearest(name, names.iter().copied()) {
        Some(near) => format!("did you mean `scripted/{near}`?"),
        None => format!("one of: {}; or the path of a file that ends in .yaml", names.join(", ")),
    };
    ModelError::Config { message: format!("no built-in script is called `{name}`"), hints: vec![hint] }
}

fn shown(text: &str) -> String {
    format!("{:?}", super::status::shorten(text))
}

impl Provider for Scripted {
    fn name(&self) -> &str {
        &self.name
    }

    fn stream(&self, request: &Request) -> DeltaStream {
        let actions = match request.check_version().and_then(|()| self.answer(request)) {
            Ok(actions) => actions,
            Err(error) => return super::stream::failed(error),
        };
        stream::unfold(actions, |mut actions| async move {
            loop {
                match actions.pop_front()? {
                    Action::Emit(delta) => return Some((Ok(delta), actions)),
                    Action::Wait(duration) => tokio::time::sleep(duration).await,
                    Action::Fail(error) => return Some((Err(error), VecDeque::new())),
                }
            }
        })
        .boxed()
    }

    fn encode(&self, _request: &Request) -> Vec<u8> {
        Vec::new()
    }
}

#[cfg(test)]
mod tests;
