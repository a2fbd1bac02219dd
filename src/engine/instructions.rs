//! Instruction files: `AGENTS.md` from the workspace's root down to where the user stands, nearest
//! last; where a folder has none, `CLAUDE.md`, then `GEMINI.md`; and `IOSM.md` at the root.

use std::path::{Path, PathBuf};

use super::ground::{Ground, config};
use crate::agent::Instruction;
use crate::base::BlobStore;
use crate::config::{Contract, Workspace};
use crate::host::file::{self, Opened};
use crate::kernel::Kernel;
use crate::protocol::Report;

/// In order of preference within one folder.
const NAMES: [&str; 3] = ["AGENTS.md", "CLAUDE.md", "GEMINI.md"];

/// Most bytes taken of one file; the token boxes shorten further.
const MOST_BYTES: usize = 64 * 1024;

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
    for folder in folders {
        paths.extend(NAMES.iter().map(|name| folder.join(name)).find(|path| path.is_file()));
    }
    paths
}

fn read_one(kernel: &Kernel, blobs: &BlobStore, path: &Path) -> Result<String, String> {
    let grant = kernel.system_read(path).map_err(|error| error.to_string())?;
    let Opened::File(content) = file::read(grant, blobs).map_err(|error| error.to_string())? else {
        return Err("it is no file".to_owned());
    };
    let bytes = &content.bytes[..content.bytes.len().min(MOST_BYTES)];
    Ok(String::from_utf8_lossy(bytes).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nearest_last_and_one_name_a_folder() {
        let temp = tempfile::tempdir().unwrap();
        let root = temp.path().canonicalize().unwrap();
        let cwd = root.join("a/b");
        std::fs::create_dir_all(&cwd).unwrap();
        for file in ["AGENTS.md", "CLAUDE.md", "a/CLAUDE.md", "a/b/AGENTS.md", "IOSM.md"] {
            std::fs::write(root.join(file), file).unwrap();
        }
        let workspace = Workspace { root: root.clone(), cwd, git_common: None };
        let found = candidates(&workspace, Path::new("/nowhere"));
        let shown: Vec<_> = found.iter().map(|p| p.strip_prefix(&root).unwrap().to_str().unwrap()).collect();
        assert_eq!(shown, ["IOSM.md", "AGENTS.md", "a/CLAUDE.md", "a/b/AGENTS.md"]);
    }
}
