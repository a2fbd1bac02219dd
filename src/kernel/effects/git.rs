//! Git command lines taken apart: global options, the subcommand, its arguments, and what it does.

use crate::protocol::GitOp;
use crate::syntax::shell::{SimpleCommand, Word};

/// Subcommands that talk to another repository.
const TALKS: &[&str] = &["push", "fetch", "pull", "clone", "ls-remote", "send-email", "request-pull"];

/// One `git` command.
#[derive(Debug)]
pub(in crate::kernel) struct GitCall<'c> {
    pub sub: &'c str,
    /// After the subcommand.
    pub args: &'c [Word],
    /// Values of `-c name=value`.
    pub config: Vec<&'c str>,
    /// Values of `-C`, `--git-dir` and `--work-tree`, and of the variables that say the same.
    pub elsewhere: Vec<&'c Word>,
    /// An option or variable of its own makes it run or read something else.
    pub steered: bool,
    /// Found when it is first asked for: many rules ask.
    pub(super) op: std::cell::OnceCell<GitOp>,
}

/// Options that take the next word as their value, so that it is no operand: subcommands, options. No
/// subcommands means all of them.
const VALUED: &[(&[&str], &[&str])] = &[
    (
        &[],
        &[
            "--message",
            "--file",
            "--set-upstream-to",
            "--author",
            "--date",
            "--max-count",
            "--push-option",
            "--repo",
            "--receive-pack",
            "--upload-pack",
            "--depth",
            "--since",
            "--until",
            "--format",
            "--pretty",
            "--grep",
            "--source",
            "--strategy",
            "--onto",
            "--orphan",
            "--branch",
            "--origin",
            "--reference",
            "--template",
            "--separate-git-dir",
            "--exec",
            "--output",
            "--prefix",
            "--remote",
            "--conflict",
            "--pathspec-from-file",
            "--cleanup",
            "--trailer",
            "--jobs",
            "--filter",
            "--shallow-since",
            "--strategy-option",
            "--sort",
            "--type",
        ],
    ),
    (&["branch", "tag"], &["-u"]),
    (&["clean"], &["--exclude"]),
    (&["ls-files"], &["--exclude", "--exclude-from", "-x", "-X"]),
    (&["blame", "annotate"], &["--contents", "--ignore-rev", "--ignore-revs-file"]),
    (&["diagnose", "bugreport"], &["-o", "--output-directory", "-s", "--suffix"]),
    (&["notes"], &["--ref"]),
    (&["restore"], &["-U"]),
    (&["symbolic-ref"], &["-m"]),
    (
        &["apply"],
        &["-C", "-p", "--exclude", "--include", "--directory", "--whitespace", "--build-fake-ancestor"],
    ),
    (&["push", "clone", "archive", "format-patch", "merge"], &["-o"]),
    (&["commit", "merge", "tag", "stash", "notes", "cherry-pick", "revert", "worktree"], &["-m"]),
    (&["commit", "tag", "notes", "merge"], &["-F"]),
    (&["commit"], &["-c", "-C", "-t"]),
    (&["switch"], &["-c", "-C"]),
    (&["checkout", "worktree", "clone"], &["-b", "-B"]),
    (&["clone"], &["-b", "-u", "-j"]),
    (
        &["log", "show", "diff", "shortlog", "rev-list", "blame", "whatchanged"],
        &["-n", "-S", "-G", "-L", "-O"],
    ),
    (&["restore", "merge", "rebase", "pull", "cherry-pick"], &["-s", "-X"]),
    (&["grep", "clean"], &["-e"]),
    (&["grep"], &["-f", "-m", "-A", "-B", "-C"]),
    (&["rebase"], &["-x"]),
    (&["config"], &["-f", "--default"]),
    (&["fetch", "submodule"], &["-j"]),
];

fn takes_value(sub: &str, option: &str) -> bool {
    // Git takes long names cut short.
    let named = |known: &&str| {
        *known == option || option.len() > 4 && option.starts_with("--") && known.starts_with(option)
    };
    VALUED.iter().any(|(subs, options)| (subs.is_empty() || subs.contains(&sub)) && options.iter().any(named))
}

