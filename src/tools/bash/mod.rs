//! `bash`, `bash_output`, `bash_kill`: shell lines under the sandbox.

mod background;
mod foreground;

pub use background::{BashKill, BashOutput};
pub use foreground::Bash;

use super::Registry;
use crate::host::process::Processes;
use crate::host::sandbox::Exit;
use crate::kernel::Disturbed;

/// Registers the three; they share the session's processes.
pub fn register_bash(registry: &mut Registry, processes: &Processes) {
    registry.register(Bash::new(processes.clone()));
    registry.register(BashOutput::new(processes.clone()));
    registry.register(BashKill::new(processes.clone()));
}

fn disturbed(exit: &Exit) -> Disturbed {
    Disturbed { restored: exit.restored.clone(), damaged: exit.damaged.clone(), unsaid: Vec::new() }
}
