//! What people wrote once and use again: skills and prompt commands, as Markdown files with front matter, their
//! own and other agents'. Read only, as data; nothing of a project counts before it is trusted.

mod front_matter;
mod prompt;
mod skill;

use std::path::{Path, PathBuf};

pub(super) use front_matter::FrontMatter;
pub use prompt::PromptCommand;
pub use skill::Skill;

use super::dirs::Dirs;
use super::trust::ProjectFiles;
use crate::base::nearest;

/// Larger files are left out: they would fill a model's context.
const MOST_BYTES: u64 = 64 * 1024;
/// Files taken of one of the user's own folders.
const MOST_FILES: usize = 500;
/// Folders below one of the user's own folders that are looked into.
const DEEPEST: usize = 4;

/// Whose file it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Whose {
    Project,
    User,
}

impl Whose {
    /// As it stands before a name: `/project:review`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Project => "project",
            Self::User => "user",
        }
    }
}

/// Skills and prompt commands by name: the project's before the user's, ours before other agents'.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Own {
    pub skills: Vec<Skill>,
    pub prompts: Vec<PromptCommand>,
    /// Files that were left out, and why.
    pub faults: Vec<String>,
    /// Real folders of the user's skills, which agents may read though they lie outside the workspace.
    pub skill_folders: Vec<PathBuf>,
}

/// A place that such files lie in.
struct Place<'a> {
    folder: PathBuf,
    whose: Whose,
    /// Of our own making: a key that we do not know is an error there.
    ours: bool,
    /// Of a project: the files that were trusted, and no others.
    trusted: Option<&'a ProjectFiles>,
}

impl Own {
    /// Reads what there is. `project` is the workspace with the files that the user trusts in it.
    pub fn read(dirs: &Dirs, project: Option<(&Path, &ProjectFiles)>) -> Self {
        let mut own = Self::default();
        let at = |below: &[(&str, bool)]| -> Vec<Place<'_>> {
            let theirs = project.into_iter().flat_map(|(root, files)| {
                below.iter().map(move |(name, ours)| Place {
                    folder: root.join(name),
                    whose: Whose::Project,
                    ours: *ours,
                    trusted: Some(files),
                })
            });
            theirs.collect()
        };
        let users =
            |config: &str, home: &str| {
                [(dirs.config.join(config), true), (dirs.home.join(home), false)]
                    .map(|(folder, ours)| Place { folder, whose: Whose::User, ours, trusted: None })
            };
        let skills = at(&[(".iosm/skills", true), (".agents/skills", false), (".claude/skills", false)]);
        for place in skills.into_iter().chain(users("skills", ".claude/skills")) {
            own.take_skills(&place, &[&dirs.home, &dirs.config, &dirs.state, &dirs.data]);
        }
        let prompts = at(&[(".iosm/commands", true), (".claude/commands", false)]);
        for place in prompts.into_iter().chain(users("commands", ".claude/commands")) {
            own.take_prompts(&place);
        }
        own
    }

    fn take_skills(&mut self, place: &Place<'_>, wide: &[&Path]) {
        let found: Vec<PathBuf> =
            place.files().into_iter().filter(|path| path.ends_with("SKILL.md")).collect();
        for path in found {
            // Through links to where it lies; a link to something wide opens nothing.
            let folder = path.parent().and_then(|folder| folder.canonicalize().ok());
            let narrow = |folder: &PathBuf| !wide.iter().any(|wide| wide.starts_with(folder));
            if place.whose == Whose::User {
                self.skill_folders.extend(folder.filter(narrow));
            }
            match place.text(&path).and_then(|text| Skill::read(&path, &text, place.whose, place.ours)) {
                // The same name again is the same skill in another agent's folder, or hidden by a nearer one.
                Ok(skill) if self.skills.iter().any(|held| held.name == skill.name) => {}
                Ok(skill) => self.skills.push(skill),
                Err(why) => self.faults.push(format!("{}: {why}", path.display())),
            }
        }
    }

    fn take_prompts(&mut self, place: &Place<'_>) {
        let files = place.files();
        let markdown = files.iter().filter(|path| path.extension().is_some_and(|ending| ending == "md"));
        for path in markdown {
            let below = path.strip_prefix(&place.folder).unwrap_or(path);
            let read = |text: String| PromptCommand::read(below, path, &text, place.whose, place.ours);
            match place.text(path).and_then(read) {
                Ok(prompt)
                    if self.prompts.iter().any(|p| p.name == prompt.name && p.whose == prompt.whose) => {}
                Ok(prompt) => self.prompts.push(prompt),
                Err(why) => self.faults.push(format!("{}: {why}", path.display())),
            }
        }
    }
}

impl Place<'_> {
    /// Its files, sorted.
    fn files(&self) -> Vec<PathBuf> {
        if let Some(trusted) = self.trusted {
            return trusted.files.iter().filter(|path| path.starts_with(&self.folder)).cloned().collect();
        }
        let mut files = Vec::new();
        super::trust::all_below(&self.folder, DEEPEST, MOST_FILES, &mut files);
        files
    }

    /// The text, as it was when it was trusted.
    fn text(&self, path: &Path) -> Result<String, String> {
        let size = std::fs::metadata(path).map_err(|error| error.to_string())?.len();
        if size > MOST_BYTES {
            return Err(format!("it has {size} bytes, at most {MOST_BYTES} are taken; split it"));
        }
        let bytes = crate::base::read_bytes(path).map_err(|error| error.to_string())?;
        if self.trusted.is_some_and(|trusted| !trusted.holds(path, &bytes)) {
            return Err("it has changed since it was trusted".to_owned());
        }
        String::from_utf8(bytes).map_err(|_| "it is no UTF-8 text".to_owned())
    }
}

/// Whether a command can be called so: `review`, `git:commit`.
pub fn is_command_name(name: &str) -> bool {
    let mut chars = name.chars();
    chars.next().is_some_and(|c| c.is_ascii_lowercase())
        && chars.all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || ":_-".contains(c))
}

/// A name as a command's: lower case, with `-` for what cannot stand in one.
fn as_command_name(name: &str) -> Option<String> {
    let plain =
        |c: char| if c.is_ascii_alphanumeric() || ":_-".contains(c) { c.to_ascii_lowercase() } else { '-' };
    let name: String = name.chars().map(plain).collect();
    is_command_name(&name).then_some(name)
}

/// Refuses a key of our own files that nobody reads, with the nearest one.
fn known_keys(front: &FrontMatter, known: &[&str]) -> Result<(), String> {
    let unknown = front.keys().find(|key| !known.contains(key));
    let Some(key) = unknown else { return Ok(()) };
    let near = nearest(key, known.iter().copied());
    let near = near.map_or(String::new(), |near| format!("; did you mean `{near}`?"));
    Err(format!("unknown key `{key}` in its front matter{near}"))
}
