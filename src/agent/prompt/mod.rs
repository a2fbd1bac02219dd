//! What an agent is told: sections laid out in token boxes, once per epoch.

mod boxes;
mod sections;

pub(super) use boxes::{Overflow, Section, lay_out};
pub use sections::{Brief, Epoch, Instruction, Sizes, SkillLine};
