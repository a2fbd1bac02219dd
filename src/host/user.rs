//! Who runs this program, as the operating system knows them, and the editor of their choice.
#![expect(clippy::disallowed_methods, reason = "starts the user's own editor, on their key")]

use std::io;
use std::process::Command;

use crate::kernel::{Grant, Reach};

/// The user's name; `uid N` where the system has none for it.
pub fn name() -> String {
    let uid = nix::unistd::geteuid();
    let known = nix::unistd::User::from_uid(uid).ok().flatten();
    known.map_or_else(|| format!("uid {uid}"), |user| user.name)
}

/// Opens the granted file in `editor`, a shell line as in `EDITOR` (`code --wait`), with the terminal of this
/// process, and waits. Whether the editor said that all went well.
pub fn edit(grant: Grant, editor: &str) -> io::Result<bool> {
    let Reach::Editor(file) = grant.into_reach() else {
        return Err(io::Error::other("an editor needs a grant for its file, and got another"));
    };
    let line = format!("{editor} \"$1\"");
    let status = Command::new("sh").args(["-c", &line, "sh"]).arg(file).status()?;
    Ok(status.success())
}
