//! The second wall behind the reading of shell lines: what a line was judged not to do, its sandbox does
//! not let it do. So a miss of the judge does no harm.

use std::path::{Path, PathBuf};

use super::charter::Charter;
use super::effects::{Fact, Level, may_hold_secrets};
use super::grant::Shut;
use crate::base::{FileKind, resolve};
use crate::protocol::Effect;
use crate::syntax::shell::{Known, ShellScan, SimpleCommand};

/// Programs that look at names and metadata, and open no file that their words do not name.
const NAMES: &[&str] = &[
    ":",
    "[",
    "basename",
    "cd",
    "command",
    "date",
    "df",
    "dir",
    "dirname",
    "du",
    "echo",
    "exit",
    "export",
    "false",
    "fd",
    "fdfind",
    "find",
    "groups",
    "hash",
    "hostname",
    "id",
    "ls",
    "mkdir",
    "mountpoint",
    "nproc",
    "pgrep",
    "popd",
    "printenv",
    "printf",
    "ps",
    "pushd",
    "pwd",
    "readlink",
    "realpath",
    "rm",
    "rmdir",
    "seq",
    "set",
    "sleep",
    "stat",
    "test",
    "touch",
    "tree",
    "true",
    "type",
    "umask",
    "uname",
    "unset",
    "uptime",
    "wait",
    "whereis",
    "which",
    "whoami",
];

/// Programs that read the files which their words name, and no others.
const FILES: &[&str] = &[
    "b2sum",
    "cat",
    "cksum",
    "cmp",
    "column",
    "comm",
    "cut",
    "diff",
    "egrep",
    "expand",
    "fgrep",
    "file",
    "fmt",
    "fold",
    "git",
    "grep",
    "head",
    "hexdump",
    "jq",
    "md5sum",
    "nl",
    "od",
    "paste",
    "rev",
    "sha1sum",
    "sha256sum",
    "sha512sum",
    "sort",
    "strings",
    "tac",
    "tail",
    "tee",
    "tr",
    "unexpand",
    "uniq",
    "wc",
    "xxd",
];

/// Wrappers that change nothing about which files the command reads.
const PLAIN_WRAPPERS: &[&str] =
    &["builtin", "command", "env", "exec", "ionice", "nice", "nohup", "stdbuf", "time", "timeout"];

/// Parts of options by which a program reads more than its operands name.
const READS_MORE: &[&str] =
    &["files0", "files-from", "recurs", "-exec", "-ok", "no-index", "untracked", "no-exclude", "-fprint"];

/// Marks of words that are known only when the line runs, whatever the parser made of them.
const OPEN_ENDED: &[char] = &['$', '`', '{'];

/// Whether no effect touches the workspace or its extra roots: the line is taken for a pure look there.
pub(super) fn changes_nothing(charter: &Charter, facts: &[Fact]) -> bool {
    let own = |path: &Path| roots(charter).any(|root| path.starts_with(root) || root.starts_with(path));
    !facts.iter().any(|fact| match &fact.effect {
        Effect::Write { path } | Effect::Delete { path } => own(path),
        effect => effect.may_write(),
    })
}

fn roots(charter: &Charter) -> impl Iterator<Item = &PathBuf> {
    std::iter::once(&charter.workspace).chain(&charter.extra_roots)
}

/// Guarded files that a line may not read, if it may read files that its effects do not name. `None` for
/// programs whose reads nobody knows: tests and builds need their `.env`. So does whatever git writes.
pub(super) fn shut(charter: &Charter, scan: &ShellScan, facts: &[Fact], line: &str) -> Option<Shut> {
    let unknown = facts.iter().any(|fact| match &fact.effect {
        Effect::Contained { .. } | Effect::Opaque { .. } => true,
        Effect::Git { op, .. } => !op.reads_only(),
        _ => false,
    });
    if unknown || !reads_unnamed(scan, facts, line) {
        return None;
    }
    let outside = facts.iter().filter(|fact| fact.place.is_some_and(|place| !place.is_readable()));
    let outside = outside.filter_map(Fact::path).filter(|path| is_folder(path)).map(Path::to_owned);
    Some(Shut {
        trees: roots(charter).cloned().chain(outside).collect(),
        named: facts.iter().filter_map(|fact| named(charter, fact)).collect(),
        tracked_open: scan.commands.iter().any(|command| command.program.as_deref() == Some("git")),
    })
}

/// What an effect that concerns something guarded leaves open: its path, up to the first glob.
fn named(charter: &Charter, fact: &Fact) -> Option<PathBuf> {
    let path = fact.path()?;
    if !may_hold_secrets(path) && fact.guard.is_none_or(|guard| guard.read == Level::Free) {
        return None;
    }
    let plain = path.iter().take_while(|part| !part.to_string_lossy().contains(['*', '?', '[', '{']));
    Some(charter.workspace.join(plain.collect::<PathBuf>()))
}

