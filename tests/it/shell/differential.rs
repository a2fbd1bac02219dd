//! Generated lines under a real bash in the real sandbox: nothing changes that the effects did not say.
//!
//! The law: the kernel never says that a line writes nothing when it wrote, and every path that was
//! written or deleted is covered by a `Write` or `Delete` of it or of a folder above it, or the line is
//! `Contained` or `Opaque`. Lines that claim to write nothing run under `strace` where that is here, so
//! that what was made and removed again is seen too. `IOSM_CASES` and `IOSM_SEED` choose how many lines
//! and which.

use std::path::{Path, PathBuf};

use globset::GlobBuilder;
use iosm::host::sandbox::Launch;
use iosm::kernel::Kernel;
use iosm::protocol::Effect;

use super::generate::{Dice, line};
use super::snapshot::{build, changed, clear, look};
use super::{effects, kernel};
use crate::sandbox;

/// Lines in an ordinary run; some seconds.
const CASES: u64 = 250;
const STRACE: &str = "/usr/bin/strace";

struct Bench {
    world: sandbox::World,
    kernel: Kernel,
    _state: tempfile::TempDir,
    traces: bool,
}

#[derive(Default)]
struct Seen {
    lines: usize,
    /// Claimed to write nothing.
    quiet: usize,
    /// All they change is listed.
    exact: usize,
    opaque: usize,
    wrote: usize,
    faults: Vec<String>,
}

impl Bench {
    fn new() -> Self {
        let world = sandbox::World::new();
        let state = tempfile::tempdir().unwrap();
        let kernel = kernel(&world.root, &world.tmp, &state.path().canonicalize().unwrap());
        Self { world, kernel, _state: state, traces: Path::new(STRACE).exists() }
    }

    fn launch(&self, line: &str, traced: bool) -> Launch {
        let mut launch = if traced {
            let trace = self.world.outside.join("trace");
            let trace = trace.to_str().unwrap();
            let calls = "trace=%file,ftruncate,fchmod,fchown,futimesat";
            let mut launch = self.world.argv(&[
                "timeout",
                "-s",
                "KILL",
                "5",
                STRACE,
                "-f",
                "-qq",
                "-s",
                "200",
                "-o",
                trace,
                "-e",
                calls,
                "/bin/bash",
                "-c",
                line,
            ]);
            launch.write.push(self.world.outside.clone());
            launch
        } else {
            // Some lines wait for one another; what they did until then counts all the same.
            self.world.argv(&["timeout", "-s", "KILL", "3", "/bin/bash", "-c", line])
        };
        launch.env.push(("HOME".into(), self.world.root.join("home").to_str().unwrap().into()));
        launch
    }

    /// Judges, runs and compares one line.
    fn judge(&self, line: &str, seen: &mut Seen) {
        let roots = [self.world.root.as_path(), self.world.tmp.as_path()];
        roots.iter().for_each(|root| clear(root));
        build(&self.world.root);
        let said = effects(&self.kernel, line);
        let before = look(&roots);
        let quiet = !said.iter().any(Effect::may_write);
        let traced = quiet && self.traces;
        let since = std::time::Instant::now();
        let _ = sandbox::finish(self.launch(line, traced));
        if since.elapsed().as_secs() >= 3 {
            println!("waited for itself: {line:?}");
        }
        let changes = changed(&before, &look(&roots));
        let contained = said.iter().any(|e| matches!(e, Effect::Contained { .. } | Effect::Opaque { .. }));
        seen.lines += 1;
        seen.quiet += usize::from(quiet);
        seen.exact += usize::from(!contained);
        seen.opaque += usize::from(said.iter().any(|e| matches!(e, Effect::Opaque { .. })));
        seen.wrote += usize::from(!changes.is_empty());
        let told = || said.iter().map(Effect::describe).collect::<Vec<_>>().join("; ");
        if quiet && !changes.is_empty() {
            seen.faults
                .push(format!("says it writes nothing, and wrote {changes:?}\n  {line:?}\n  {}", told()));
        } else if !contained {
            let missed: Vec<&PathBuf> = changes.iter().filter(|path| !covered(&said, path)).collect();
            if !missed.is_empty() {
                seen.faults
                    .push(format!("does not say that it changes {missed:?}\n  {line:?}\n  {}", told()));
            }
        }
        if traced {
            let trace = std::fs::read_to_string(self.world.outside.join("trace")).unwrap_or_default();
            let wrote: Vec<&str> = trace.lines().filter(|call| writes(call)).take(3).collect();
            if trace.is_empty() || !wrote.is_empty() {
                seen.faults
                    .push(format!("says it writes nothing, and called {wrote:?}\n  {line:?}\n  {}", told()));
            }
        }
    }
}

