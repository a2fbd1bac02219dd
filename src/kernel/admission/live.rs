//! What a command prints while it runs, on its way to the people who watch: line by line, with secrets
//! taken out as from its result. What stands here is shown and logged, never sent to a model.

use std::sync::LazyLock;

use regex::Regex;

use super::readable;
use crate::kernel::error::KernelError;
use crate::kernel::judge::Kernel;
use crate::kernel::memory::Origin;
use crate::protocol::ToolCall;

/// Bytes of a line without an end that are held back; more are shown, all but the second half.
const LONGEST_LINE: usize = 8 * 1024;

/// Stands for a private key whose end has not come.
const OPEN_KEY: &str = "[withheld: a private key begins here, and its end was not seen]\n";

/// Either end of a private key.
static KEY_ENDS: LazyLock<Regex> = LazyLock::new(|| {
    let pattern = r"-----(?P<ends>BEGIN|END) (?:[A-Z0-9]+ )*PRIVATE KEY(?: BLOCK)?-----";
    Regex::new(pattern).expect("a pattern of our own")
});

/// The live output of one call: what of it was not shown yet.
#[derive(Debug, Default)]
pub struct Live {
    held: String,
    /// Where the unfinished last line begins in it.
    line: usize,
    /// A private key began above that line, and has not ended.
    in_key: bool,
}

impl Live {
    /// Takes up a piece; how much of what is held may be shown when it has been scanned.
    fn take(&mut self, piece: &str) -> usize {
        self.held.push_str(piece);
        let mut clear = if self.in_key { 0 } else { self.line };
        // Programs that count write `\r` and no line end until they are done.
        while let Some(end) = self.held[self.line..].find(['\n', '\r']) {
            let end = self.line + end + 1;
            self.in_key = is_in_key(&self.held[self.line..end], self.in_key);
            self.line = end;
            if !self.in_key {
                clear = end;
            }
        }
        clear
    }

    /// The unfinished line is longer than is waited for, and no part of a private key.
    fn is_overlong(&self) -> bool {
        self.held.len() - self.line > LONGEST_LINE && !is_in_key(&self.held[self.line..], self.in_key)
    }

    fn remove(&mut self, bytes: usize) -> String {
        let rest = self.held.split_off(bytes);
        self.line = self.line.saturating_sub(bytes);
        std::mem::replace(&mut self.held, rest)
    }
}

/// Whether a private key is open after `line`, given whether one was before it.
fn is_in_key(line: &str, before: bool) -> bool {
    let line = readable(line);
    KEY_ENDS.captures_iter(&line).last().map_or(before, |ends| &ends["ends"] == "BEGIN")
}

impl Kernel {
    /// What may be shown now of a running call's output, `piece` being the latest of it. The unfinished last
    /// line waits for its end.
    ///
    /// # Errors
    /// A secret was found and cannot be kept; the piece is lost then, not shown.
    pub fn show(
        &self,
        agent: &str,
        call: &ToolCall,
        live: &mut Live,
        piece: &str,
    ) -> Result<String, KernelError> {
        let clear = live.take(piece);
        let mut out = self.cleared(agent, call, &live.remove(clear))?;
        while live.is_overlong() {
            // Nothing is cut in two: a secret that reaches over the cut is found whole, in this half or the next.
            let half = live.held.floor_char_boundary(live.held.len() - LONGEST_LINE / 2);
            let origin = self.awaited(agent, call);
            let found = self.secrets_in(&mut self.memory(), &live.held, &origin)?;
            let across = found.iter().find(|found| found.range.start < half && half < found.range.end);
            let cut = across.map_or(half, |found| found.range.end);
            out.push_str(&self.cleared(agent, call, &live.remove(cut))?);
        }
        Ok(out)
    }

    /// The rest of a call's output, which has ended. A private key without an end is not shown.
    ///
    /// # Errors
    /// As for [`Self::show`].
    pub fn show_rest(&self, agent: &str, call: &ToolCall, mut live: Live) -> Result<String, KernelError> {
        let above = if live.in_key { 0 } else { live.line };
        if is_in_key(&live.held[live.line..], live.in_key) {
            live.held.truncate(above);
            return Ok(self.cleared(agent, call, &live.held)? + OPEN_KEY);
        }
        self.cleared(agent, call, &live.held)
    }

    fn cleared(&self, agent: &str, call: &ToolCall, text: &str) -> Result<String, KernelError> {
        if text.is_empty() {
            return Ok(String::new());
        }
        let origin = self.awaited(agent, call);
        Ok(self.without_secrets(&mut self.memory(), text, &origin)?.into_owned())
    }

    fn awaited(&self, agent: &str, call: &ToolCall) -> Origin {
        let awaited = self.memory().awaited(agent, &call.id).cloned();
        awaited.unwrap_or_else(|| Origin { command: true, ..Origin::default() })
    }
}
