//! Instruction files: `AGENTS.md` from the workspace's root down to where the user stands, nearest
//! last; where a folder has none, `CLAUDE.md`, then `GEMINI.md`; and `IOSM.md` at the root. Those of
//! other folders are read when a call first goes there.

use std::collections::HashMap;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use super::ground::{Ground, config};
use crate::agent::{Instruction, NestedInstructions};
use crate::base::{BlobStore, elide_middle};
use crate::config::{Contract, Workspace};
use crate::host::file::{self, Opened};
use crate::kernel::Kernel;
use crate::protocol::Report;

/// In order of preference within one folder.
const NAMES: [&str; 3] = ["AGENTS.md", "CLAUDE.md", "GEMINI.md"];

/// Most bytes taken of one file; the token boxes shorten further.
const MOST_BYTES: usize = 64 * 1024;

/// Most bytes of one that comes with a result; a result holds 24,000 before it is paged.
const MOST_NESTED: usize = 16_000;

/// Folders whose files others wrote: a dependency gives no instructions.
const FOREIGN: [&str; 10] = [
    "node_modules",
    "vendor",
    "third_party",
    "target",
    "dist",
    "build",
    ".venv",
    "venv",
    "site-packages",
    ".git",
];

/// Reads them through the kernel, as the system. A file that cannot be read is a notice, no error.
pub fn read(
    kernel: &Kernel,
    blobs: &BlobStore,
    workspace: &Workspace,
    user_config: &Path,
) -> (Vec<Instruction>, Vec<Report>) {
    let mut found = Vec::new();
    let mut notices = Vec::new();
    for path in candidates(workspace, user_config) {
        match read_one(kernel, blobs, &path) {
            Ok(text) if text.trim().is_empty() => {}
            Ok(text) => {
                let shown = path.strip_prefix(&workspace.root).unwrap_or(&path);
                found.push(Instruction { path: shown.display().to_string(), text });
            }
            Err(why) => notices.push(Report::note(format!("{} was not read: {why}", path.display()))),
        }
    }
    (found, notices)
}

/// The sentences of the project's contract, each as it is written. It needs no trust: it only tightens.
pub(super) fn contract(ground: &Ground) -> Result<Option<String>, Report> {
    let file = ground.workspace.root.join(".iosm/constraints.yaml");
    let Some(contract) = Contract::load(&file).map_err(config)? else { return Ok(None) };
    let mut text =
        String::from("The contract of this project (.iosm/constraints.yaml) holds whatever else is said.");
    if let Some(goal) = &contract.goal {
        text.push_str(&format!("\nGoal: {goal}"));
    }
    let clauses: Vec<&str> = contract.clauses.iter().map(|clause| clause.text.as_str()).collect();
    for (title, lines) in [
        ("Constraints", clauses),
        ("Checks that must pass", own(&contract.quality_gates)),
        ("Done means", own(&contract.definition_of_done)),
        ("Not wanted", own(&contract.non_goals)),
    ] {
        if !lines.is_empty() {
            text.push_str(&format!("\n{title}:\n- {}", lines.join("\n- ")));
        }
    }
    Ok(Some(text))
}

fn own(lines: &[String]) -> Vec<&str> {
    lines.iter().map(String::as_str).collect()
}

fn candidates(workspace: &Workspace, user_config: &Path) -> Vec<PathBuf> {
    let below = workspace.cwd.strip_prefix(&workspace.root).unwrap_or(Path::new(""));
    let mut folders = vec![workspace.root.clone()];
    for component in below.components() {
        let deeper = folders.last().map(|folder| folder.join(component));
        folders.extend(deeper);
    }
    let mut paths = vec![user_config.join("AGENTS.md"), workspace.root.join("IOSM.md")];
    paths.retain(|path| path.is_file());
    paths.extend(folders.iter().filter_map(|folder| of_folder(folder)));
    paths
}

fn of_folder(folder: &Path) -> Option<PathBuf> {
    NAMES.iter().map(|name| folder.join(name)).find(|path| path.is_file())
}

fn read_one(kernel: &Kernel, blobs: &BlobStore, path: &Path) -> Result<String, String> {
    let grant = kernel.system_read(path).map_err(|error| error.to_string())?;
    let Opened::File(content) = file::read(grant, blobs).map_err(|error| error.to_string())? else {
        return Err("it is no file".to_owned());
    };
    let bytes = &content.bytes[..content.bytes.len().min(MOST_BYTES)];
    Ok(String::from_utf8_lossy(bytes).into_owned())
}

/// What tells, without reading it, that a file is as it was: device, inode, size, and when it changed.
type Stamp = (u64, u64, u64, i64, i64);

/// The instruction files below the root, read when a call goes there and again when they have changed.
pub(super) struct Nested {
    kernel: Arc<Kernel>,
    blobs: BlobStore,
    workspace: Workspace,
    read: Mutex<HashMap<PathBuf, (Stamp, Option<String>)>>,
}