/// Whether an effect names the path, a folder above it, or a glob that matches it.
fn covered(said: &[Effect], path: &Path) -> bool {
    said.iter().any(|effect| match effect {
        Effect::Write { path: at } | Effect::Delete { path: at } => {
            let glob = || {
                let text = at.to_str()?;
                let glob = GlobBuilder::new(text).literal_separator(true).build().ok()?.compile_matcher();
                path.ancestors().any(|path| glob.is_match(path)).then_some(())
            };
            path.starts_with(at) || glob().is_some()
        }
        _ => false,
    })
}

/// Whether a line of a trace is a call that changed something, and not a device.
fn writes(call: &str) -> bool {
    let Some((_, rest)) = call.split_once(' ') else { return false };
    let rest = rest.trim_start();
    let failed = rest.contains(") = -1")
        || rest.contains("= ? ")
        || rest.starts_with("+++")
        || rest.starts_with("---");
    let harmless = ["\"/dev/", "\"/proc/", "\"/tmp/sh-thd"].iter().any(|place| rest.contains(place));
    let name = rest.split('(').next().unwrap_or_default();
    let opens = matches!(name, "open" | "openat")
        && ["O_WRONLY", "O_RDWR", "O_CREAT", "O_TRUNC"].iter().any(|f| rest.contains(f));
    let changes = [
        "unlink",
        "unlinkat",
        "rename",
        "renameat",
        "renameat2",
        "mkdir",
        "mkdirat",
        "rmdir",
        "symlink",
        "symlinkat",
        "link",
        "linkat",
        "chmod",
        "fchmodat",
        "fchmod",
        "truncate",
        "ftruncate",
        "mknod",
        "mknodat",
        "utimensat",
        "creat",
    ]
    .contains(&name);
    !failed && !harmless && (opens || changes)
}

fn number(name: &str, otherwise: u64) -> u64 {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(otherwise)
}

#[test]
fn what_a_generated_line_changes_is_what_its_effects_say() {
    let bench = Bench::new();
    if !bench.traces {
        println!("{STRACE} is not here: what was made and removed again is not seen");
    }
    let (cases, seed) = (number("IOSM_CASES", CASES), number("IOSM_SEED", 1));
    let mut seen = Seen::default();
    for case in 0..cases {
        let mut dice = Dice::new(seed.wrapping_mul(1_000_003).wrapping_add(case));
        let depth = 1 + dice.below(3);
        let line = line(&mut dice, depth);
        bench.judge(&line, &mut seen);
        if seen.faults.len() >= 30 {
            break;
        }
    }
    println!(
        "{} lines: {} wrote, {} told exactly, {} of them as writing nothing, {} opaque; {} faults",
        seen.lines,
        seen.wrote,
        seen.exact,
        seen.quiet,
        seen.opaque,
        seen.faults.len()
    );
    assert!(seen.faults.is_empty(), "\n{}\n", seen.faults.join("\n"));
    // The law means little where everything is called contained.
    assert!(seen.exact * 4 > seen.lines && seen.quiet * 12 > seen.lines, "too little is told exactly");
    assert!(seen.opaque * 8 < seen.lines, "too much is opaque");
}

/// Every find of the generator, so that it stays found.
const FOUND: &[&str] = &[
    "rm linkf",
    "rm -rf linkd",
    "mv linkf new1",
    "sed -i s/a/A/ linkf",
    "cp a.txt linkd",
    "ln -sf a.txt linkd",
    "rm linkd; mkdir linkd; touch linkd/x",
    "cd missing; touch n",
    "rm -rf d; cd d; touch n",
    "true && cd d; touch n",
    "echo x > h*1",
    "echo x > hard1",
    "sort -ro num a.txt",
    "V='-o num'; sort a.txt $V",
    "xxd a.txt new1",
    "sed -n 'w new1' a.txt",
    "touch d/*",
    "cd e && mkdir -p \\d/x",
    "for i in 1 2; do uniq *.o > out$i; done",
    "cp *.o",
    "mv *.o",
    "shuf -eo pwn a",
    "git clean -fdxq -e -n",
    "git tag -m -l t1",
    "f() { rm \"$2\"; }; f *.o keep",
    "(echo 'touch n'; echo true) | bash",
    "env A=1 set -- e/w home/h; shift; touch \"$1.n\"",
];

