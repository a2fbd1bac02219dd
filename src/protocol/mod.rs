//! Floor 1: the words that rooms exchange.
//!
//! Plain data. Nothing here acts, and nothing here is a wire format: `wire` converts these into the
//! stable shapes that scripts read.

mod approval;
mod call;
mod effect;
mod event;
mod item;
mod op;
mod outcome;
mod report;
mod spec;
mod taint;
mod usage;
mod verdict;

pub use approval::{Approval, AskedReason, Choice, Closed, Seen};
pub use call::{ToolCall, ToolStatus};
pub use effect::{Effect, GitOp};
pub use event::{AgentPath, Event, Setup, Stamped};
pub use item::{Block, Item, Part, ToolResult};
pub use op::{Op, Prompt};
pub use outcome::{CallCounts, Finding, Outcome, Severity, Status};
pub use report::{Report, ReportKind};
pub use spec::{EffectRule, ToolSpec};
pub use taint::{TaintMark, TaintSource};
pub use usage::{Cost, CostBasis, Limits, Usage};
pub use verdict::{Actor, Disposition, Reason, Verdict, VerdictKind};
