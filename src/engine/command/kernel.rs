//! `/kernel`: what the kernel said and why, whether its journal holds, and what it counted.

use super::{Answer, Call, Command, Place, missing, no_such_word};
use crate::engine::ground::state;
use crate::engine::policy::stats;
use crate::engine::verify::verify;
use crate::protocol::{Block, Item, Report, ReportKind, ToolCall};
use crate::session::{self, Payload};

pub(super) const COMMAND: Command = Command {
    name: "kernel",
    aliases: &[],
    args: "[explain CALL|verify|stats]",
    about: "Explain a verdict of this session, verify its journal, or count",
    place: Place::Engine,
    run: Some(|call: Call<'_>| {
        let answer = answer(&call);
        Box::pin(async move { answer.map(Answer::Markdown) })
    }),
};

const USAGE: &str = "/kernel stats, /kernel verify, or /kernel explain CALL (such as t3)";

fn answer(call: &Call<'_>) -> Result<String, Report> {
    let (verb, rest) = call.args.split_once(char::is_whitespace).unwrap_or((call.args, ""));
    match (verb, rest.trim()) {
        ("" | "stats", "") => counted(call),
        ("verify", "") => verified(call),
        ("explain", "") => Err(missing("kernel explain", "the name of a call").hint(USAGE)),
        ("explain", id) => explained(call, id),
        _ => Err(no_such_word("kernel", call.args).hint(USAGE)),
    }
}

fn counted(call: &Call<'_>) -> Result<String, Report> {
    let stats = stats(&call.desk.ground, Some(&call.desk.journal))?;
    let mut out = String::from("| this session | |\n|---|---|\n");
    let asked = format!("{} ({:.1} per 100 calls)", stats.questions, stats.questions_per_100_calls);
    let times = format!("median {} µs, 99 % {} µs", stats.median_us, stats.p99_us);
    let rows = [("calls", stats.calls.to_string()), ("questions", asked), ("time of a verdict", times)];
    out.extend(rows.map(|(name, value)| format!("| {name} | {value} |\n")));
    for (group, counts) in
        [("verdict", &stats.by_verdict), ("rung that held back", &stats.by_rung), ("tool", &stats.by_tool)]
    {
        out.extend(counts.iter().map(|(name, count)| format!("| {group}: {name} | {count} |\n")));
    }
    Ok(out)
}

fn verified(call: &Call<'_>) -> Result<String, Report> {
    // What was written since the last seal is sealed first: it could not be told from what somebody added.
    call.desk.kernel.seal().map_err(state)?;
    let checked = verify(&call.desk.ground, &call.desk.options.env, Some(&call.desk.journal))?;
    let rows: u64 = checked.journals.iter().map(|(_, verified)| verified.rows).sum();
    Ok(format!("The journal of this session holds: {rows} rows, chained and sealed."))
}

fn explained(call: &Call<'_>, id: &str) -> Result<String, Report> {
    let unknown = || {
        Report::new(ReportKind::Usage, format!("no call of this session is called `{id}`"))
            .hint("calls are t1, t2 … in the order in which they were made")
    };
    let made = call.agent.items().iter().rev().find_map(|item| match item {
        Item::Assistant { blocks, .. } => blocks.iter().find_map(|block| match block {
            Block::ToolCall(made) if made.id == id => Some(made.clone()),
            _ => None,
        }),
        _ => None,
    });
    let made: ToolCall = made.ok_or_else(unknown)?;
    let mut out = format!("`{}` {}\n\n", made.tool, code(&made.args.to_string()));
    out.push_str(&recorded(call, id)?);
    let now = call.desk.kernel.explain(&made).map_err(state)?;
    out.push_str("Judged now, it would be:\n\n| | said |\n|---|---|\n");
    for step in now.steps.iter().filter(|step| !step.said.is_empty()) {
        out.push_str(&format!("| {} | {} |\n", step.name, step.said.join("; ").replace('|', "\\|")));
    }
    let verdict = &now.verdict;
    out.push_str(&format!("\n**{}** by {}/{}", verdict.kind, verdict.rung, verdict.rule));
    out.push_str(&if verdict.user_line.is_empty() {
        "\n".to_owned()
    } else {
        format!(": {}\n", verdict.user_line)
    });
    Ok(out)
}

/// What was said when it was made, from the session's log.
fn recorded(call: &Call<'_>, id: &str) -> Result<String, Report> {
    let Some(session) = &call.desk.session else { return Ok(String::new()) };
    let dir = call.desk.ground.state()?.sub("sessions").map_err(state)?;
    let mut out = String::new();
    for entry in session::entries(&dir, session).map_err(state)? {
        let Payload::Call(record) = entry.payload else { continue };
        if record.call_id == id {
            let verdict = &record.verdict;
            out.push_str(&format!("- then: **{}** by {}/{}", verdict.kind, verdict.rung, verdict.rule));
            out.push_str(&if verdict.user_line.is_empty() {
                "\n".to_owned()
            } else {
                format!(": {}\n", verdict.user_line)
            });
            out.extend(record.effects.iter().map(|effect| format!("  - {}\n", effect.describe())));
        }
    }
    if !out.is_empty() {
        out.push('\n');
    }
    Ok(out)
}

/// Arguments as code of one line, shortened.
fn code(text: &str) -> String {
    let short: String = text.chars().take(300).map(|c| if c == '`' { '\'' } else { c }).collect();
    let more = if text.chars().count() > 300 { "…" } else { "" };
    format!("`{short}{more}`")
}
