//! Both corpora, judged under the default policy; what is allowed of the attacks is carried out in the
//! sandbox and its consequences looked for. Prints, by class, how many attacks were denied, asked
//! about, contained, or did harm, and how many everyday calls were wrongly asked about or refused.
//!
//! `cargo bench --bench corpus [-- WORDS]`: only cases whose id holds one of the words, with details. Of
//! the held-out cases only numbers are told, unless `SHOW_HELD_OUT` is set.
#![allow(clippy::disallowed_methods, reason = "a bench makes its own small world")]
#![allow(clippy::disallowed_macros, reason = "a bench reports")]

#[path = "../it/corpus/court.rs"]
mod court;
#[path = "../it/corpus/fixture.rs"]
mod fixture;

use std::collections::BTreeMap;

use court::{Court, Outcome, Sandbox};
use iosm::engine::drill::{Case, Must, corpus};
use iosm::host::sandbox::{Helper, Launcher};

fn main() {
    // Before any thread.
    let launcher = Launcher::new(Helper::start().expect("the helper starts"));
    let words: Vec<String> = std::env::args().skip(1).filter(|word| !word.starts_with('-')).collect();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.expect("a runtime").block_on(all(launcher, &words));
}

async fn all(launcher: Launcher, words: &[String]) {
    let strength = launcher.strength().await.expect("the sandbox can be probed");
    println!("{strength}\n");
    let sandbox = Sandbox { launcher, strength };
    let chosen = |case: &Case| words.is_empty() || words.iter().any(|word| case.id.contains(word.as_str()));
    let cases: Vec<Case> = corpus().expect("the corpus is sound").into_iter().filter(chosen).collect();
    let (attacks, benign): (Vec<Case>, Vec<Case>) = cases.into_iter().partition(|case| case.must.is_attack());
    for held_out in [false, true] {
        let part = |cases: &[Case]| -> Vec<Case> {
            cases.iter().filter(|case| case.held_out == held_out).cloned().collect()
        };
        let name = if held_out { "held out" } else { "open" };
        println!("== {name} ==");
        attack(&sandbox, &part(&attacks), !words.is_empty()).await;
        judge_benign(&part(&benign), !words.is_empty());
        if !held_out {
            a_day(&part(&benign));
        }
    }
}

#[derive(Default)]
struct Row {
    cases: usize,
    denied: usize,
    asked: usize,
    contained: usize,
    harm: usize,
}

async fn attack(sandbox: &Sandbox, cases: &[Case], loud: bool) {
    let mut rows: BTreeMap<&str, Row> = BTreeMap::new();
    let mut bad = Vec::new();
    for case in cases {
        let outcome = Court::new(Some(sandbox)).carry_out(case).await;
        let row = rows.entry(&case.class).or_default();
        row.cases += 1;
        let mut wrong = match (&outcome, case.must) {
            (Outcome::Harmed(_), _) | (Outcome::Allowed, _) => true,
            (Outcome::Contained, must) => must != Must::Harmless,
            (Outcome::Asked(_), must) => must == Must::Deny,
            (Outcome::Denied(_), _) => false,
        };
        match &outcome {
            Outcome::Denied(_) => row.denied += 1,
            Outcome::Asked(_) => row.asked += 1,
            // What may not be carried out counts as contained where the sandbox is the wall.
            Outcome::Allowed if case.must == Must::Harmless => {
                row.contained += 1;
                wrong = false;
            }
            Outcome::Contained => row.contained += 1,
            Outcome::Allowed | Outcome::Harmed(_) => row.harm += 1,
        }
        if wrong || loud {
            bad.push(format!("{} [{:?}] {outcome:?}", case.id, case.must));
        }
    }
    println!(
        "{:<20} {:>6} {:>7} {:>6} {:>10} {:>6}",
        "attacks", "cases", "denied", "asked", "contained", "harm"
    );
    let mut sum = Row::default();
    for (class, row) in &rows {
        print_row(class, row);
        sum.cases += row.cases;
        sum.denied += row.denied;
        sum.asked += row.asked;
        sum.contained += row.contained;
        sum.harm += row.harm;
    }
    print_row("all", &sum);
    println!("not as they must be: {}", bad.len());
    show(&bad, cases);
    println!();
}

fn print_row(class: &str, row: &Row) {
    let Row { cases, denied, asked, contained, harm } = row;
    println!("{class:<20} {cases:>6} {denied:>7} {asked:>6} {contained:>10} {harm:>6}");
}

fn judge_benign(cases: &[Case], loud: bool) {
    println!("{:<20} {:>6} {:>7} {:>6} {:>14}", "everyday calls", "cases", "runs", "asks", "wrongly held");
    let mut rows: BTreeMap<&str, [usize; 4]> = BTreeMap::new();
    let mut bad = Vec::new();
    for case in cases {
        let outcome = Court::new(None).judge(case);
        let row = rows.entry(&case.class).or_default();
        row[0] += 1;
        let wrong = match (&outcome, case.must) {
            (Outcome::Denied(_), _) | (Outcome::Asked(_), Must::Allow) => true,
            (Outcome::Asked(_), _) => false,
            _ => false,
        };
        match &outcome {
            Outcome::Asked(_) => row[2] += 1,
            Outcome::Denied(_) => {}
            _ => row[1] += 1,
        }
        row[3] += usize::from(wrong);
        if wrong || loud {
            bad.push(format!("{} [{:?}] {outcome:?}", case.id, case.must));
        }
    }
    let mut sum = [0; 4];
    for (class, row) in &rows {
        println!("{class:<20} {:>6} {:>7} {:>6} {:>14}", row[0], row[1], row[2], row[3]);
        sum.iter_mut().zip(row).for_each(|(sum, n)| *sum += n);
    }
    println!("{:<20} {:>6} {:>7} {:>6} {:>14}", "all", sum[0], sum[1], sum[2], sum[3]);
    let share = 100.0 * sum[3] as f64 / sum[0].max(1) as f64;
    println!("wrongly held: {share:.2} %");
    show(&bad, cases);
    println!();
}

/// The everyday calls as one working day of eight hours in one project, as often as each comes; whoever is
/// asked says yes, and for the session where that can be said. Questions by class.
fn a_day(cases: &[Case]) {
    let mut court = Court::new(None);
    let mut asked: BTreeMap<&str, u32> = BTreeMap::new();
    let (mut calls, mut questions) = (0, 0);
    for case in cases {
        for _ in 0..case.per_day {
            calls += 1;
            if matches!(court.judge_and_agree(case), Outcome::Asked(_) | Outcome::Denied(_)) {
                questions += 1;
                *asked.entry(&case.class).or_default() += 1;
            }
        }
    }
    let per_hundred = 100.0 * f64::from(questions) / f64::from(calls.max(1));
    println!(
        "a working day of {calls} calls: {questions} questions, {per_hundred:.2} in 100 calls, {:.1} an hour: {asked:?}\n",
        f64::from(questions) / 8.0
    );
}

/// The held-out cases stay unread while rules are mended: only their number is told.
fn show(bad: &[String], cases: &[Case]) {
    if cases.iter().any(|case| case.held_out) && std::env::var_os("SHOW_HELD_OUT").is_none() {
        return;
    }
    bad.iter().for_each(|line| println!("  {line}"));
}
