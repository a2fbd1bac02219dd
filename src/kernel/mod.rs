//! Floor 3: decides. Judges every call, mints grants, admits results, keeps the journal.
//!
//! The model proposes, the kernel disposes. `kernel` looks paths up and appends its journal; it never
//! reads the contents of a user's file, never starts a process and never talks to a network. Nothing
//! but this room can make a [`Grant`], and nothing but this room can make an [`Admitted`] result.

mod admit;
mod charter;
mod grant;

pub use admit::{Admitted, RawResult};
pub use charter::{Capability, Charter, SandboxStrength};
pub use grant::{Grant, Reach, RunScope};
mod stub;
pub use stub::*;
