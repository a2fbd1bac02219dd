//! What the work tree holds against a commit, as a patch. Looks only: the index is read, never refreshed.

use git2::{Delta, DiffFormat, DiffOptions, Oid};

use super::{GitError, Repository};

/// Files longer than this are named, and not compared.
const MOST_COMPARED: i64 = 4 * 1024 * 1024;

/// Differences of the work tree, tracked files and new ones that git does not ignore.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct WorkDiff {
    /// `new`, `deleted` or `changed`, and the path relative to the root.
    pub files: Vec<(&'static str, String)>,
    /// Lines.
    pub added: usize,
    pub removed: usize,
    /// The patch, cut at a line.
    pub text: String,
    pub cut: bool,
}

impl Repository {
    /// Compares with a commit, or with nothing at all before the first. `most` is in bytes of the patch.
    pub fn work_diff(&self, since: Option<&str>, most: usize) -> Result<WorkDiff, GitError> {
        let tree = match since {
            Some(id) => Some(self.0.find_commit(Oid::from_str(id)?)?.tree()?),
            None => None,
        };
        let mut options = DiffOptions::new();
        options.include_untracked(true).recurse_untracked_dirs(true).show_untracked_content(true);
        options.max_size(MOST_COMPARED).update_index(false);
        let diff = self.0.diff_tree_to_workdir_with_index(tree.as_ref(), Some(&mut options))?;
        let mut found = WorkDiff::default();
        for delta in diff.deltas() {
            let mark = match delta.status() {
                Delta::Added | Delta::Untracked => "new",
                Delta::Deleted => "deleted",
                _ => "changed",
            };
            let path = delta.new_file().path().or(delta.old_file().path());
            found.files.push((mark, path.map(|path| path.display().to_string()).unwrap_or_default()));
        }
        let stats = diff.stats()?;
        (found.added, found.removed) = (stats.insertions(), stats.deletions());
        let (mut text, mut cut) = (Vec::new(), false);
        // To stop early is an error of libgit2, and none of ours.
        let _ = diff.print(DiffFormat::Patch, |_, _, line| {
            if text.len() + line.content().len() > most {
                cut = true;
                return false;
            }
            if matches!(line.origin(), '+' | '-' | ' ') {
                text.push(line.origin() as u8);
            }
            text.extend_from_slice(line.content());
            true
        });
        found.text = String::from_utf8_lossy(&text).into_owned();
        found.cut = cut;
        if !found.text.is_empty() && !found.text.ends_with('\n') {
            found.text.push('\n');
        }
        Ok(found)
    }
}
