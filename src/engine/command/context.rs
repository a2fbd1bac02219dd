//! `/context`: what fills the window, and what of the last request the provider had in its cache.

use super::{Answer, Call, Command, Place};
use crate::agent::{Filling, LastRequest};
use crate::protocol::Report;

pub(super) const COMMAND: Command = Command {
    name: "context",
    aliases: &[],
    args: "",
    about: "Show what fills the model's window, and how much of it was cached",
    place: Place::Engine,
    run: Some(|call| Box::pin(run(call))),
};

async fn run(call: Call<'_>) -> Result<Answer, Report> {
    Ok(Answer::Markdown(table(&call.agent.filling())))
}

fn table(filling: &Filling) -> String {
    let share = |tokens: usize| {
        let corrected = tokens as f64 * filling.scale;
        format!("{:.1} %", corrected * 100.0 / filling.window.max(1) as f64)
    };
    let mut out = String::from("| part | tokens | of the window |\n|---|---|---|\n");
    let mut row = |name: &str, tokens: usize| {
        out.push_str(&format!("| {name} | {tokens} | {} |\n", share(tokens)));
    };
    row("system prompt", filling.system);
    row("tools", filling.tools);
    for (file, tokens) in &filling.instructions {
        row(&format!("instructions: `{file}`"), *tokens);
    }
    if filling.folded.1 > 0 {
        row(&format!("folded ({} messages)", filling.folded.1), filling.folded.0);
    }
    row("you", filling.user);
    row("the agent", filling.agent);
    row("outputs", filling.outputs);
    for (call, tool, tokens) in &filling.newest {
        row(&format!("· of these `{tool}` ({call})"), *tokens);
    }
    row("**all**", filling.total());
    let corrected = (filling.total() as f64 * filling.scale) as usize;
    out.push_str(&format!(
        "\nEstimated; the provider counts about {:.2} times as many, so {corrected} of {}. Older messages are folded at {}.\n",
        filling.scale, filling.window, filling.threshold
    ));
    out.push_str(&last(filling.last.as_ref()));
    out
}

fn last(last: Option<&LastRequest>) -> String {
    let Some(LastRequest { estimated, reported, broken }) = last else {
        return "\nNothing has been asked since the session was opened.".to_owned();
    };
    let mut out = match reported {
        None => format!("\nLast request: {estimated} tokens estimated; the provider has not counted it."),
        Some(usage) => {
            let counted = usage.context_tokens();
            let cached = usage.cache_read_tokens as f64 * 100.0 / counted.max(1) as f64;
            format!(
                "\nLast request: {estimated} tokens estimated, {counted} counted, {cached:.0} % of them from the provider's cache."
            )
        }
    };
    if let Some(why) = broken {
        out.push_str(&format!(" It began anew: {why}."));
    }
    out
}