impl Nested {
    pub(super) fn new(kernel: Arc<Kernel>, blobs: BlobStore, workspace: Workspace) -> Self {
        Self { kernel, blobs, workspace, read: Mutex::default() }
    }

    /// The text of one; `None` when it is empty, or may not be read.
    fn text(&self, path: &Path) -> Option<String> {
        let meta = path.metadata().ok()?;
        let stamp = (meta.dev(), meta.ino(), meta.size(), meta.ctime(), meta.ctime_nsec());
        let mut read = self.read.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((known, text)) = read.get(path)
            && *known == stamp
        {
            return text.clone();
        }
        let text = read_one(&self.kernel, &self.blobs, path).ok().filter(|text| !text.trim().is_empty());
        let text = text.map(|text| match text.len() > MOST_NESTED {
            true => elide_middle(&text, MOST_NESTED / 2, MOST_NESTED / 2).text,
            false => text,
        });
        read.insert(path.to_owned(), (stamp, text.clone()));
        text
    }
}

impl NestedInstructions for Nested {
    fn on_the_way(&self, path: &Path) -> Vec<(PathBuf, Instruction)> {
        let found = folders_to(&self.workspace, path).into_iter().filter_map(|folder| {
            let path = of_folder(&folder)?;
            let text = self.text(&path)?;
            let shown = path.strip_prefix(&self.workspace.root).ok()?.to_str()?.to_owned();
            (!shown.contains(char::is_control)).then_some((path, Instruction { path: shown, text }))
        });
        found.collect()
    }
}

/// The folders below the root that lead to a path, the farthest first, without those whose files stand in
/// the prompt. None of another project: beyond a folder of dependencies, or another repository's.
fn folders_to(workspace: &Workspace, path: &Path) -> Vec<PathBuf> {
    let Some(real) = path.ancestors().find_map(|path| path.canonicalize().ok()) else { return Vec::new() };
    let Ok(below) = real.strip_prefix(&workspace.root) else { return Vec::new() };
    let mut folders = Vec::new();
    let mut folder = workspace.root.clone();
    for component in below.components() {
        folder.push(component);
        let name = component.as_os_str();
        if FOREIGN.iter().any(|foreign| name == *foreign) || !folder.is_dir() || folder.join(".git").exists()
        {
            break;
        }
        folders.push(folder.clone());
    }
    folders.retain(|folder| !workspace.cwd.starts_with(folder));
    folders
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::GitHome;

    #[test]
    fn nearest_last_and_one_name_a_folder() {
        let temp = tempfile::tempdir().unwrap();
        let root = temp.path().canonicalize().unwrap();
        let cwd = root.join("a/b");
        std::fs::create_dir_all(&cwd).unwrap();
        for file in ["AGENTS.md", "CLAUDE.md", "a/CLAUDE.md", "a/b/AGENTS.md", "IOSM.md"] {
            std::fs::write(root.join(file), file).unwrap();
        }
        let workspace = Workspace { root: root.clone(), cwd, git: GitHome::None };
        let found = candidates(&workspace, Path::new("/nowhere"));
        let shown: Vec<_> = found.iter().map(|p| p.strip_prefix(&root).unwrap().to_str().unwrap()).collect();
        assert_eq!(shown, ["IOSM.md", "AGENTS.md", "a/CLAUDE.md", "a/b/AGENTS.md"]);
    }

    #[test]
    fn folders_on_the_way_are_the_project_s_own_and_not_in_the_prompt() {
        let temp = tempfile::tempdir().unwrap();
        let root = temp.path().canonicalize().unwrap();
        let put = |path: &str| {
            std::fs::create_dir_all(root.join(path).parent().unwrap()).unwrap();
            std::fs::write(root.join(path), "x").unwrap();
        };
        for path in ["a/b/c/x", "a/node_modules/y/x", "other/.git/HEAD", "other/src/x", "top"] {
            put(path);
        }
        let folders = |cwd: &str, path: &str| {
            let workspace = Workspace { root: root.clone(), cwd: root.join(cwd), git: GitHome::None };
            let found = folders_to(&workspace, &root.join(path));
            let shown = found.iter().map(|path| path.strip_prefix(&root).unwrap().display().to_string());
            shown.collect::<Vec<_>>().join(" ")
        };
        let cases = [
            ("", "a/b/c/x", "a a/b a/b/c"),
            ("", "a/b", "a a/b"),
            ("", "a/b/gone/x", "a a/b"),
            ("a/b", "a/b/c/x", "a/b/c"),
            ("", "top", ""),
            ("", "", ""),
            ("", "../x", ""),
            ("", "/usr", ""),
            ("", "a/../a/b/x", "a a/b"),
            ("", "a/node_modules/y/x", "a"),
            ("", "other/src/x", ""),
        ];
        for (cwd, path, due) in cases {
            assert_eq!(folders(cwd, path), due, "{path} from {cwd}");
        }
    }
}
