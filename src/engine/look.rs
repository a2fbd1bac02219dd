//! What the composer offers: files, earlier prompts. Looks and remembers; it
//! changes nothing of the user's.

use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::desk::FrontDesk;
use super::ground::state;
use crate::host::tree::{NameFilter, names};
use crate::protocol::{Report, ReportKind};

/// Files that are offered; a longer list is searched too slowly to be typed at.
const MOST_FILES: usize = 50_000;
/// How long a list of files counts.
const FILES_COUNT: Duration = Duration::from_secs(10);

/// Where the prompts of a project are kept, one JSON string a line.
const PROMPTS: &str = "prompts.jsonl";
/// Held while that file is changed: more than one session of a project may be open.
const PROMPTS_LOCK: &str = "prompts.lock";
/// Prompts that are offered.
const MOST_PROMPTS: usize = 1_000;
/// Bytes of a prompt that is remembered; a longer one is in its session only.
const LONGEST_PROMPT: usize = 64 * 1024;
/// Bytes of the file, above which the older half is dropped.
const MOST_PROMPT_BYTES: u64 = 2 * 1024 * 1024;

/// The files that were listed last, and when.
pub(super) type Listed = Mutex<Option<(Instant, Arc<Vec<String>>)>>;

impl FrontDesk {
    /// Files of the workspace relative to its root, without those the project ignores, in path order; 50,000
    /// at most. A list counts for ten seconds. A large tree takes its time: ask on a thread of its own.
    ///
    /// # Errors
    /// The tree cannot be read, or the look cannot be put on record.
    pub fn files(&self) -> Result<Arc<Vec<String>>, Report> {
        let mut listed = self.listed.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((at, files)) = &*listed
            && at.elapsed() < FILES_COUNT
        {
            return Ok(files.clone());
        }
        let failed = |why: String| {
            let root = self.ground.workspace.root.display();
            Report::new(ReportKind::Host, format!("the files of {root} cannot be listed")).cause(why)
        };
        let every = NameFilter::new("*", "").map_err(|error| failed(error.to_string()))?;
        let grant = self.kernel.system_tree().map_err(|error| failed(error.to_string()))?;
        let found = names(grant, &every, MOST_FILES, &AtomicBool::new(false))
            .map_err(|error| failed(error.to_string()))?;
        let files = Arc::new(found.paths);
        *listed = Some((Instant::now(), files.clone()));
        Ok(files)
    }

    /// What was sent in this project before, oldest first.
    pub fn history(&self) -> Vec<String> {
        let Ok(dir) = self.ground.state() else { return Vec::new() };
        let Ok(bytes) = dir.read(PROMPTS) else { return Vec::new() };
        let mut prompts = prompts(&bytes);
        prompts.drain(..prompts.len().saturating_sub(MOST_PROMPTS));
        prompts
    }

    /// Keeps what was sent, without its secrets, for [`Self::history`] of later sessions; nothing in a session
    /// that leaves no trace. Milliseconds at most, unless another session of the project is stuck.
    ///
    /// # Errors
    /// Our state folder cannot be written.
    pub fn remember(&self, text: &str) -> Result<(), Report> {
        let text = text.trim();
        if self.session.is_none() || text.is_empty() || text.len() > LONGEST_PROMPT {
            return Ok(());
        }
        let dir = self.ground.state()?;
        let line = serde_json::to_string(&*self.kernel.masked(text)).map_err(state)?;
        let _held = dir.lock(PROMPTS_LOCK).map_err(state)?;
        let mut file = dir.append(PROMPTS).map_err(state)?;
        if file.last_line().map_err(state)?.as_deref() == Some(line.as_bytes()) {
            return Ok(());
        }
        file.line(line.as_bytes()).map_err(state)?;
        if file.len() > MOST_PROMPT_BYTES {
            let bytes = dir.read(PROMPTS).map_err(state)?;
            dir.replace(PROMPTS, newer_half(&bytes)).map_err(state)?;
        }
        Ok(())
    }
}

/// The prompts of a file; a line that is none is passed over.
fn prompts(bytes: &[u8]) -> Vec<String> {
    let lines = bytes.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
    lines.filter_map(|line| serde_json::from_slice(line).ok()).collect()
}

/// Whole lines from the middle on.
fn newer_half(bytes: &[u8]) -> &[u8] {
    let middle = bytes.len() / 2;
    let start =
        bytes[middle..].iter().position(|byte| *byte == b'\n').map_or(bytes.len(), |end| middle + end + 1);
    &bytes[start..]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newer_half_is_whole_lines_and_what_is_no_prompt_is_passed_over() {
        let file = b"\"one\"\n\"two\"\n\"three\"\n\"four\"\n";
        assert_eq!(newer_half(file), b"\"four\"\n");
        assert_eq!(newer_half(b"\"only one that is long\"\n"), b"");
        assert_eq!(prompts(b"\"one\"\n{}\n\"to"), ["one"]);
    }
}
