//! What a tool is, as data: the model is offered it, the kernel judges by it.

use serde_json::Value;

/// How the kernel derives a call's effects from its arguments. A tool declares one of these; it
/// cannot compute its own effects, so it cannot misstate them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EffectRule {
    /// Touches only the session's own notes, under this key.
    Note(&'static str),
    /// Asks the user.
    Ask,
    /// Reads the file or folder named by this argument (an absent argument is the workspace), or a
    /// stored output when it is a handle.
    ReadPath { arg: &'static str },
    /// Reads the whole tree below the folder named by this argument.
    ReadTree { arg: &'static str },
    /// Reads and writes the file named by this argument.
    WritePath { arg: &'static str },
    /// Runs the shell line in this argument.
    Shell { arg: &'static str },
    /// A tool of a remote server, which carries its arguments there. `read_only` and `open_world` are the
    /// server's own hints: whether it changes anything, and whether it reaches beyond the server.
    Remote { server: &'static str, read_only: bool, open_world: bool },
    /// Asks the web for the URL in this argument, by the method in the argument `method` (else GET).
    Fetch { arg: &'static str },
    /// Acts on a background command that this session started.
    Background { arg: &'static str },
}

/// A tool as the model is offered it.
#[derive(Debug, Clone, PartialEq)]
pub struct ToolSpec {
    pub name: &'static str,
    pub description: &'static str,
    /// JSON Schema (draft 2020-12) of the arguments; an object with `additionalProperties: false`.
    pub schema: Value,
    pub effects: EffectRule,
    /// Calls that change nothing may run side by side.
    pub read_only: bool,
    /// Other names that models use for a parameter: `(alias, parameter)`.
    pub aliases: &'static [(&'static str, &'static str)],
}
