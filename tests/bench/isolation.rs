//! Sixteen agents, a thousand hostile calls each, and only the sandbox in their way.
//!
//! Prints for Landlock alone, namespaces alone and the full mode how many of them changed anything
//! outside the agent's own root: contents and names, and metadata (mode, times, owner). Without any
//! layer the same calls are fired once, to show that they would hit. Then the other way round: as many
//! calls with only the judge in their way, none of them run.
#![allow(clippy::disallowed_methods, clippy::disallowed_macros, reason = "a bench sets its own field up")]

use iosm::host::sandbox::{Helper, Launcher, Layers};

#[path = "isolation/field.rs"]
mod field;
#[path = "isolation/judged.rs"]
mod judged;

const AGENTS: usize = 16;
const CALLS: usize = 1000;
const BATCH: usize = 100;

fn main() {
    let launcher = Launcher::new(Helper::start().expect("helper"));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("runtime");
    println!("{}", runtime.block_on(launcher.strength()).expect("probe"));
    println!(
        "{:20} {:>8} {:>20} {:>10} {:>8}",
        "layers", "calls", "contents and names", "metadata", "seconds"
    );
    for (name, layers, calls) in [
        ("none", Layers::NONE, BATCH),
        ("landlock alone", Layers { landlock: true, ..Layers::NONE }, CALLS),
        ("namespaces alone", Layers { namespaces: true, ..Layers::NONE }, CALLS),
        ("full", Layers::ALL, CALLS),
    ] {
        let field = field::Field::new(AGENTS);
        let start = std::time::Instant::now();
        let tally = runtime.block_on(field.attack(&launcher, layers, calls, BATCH));
        let seconds = start.elapsed().as_secs_f64();
        println!("{name:20} {:8} {:20} {:10} {seconds:8.1}", tally.calls, tally.contents, tally.metadata);
    }
    let start = std::time::Instant::now();
    let tally = judged::judge_alone(&field::Field::new(AGENTS), CALLS);
    println!(
        "judge alone: {} calls, {} refused, {} granted with no known effect outside, {} violations; {} of {} calls that stay inside refused; {} of {} of the same lines granted when aimed inside; {:.1} s",
        tally.calls,
        tally.refused,
        tally.granted,
        tally.violations.len(),
        tally.inside_refused,
        tally.inside,
        tally.turned_inward_granted,
        tally.turned_inward,
        start.elapsed().as_secs_f64()
    );
    for (line, count) in &tally.blind {
        println!("  granted {count} times, for the sandbox to stop: {line}");
    }
    for violation in &tally.violations {
        println!("  VIOLATION {violation}");
    }
}
