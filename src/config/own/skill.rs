//! A skill: a folder with a `SKILL.md` that says what it is for and how it is done.

use std::path::{Path, PathBuf};

use super::front_matter::FrontMatter;
use super::{Whose, as_command_name, known_keys};

/// Keys of the open format, and of agents that extend it. Only the first two are read; `allowed-tools` opens
/// nothing here.
const KEYS: [&str; 9] = [
    "name",
    "description",
    "argument-hint",
    "license",
    "compatibility",
    "metadata",
    "allowed-tools",
    "version",
    "model",
];
/// Characters of a description that stand in a prompt; the format allows 1,024.
const LONGEST_LINE: usize = 300;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Skill {
    /// As a command's name.
    pub name: String,
    /// One line: what it does and when to use it.
    pub description: String,
    pub hint: Option<String>,
    /// Its `SKILL.md`.
    pub path: PathBuf,
    pub whose: Whose,
    body: String,
}

impl Skill {
    pub(super) fn read(path: &Path, text: &str, whose: Whose, ours: bool) -> Result<Self, String> {
        let front = FrontMatter::of(text);
        if ours {
            known_keys(&front, &KEYS)?;
        }
        let folder = path.parent().and_then(Path::file_name).map(|name| name.to_string_lossy().into_owned());
        let given = front.text("name").or(folder).unwrap_or_default();
        let name = as_command_name(&given).ok_or_else(|| {
            format!("`{given}` is no name for a skill; it begins with a letter, as in `pdf-forms`")
        })?;
        let description = front.text("description").ok_or("its front matter has no `description`")?;
        let description = match description.char_indices().nth(LONGEST_LINE) {
            Some((at, _)) => format!("{}…", &description[..at]),
            None => description,
        };
        let (hint, body) = (front.text("argument-hint"), front.body);
        Ok(Self { name, description, hint, path: path.to_owned(), whose, body })
    }

    /// What the model is told when the user calls it by name.
    pub fn called(&self, args: &str) -> String {
        let folder = self.path.parent().unwrap_or(&self.path).display();
        let what = if args.is_empty() { String::new() } else { format!("\n\nWhat it is wanted for: {args}") };
        format!(
            "Use the skill `{}`. Its files lie in {folder}; paths in it are relative to that folder.\n\n{}{what}",
            self.name,
            self.body.trim_end()
        )
    }
}
