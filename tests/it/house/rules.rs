//! The rules of the house. Each fault says where it is and what to do.

use super::plan::{self, within};
use super::seen::{How, Named, Seen, look};
use super::source::Source;

/// `file:line: what is wrong; what to do`.
fn fault(source: &Source, line: usize, what: impl std::fmt::Display) -> String {
    format!("{}:{line}: {what}", source.file)
}

/// Everything wrong with these files of `src/`, in order of file and line.
pub(super) fn check(sources: &[Source]) -> Vec<String> {
    let mut faults = Vec::new();
    for source in sources {
        let seen = look(source);
        faults.extend(shape(source));
        faults.extend(declared(source));
        faults.extend(imports(source, &seen));
        faults.extend(powers(source, &seen));
        if source.place == "lib" {
            faults.extend(order(source));
        }
    }
    // One `use` of three names is one fault.
    faults.dedup();
    faults
}

/// Size, first words and name of a file; these hold for tests too.
pub(super) fn shape(source: &Source) -> Vec<String> {
    let mut faults = Vec::new();
    let most = if source.file == "src/main.rs" { plan::MOST_MAIN_LINES } else { plan::MOST_LINES };
    if source.lines > most && !plan::LONG.contains(&source.file.as_str()) {
        let what = format!("{} lines, at most {most}; split it by the state a module owns", source.lines);
        faults.push(fault(source, most + 1, what));
    }
    if !opens_with_doc(source) {
        faults.push(fault(source, 1, "no `//!` line; begin with what this file does and what it never does"));
    }
    let name = source.place.rsplit('/').next().unwrap_or_default();
    if plan::NO_NAMES.contains(&name) {
        let what =
            format!("`{name}` says nothing; name the file after what it owns, or move each part to its user");
        faults.push(fault(source, 1, what));
    }
    faults
}

fn opens_with_doc(source: &Source) -> bool {
    let Some(first) = source.tree.attrs.first() else { return false };
    let syn::Meta::NameValue(meta) = &first.meta else { return false };
    let syn::Expr::Lit(syn::ExprLit { lit: syn::Lit::Str(text), .. }) = &meta.value else { return false };
    meta.path.is_ident("doc") && !text.value().trim().is_empty()
}

/// Every top-level module has a floor, and its front page says which.
fn declared(source: &Source) -> Vec<String> {
    let Some(room) = source.room() else { return Vec::new() };
    let Some(floor) = plan::floor(room) else {
        let what = format!("the room `{room}` has no floor; give it one in tests/it/house/plan.rs");
        return vec![fault(source, 1, what)];
    };
    if source.module.len() > 1 {
        return Vec::new();
    }
    if !source.file.ends_with("/mod.rs") {
        return vec![fault(source, 1, format!("a room is a folder; move this to src/{room}/mod.rs"))];
    }
    let mut docs = source.tree.attrs.iter().filter_map(|attr| attr.meta.require_name_value().ok());
    let first = docs.next().and_then(|meta| match &meta.value {
        syn::Expr::Lit(syn::ExprLit { lit: syn::Lit::Str(text), .. }) => Some(text.value()),
        _ => None,
    });
    let opening = format!("Floor {floor}: ");
    if first.is_some_and(|text| text.trim_start().starts_with(&opening)) {
        return Vec::new();
    }
    vec![fault(source, 1, format!("the front page of a room begins with `//! {opening}…`"))]
}

/// No import upward, sideways, or through the roof.
fn imports(source: &Source, seen: &Seen) -> Vec<String> {
    let mut faults = Vec::new();
    for line in &seen.externs {
        faults.push(fault(source, *line, "`extern crate` gives a second name to a crate; use its own"));
    }
    for named in seen.paths.iter().filter(|named| !named.test_only) {
        let what = match source.room() {
            Some(room) => import(room, named),
            None if source.place == "main" => main_import(named),
            None => None,
        };
        faults.extend(what.map(|what| fault(source, named.line, what)));
    }
    faults
}

