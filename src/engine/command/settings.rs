//! `/settings`: what is set, and where each value comes from.

use super::{Answer, Call, Command, Place};
use crate::engine::ground::Ground;
use crate::engine::settled::{SettingRow, settings_in_force};
use crate::protocol::Report;

pub(super) const COMMAND: Command = Command {
    name: "settings",
    aliases: &[],
    args: "",
    about: "Show what is set, and where each value comes from",
    place: Place::Engine,
    run: Some(|call: Call<'_>| {
        let shown = shown(&call.desk.ground);
        Box::pin(async move { shown.map(Answer::Markdown) })
    }),
};

fn shown(ground: &Ground) -> Result<String, Report> {
    let row = |row: SettingRow| {
        let value = row.value.unwrap_or_else(|| "not set".to_owned());
        format!("| `{}` | {value} | {} |\n", row.key, row.origin)
    };
    let file = ground.dirs.config.join("settings.yaml");
    Ok(format!(
        "| setting | value | from |\n|---|---|---|\n{}\nYour own are in `{}`; a change counts from the next session on.",
        settings_in_force(ground)?.into_iter().map(row).collect::<String>(),
        file.display()
    ))
}
