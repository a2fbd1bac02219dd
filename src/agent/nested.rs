//! Instruction files below the workspace's root: each comes with the result of the first call that enters
//! its folder, and again once it has changed.
//!
//! What an agent was shown is read off its conversation, so that a session that goes on, or goes back,
//! needs no record of it.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use super::driver::Agent;
use super::prompt::Instruction;
use crate::base::sha256_hex;
use crate::kernel::{Admitted, KernelError};
use crate::protocol::{Effect, EffectRule, Item, Part, ToolCall};
use crate::syntax::shell::{Given, scan_in};

/// Paths of one call that are followed up; a line of shell can name many.
const MOST_PATHS: usize = 16;
/// Files that one result brings along.
const MOST_FILES: usize = 4;
/// Characters of a digest that tell two states of a file apart.
const DIGEST: usize = 12;

/// Finds and reads the instruction files of a project's folders.
pub trait NestedInstructions: Send + Sync {
    /// Those of the folders on the way to a path, the farthest first, with the path of each. Without those
    /// that stand in the prompt.
    fn on_the_way(&self, path: &Path) -> Vec<(PathBuf, Instruction)>;
}

/// Where calls went whose results have not come, and what was given with results that are not yet in the
/// conversation.
#[derive(Default)]
pub(super) struct Nested {
    entered: HashMap<String, Vec<PathBuf>>,
    /// Call, path and digest, in order.
    given: Vec<(String, String, String)>,
}

impl Agent {
    /// Notes where a granted call goes.
    pub(super) fn enters(&mut self, call: &ToolCall, effects: &[Effect]) {
        if self.parts.nested.is_none() {
            return;
        }
        let mut paths: Vec<PathBuf> = effects
            .iter()
            .filter_map(|effect| match effect {
                Effect::Read { path } | Effect::Write { path } => Some(path.clone()),
                _ => None,
            })
            .collect();
        let tool = self.parts.registry.get(&call.tool);
        if let Some(EffectRule::Shell { arg }) = tool.as_ref().map(|tool| &tool.spec().effects)
            && let Some(line) = call.args.get(arg).and_then(serde_json::Value::as_str)
        {
            let given = Given { cwd: self.parts.workspace.to_str(), ..Given::default() };
            let dirs = scan_in(line, given).commands.into_iter().filter_map(|command| command.dir);
            paths.extend(dirs.map(|dir| self.parts.workspace.join(dir)));
        }
        paths.sort();
        paths.dedup();
        paths.truncate(MOST_PATHS);
        self.nested.entered.insert(call.id.clone(), paths);
    }

    /// Puts beside a result the instructions of the folders that its call entered.
    pub(super) fn with_instructions(
        &mut self,
        call: &ToolCall,
        mut result: Admitted,
    ) -> Result<Admitted, KernelError> {
        let Some(paths) = self.nested.entered.remove(&call.id) else { return Ok(result) };
        let Some(nested) = self.parts.nested.clone() else { return Ok(result) };
        let mut files: Vec<(PathBuf, Instruction)> = Vec::new();
        for path in paths {
            for found in nested.on_the_way(&path) {
                if !files.iter().any(|(known, _)| *known == found.0) {
                    files.push(found);
                }
            }
        }
        let mut brought = 0;
        for (real, file) in files {
            let mut digest = sha256_hex(file.text.as_bytes());
            digest.truncate(DIGEST);
            let before = self.shown(&file.path);
            if before.as_deref() == Some(&digest) || brought == MOST_FILES {
                continue;
            }
            brought += 1;
            let text = block(&file, &digest, before.is_some());
            result = self.parts.kernel.admit_beside(&self.parts.path, result, &real, text)?;
            self.nested.given.push((call.id.clone(), file.path, digest));
        }
        Ok(result)
    }

    /// The digest of what the agent was last shown of a file.
    fn shown(&mut self, path: &str) -> Option<String> {
        let begins = begins(path);
        let mut last = None;
        for item in &self.parts.items {
            let Item::ToolResult(result) = item else { continue };
            self.nested.given.retain(|(call, ..)| *call != result.call_id);
            for part in &result.parts {
                if let Part::Text { text } = part
                    && let Some(rest) = text.strip_prefix(&begins)
                {
                    last = rest.get(..DIGEST).map(str::to_owned);
                }
            }
        }
        let given = self.nested.given.iter().rfind(|(_, known, _)| known == path);
        given.map(|(.., digest)| digest.clone()).or(last)
    }
}

fn begins(path: &str) -> String {
    format!("[instructions of {path}, ")
}

fn block(file: &Instruction, digest: &str, again: bool) -> String {
    let folder = Path::new(&file.path).parent().unwrap_or(Path::new("")).display();
    let changed = if again { "it has changed: this replaces what you were shown; " } else { "" };
    format!(
        "{}{digest}: {changed}for work in {folder}/; where instructions disagree, the nearest folder's win]\n{}\n[end of {}]",
        begins(&file.path),
        file.text.trim_end(),
        file.path
    )
}
