//! `/contract`: what the project holds its agents to, and who holds them.

use super::{Answer, Call, Command, Place};
use crate::config::{Contract, Enforced};
use crate::engine::ground::config;
use crate::protocol::Report;

pub(super) const COMMAND: Command = Command {
    name: "contract",
    aliases: &[],
    args: "",
    about: "Show the project's constraints, and who holds the agent to each",
    place: Place::Engine,
    run: Some(|call: Call<'_>| {
        let file = call.desk.ground.workspace.root.join(".iosm/constraints.yaml");
        Box::pin(async move { shown(&file).map(Answer::Markdown) })
    }),
};

fn shown(file: &std::path::Path) -> Result<String, Report> {
    let Some(contract) = Contract::load(file).map_err(config)? else {
        return Ok("This project has no contract. One lies in `.iosm/constraints.yaml`: `goal`, `scope`, `constraints`, `quality_gates`.".to_owned());
    };
    let mut out = contract.goal.map_or_else(String::new, |goal| format!("**Goal:** {goal}\n\n"));
    if !contract.clauses.is_empty() {
        out.push_str("| constraint | held by |\n|---|---|\n");
    }
    for clause in &contract.clauses {
        let by = match (clause.enforced, &clause.check) {
            (Enforced::Kernel, _) => "the kernel, call by call and after the turn".to_owned(),
            (Enforced::Gate, Some(check)) => format!("a gate: `{check}`"),
            (Enforced::Gate, None) => "a gate".to_owned(),
            (Enforced::Review, _) => "whoever reviews; the model is told".to_owned(),
        };
        out.push_str(&format!("| {} | {by} |\n", clause.text));
    }
    for (title, lines) in [
        ("Quality gates", contract.quality_gates),
        ("Definition of done", contract.definition_of_done),
        ("Not goals", contract.non_goals),
    ] {
        if !lines.is_empty() {
            let lines: String = lines.iter().map(|line| format!("- {line}\n")).collect();
            out.push_str(&format!("\n**{title}**\n\n{lines}"));
        }
    }
    Ok(out)
}
