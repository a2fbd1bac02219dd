//! What a command did, or tried, that the judge saw nothing of: protected files that changed, which the sandbox
//! put back, and writes of a line that was judged to write nothing. Here it goes on record.

use std::path::{Path, PathBuf};

use crate::base::Digest;
use crate::kernel::error::KernelError;
use crate::kernel::journal::Row;
use crate::kernel::judge::Kernel;
use crate::protocol::{Actor, Effect, Reason, ToolCall, VerdictKind};

const RUNG: &str = "self_protection";
const RESTORED: &str = "restored";
const DAMAGED: &str = "damaged";
const UNSAID: &str = "unsaid_write";

/// Paths named in the line for people; the rest are counted.
const MOST_NAMED: usize = 3;

/// Protected files that changed while a command ran, by it or by somebody else meanwhile.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Disturbed {
    /// Put back as they were.
    pub restored: Vec<PathBuf>,
    /// Could not be put back.
    pub damaged: Vec<PathBuf>,
    /// Refused by the sandbox, and by the command's own account: the line was judged to write nothing.
    pub unsaid: Vec<PathBuf>,
}

/// Whether a row of this rung and rule tells what a call had done, rather than whether it might run.
pub fn is_aftermath(rung: &str, rule: &str) -> bool {
    rung == RUNG && matches!(rule, RESTORED | DAMAGED | UNSAID)
}

impl Disturbed {
    /// A line for people, after `summary`; paths below `root` from there on.
    pub(super) fn said_after(&self, summary: String, root: &Path) -> String {
        let part = |paths: &[PathBuf], what: &str| {
            let shown = |path: &PathBuf| path.strip_prefix(root).unwrap_or(path).display().to_string();
            let named: Vec<String> = paths.iter().take(MOST_NAMED).map(shown).collect();
            let more = match paths.len().saturating_sub(MOST_NAMED) {
                0 => String::new(),
                more => format!(" and {more} more"),
            };
            (!paths.is_empty()).then(|| format!(" · {what}: {}{more}", named.join(", ")))
        };
        let parts = [
            part(&self.damaged, "SelfModify, NOT put back"),
            part(&self.restored, "SelfModify, put back"),
            part(&self.unsaid, "judged to write nothing, tried to write"),
        ];
        parts.into_iter().flatten().fold(summary, |line, part| line + &part)
    }
}

impl Kernel {
    /// One row for what was put back, one for what was not and one for what was tried, with a digest of the paths as effects.
    pub(super) fn record_disturbed(
        &self,
        agent: &str,
        call: &ToolCall,
        taint: Option<&str>,
        disturbed: &Disturbed,
    ) -> Result<(), KernelError> {
        for (rule, reason, paths) in [
            (RESTORED, Reason::SelfModify, &disturbed.restored),
            (DAMAGED, Reason::SelfModify, &disturbed.damaged),
            (UNSAID, Reason::DefaultDeny, &disturbed.unsaid),
        ] {
            if paths.is_empty() {
                continue;
            }
            let effects = paths.iter().map(|path| Effect::Write { path: path.clone() }.describe());
            let digest = effects.fold(Digest::default(), |digest, effect| digest.field(effect.as_bytes()));
            self.record(Row {
                agent: Some(agent.to_owned()),
                call: Some(call.id.clone()),
                tool: Some(call.tool.chars().take(64).collect()),
                effects_digest: Some(digest.hex()),
                verdict: Some(VerdictKind::Deny),
                reason: Some(reason),
                rung: Some(RUNG.to_owned()),
                rule: Some(rule.to_owned()),
                taint: taint.map(str::to_owned),
                ..Row::by(Actor::Agent)
            })?;
        }
        Ok(())
    }
}
