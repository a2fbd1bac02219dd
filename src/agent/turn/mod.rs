//! The turn machine: `step(State, Input) -> (State, Vec<Effect>)`. No I/O, no clock, no async.
//!
//! A run begins with a prompt and ends with `Effect::Finish`. Within it, the model is called, its
//! calls are judged and run, and it is called again, until it has nothing more to call.

mod answer;
mod effect;
mod input;
mod message;
mod state;
mod step;
mod tools;

#[cfg(test)]
mod tests;

pub use answer::AnswerSchema;
pub use effect::{Effect, Ending};
pub use input::{Input, Ruling, Words};
pub use state::{Setup, State};
pub use step::step;
