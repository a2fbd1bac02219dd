//! Git repositories of the user's, looked at through libgit2.

mod kept;

pub use kept::KeptFiles;
