//! Floor 7: one agent's turns: a pure machine and its driver, and the prompt it works under.
//!
//! `agent` holds no rights: it asks the kernel for every call and hands the grant on. It draws
//! nothing and prints nothing.

mod account;
mod approval;
mod by_user;
mod change;
mod checkpoint;
mod compact;
mod desk;
mod driver;
mod images;
mod lawbook;
mod live;
mod nested;
mod prompt;
mod turn;
mod wake;

pub use change::ModelChange;
pub use checkpoint::{Checkpointer, Moment, Taken};
pub use compact::{Filling, LastRequest};
pub use desk::{Desk, Then};
pub use driver::{Agent, HeadOf, Parts, Price};
pub use lawbook::Lawbook;
pub use nested::NestedInstructions;
pub use prompt::{Brief, Epoch, Instruction, Sizes, SkillLine};
pub use turn::{AnswerSchema, Input, Setup, Words};
