//! Whether what is done to a tree, or to the names of a glob, is done to something that a rule means.

use std::path::{Component, Path, PathBuf};

use globset::{Glob, GlobMatcher};

use crate::kernel::effects::Fact;
use crate::protocol::Effect;

/// Entries looked at for a rule that is a glob; in a larger tree the rule is taken to be meant.
const MOST_ENTRIES: usize = 20_000;
const SKIPPED: &[&str] = &[".git", "node_modules", "target"];

/// Whether a fact means more than the one path it names.
pub(super) fn is_wide(fact: &Fact) -> bool {
    let reads_or_writes = matches!(fact.effect, Effect::Read { .. } | Effect::Write { .. });
    let open = || fact.path().and_then(Path::to_str).is_some_and(|text| text.contains(['*', '?', '[']));
    fact.goes_down() || reads_or_writes && fact.via != crate::kernel::effects::Via::Argument && open()
}

/// Whether `path`, and with `down` all below it, holds what a rule names: one of `trees`, or what `glob`
/// matches below `base`.
pub(super) fn reaches(path: &Path, down: bool, trees: &[PathBuf], base: &Path, glob: &GlobMatcher) -> bool {
    if !trees.is_empty() {
        let held = |tree: &PathBuf| fits(path, tree, down) && tree.symlink_metadata().is_ok();
        return trees.iter().any(held);
    }
    let fixed: PathBuf = path.components().take_while(|part| !is_open(part)).collect();
    let top = match (base.starts_with(&fixed), fixed.starts_with(base)) {
        (true, _) => base,
        (_, true) => fixed.as_path(),
        _ => return false,
    };
    let mut folders = vec![top.to_owned()];
    let mut entries = 0;
    while let Some(folder) = folders.pop() {
        let Ok(all) = std::fs::read_dir(&folder) else { continue };
        for entry in all.flatten() {
            entries += 1;
            if entries > MOST_ENTRIES {
                return true;
            }
            let path_here = entry.path();
            if glob.is_match(&path_here) && fits(path, &path_here, down) {
                return true;
            }
            let skipped = || SKIPPED.iter().any(|name| entry.file_name() == *name);
            if entry.file_type().is_ok_and(|kind| kind.is_dir()) && !skipped() {
                folders.push(path_here);
            }
        }
    }
    false
}

fn is_open(part: &Component<'_>) -> bool {
    part.as_os_str().to_str().is_none_or(|text| text.contains(['*', '?', '[', '$', '`', '(']))
}

/// Whether `path`, in which names may be globs, means `other`, a folder above it, or with `down` something
/// below it.
fn fits(path: &Path, other: &Path, down: bool) -> bool {
    let mut others = other.components();
    for part in path.components() {
        let Some(name) = others.next() else { return true };
        if part == name {
            continue;
        }
        let text = part.as_os_str().to_str().unwrap_or_default();
        if !is_open(&part) {
            return false;
        }
        if text.contains(['$', '`', '(']) {
            return true;
        }
        if !Glob::new(text).is_ok_and(|glob| glob.compile_matcher().is_match(name.as_os_str())) {
            return false;
        }
    }
    down || others.next().is_none()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_with_globs_means_what_they_may_match() {
        for (path, other, down, met) in [
            ("/w", "/w/vendor", true, true),
            ("/w", "/w/vendor", false, false),
            ("/w/src", "/w/vendor", true, false),
            ("/w/*/l.c", "/w/vendor", false, true),
            ("/w/v*", "/w/vendor", false, true),
            ("/w/s*", "/w/vendor", true, false),
            ("/w/*", "/w/vendor/l.c", false, false),
            ("/w/*/l.c", "/w/vendor/l.c", false, true),
            ("/w/*/m.c", "/w/vendor/l.c", false, false),
            ("/w/src/$X", "/w/src/gen", false, true),
        ] {
            assert_eq!(fits(Path::new(path), Path::new(other), down), met, "{path} {other} {down}");
        }
    }
}
