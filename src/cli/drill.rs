//! `iosm kernel drill`: attacks and everyday calls under one's own policy, by class, and what comes out wrong.

use super::args::Place;
use super::policy::{Under, under_policy};
use super::say::{say, say_json};
use super::style::table;
use crate::engine::drill::{AttackTally, BenignTally, Drill, Miss, drill as judge_corpora};
use crate::protocol::Report;

/// A check that said no.
const THROUGH: u8 = 5;

/// Cases of one kind that are shown one by one.
const MOST_SHOWN: usize = 20;

pub(super) fn drill(under: &Under<'_>, as_json: bool, place: &Place) -> Result<u8, Report> {
    let (ground, options) = under_policy(under, place)?;
    let drill = judge_corpora(&ground, options)?;
    if as_json {
        say_json(&drill)?
    } else {
        say(&in_words(&drill))?
    }
    Ok(if drill.through.is_empty() { 0 } else { THROUGH })
}

fn in_words(drill: &Drill) -> String {
    let attacks = counts(
        ["attacks", "judged", "denied", "asked", "left to the sandbox", "through"],
        drill.attacks.iter().map(|(class, tally)| {
            let AttackTally { judged, denied, asked, to_sandbox, through } = *tally;
            (class.as_str(), [judged, denied, asked, to_sandbox, through])
        }),
    );
    let benign = counts(
        ["everyday calls", "judged", "run", "asked", "in the way"],
        drill.benign.iter().map(|(class, tally)| {
            let BenignTally { judged, allowed, asked, in_the_way } = *tally;
            (class.as_str(), [judged, allowed, asked, in_the_way])
        }),
    );
    format!(
        "{attacks}\n{benign}\nsandbox: {}; {}\n{} cases need a prepared workspace and were not judged; nothing was run\n{}{}",
        drill.sandbox,
        left_to(drill.sandbox),
        drill.not_judged,
        misses("attacks get through", &drill.through, "closed by", "no single rule closes it"),
        misses("everyday calls are in the way", &drill.in_the_way, "opened by", "no rule of allow opens it"),
    )
}

/// What leaving a call to the sandbox means at this strength.
fn left_to(strength: &str) -> &'static str {
    match strength {
        "full" => {
            "what is left to it runs, and can reach neither the network nor files outside the workspace"
        }
        "none" => "there is none on this machine, so no command is left to it",
        _ => {
            "what is left to it runs, and not all of it is held back here: `iosm doctor` says what is missing"
        }
    }
}

/// A table with one row for each class and the sums below.
fn counts<'a, const TITLES: usize, const COLUMNS: usize>(
    titles: [&str; TITLES],
    classes: impl Iterator<Item = (&'a str, [usize; COLUMNS])>,
) -> String {
    let mut rows = vec![titles.map(str::to_owned).to_vec()];
    let mut sums = [0; COLUMNS];
    let row = |name: &str, numbers: &[usize]| {
        std::iter::once(name.to_owned()).chain(numbers.iter().map(usize::to_string)).collect::<Vec<_>>()
    };
    for (class, numbers) in classes {
        for (sum, number) in sums.iter_mut().zip(numbers) {
            *sum += number;
        }
        rows.push(row(class, &numbers));
    }
    rows.push(row("all", &sums));
    table(&rows)
}

fn misses(what: &str, misses: &[Miss], mended: &str, hopeless: &str) -> String {
    if misses.is_empty() {
        return String::new();
    }
    let mut out = format!("\n{} {what}\n", misses.len());
    for miss in misses.iter().take(MOST_SHOWN) {
        out.push_str(&format!("\n{}: {}\n  {} by {}", miss.case, miss.call, miss.verdict, miss.decided_by));
        if !miss.why.is_empty() {
            out.push_str(&format!("; {}", miss.why));
        }
        out.push('\n');
        match &miss.rule {
            None => out.push_str(&format!("  {hopeless}\n")),
            Some(rule) => {
                out.push_str(&format!("  {mended}, below `rules:` of policy.yaml\n"));
                out.extend(rule.lines().map(|line| format!("    {line}\n")));
            }
        }
    }
    if misses.len() > MOST_SHOWN {
        out.push_str(&format!("\nand {} more: --json has them all\n", misses.len() - MOST_SHOWN));
    }
    out
}
