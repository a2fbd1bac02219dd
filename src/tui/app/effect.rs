//! What the screen wants done outside of it; the loop does it.

use super::pager::Place;
use crate::engine::SessionChoice;
use crate::protocol::Op;

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Effect {
    /// Asks the engine.
    Op(Op),
    /// Leaves this session for another.
    Open(SessionChoice),
    /// Goes on in a copy of this session, up to an entry of it.
    Fork(Option<u64>),
    /// Writes what the composer holds in the external editor.
    Editor(String),
    /// Fetches the image on the clipboard.
    PasteImage,
    /// Stops until the shell goes on with us.
    Suspend,
    /// Draws everything anew.
    Redraw,
    /// Tells somebody who is looking elsewhere.
    Notify(String),
    /// Puts a text on the clipboard.
    Copy(String),
    /// Keeps what was sent for the history.
    Remember(String),
    /// Looks the files up that mentions choose from.
    Files,
    /// Looks where the work tree stands.
    Branch,
    /// Looks whether untrusted words count against the agent.
    Taint,
    /// Opens a page with the whole conversation.
    Transcript(Place),
    /// Opens a page with what has changed in the work tree, since the session began or a revision.
    Changes { revision: String, place: Place },
    /// Opens the settings, or shows them as they are now.
    Settings,
    /// Changes a setting: `KEY=VALUE` with its dotted key; an empty value takes it out.
    Set(String),
    /// Opens a list to choose from.
    Pick(Pick),
    /// Draws with another theme, and keeps the choice.
    Theme(String),
    /// Trusts the project's files as they are.
    Trust,
    /// Goes on without them.
    NoTrust,
    /// The list of sessions, or a line for a key, was left without an answer.
    Left(&'static str),
    /// A way to a model was chosen, by its place in the list.
    Way(usize),
    /// Checks a key with its provider, then keeps it.
    Login { provider: &'static str, key: String },
    /// Forgets a key.
    Logout(String),
    /// Ends; the exit code.
    Quit(u8),
}

/// Lists to choose from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Pick {
    Session,
    Rewind,
    /// What to take back to before this entry.
    RewindWhat(u64),
    Tree,
    Model,
    Profile,
    Theme,
    Checkpoint,
}
