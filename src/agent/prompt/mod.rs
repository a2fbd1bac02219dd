//! What an agent is told: sections laid out in token boxes, once per epoch.

mod boxes;
mod sections;

pub use sections::{Brief, Epoch, Instruction, SkillLine};