fn reads_unnamed(scan: &ShellScan, facts: &[Fact], line: &str) -> bool {
    let mut readers = false;
    for command in scan.commands.iter().filter(|command| !command.defined) {
        let program = command.program.as_deref().unwrap_or_default();
        let names = NAMES.contains(&program);
        let literal = || command.args().iter().all(|word| word.known == Known::Literal);
        let known = names || FILES.contains(&program) && literal();
        let plain = |wrapper: &String| PLAIN_WRAPPERS.contains(&wrapper.as_str());
        if !known || !command.wrappers.iter().all(plain) || walks(program, command) {
            return true;
        }
        readers |= !names;
    }
    line.contains(OPEN_ENDED)
        || line.contains("<(")
        || mentions_guarded(line)
        || readers && facts.iter().any(|fact| !fact.changes() && fact.path().is_some_and(is_folder))
}

/// Whether its options send it into folders, or to a list of files.
fn walks(program: &str, command: &SimpleCommand) -> bool {
    let more = command.args().iter().filter(|word| word.text.starts_with('-'));
    let mut more = more.filter(|word| READS_MORE.iter().any(|sign| word.text.contains(sign)));
    let flag = |flags: &[&str]| flags.iter().any(|flag| command.has_flag(flag));
    more.next().is_some()
        || program.ends_with("grep") && flag(&["-r", "-R", "-d", "--directories"])
        || program == "diff" && flag(&["-r"])
        || program.starts_with("fd") && flag(&["-x", "-X"])
}

/// Whether the text has the name of something guarded in it, named by an effect or not.
fn mentions_guarded(line: &str) -> bool {
    let outside = |letter: char| !letter.is_alphanumeric() && !"._-".contains(letter);
    line.split(outside).any(|name| may_hold_secrets(Path::new(name)))
}

fn is_folder(path: &Path) -> bool {
    let text = path.to_str().unwrap_or_default();
    resolve(Path::new("/"), text, None).is_ok_and(|handle| handle.kind() == FileKind::Directory)
}

#[cfg(test)]
mod tests {
    use crate::kernel::testing::World;
    use crate::kernel::{Judgement, Reach, RunScope};

    fn scope(world: &World, line: &str) -> RunScope {
        let kernel = world.kernel();
        let granted = match kernel.judge("main", &world.call("bash", line)).unwrap() {
            Judgement::Granted(granted) => granted,
            Judgement::Asked(question) => match kernel.approve(question, "ann", false).unwrap() {
                Judgement::Granted(granted) => granted,
                other => panic!("{line}: {other:?}"),
            },
            Judgement::Refused(refused) => panic!("{line}: {refused:?}"),
        };
        let Reach::Run(scope) = granted.grant.into_reach() else { panic!("{line}: no command") };
        scope
    }

    #[test]
    fn a_line_that_is_taken_for_a_look_may_write_nothing_of_the_workspace() {
        let mut world = World::new();
        world.charter.extra_roots = vec![world.root().join("outside")];
        let own = [world.charter.workspace.clone(), world.root().join("outside")];
        for (line, still) in [
            ("ls -la", true),
            ("git status && git log --oneline | head", true),
            ("grep -rn x . | sort | uniq -c", true),
            ("git diff > $TMPDIR/p.patch", true),
            ("x='a[$(rm -f a)]'; true", true),
            ("touch a", false),
            ("echo x > src/b", false),
            ("sort a -o ../outside/b", false),
            ("git add -A", false),
            ("git diff > p.patch", false),
            ("cargo test", false),
            ("rm -f a", false),
            ("make", false),
        ] {
            let scope = scope(&world, line);
            assert_eq!(scope.still == own, still, "{line}: {scope:?}");
            for root in &own {
                assert_eq!(!scope.write.contains(root), still, "{line}: {scope:?}");
                assert!(scope.read.contains(root), "{line}");
            }
            assert!(scope.write.contains(&world.charter.temp) && scope.write.contains(&world.charter.cache));
        }
    }

    #[test]
    fn a_line_that_may_read_what_it_does_not_name_finds_guarded_files_shut() {
        let world = World::new();
        for (line, shut) in [
            ("ls -la", false),
            ("ls *.rs; find . -name '*.rs'", false),
            ("cat src/a.rs | head -5", false),
            ("grep -n x src/a.rs", false),
            ("git status", false),
            ("npm test", false),
            ("grep -r x . && npm test", false),
            ("git add -A && git commit -m \"$(cat x)\"", false),
            ("grep -r x .", true),
            ("grep -rn x", true),
            ("rg x", true),
            ("cat *", true),
            ("cat src/a.rs; grep x src", true),
            ("find . -type f | xargs cat", true),
            ("find . -exec cat {} +", true),
            ("for f in *; do cat \"$f\"; done", true),
            ("test -v 'a[$(cat x)]'", true),
            ("echo .env | wc", true),
            ("git diff --no-index src vendor", true),
            ("awk '{print}' src/a.rs", true),
            ("sort --files0-from=list", true),
        ] {
            assert_eq!(scope(&world, line).shut.is_some(), shut, "{line}");
        }
    }

    #[test]
    fn what_a_line_names_stays_open_to_it() {
        let world = World::new();
        let root = &world.charter.workspace;
        for (line, named) in [
            ("cat .env; grep -r x .", vec![root.join(".env")]),
            ("grep -r x sub/.env.*", vec![root.join("sub")]),
            ("grep -r x .", vec![]),
        ] {
            let shut = scope(&world, line).shut.unwrap();
            assert_eq!((shut.named, shut.trees), (named, vec![root.clone()]), "{line}");
        }
        assert!(scope(&world, "git diff; grep -r x .").shut.unwrap().tracked_open);
    }
}
