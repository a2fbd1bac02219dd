//! Which operation a git command is: a subcommand with the flags that make it another one.

use super::GitCall;
use crate::protocol::GitOp;

/// Subcommands that look only, whatever their arguments.
const LOOKS: &[&str] = &[
    "log",
    "show",
    "blame",
    "annotate",
    "grep",
    "rev-parse",
    "rev-list",
    "ls-files",
    "ls-tree",
    "describe",
    "shortlog",
    "cat-file",
    "for-each-ref",
    "show-ref",
    "show-branch",
    "merge-base",
    "name-rev",
    "whatchanged",
    "check-ignore",
    "check-attr",
    "check-mailmap",
    "check-ref-format",
    "var",
    "help",
    "version",
    "count-objects",
    "fsck",
    "cherry",
    "range-diff",
    "verify-commit",
    "verify-tag",
    "get-tar-commit-id",
    "ls-remote",
    "merge-tree",
    "column",
    "stripspace",
    "interpret-trailers",
    "",
];

impl GitCall<'_> {
    pub fn op(&self) -> GitOp {
        *self.op.get_or_init(|| self.find_op())
    }

    fn find_op(&self) -> GitOp {
        use GitOp::*;
        let first = self.first();
        // `stash -- list` is about a file of that name.
        let plainly = self.args.iter().all(|word| word.text != "--")
            || self.args.first().is_some_and(|w| Some(w.text.as_str()) == first);
        match self.sub {
            "stash" | "notes" | "reflog" | "worktree" | "submodule" | "remote" | "bisect" if !plainly => {
                Other
            }
            sub if LOOKS.contains(&sub) => match sub {
                "fsck" if self.has("--lost-found") => Plumbing,
                "interpret-trailers" if self.has("--in-place") => Export,
                "merge-tree" => Plumbing,
                // `--web` starts a browser.
                "help" if self.args.iter().any(|word| word.text.starts_with('-')) => Other,
                _ => Look,
            },
            "status" => Status,
            "diff" | "diff-tree" | "diff-index" | "diff-files" | "difftool" => {
                if self.sub == "difftool" {
                    Other
                } else {
                    Diff
                }
            }
            "add" | "stage" => Add,
            "commit" if self.has("--amend") => Amend,
            "commit" => Commit,
            "fetch" => Fetch,
            "pull" => Pull,
            "push" if self.forces() => ForcePush,
            "push" => Push,
            "clone" => Clone,
            "init" => Init,
            "switch" if self.discards() => CheckoutTree,
            "checkout" if self.discards() || self.whole_tree() => CheckoutTree,
            "checkout" if self.args.iter().any(|word| word.text == "--") => Checkout,
            "checkout" | "switch" => Switch,
            "restore" if self.whole_tree() && !self.staged_only() => RestoreTree,
            "restore" => Restore,
            "branch" => self.branch(),
            "tag" if self.has("-d") || self.has("--delete") => TagDelete,
            "tag" if self.tag_looks() => Look,
            "tag" => Tag,
            "merge" => Merge,
            "cherry-pick" | "revert" => CherryPick,
            "rebase" => Rebase,
            "filter-branch" | "filter-repo" | "fast-import" | "replace" => Filter,
            "reset" if self.has("--hard") || self.has("--merge") || self.keeps_from_afar() => ResetHard,
            "reset" => Reset,
            "clean" if self.surely("-n") || self.surely("--dry-run") => Look,
            "clean" => Clean,
            "stash" => match first {
                Some("drop" | "clear") => StashDrop,
                Some("list" | "show") => Look,
                _ => Stash,
            },
            "apply" if self.apply_looks() => Look,
            "apply" | "am" => Apply,
            "rm" => Remove,
            "mv" => Move,
            "config" => self.config_op(),
            "remote" => match first {
                None | Some("show" | "get-url") => Look,
                _ => Remote,
            },
            "worktree" => match first {
                Some("list") => Look,
                Some("add" | "move") => WorktreeAdd,
                _ => WorktreeRemove,
            },
            "submodule" => match first {
                None | Some("status" | "summary") => Look,
                _ => Submodule,
            },
            "bisect" => match first {
                Some("log" | "view" | "visualize") => Look,
                _ => Bisect,
            },
            "notes" => match first {
                None | Some("list" | "show") => Look,
                _ => Notes,
            },
            "reflog" => match first {
                Some("expire" | "delete" | "drop") => Prune,
                _ => Look,
            },
            "gc" if self.has("--prune") => Prune,
            "prune" | "prune-packed" => Prune,
            "gc" | "repack" | "maintenance" | "pack-refs" | "commit-graph" | "multi-pack-index" => Maintain,
            "archive" | "format-patch" | "bundle" | "bugreport" | "diagnose" | "fast-export"
            | "request-pull" => Export,
            "update-ref" | "update-index" | "symbolic-ref" | "read-tree" | "write-tree" | "commit-tree"
            | "mktree" | "mktag" | "hash-object" | "checkout-index" | "pack-objects" | "unpack-objects"
            | "index-pack" | "rerere" | "sparse-checkout" | "lfs" => match (self.sub, first) {
                ("symbolic-ref", _)
                    if self.operands().count() < 2 && !self.has("-d") && !self.has("--delete") =>
                {
                    Look
                }
                ("hash-object", _) if !self.has("-w") => Look,
                ("sparse-checkout", Some("list")) => Look,
                ("lfs", Some("ls-files" | "status" | "env" | "logs")) => Other,
                _ => Plumbing,
            },
            _ => Other,
        }
    }

    /// A push that overwrites or deletes.
    fn forces(&self) -> bool {
        let flags = [
            "--force",
            "-f",
            "--force-with-lease",
            "--force-if-includes",
            "--mirror",
            "--delete",
            "-d",
            "--prune",
        ];
        let cut = |word: &crate::syntax::shell::Word| {
            // `--forc`, `--mirr`, `--del`: git takes names cut short.
            let text = word.text.split('=').next().unwrap_or_default();
            text.len() > 4
                && ["--force", "--mirror", "--delete", "--prune"].iter().any(|long| long.starts_with(text))
        };
        flags.iter().any(|flag| self.has(flag))
            || self.args.iter().any(cut)
            || self.operands().any(|word| word.text.starts_with(['+', ':']))
    }

    fn discards(&self) -> bool {
        ["-f", "--force", "--discard-changes"].iter().any(|flag| self.has(flag))
    }

    /// `--keep` loses no uncommitted work: git refuses where it would. How many commits it leaves behind
    /// stands in its words, or nobody knows.
    fn keeps_from_afar(&self) -> bool {
        let near = |text: &str| {
            let back = text.strip_prefix("HEAD").map(|rest| rest.trim_start_matches(['^', '~']));
            back.is_some_and(|back| {
                back.is_empty() || back.len() == 1 && back.starts_with(|c: char| c.is_ascii_digit())
            })
        };
        let mut to = self.operands();
        self.has("--keep") && !to.all(|word| word.is_literal() && near(&word.text))
    }

    pub(in crate::kernel) fn staged_only(&self) -> bool {
        (self.surely("--staged") || self.surely("-S")) && !self.has("--worktree") && !self.has("-W")
    }

    /// Names the whole tree as its path.
    fn whole_tree(&self) -> bool {
        let all = |text: &str| {
            matches!(
                text.trim_end_matches('/'),
                "." | "*" | "**" | ":" | ":(top)" | "" | "./*" | ":/." | "./."
            ) || text.starts_with(":(glob)*")
                || text.starts_with(":(top)*")
        };
        self.operands().any(|word| all(&word.text))
    }

    fn branch(&self) -> GitOp {
        if ["-D", "-d", "--delete"].iter().any(|flag| self.has(flag)) {
            return GitOp::BranchDelete;
        }
        let changes = [
            "-f",
            "--force",
            "-m",
            "-M",
            "-c",
            "-C",
            "--move",
            "--copy",
            "-u",
            "--set-upstream-to",
            "--unset-upstream",
            "--edit-description",
        ];
        let plain = self.operands().next().is_none();
        // With a name, `-v`, `--sort` and `--format` make a branch all the same.
        let lists = || self.chooses() || self.surely("--show-current");
        if !changes.iter().any(|flag| self.has(flag)) && (plain || lists()) {
            return GitOp::Look;
        }
        GitOp::Branch
    }

    /// Options that make `branch` and `tag` list what fits.
    fn chooses(&self) -> bool {
        const LISTS: &[&str] =
            &["-l", "--list", "--contains", "--no-contains", "--merged", "--no-merged", "--points-at"];
        LISTS.iter().any(|flag| self.surely(flag))
    }

    fn tag_looks(&self) -> bool {
        let named = self.operands().next().is_some();
        !named || self.chooses() || ["-n", "-v", "--verify"].iter().any(|flag| self.surely(flag))
    }

    fn apply_looks(&self) -> bool {
        let shows = ["--stat", "--numstat", "--summary", "--check"].iter().any(|flag| self.surely(flag));
        shows && !self.has("--apply") && !self.has("--build-fake-ancestor")
    }

    fn config_op(&self) -> GitOp {
        let looks = [
            "--get",
            "--get-all",
            "--get-regexp",
            "--get-urlmatch",
            "--list",
            "-l",
            "--show-origin",
            "--get-color",
        ];
        let first = self.first();
        if looks.iter().any(|flag| self.surely(flag)) || matches!(first, Some("get" | "list")) {
            return GitOp::Look;
        }
        let words: Vec<&str> = self.operands().map(|word| word.text.as_str()).collect();
        let unsets = [
            "--unset",
            "--unset-all",
            "--remove-section",
            "--rename-section",
            "--add",
            "--replace-all",
            "-e",
            "--edit",
        ];
        let written = words.len() > 1 || unsets.iter().any(|flag| self.has(flag));
        if !written {
            return GitOp::Look;
        }
        let key = words.iter().find(|word| word.contains('.')).map(|word| word.to_ascii_lowercase());
        let wide = ["--global", "--system", "--file", "-f", "--edit", "-e"].iter().any(|flag| self.has(flag));
        // A section is renamed with all that is in it; an unknown name may be any.
        let runs = key.is_none_or(|key| runs_something(&key));
        if wide || runs { GitOp::Hooks } else { GitOp::Config }
    }
}

