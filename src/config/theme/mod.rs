//! Themes: what each meaning on the screen looks like, as plain data. Knows nothing of terminals.
//!
//! A theme is YAML: `description`, `inherits`, `ground`, `palette`, `tokens`. A look is a few words such as
//! `bold red on #202020`; [`look`] has the grammar.

mod look;
mod token;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::strict::{YamlError, parse};
use crate::base::nearest;

pub use look::{Colour, Look, contrast};
pub use token::Token;

/// The shipped ones: `(name, text)`.
pub const SHIPPED: [(&str, &str); 4] = [
    ("dark", include_str!("../../../themes/dark.yaml")),
    ("light", include_str!("../../../themes/light.yaml")),
    ("high-contrast", include_str!("../../../themes/high-contrast.yaml")),
    ("ansi16", include_str!("../../../themes/ansi16.yaml")),
];

/// Longest chain of `inherits`; one that is longer is a mistake.
const MOST_PARENTS: usize = 8;

/// One theme with all its parents folded in: a look for every token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Theme {
    pub name: String,
    pub description: String,
    /// The background it is made for; `None` when that is the terminal's own business. It is not painted.
    pub ground: Option<Colour>,
    looks: Vec<Look>,
}

#[derive(Debug, thiserror::Error)]
pub enum ThemeError {
    #[error(transparent)]
    Yaml(#[from] YamlError),
    #[error("no theme `{name}`{}; themes: {}", did_you_mean(.hint), .known.join(", "))]
    Unknown { name: String, hint: Option<String>, known: Vec<String> },
    #[error("{place}: unknown token `{token}`{}", did_you_mean(.hint))]
    Token { place: String, token: String, hint: Option<String> },
    #[error("{place}: {at}: {why}")]
    Look { place: String, at: String, why: String },
    #[error("themes inherit from each other in a circle: {}; remove one `inherits`", .0.join(" from "))]
    Circle(Vec<String>),
    #[error("{place}: no look for `{token}`; give one, or inherit from `dark` or `light`")]
    Missing { place: String, token: &'static str },
    #[error("{path}: {source}")]
    Io { path: PathBuf, source: std::io::Error },
}

fn did_you_mean(hint: &Option<String>) -> String {
    hint.as_ref().map_or(String::new(), |hint| format!(" (did you mean `{hint}`?)"))
}

/// A theme file as it is written.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ThemeText {
    #[serde(default)]
    description: Option<String>,
    #[serde(default)]
    inherits: Option<String>,
    #[serde(default)]
    ground: Option<String>,
    #[serde(default)]
    palette: BTreeMap<String, String>,
    #[serde(default)]
    tokens: BTreeMap<String, String>,
}

/// Where a theme was found: the folder's number, or the number of folders for a shipped one.
struct Found {
    name: String,
    level: usize,
    place: String,
    text: ThemeText,
}

impl Theme {
    /// Finds `name` in `folders` (first wins), else among the shipped ones. A theme of your own that
    /// inherits from its own name inherits from the shipped one.
    pub fn load(name: &str, folders: &[&Path]) -> Result<Self, ThemeError> {
        let mut chain = vec![find(name, 0, folders)?];
        while let Some(parent) = chain.last().and_then(|last| last.text.inherits.clone()) {
            let last = chain.last().map_or(0, |last| if last.name == parent { last.level + 1 } else { 0 });
            let found = find(&parent, last, folders)?;
            let again = chain.iter().any(|known| known.name == found.name && known.level == found.level);
            let names = chain.iter().map(|known| known.name.clone());
            if again || chain.len() >= MOST_PARENTS {
                return Err(ThemeError::Circle(names.chain([parent]).collect()));
            }
            chain.push(found);
        }
        fold(name, chain)
    }

    /// Names of every theme that can be loaded, those in `folders` first.
    pub fn names(folders: &[&Path]) -> Vec<String> {
        let mut names = Vec::new();
        for folder in folders {
            let files = std::fs::read_dir(folder).into_iter().flatten().flatten();
            let files = files.filter_map(|file| file.file_name().into_string().ok());
            let mut own: Vec<_> =
                files.filter_map(|file| file.strip_suffix(".yaml").map(str::to_owned)).collect();
            own.sort();
            names.extend(own);
        }
        names.extend(SHIPPED.iter().map(|(name, _)| (*name).to_owned()));
        let mut seen = std::collections::BTreeSet::new();
        names.retain(|name| seen.insert(name.clone()));
        names
    }

    pub fn look(&self, token: Token) -> Look {
        self.looks[token as usize]
    }
}

fn find(name: &str, from: usize, folders: &[&Path]) -> Result<Found, ThemeError> {
    let plain = !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || "_-".contains(c));
    for (level, folder) in folders.iter().enumerate().skip(from).filter(|_| plain) {
        let path = folder.join(format!("{name}.yaml"));
        match crate::base::read_text(&path) {
            Ok(text) => {
                let text = parse(&text, Some(&path))?;
                return Ok(Found { name: name.to_owned(), level, place: path.display().to_string(), text });
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            Err(source) => return Err(ThemeError::Io { path, source }),
        }
    }
    let Some((_, text)) = SHIPPED.iter().find(|(shipped, _)| *shipped == name) else {
        let known = Theme::names(folders);
        let hint = nearest(name, known.iter().map(String::as_str)).map(str::to_owned);
        return Err(ThemeError::Unknown { name: name.to_owned(), hint, known });
    };
    let place = format!("themes/{name}.yaml");
    Ok(Found { name: name.to_owned(), level: folders.len(), place, text: parse(text, None)? })
}

/// Folds a chain, the named theme first and its last ancestor last. A palette reaches down: a child that
/// changes a colour changes every look that its parents made of it.
fn fold(name: &str, chain: Vec<Found>) -> Result<Theme, ThemeError> {
    let place = chain[0].place.clone();
    let mut palette = BTreeMap::new();
    for found in chain.iter().rev() {
        for (key, colour) in &found.text.palette {
            let fault =
                |why| ThemeError::Look { place: found.place.clone(), at: format!("palette.{key}"), why };
            // A colour of a palette is no name of a palette: `red: red` is the terminal's red.
            let read = look::colour(colour, &BTreeMap::new()).map_err(fault)?;
            palette.insert(key.clone(), read);
        }
    }
    let mut looks: Vec<Option<Look>> = vec![None; Token::ALL.len()];
    let mut ground = None;
    for found in chain.iter().rev() {
        let fault = |at: &str, why| ThemeError::Look { place: found.place.clone(), at: at.to_owned(), why };
        for (key, words) in &found.text.tokens {
            let Some(token) = Token::named(key) else {
                let hint = nearest(key, Token::ALL.iter().map(|token| token.name())).map(str::to_owned);
                return Err(ThemeError::Token { place: found.place.clone(), token: key.clone(), hint });
            };
            looks[token as usize] = Some(look::look(words, &palette).map_err(|why| fault(key, why))?);
        }
        match found.text.ground.as_deref() {
            Some("terminal") => ground = None,
            Some(words) => {
                ground = Some(look::colour(words, &palette).map_err(|why| fault("ground", why))?);
            }
            None => {}
        }
    }
    let missing = Token::ALL.iter().zip(&looks).find(|(_, look)| look.is_none());
    if let Some((token, _)) = missing {
        return Err(ThemeError::Missing { place, token: token.name() });
    }
    let description = chain.into_iter().find_map(|found| found.text.description).unwrap_or_default();
    Ok(Theme { name: name.to_owned(), description, ground, looks: looks.into_iter().flatten().collect() })
}

#[cfg(test)]
mod tests;