/// Options that make a command that looks write or run something.
const LOOKS_AND_DOES: &[&str] = &[
    "--output",
    "-O",
    "--open-files-in-pager",
    "--ext-diff",
    "--textconv",
    "--upload-pack",
    "--exec",
    "--filters",
];

impl<'c> GitCall<'c> {
    pub fn of(command: &'c SimpleCommand) -> Option<Self> {
        if command.program.as_deref() != Some("git") {
            return None;
        }
        let args = command.args();
        let mut call = Self {
            sub: "",
            args: &[],
            config: Vec::new(),
            elsewhere: Vec::new(),
            steered: false,
            op: Default::default(),
        };
        for (name, value) in &command.assignments {
            match name.as_str() {
                "GIT_DIR" | "GIT_WORK_TREE" | "GIT_COMMON_DIR" | "GIT_INDEX_FILE" => {
                    call.elsewhere.push(value)
                }
                // The pager is not used where nobody looks, and a cat is no pager.
                "GIT_PAGER" | "PAGER" if value.text == "cat" || value.text.is_empty() => {}
                "GIT_TERMINAL_PROMPT" | "GIT_OPTIONAL_LOCKS" | "GIT_AUTHOR_DATE" | "GIT_COMMITTER_DATE" => {}
                name => call.steered |= super::programs::steers(name),
            }
        }
        let mut at = 0;
        while let Some(word) = args.get(at) {
            let text = word.text.as_str();
            match text {
                "-C" | "--git-dir" | "--work-tree" => {
                    call.elsewhere.extend(args.get(at + 1));
                    at += 2;
                }
                "-c" | "--config-env" => {
                    call.config.extend(args.get(at + 1).map(|word| word.text.as_str()));
                    at += 2;
                }
                _ if text.starts_with("--git-dir=") || text.starts_with("--work-tree=") => {
                    call.elsewhere.push(word);
                    at += 1;
                }
                "--namespace" | "--super-prefix" => at += 2,
                _ if text.starts_with("--exec-path=") => {
                    call.steered = true;
                    at += 1;
                }
                _ if text.starts_with('-') => at += 1,
                _ => {
                    call.sub = text;
                    call.args = &args[at + 1..];
                    break;
                }
            }
        }
        Some(call)
    }

    /// Whether `flag` may be given: also cut short, and in letters that may be the value of another option.
    pub fn has(&self, flag: &str) -> bool {
        let letter = flag.strip_prefix('-').filter(|rest| rest.len() == 1 && *rest != "-");
        self.args.iter().take_while(|word| word.text != "--").any(|word| {
            let bundle = word.text.starts_with('-') && !word.text.starts_with("--");
            let name = word.text.split('=').next().unwrap_or_default();
            name == flag
                || flag.starts_with("--") && name.len() > 4 && flag.starts_with(name)
                || bundle && letter.is_some_and(|letter| word.text[1..].contains(letter))
        })
    }

    /// Whether `flag` is given and surely no value of another option: for what only looks because of it.
    pub fn surely(&self, flag: &str) -> bool {
        let mut skip = false;
        for word in self.args.iter().take_while(|word| word.text != "--") {
            let text = word.text.as_str();
            if std::mem::take(&mut skip) || !text.starts_with('-') {
                continue;
            }
            if text.split('=').next() == Some(flag) && word.is_literal() {
                return true;
            }
            skip = takes_value(self.sub, text);
            if text.starts_with("--") || !word.is_literal() {
                continue;
            }
            for (at, letter) in text.char_indices().skip(1) {
                let option = format!("-{letter}");
                if option == flag {
                    return true;
                }
                if takes_value(self.sub, &option) {
                    skip = at + letter.len_utf8() == text.len();
                    break;
                }
            }
        }
        false
    }