/// Whether a value of this key names a program, a key or an address.
pub(in crate::kernel) fn runs_something(key: &str) -> bool {
    const KEYS: &[&str] = &[
        "core.hookspath",
        "core.sshcommand",
        "core.fsmonitor",
        "core.pager",
        "core.editor",
        "core.askpass",
        "core.gitproxy",
        "core.alternaterefscommand",
        "core.worktree",
        "core.attributesfile",
        "core.excludesfile",
        "sequence.editor",
        "user.signingkey",
        "init.templatedir",
        "uploadpack.packobjectshook",
        "web.browser",
        "interactive.difffilter",
        "gpg.program",
        "diff.external",
        "receive.denycurrentbranch",
        "http.proxy",
        "http.sslverify",
        "protocol.allow",
        "protocol.ext.allow",
        "safe.directory",
        "trailer.command",
    ];
    const PREFIXES: &[&str] = &[
        "alias.",
        "credential.",
        "filter.",
        "include.",
        "includeif.",
        "url.",
        "hook.",
        "pager.",
        "browser.",
        "man.",
        "gpg.",
    ];
    const ENDINGS: &[&str] = &[
        ".gpgsign",
        ".command",
        ".cmd",
        ".textconv",
        ".driver",
        ".url",
        ".pushurl",
        ".sshcommand",
        ".uploadpack",
        ".receivepack",
        ".proxy",
        ".insteadof",
        ".pushinsteadof",
        ".vcs",
        ".update",
        ".path",
        ".allow",
    ];
    KEYS.contains(&key)
        || PREFIXES.iter().any(|prefix| key.starts_with(prefix))
        || ENDINGS.iter().any(|ending| key.ends_with(ending)) && !key.starts_with("color.")
}
