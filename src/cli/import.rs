//! `iosm import`: shows what an import comes to.

use super::args::{Other, Place};
use super::look::looking;
use super::say::say;
use super::stand::bare_ground;
use crate::engine::{self, ImportFrom, Imported};
use crate::protocol::Report;

pub(super) fn import(from: Other, dry_run: bool, project_allows: bool, place: &Place) -> Result<u8, Report> {
    let from = match from {
        Other::Claude => ImportFrom::Claude,
        Other::Codex => ImportFrom::Codex,
    };
    let ground = bare_ground(place)?;
    let imported = engine::import(&ground, &looking(), from, project_allows, dry_run)?;
    say(&text(&imported))?;
    Ok(0)
}

fn text(imported: &Imported) -> String {
    let mut out: String = imported.read.iter().map(|file| format!("read     {}\n", file.display())).collect();
    for left in &imported.left_out {
        out.push_str(&format!("left out {}\n         {} ({})\n", left.what, left.why, left.file.display()));
    }
    match &imported.diff {
        Some(diff) => out.push_str(&format!("\n{}\n{diff}\n", imported.policy.display())),
        None => out.push_str(&format!("\nnothing would change in {}\n", imported.policy.display())),
    }
    let rules = crate::base::plural(imported.rules.len(), "rule");
    out.push_str(&match (imported.written, &imported.diff) {
        (true, _) => format!("written: {rules}; `iosm config show --origin` lists what is in force\n"),
        (false, Some(_)) => format!("not written (--dry-run): {rules}\n"),
        (false, None) => String::new(),
    });
    out
}
