//! Which key does what, as data: the built-in keymap with the user's own over it. Knows keys by name only;
//! what reads them from a terminal is above.

mod action;
mod read;
mod stroke;
#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};

pub use action::{Action, KeyContext};
pub use stroke::{Key, Stroke};

use super::strict::YamlError;

/// The built-in keymap.
pub const SHIPPED: &str = include_str!("../../../templates/keymap.yaml");

/// One key, or two that are pressed one after the other, and what comes of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Binding {
    pub context: KeyContext,
    pub first: Stroke,
    pub second: Option<Stroke>,
    pub action: Action,
}

impl Binding {
    /// As the user would write the key.
    pub fn keys(&self) -> String {
        match &self.second {
            Some(second) => format!("{} {second}", self.first),
            None => self.first.to_string(),
        }
    }
}

#[derive(Debug, thiserror::Error)]
pub enum KeymapError {
    #[error(transparent)]
    Yaml(#[from] YamlError),
    #[error("{}{what}{}", place(.file, *.line), hint.as_ref().map_or(String::new(), |h| format!(" (did you mean `{h}`?)")))]
    Entry { file: Option<PathBuf>, line: u64, what: String, hint: Option<String> },
    #[error("{path}: {source}")]
    Io { path: PathBuf, source: std::io::Error },
}

fn place(file: &Option<PathBuf>, line: u64) -> String {
    match (file, line) {
        (Some(file), 0) => format!("{}: ", file.display()),
        (Some(file), line) => format!("{}:{line}: ", file.display()),
        (None, 0) => String::new(),
        (None, line) => format!("line {line}: "),
    }
}

/// Every key that does something, in the order of the files: the built-in ones, then the user's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Keymap {
    bindings: Vec<Binding>,
}

impl Keymap {
    /// The built-in keys alone.
    pub fn built_in() -> Self {
        let mut keymap = Self { bindings: Vec::new() };
        let entries = read::entries(SHIPPED, None).expect("a test loads the built-in keymap");
        keymap.lay_over(entries);
        keymap
    }

    /// The built-in keys with those of `user` over them, where that file exists.
    ///
    /// # Errors
    /// A context, an action or a key without such a name, a key that is bound twice in one context, an
    /// action that has no meaning in its context, a file that cannot be read.
    pub fn load(user: Option<&Path>) -> Result<Self, KeymapError> {
        let mut keymap = Self::built_in();
        let Some(path) = user else { return Ok(keymap) };
        match crate::base::read_text(path) {
            Ok(text) => keymap.lay_over(read::entries(&text, Some(path))?),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            Err(source) => return Err(KeymapError::Io { path: path.to_owned(), source }),
        }
        Ok(keymap)
    }

    fn lay_over(&mut self, entries: Vec<read::Entry>) {
        for entry in entries {
            let read::Entry { context, first, second, action } = entry;
            self.bindings.retain(|old| (old.context, old.first, old.second) != (context, first, second));
            if let Some(action) = action {
                self.bindings.push(Binding { context, first, second, action });
            }
        }
    }

    pub fn bindings(&self) -> &[Binding] {
        &self.bindings
    }

    /// The keys of an action in a context, as the user would write them.
    pub fn keys_of(&self, context: KeyContext, action: Action) -> Vec<String> {
        let own = self.bindings.iter().filter(|b| b.context == context && b.action == action);
        own.map(Binding::keys).collect()
    }
}
