//! The table of programs held against what the programs say of themselves.

use super::*;
use crate::kernel::effects::{Fact, prepare};
use crate::kernel::testing::World;

/// `program | flags | with a value that may be attached | with a value`, as `--help` of GNU coreutils 9.1,
/// diffutils 3.8, grep 3.8, binutils 2.40, util-linux 2.38 and others prints them.
const OPTIONS: &str = include_str!("options.txt");

/// Program, flags that take no word, flags that take one.
fn options() -> Vec<(&'static str, Vec<&'static str>, Vec<&'static str>)> {
    let rows = OPTIONS.lines().filter(|line| !line.starts_with('#'));
    rows.map(|line| {
        let columns: Vec<Vec<&str>> = line.split('|').map(|part| part.split_whitespace().collect()).collect();
        let [name, none, attached, valued] = columns.as_slice() else { panic!("{line}") };
        (name[0], [none.as_slice(), attached.as_slice()].concat(), valued.clone())
    })
    .collect()
}

fn paths(world: &World, line: &str) -> Vec<String> {
    let spec = world.charter.tools.iter().find(|spec| spec.name == "bash").unwrap();
    let prepared = prepare(&world.charter, spec, &world.call("bash", line)).unwrap();
    let leaf = |fact: &Fact| Some(fact.path()?.file_name()?.to_str()?.to_owned());
    prepared.facts.iter().filter_map(leaf).collect()
}

#[test]
fn names_are_known_once() {
    let mut seen = std::collections::BTreeSet::new();
    for (names, _, spec) in PROGRAMS {
        for name in names.split(' ') {
            assert!(seen.insert(name), "{name} twice");
        }
        let mut options = std::collections::BTreeSet::new();
        for token in spec.split(' ').filter(|token| !matches!(*token, "" | "*" | "-")) {
            let at = token.find(SIGNS).unwrap_or_else(|| panic!("{names}: {token}"));
            let (name, signs) = token.split_at(at);
            assert!(!name.is_empty() && signs.chars().all(|sign| SIGNS.contains(&sign)), "{names}: {token}");
            assert!(options.insert(name), "{names}: {name} twice");
        }
    }
    assert!(seen.len() > 200, "{}", seen.len());
    assert_eq!(program("rm").map(|p| p.0), Some(Operands::Deletes));
    assert_eq!(program("rmx"), None);
}

#[test]
fn options_are_found_by_letter_by_name_and_cut_short() {
    let (_, sort) = program("sort").unwrap();
    for (name, signs) in [
        ("o", ">"),
        ("output", ">"),
        ("outp", ">"),
        ("k", ":"),
        ("r", ""),
        ("compress", "!"),
        ("reverse", ""),
        ("check", "."),
        ("files0-from", "<"),
    ] {
        assert_eq!(option(sort, name), signs, "{name}");
    }
    let (_, jq) = program("jq").unwrap();
    assert_eq!((option(jq, "rawfile"), option(jq, "arg"), option(jq, "tab")), (":<", "::", ""));
    // A flag whose name begins the name of another.
    assert_eq!(option(program("du").unwrap().1, "time"), ".");
    let (_, cat) = program("cat").unwrap();
    assert!(has_edges(sort) && !has_edges(cat));
}

/// Programs whose operands are no paths, or not all of them.
fn is_path(does: Operands) -> bool {
    !matches!(does, Operands::Texts | Operands::FirstRead)
}

#[test]
fn an_operand_after_a_flag_without_a_value_is_never_lost() {
    let world = World::new();
    let (mut lost, mut unknown) = (Vec::new(), Vec::new());
    for (name, flags, valued) in options() {
        let (does, spec) = program(name).unwrap_or_else(|| panic!("{name} is not in the table"));
        let before = match does {
            Operands::PatternThenReads | Operands::ModeThenWrites => "u+x ",
            _ => "",
        };
        let mut see = |line: String| {
            if !paths(&world, &line).iter().any(|path| path == "probe") {
                lost.push(line);
            }
        };
        if is_path(does) {
            for flag in &flags {
                see(format!("{name} {flag} {before}probe other"));
                see(format!("{name} {before}other {flag} probe"));
            }
        }
        for flag in &valued {
            // What it takes is never an operand, and never in the way of one.
            let does_with = option(spec, flag.trim_start_matches('-'));
            if is_path(does) && does_with != "!" {
                see(format!("{name} {flag} 1 {before}probe other"));
            }
            if does_with.contains(['<', '>']) {
                see(format!("{name} {flag} probe {before}"));
                let joint = if flag.starts_with("--") { "=" } else { "" };
                see(format!("{name} {flag}{joint}probe {before}"));
            }
            if does_with.is_empty() || does_with == "." || does_with.starts_with('=') {
                unknown.push(format!("{name} {flag}"));
            }
        }
        // Letters in one word.
        let letters: String = flags
            .iter()
            .filter(|flag| flag.len() == 2 && option(spec, &flag[1..]).is_empty())
            .map(|flag| &flag[1..])
            .collect();
        if is_path(does) && !letters.is_empty() && name != "xxd" {
            see(format!("{name} -{letters} {before}probe other"));
            for flag in valued.iter().filter(|flag| flag.len() == 2) {
                if !option(spec, &flag[1..]).starts_with(['!', '?']) {
                    see(format!("{name} -{}{} 1 {before}probe other", &letters[..1], &flag[1..]));
                    see(format!("{name} -{}{}1 {before}probe other", &letters[..1], &flag[1..]));
                }
            }
        }
    }
    assert!(unknown.is_empty(), "these take a value:\n{}", unknown.join("\n"));
    assert!(lost.is_empty(), "{} lines lose what they name:\n{}", lost.len(), lost.join("\n"));
}

#[test]
fn what_an_option_takes_is_no_operand() {
    let world = World::new();
    let mut taken = Vec::new();
    for (name, _, valued) in options() {
        let (_, spec) = program(name).unwrap();
        for flag in valued.iter().filter(|flag| option(spec, flag.trim_start_matches('-')) == ":") {
            let line = format!("{name} {flag} probe other");
            if paths(&world, &line).iter().any(|path| path == "probe") {
                taken.push(line);
            }
        }
    }
    assert!(taken.is_empty(), "{}", taken.join("\n"));
}
