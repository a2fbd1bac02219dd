//! `/withheld`: texts that the model was not shown because they read like instructions. A person may look at
//! them, and let the model see one.

use super::{Answer, Call, Command, Place, missing, no_such_word};
use crate::kernel::Withheld;
use crate::protocol::{Report, ReportKind};

/// Characters of a withheld text that are shown at once.
const LONGEST: usize = 8_000;

pub(super) const COMMAND: Command = Command {
    name: "withheld",
    aliases: &[],
    args: "[view HANDLE|release HANDLE]",
    about: "Show what was kept from the model, or let it see one",
    place: Place::Engine,
    run: Some(|call| Box::pin(run(call))),
};

async fn run(call: Call<'_>) -> Result<Answer, Report> {
    let kept = call.desk.kernel.quarantined();
    let (verb, rest) = call.args.split_once(char::is_whitespace).unwrap_or((call.args, ""));
    const USAGE: &str = "/withheld, /withheld view HANDLE, or /withheld release HANDLE";
    let known = |given: &str| {
        let known = kept.iter().find(|entry| entry.handle == given).map(|entry| entry.handle.clone());
        known.ok_or_else(|| {
            Report::new(ReportKind::Usage, format!("nothing was withheld under `{given}`"))
                .hint("/withheld lists them")
        })
    };
    match (verb, rest.trim()) {
        ("", _) => Ok(Answer::Markdown(listed(&kept))),
        ("view" | "release", "") => {
            Err(missing(&format!("withheld {verb}"), "the handle of a text").hint(USAGE))
        }
        ("view", given) => {
            let handle = known(given)?;
            Ok(Answer::Markdown(call.desk.kernel.view(&handle).map(|text| fenced(&text)).unwrap_or_default()))
        }
        ("release", given) => {
            let handle = known(given)?;
            release(call, &handle)
        }
        _ => Err(no_such_word("withheld", call.args).hint(USAGE)),
    }
}

fn release(call: Call<'_>, handle: &str) -> Result<Answer, Report> {
    if !call.desk.options.human {
        return Err(Report::new(ReportKind::Refused, "letting the model see a withheld text needs a person")
            .hint("open the session with a screen: iosm -r, then /withheld release"));
    }
    // Its words must not come between calls and their results.
    if call.agent.is_running() {
        return Err(Report::new(ReportKind::Usage, "/withheld release waits until the turn has ended")
            .hint("stop the turn first, or wait for its end"));
    }
    let released = call.desk.kernel.release(handle, "user");
    let released = released.map_err(|error| Report::from_error(ReportKind::State, &error))?;
    if let Some(released) = released {
        call.agent.tell_released(released);
    }
    Ok(Answer::Markdown(format!("The model will read `{handle}` with your next message, as data.")))
}

fn listed(kept: &[Withheld]) -> String {
    if kept.is_empty() {
        return "Nothing was withheld in this session.".to_owned();
    }
    let mut out = String::from("| handle | from | looks like | bytes | |\n|---|---|---|---|---|\n");
    for entry in kept {
        let released = entry.released.as_ref().map_or(String::new(), |who| format!("released by {who}"));
        out.push_str(&format!(
            "| `{}` | {} | {} | {} | {released} |\n",
            entry.handle,
            entry.source.replace('|', "\\|"),
            entry.rule,
            entry.bytes
        ));
    }
    out
}

/// As plain text that no mark of its own ends or formats.
fn fenced(text: &str) -> String {
    let shown: String = text.chars().take(LONGEST).collect();
    let more = if shown.len() < text.len() { "\n[… longer …]" } else { "" };
    let longest = shown.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest.max(2) + 1);
    format!("{fence}text\n{shown}{more}\n{fence}")
}