    /// Arguments that are neither options nor their values.
    pub fn operands(&self) -> impl Iterator<Item = &'c Word> {
        let sub = self.sub;
        let mut skip = false;
        let mut ended = false;
        self.args.iter().filter(move |word| {
            let text = word.text.as_str();
            if std::mem::take(&mut skip) {
                return false;
            }
            if ended || !text.starts_with('-') || text == "-" {
                return true;
            }
            ended = text == "--";
            skip = takes_value(sub, text);
            false
        })
    }

    pub fn first(&self) -> Option<&'c str> {
        self.operands().next().map(|word| word.text.as_str())
    }

    pub fn reads_only(&self) -> bool {
        self.op().reads_only()
    }

    /// Whether it only looks, and nothing on its line makes it run or write something besides.
    pub fn is_harmless(&self) -> bool {
        let does = |word: &Word| {
            let name = word.text.split('=').next().unwrap_or_default();
            LOOKS_AND_DOES.contains(&name)
                || name.len() > 4 && LOOKS_AND_DOES.iter().any(|long| long.starts_with(name))
        };
        // `-O` is an order file for `diff`, a pager for `grep`.
        let sticky = self.sub == "grep" && self.args.iter().any(|word| word.text.starts_with("-O"));
        let quiet = |value: &&str| {
            let key = value.split('=').next().unwrap_or_default().to_ascii_lowercase();
            matches!(
                key.as_str(),
                "color.ui"
                    | "core.quotepath"
                    | "core.pager"
                    | "log.showsignature"
                    | "diff.renames"
                    | "advice.detachedhead"
                    | "user.name"
                    | "user.email"
                    | "core.autocrlf"
                    | "safe.directory"
                    | "grep.linenumber"
            ) && (key != "core.pager" || value.ends_with("=cat") || value.ends_with('='))
        };
        self.reads_only()
            && !self.steered
            && !sticky
            && self.config.iter().all(quiet)
            && self.args.iter().all(|word| word.is_literal() || !word.text.starts_with(['-', '$', '*', '?']))
            && !self.args.iter().any(does)
    }

    /// The remote or address it would talk to.
    pub fn remote(&self) -> Option<String> {
        let named = |skip: usize| {
            let word = self.operands().nth(skip).map_or("origin", |word| word.text.as_str());
            word.to_owned()
        };
        match self.sub {
            sub if TALKS.contains(&sub) => Some(named(0)),
            "remote" if matches!(self.first(), Some("update" | "prune")) => Some(named(1)),
            "remote" if self.first() == Some("show") && !self.has("-n") => Some(named(1)),
            "submodule" if matches!(self.first(), Some("update" | "add")) => Some("submodules".to_owned()),
            "lfs" if matches!(self.first(), Some("pull" | "push" | "fetch")) => Some("origin".to_owned()),
            _ => None,
        }
    }

    /// The remote and the branches of a push, as a question names them; `None` for a path on this machine.
    pub fn push_target(&self) -> Option<(String, Option<String>)> {
        let mut operands = self.operands();
        let remote = operands.next().map(|word| word.text.clone());
        if remote
            .as_deref()
            .is_some_and(|remote| remote.starts_with(['/', '.', '~']) || remote.starts_with("file:"))
        {
            return None;
        }
        let branches: Vec<String> = operands.map(|word| word.text.clone()).collect();
        let computed = |branch: &String| {
            let to = branch.rsplit_once(':').map_or(branch.as_str(), |(_, to)| to);
            matches!(to, "HEAD" | "@" | "") || to.contains(['$', '*', '`'])
        };
        let wide = ["--all", "--branches", "--tags", "--mirror", "--follow-tags"];
        let wide: Vec<&str> = wide.into_iter().filter(|flag| self.has(flag)).collect();
        let known = !branches.is_empty() && !branches.iter().any(computed);
        let named = match (known, wide.is_empty()) {
            (true, _) => Some([branches, wide.iter().map(|f| (*f).to_owned()).collect()].concat().join(" ")),
            (false, false) if branches.is_empty() => Some(wide.join(" ")),
            _ => None,
        };
        Some((remote.unwrap_or_else(|| "its default remote".to_owned()), named))
    }

    /// What it is done to, as shown.
    pub fn about(&self) -> String {
        if self.sub == "push"
            && let Some((remote, branch)) = self.push_target()
        {
            return format!("{remote} {}", branch.as_deref().unwrap_or("(the branch it is on)"));
        }
        let words: Vec<&str> = self.args.iter().take(12).map(|word| word.text.as_str()).collect();
        words.join(" ")
    }

    /// The subcommand and its arguments, as shown.
    pub fn describe(&self) -> String {
        let mut text = self.sub.to_owned();
        for word in self.args.iter().take(12) {
            text.push(' ');
            text.push_str(&word.text);
        }
        text
    }
}
