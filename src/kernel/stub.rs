//! Stand-in while the kernel is being built.
use super::{Admitted, Charter, Grant, RawResult, Reach, RunScope};
use crate::base::{BlobStore, StateDir, resolve};
use crate::protocol::*;
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

#[derive(Debug, thiserror::Error)]
#[error("stub")]
pub struct KernelError;
pub struct Journal;
impl Journal {
    pub fn open(_: StateDir, _: &str) -> Result<(Self, Option<String>), KernelError> {
        Ok((Self, None))
    }
}
pub struct Granted {
    pub grant: Grant,
    pub call: ToolCall,
    pub verdict: Verdict,
    pub effects: Vec<Effect>,
    pub repaired: Option<Value>,
}
pub struct Question {
    call: ToolCall,
    verdict: Verdict,
}
impl Question {
    pub fn call(&self) -> &ToolCall {
        &self.call
    }
    pub fn verdict(&self) -> &Verdict {
        &self.verdict
    }
    pub fn effects(&self) -> &[Effect] {
        &[]
    }
}
pub struct Refused {
    pub call: ToolCall,
    pub verdict: Verdict,
    pub effects: Vec<Effect>,
}
pub enum Judgement {
    Granted(Granted),
    Asked(Question),
    Refused(Refused),
}
#[derive(serde::Serialize)]
pub struct Explanation;
impl std::fmt::Display for Explanation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("stub")
    }
}
pub struct Verified;
impl std::fmt::Display for Verified {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("stub")
    }
}
pub fn verify_journal(_: &Path) -> Result<Verified, KernelError> {
    Ok(Verified)
}
pub fn refusal_shape(call: &ToolCall, v: &Verdict) -> String {
    format!("{} {:?} {}", call.tool, v.reason, v.rule)
}
pub struct Kernel {
    charter: Charter,
    blobs: BlobStore,
    _m: Mutex<()>,
}
impl Kernel {
    pub fn new(charter: Charter, _: Journal, blobs: BlobStore) -> Result<Self, KernelError> {
        Ok(Self { charter, blobs, _m: Mutex::new(()) })
    }
    pub fn judge(&self, _: &str, call: &ToolCall) -> Result<Judgement, KernelError> {
        let deny = |line: &str| {
            Ok(Judgement::Refused(Refused {
                call: call.clone(),
                effects: vec![],
                verdict: Verdict {
                    kind: VerdictKind::Deny,
                    reason: Some(Reason::SelfModify),
                    disposition: Some(Disposition::Terminal),
                    rung: "stub".into(),
                    rule: "stub".into(),
                    user_line: line.into(),
                    model_line: line.into(),
                },
            }))
        };
        let Some(spec) = self.charter.tools.iter().find(|s| s.name == call.tool) else {
            return deny("unknown tool");
        };
        let text = |arg: &str| call.args.get(arg).and_then(Value::as_str).unwrap_or(".").to_owned();
        let path = |arg: &str| resolve(&self.charter.workspace, &text(arg), None);
        let (reach, effects) = match &spec.effects {
            EffectRule::Note(k) => (Reach::Nothing, vec![Effect::Note { key: (*k).into() }]),
            EffectRule::Ask => (Reach::Nothing, vec![]),
            EffectRule::ReadPath { arg } => {
                if BlobStore::is_handle(&text(arg)) {
                    (Reach::ReadBlob(text(arg)), vec![])
                } else {
                    match path(arg) {
                        Ok(p) => {
                            let e = Effect::Read { path: p.real().into() };
                            (Reach::ReadPath(p), vec![e])
                        }
                        Err(e) => return deny(&e.to_string()),
                    }
                }
            }
            EffectRule::ReadTree { arg } => match path(arg) {
                Ok(p) => (Reach::ReadTree(p), vec![]),
                Err(e) => return deny(&e.to_string()),
            },
            EffectRule::WritePath { arg } => {
                if text(arg).starts_with(".git") {
                    return deny("no .git");
                }
                match path(arg) {
                    Ok(p) => {
                        let e = Effect::Write { path: p.real().into() };
                        (Reach::RewriteFile(p), vec![e])
                    }
                    Err(e) => return deny(&e.to_string()),
                }
            }
            EffectRule::Shell { arg } => (
                Reach::Run(RunScope {
                    command: text(arg),
                    cwd: self.charter.workspace.clone(),
                    read: vec![],
                    write: vec![self.charter.workspace.clone()],
                    network: false,
                    sandboxed: true,
                }),
                vec![Effect::Contained { reach: "workspace".into() }],
            ),
            EffectRule::Background { arg } => (Reach::Background(text(arg)), vec![]),
        };
        Ok(Judgement::Granted(Granted {
            grant: Grant::new(call.id.clone(), reach),
            call: call.clone(),
            verdict: Verdict::allow("stub", "stub"),
            effects,
            repaired: None,
        }))
    }
    pub fn approve(&self, q: Question, _: &str, _: bool) -> Result<Judgement, KernelError> {
        self.judge("", &q.call)
    }
    pub fn decline(&self, q: Question, _: &str) -> Result<Refused, KernelError> {
        Ok(Refused { call: q.call, verdict: q.verdict, effects: vec![] })
    }
    pub fn system_read(&self, path: &Path) -> Result<Grant, KernelError> {
        resolve(Path::new("/"), &path.display().to_string(), None)
            .map(|p| Grant::new("system".into(), Reach::ReadPath(p)))
            .map_err(|_| KernelError)
    }
    pub fn user_write(&self, path: &PathBuf) -> Result<Grant, KernelError> {
        resolve(Path::new("/"), &path.display().to_string(), None)
            .map(|p| Grant::new("user".into(), Reach::RewriteFile(p)))
            .map_err(|_| KernelError)
    }
    pub fn admit(&self, _: &str, call: &ToolCall, raw: RawResult) -> Result<Admitted, KernelError> {
        let _ = &self.blobs;
        Ok(Admitted::stub(call, raw))
    }
    pub fn refusal(&self, call: &ToolCall, v: &Verdict) -> Admitted {
        Admitted::stub(
            call,
            RawResult {
                status: ToolStatus::Denied,
                parts: vec![Part::text(&v.model_line)],
                summary: v.user_line.clone(),
            },
        )
    }
    pub fn seal(&self) -> Result<(), KernelError> {
        Ok(())
    }
    pub fn tool_names(&self) -> Vec<&str> {
        self.charter.tools.iter().map(|t| t.name).collect()
    }
    pub fn explain(&self, _: &ToolCall) -> Explanation {
        Explanation
    }
}
impl Admitted {
    fn stub(call: &ToolCall, raw: RawResult) -> Self {
        let bytes = raw
            .parts
            .iter()
            .map(|p| match p {
                Part::Text { text } => text.len() as u64,
                _ => 0,
            })
            .sum();
        Self {
            result: ToolResult {
                call_id: call.id.clone(),
                tool: call.tool.clone(),
                status: raw.status,
                parts: raw.parts,
            },
            summary: raw.summary,
            bytes,
            admission: "as_is",
        }
    }
}
