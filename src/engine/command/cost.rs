//! `/cost`: what this session has come to, by model, as far as prices are known.

use super::{Answer, Call, Command, Place};
use crate::protocol::{Cost, CostBasis, Report, Usage};
use crate::session::Spending;

pub(super) const COMMAND: Command = Command {
    name: "cost",
    aliases: &["usage"],
    args: "",
    about: "Show tokens and cost of this session by model",
    place: Place::Engine,
    run: Some(|call| Box::pin(run(call))),
};

async fn run(call: Call<'_>) -> Result<Answer, Report> {
    Ok(Answer::Markdown(table(call.agent.spending())))
}

fn table(spent: &[Spending]) -> String {
    if spent.is_empty() {
        return "Nothing has been asked in this session.".to_owned();
    }
    let mut out = String::from(
        "| model | requests | in | from cache | to cache | out | cost | by |\n|---|---|---|---|---|---|---|---|\n",
    );
    let (mut requests, mut usage, mut usd, mut unknown) = (0, Usage::default(), 0.0, false);
    for one in spent {
        let name = if one.model.is_empty() { "not recorded".to_owned() } else { format!("`{}`", one.model) };
        out.push_str(&row(&name, one.requests, one.usage, &dollars(one.cost), basis(one.cost.basis)));
        requests += one.requests;
        usage.add(one.usage);
        usd += one.cost.usd.unwrap_or(0.0);
        unknown |= one.cost.usd.is_none();
    }
    if spent.len() > 1 {
        let all = if unknown { format!("${usd:.4} and what is unknown") } else { format!("${usd:.4}") };
        out.push_str(&row("**all**", requests, usage, &all, ""));
    }
    out
}

fn row(name: &str, requests: u32, usage: Usage, cost: &str, by: &str) -> String {
    let Usage { input_tokens, output_tokens, cache_read_tokens, cache_write_tokens } = usage;
    format!(
        "| {name} | {requests} | {input_tokens} | {cache_read_tokens} | {cache_write_tokens} | {output_tokens} | {cost} | {by} |\n"
    )
}

fn dollars(cost: Cost) -> String {
    cost.usd.map_or_else(|| "unknown".to_owned(), |usd| format!("${usd:.4}"))
}

fn basis(basis: CostBasis) -> &'static str {
    match basis {
        CostBasis::Provider => "the provider",
        CostBasis::Catalogue => "list prices",
        CostBasis::Unknown => "no price known",
        CostBasis::Local => "local",
    }
}
