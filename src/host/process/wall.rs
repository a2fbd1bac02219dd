//! Whether a failed command ran into what was shut for it, told from its own words.

use std::path::{Path, PathBuf};

use nix::unistd::{AccessFlags, access};

use super::shut::Walls;

/// What programs say of a refused file: of a mount that is read-only, and of a right that is missing.
const READ_ONLY: &str = "Read-only file system";
const DENIED: [&str; 2] = ["Permission denied", "Operation not permitted"];

/// Lines looked at, the last first.
const MOST_LINES: usize = 50;

/// What a command ran into.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Met {
    /// It tried to change this path, and was judged to change nothing there.
    Still(PathBuf),
    /// It tried to read this guarded file, which it had not named.
    Closed(PathBuf),
}

/// The last thing a command says it was refused that was shut for it; `None` when it says no such thing.
pub fn met(output: &str, walls: &Walls) -> Option<Met> {
    if walls.still.is_empty() && walls.closed.is_empty() {
        return None;
    }
    output.lines().rev().take(MOST_LINES).find_map(|line| {
        let signs = DENIED.iter().chain([&READ_ONLY]);
        let (at, sign) = signs.filter_map(|sign| Some((line.rfind(sign)?, *sign))).max()?;
        let named = Path::new(named(&line[..at])?);
        let relative = named.strip_prefix(".").unwrap_or(named);
        // Relative to a folder that the line may have gone to.
        if let Some(file) = walls.closed.iter().find(|file| file.ends_with(relative)) {
            return Some(Met::Closed(file.clone()));
        }
        let path = walls.cwd.join(relative);
        let still = walls.still.iter().any(|root| path.starts_with(root));
        (still && (sign == READ_ONLY || is_ours(&path))).then_some(Met::Still(path))
    })
}

/// The path before the reason: `touch: cannot touch 'a b': `, `bash: line 1: src/x: `.
fn named(before: &str) -> Option<&str> {
    let before = before.trim_end_matches([' ', ':', '(']);
    let name = match before.chars().next_back()? {
        quote @ ('\'' | '"') => before[..before.len() - 1].rsplit(quote).next(),
        '\u{2019}' => before.trim_end_matches('\u{2019}').rsplit('\u{2018}').next(),
        _ => before.rsplit([' ', '\t']).next(),
    };
    name.filter(|name| !name.is_empty())
}

/// Whether we could change what the command could not: then the sandbox refused it, not its owner.
fn is_ours(path: &Path) -> bool {
    let place = if path.exists() { Some(path) } else { path.parent() };
    place.is_some_and(|place| access(place, AccessFlags::W_OK).is_ok())
        && path.parent().is_some_and(|folder| access(folder, AccessFlags::W_OK).is_ok())
}

impl Met {
    /// One line for the model, and the user who reads along.
    pub fn hint(&self) -> String {
        match self {
            Self::Still(path) => format!(
                "[the line was judged to write nothing and tried to write {}: the workspace was read-only for it. Let the line itself name what it writes]",
                path.display()
            ),
            Self::Closed(path) => format!(
                "[{} may hold secrets and is closed to lines that do not name it; the rest was read. Leave it out, or name it, and the user is asked]",
                path.display()
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_shut_is_told_from_what_is_refused_anyway() {
        let temp = tempfile::tempdir().unwrap();
        let root = temp.path().canonicalize().unwrap();
        std::fs::create_dir(root.join("src")).unwrap();
        let walls = Walls {
            cwd: root.clone(),
            still: vec![root.clone()],
            closed: vec![root.join("conf/.env")],
            partly: None,
        };
        let still = |name: &str| Some(Met::Still(root.join(name)));
        let closed = Some(Met::Closed(root.join("conf/.env")));
        let absolute = format!("rm: cannot remove '{}': Permission denied", root.join("a").display());
        for (line, expected) in [
            ("touch: cannot touch 'a b': Read-only file system", still("a b")),
            ("touch: cannot touch \u{2018}a b\u{2019}: Read-only file system", still("a b")),
            ("bash: line 1: src/x: Permission denied", still("src/x")),
            ("bash: line 1: nowhere/x: Permission denied", None),
            (absolute.as_str(), still("a")),
            ("bash: /etc/x: Permission denied", None),
            ("bash: /etc/x: Read-only file system", None),
            ("grep: ./conf/.env: Permission denied", closed.clone()),
            ("rg: .env: Permission denied (os error 13)", closed.clone()),
            ("grep: conf/.env: Permission denied\nfound", closed),
            ("all is well", None),
            ("Permission denied", None),
        ] {
            assert_eq!(met(line, &walls), expected, "{line}");
        }
        assert_eq!(met("touch: cannot touch 'a': Read-only file system", &Walls::default()), None);
    }
}
