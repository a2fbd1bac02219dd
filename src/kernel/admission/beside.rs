//! Instruction files of the project that stand beside a result.

use std::path::Path;

use super::{Admitted, Kernel, KernelError, Origin, Row, digest, learn, texts};
use crate::kernel::RawResult;
use crate::protocol::{Actor, ToolCall};

impl Kernel {
    /// Puts an instruction file, read by [`Kernel::system_read`], beside a result that is admitted. The
    /// words are the project's own, as those of the file at the root are: they raise no mark, whatever
    /// the call itself read. Secrets are taken out of them like of any text.
    pub fn admit_beside(
        &self,
        agent: &str,
        mut admitted: Admitted,
        path: &Path,
        text: String,
    ) -> Result<Admitted, KernelError> {
        let raw = RawResult::ok(text, "");
        let digest = digest(&raw);
        let original = texts(&raw.parts).collect::<Vec<_>>().join("\n");
        let call = ToolCall {
            id: admitted.result.call_id.clone(),
            tool: "system_read".to_owned(),
            args: serde_json::Value::String(path.display().to_string()),
        };
        let mut origin = Origin::default();
        origin.files.insert(path.to_owned());
        let mut memory = self.memory();
        let done = self.scanned(&mut memory, agent, &call, &origin, raw.parts)?;
        learn(&mut memory, &origin, &done.parts);
        if done.redacted {
            memory.vault()?.keep_original(original.as_bytes())?;
        }
        drop(memory);
        self.record(Row {
            call: Some(call.tool.clone()),
            tool: Some(call.tool),
            rung: Some("admission".to_owned()),
            rule: Some(done.name().to_owned()),
            result_digest: Some(digest),
            ..Row::by(Actor::System)
        })?;
        admitted.bytes += original.len() as u64;
        admitted.result.parts.extend(done.parts);
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        admitted.summary.push_str(&format!("; with {name}"));
        Ok(admitted)
    }
}
