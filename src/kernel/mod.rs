//! Floor 3: decides. Judges every call, mints grants, admits results, keeps the journal.
//!
//! The model proposes, the kernel disposes. `kernel` looks paths up and appends its journal; it never
//! reads the contents of a user's file, never starts a process and never talks to a network. Nothing
//! but this room can make a [`Grant`], and nothing but this room can make an [`Admitted`] result.
//!
//! The one path: [`Kernel::judge`] takes a call in (`intake`), derives what it would do (`effects`),
//! asks every `rung`, writes a [`Journal`] row, and only then mints the grant. What a tool came back
//! with returns through [`Kernel::admit`].

mod admission;
#[cfg(test)]
mod apart;
mod by_user;
mod charter;
mod checkpoint;
mod constraints;
mod effects;
mod error;
mod examples;
mod explain;
mod grant;
mod intake;
mod journal;
mod judge;
mod judgement;
mod kept;
mod law;
#[cfg(test)]
mod laws;
mod leases;
mod memory;
mod mint;
mod moment;
mod provenance;
mod replay;
mod rung;
mod sink;
mod spent;
mod standing;
mod stats;
mod taint;
#[cfg(test)]
mod testing;
mod walls;
mod witness;

pub use admission::{Admitted, Disturbed, Live, RawResult, Released, Withheld, is_aftermath};
pub use by_user::USER;
pub use charter::{Capability, Charter, SandboxStrength};
pub use constraints::Violation;
pub use effects::{Doomed, Fate, guarded_folder, may_hold_secrets};
pub use error::KernelError;
pub use explain::{Explanation, Step};
pub use grant::{FetchScope, Grant, NetScope, Reach, RunScope, Shut, host_entry};
pub use journal::{
    Approver, Broken, Journal, KEY_VARIABLE, KeyError, Keys, ProjectCheck, PublicKey, Row, Sealed, Signer,
    Verified, read as read_journal, trusted_keys, verify, verify_all,
};
pub use judge::{Agreements, Kernel};
pub use judgement::{Granted, Judgement, Objection, Question, Refused, shape};
pub use kept::{Kept, Lost, OpenKept, Weighed, Why};
pub use law::Reloaded;
pub use leases::Leases;
pub use replay::{Past, Replayed};
pub use rung::kinds_and_paths;
pub use spent::Spent;
pub use standing::{Identity, Run, TRAILERS};
pub use stats::{Slow, Stats};