fn import(room: &str, named: &Named) -> Option<String> {
    let path = named.segments.join("::");
    let (absolute, climbed) = resolve(named)?;
    let Some(target) = absolute.first() else {
        // `crate` alone, `use crate::*`, `use crate as house`, `use super::*` on a front page.
        let taken = matches!(named.how, How::Glob | How::Renamed | How::Use);
        return taken.then(|| format!("`{path}` takes in the whole house; name the room you need"));
    };
    if target == room {
        return None;
    }
    let (Some(from), Some(to)) = (plan::floor(room), plan::floor(target)) else {
        return Some(format!("`{path}`: `{target}` is no room; name the room where it lives"));
    };
    if climbed {
        return Some(format!("`{path}` leaves its room by `super`; write crate::{}", absolute.join("::")));
    }
    if to < from {
        return None;
    }
    let way = if to == from { "sideways" } else { "upward" };
    Some(format!(
        "`{path}` reaches {way}, from `{room}` (floor {from}) to `{target}` (floor {to}); move what both need \
         to a lower room, or hand it in from above"
    ))
}

/// The path from the crate's root, and whether `super` was needed to get out of a room.
fn resolve(named: &Named) -> Option<(Vec<String>, bool)> {
    let mut rest = named.segments.as_slice();
    let mut at = match rest.first()?.as_str() {
        "crate" => {
            rest = &rest[1..];
            Vec::new()
        }
        "self" | "super" => named.module.clone(),
        _ => return None,
    };
    while let [first, after @ ..] = rest {
        match first.as_str() {
            "self" => {}
            "super" => drop(at.pop()),
            _ => break,
        }
        rest = after;
    }
    let climbed = at.is_empty() && named.segments.first().is_some_and(|first| first == "super");
    at.extend(rest.iter().cloned());
    Some((at, climbed))
}

fn main_import(named: &Named) -> Option<String> {
    let [first, second, ..] = named.segments.as_slice() else { return None };
    let wrong = first == "iosm" && second != "cli";
    wrong.then(|| format!("`iosm::{second}`: `main` knows `cli` alone; do this in cli"))
}

/// Heavy crates, `unsafe` and opening state: each has its homes.
fn powers(source: &Source, seen: &Seen) -> Vec<String> {
    let mut faults = Vec::new();
    let at_home = |homes: &[&str]| homes.iter().any(|home| within(&source.place, home));
    for line in seen.unsafes.iter().filter(|_| !at_home(&plan::UNSAFE)) {
        let what = format!("`unsafe` belongs to {}; find a safe way, or put it there", places(&plan::UNSAFE));
        faults.push(fault(source, *line, what));
    }
    for named in seen.paths.iter().filter(|named| !named.test_only) {
        let [first, .., _] = named.segments.as_slice() else {
            // A single word is a name of our own, except in `use`.
            if named.how != How::Path
                && let [first] = named.segments.as_slice()
            {
                faults.extend(stranger(source, seen, first, named.line));
            }
            continue;
        };
        faults.extend(stranger(source, seen, first, named.line));
        let last = &named.segments[named.segments.len() - 2..];
        if last == ["StateDir", "open"] && !at_home(&plan::OPENS_STATE) {
            let what = format!(
                "`StateDir::open` makes any folder ours; ask `config::Dirs`, or take the `StateDir` from above \
                 (only {} open one)",
                places(&plan::OPENS_STATE)
            );
            faults.push(fault(source, named.line, what));
        }
        if named.how == How::Renamed && last[1] == "StateDir" {
            faults.push(fault(source, named.line, "`StateDir` goes by its own name, so that it is found"));
        }
    }
    faults
}

fn stranger(source: &Source, seen: &Seen, name: &str, line: usize) -> Option<String> {
    let homes = plan::homes(name)?;
    if seen.mods.iter().any(|own| own == name) || homes.iter().any(|home| within(&source.place, home)) {
        return None;
    }
    let what = format!("the crate `{name}` lives in {}; ask that room to do it", places(homes));
    Some(fault(source, line, what))
}

fn places(homes: &[&str]) -> String {
    homes.iter().map(|home| format!("src/{home}")).collect::<Vec<_>>().join(", ")
}

/// `lib.rs` is the map: rooms stand in floor order.
fn order(source: &Source) -> Vec<String> {
    let mut highest = 0;
    let mut faults = Vec::new();
    for item in &source.tree.items {
        let syn::Item::Mod(module) = item else { continue };
        let (name, line) = (module.ident.to_string(), module.ident.span().start().line);
        let Some(floor) = plan::floor(&name) else {
            let what = format!("the room `{name}` has no floor; give it one in tests/it/house/plan.rs");
            faults.push(fault(source, line, what));
            continue;
        };
        if floor < highest {
            let what =
                format!("`{name}` (floor {floor}) stands above a room of floor {highest}; sort by floor");
            faults.push(fault(source, line, what));
        }
        highest = highest.max(floor);
    }
    faults
}