#[test]
fn what_was_found_once_stays_found() {
    let bench = Bench::new();
    let mut seen = Seen::default();
    for line in FOUND {
        bench.judge(line, &mut seen);
    }
    assert!(seen.faults.is_empty(), "\n{}\n", seen.faults.join("\n"));
}

#[test]
fn lines_that_only_look_are_known_as_such() {
    let bench = Bench::new();
    clear(&bench.world.root);
    build(&bench.world.root);
    for line in [
        "ls -la && cat a.txt | grep -n beta | head -5",
        "cat a.txt b.txt 2>/dev/null || true",
        "for f in *.txt; do wc -l \"$f\"; done",
        "cd d && ls -R && cat x",
        "find . -type f -name '*.txt' | xargs grep -l alpha | sort | uniq -c",
        "find . -name '*.o' -exec ls -l {} \\;",
        "grep -rn \"alpha\" --include='*.txt' . | awk -F: '{ print $1 }' | sort -u",
        "sed -n '1,20p' a.txt; sed 's/alpha/x/' b.txt",
        "git status --short && git diff HEAD~1 --stat && git log --oneline -5",
        "diff <(sort a.txt) <(sort b.txt)",
        "if [ -f a.txt ]; then head -3 a.txt; else echo none; fi",
        "while read -r l; do echo \"$l\"; done < list",
        "bash -c 'cat a.txt | wc -l'",
        "cat <<'EOF' | tr a-z A-Z\nhello > not a file\nEOF",
        "timeout 5 rg -n alpha . | cut -d: -f1",
        "wc -l $(git ls-files '*.txt')",
        "show() { sed -n \"$1,$2p\" a.txt; }; show 1 2",
        "echo \"$HOME $V\" >&2; test -d d; stat -c %Y a.txt; date +%s",
        "du -sh d | sort -h | tail -5; df -h . ; tree -L 2",
        "jq -r '.name' a.txt; env | sort; which cargo; type ls; command -v git",
        "LC_ALL=C sort a.txt | comm -12 - b.txt",
        "N=5; head -n $N a.txt; tail -n \"$N\" b.txt",
        "printf '%s\\n' a.txt b.txt | xargs -n1 wc -l; set -- a.txt; cat -n $1",
        "git branch -vv --sort=refname; git tag -l 'v*'; git clean -nd -e x",
    ] {
        let said = effects(&bench.kernel, line);
        let writes: Vec<String> = said.iter().filter(|e| e.may_write()).map(Effect::describe).collect();
        assert!(writes.is_empty(), "{line}\n  {writes:?}");
    }
    for line in [
        "cat a.txt > b.txt",
        "make",
        "sort -o a.txt a.txt",
        "find . -delete",
        "sed -i s/a/b/ a.txt",
        "cat $(make x)",
        "PATH=. cat a.txt",
        "./cat a.txt",
        "eval \"$X\"",
        "ls; $X",
        "git commit -m x",
        "tee a < b",
        "rg --pre ./x a",
        "git -c alias.x='!touch y' x",
        "cat a.txt | python3",
        "sort $X",
        "git diff --output=x",
        "awk 'BEGIN{system(\"x\")}'",
        "LD_PRELOAD=./x.so ls",
        "export PATH=.:$PATH; ls",
        "source x; ls",
        "alias ls=rm; ls",
        "find . -exec touch {} +",
        "git grep -O./x a",
        "GIT_EXTERNAL_DIFF=./x git diff",
        "xargs < a.txt rm",
        "echo hi > \"$OUT\"",
        "less -o x a",
        "man -P ./x ls",
        "awk -f x.awk a",
        "sed -f x.sed a",
        "bash x.sh",
        "date -s x",
        "uniq a b",
        "shuf -eo pwn a",
        "git diagnose -o .",
        "git branch -v b1",
        "git tag -m -l t1",
        "git clean -fdxefoo_n",
        "printf x | tee y",
    ] {
        let said = effects(&bench.kernel, line);
        assert!(said.iter().any(Effect::may_write), "{line}: {said:?}");
    }
}
