//! Git that can lose work, rewrites history, goes round the checks of a repository, or sends.

use super::{Case, Finding, Findings};
use crate::kernel::effects::{GitCall, runs_something};
use crate::protocol::{GitOp, Reason};
use crate::syntax::shell::SimpleCommand;

const RUNG: &str = "git";

/// One rule: when it asks, what the command would do, and what to do instead.
struct Rule {
    name: &'static str,
    reason: Reason,
    what: &'static str,
    instead: &'static str,
    hits: fn(&GitCall<'_>, &SimpleCommand) -> bool,
}

/// In no order; each looks at one command.
const RULES: &[Rule] = &[
    Rule {
        name: "force_push",
        reason: Reason::Irreversible,
        what: "overwrites or deletes what others may have",
        instead: "Push without force; if it is rejected, fetch and merge first.",
        hits: |git, _| git.op() == GitOp::ForcePush,
    },
    Rule {
        name: "reset_hard",
        reason: Reason::Irreversible,
        what: "throws away uncommitted work",
        instead: "Use `git stash push` to set work aside, or `git restore FILE` for single files.",
        hits: |git, _| git.op() == GitOp::ResetHard,
    },
    Rule {
        name: "clean",
        reason: Reason::Irreversible,
        what: "deletes untracked files for good",
        instead: "List them with `git clean -n` and delete the ones that are yours by name.",
        // Without force it refuses by itself, unless the configuration says otherwise.
        hits: |git, _| {
            let configured =
                git.config.iter().any(|value| value.to_ascii_lowercase().starts_with("clean.requireforce"));
            git.op() == GitOp::Clean && (git.has("-f") || git.has("--force") || git.has("-i") || configured)
        },
    },
    Rule {
        name: "skips_checks",
        reason: Reason::PolicyBlock,
        what: "goes round the repository's checks",
        instead: "Run it with the checks and fix what they report.",
        hits: skips_checks,
    },
    Rule {
        name: "rewrites_history",
        reason: Reason::Irreversible,
        what: "rewrites history",
        instead: "Add a new commit, or merge, instead.",
        hits: rewrites,
    },
    Rule {
        name: "whole_tree",
        reason: Reason::Irreversible,
        what: "throws away every uncommitted change",
        instead: "Name the files to restore, or set work aside with `git stash push`.",
        hits: |git, _| {
            let index = matches!(git.sub, "read-tree" | "checkout-index");
            matches!(git.op(), GitOp::CheckoutTree | GitOp::RestoreTree)
                || index && (git.has("--reset") || git.has("-f") || git.has("-u"))
        },
    },
    Rule {
        name: "drops",
        reason: Reason::Irreversible,
        what: "drops commits or work that nothing else may hold",
        instead: "Leave it in place; `git branch -d` deletes a branch that is merged.",
        hits: drops,
    },
    Rule {
        name: "configures",
        reason: Reason::PolicyBlock,
        what: "changes what git runs, signs with or sends",
        instead: "Leave the configuration as it is, and tell the user what to set.",
        hits: configures,
    },
];

pub(super) fn judge(case: &Case<'_>, out: &mut Findings) {
    let Some(scan) = &case.prepared.shell else { return };
    for command in &scan.commands {
        let Some(git) = GitCall::of(command) else { continue };
        for rule in RULES.iter().filter(|rule| (rule.hits)(&git, command)) {
            let line = git.describe();
            out.object_to_call(Finding::ask(RUNG, rule.name, rule.reason).about(line.clone()).says(
                format!("git {line}: {}", rule.what),
                format!("`git {line}` {}. {}", rule.what, rule.instead),
            ));
        }
    }
}

fn skips_checks(git: &GitCall<'_>, command: &SimpleCommand) -> bool {
    let committing = matches!(
        git.sub,
        "commit" | "push" | "merge" | "rebase" | "am" | "cherry-pick" | "revert" | "pull" | "tag"
    );
    // For `merge`, `-n` only leaves out a summary.
    let short = git.sub == "commit" && git.has("-n");
    let long =
        git.args.iter().any(|word| word.text.len() > 6 && "--no-verify".starts_with(word.text.as_str()));
    let flags = long || git.has("--no-gpg-sign") || short;
    let config = git.config.iter().any(|value| {
        let key = value.split('=').next().unwrap_or(value).to_ascii_lowercase();
        key == "core.hookspath" || key.ends_with("gpgsign")
    });
    let env = command.assignments.iter().any(|(name, _)| {
        matches!(
            name.as_str(),
            "HUSKY"
                | "HUSKY_SKIP_HOOKS"
                | "SKIP"
                | "PRE_COMMIT_ALLOW_NO_CONFIG"
                | "GIT_CONFIG_COUNT"
                | "GIT_CONFIG_PARAMETERS"
                | "LEFTHOOK"
        )
    });
    committing && (flags || config || env)
}

fn rewrites(git: &GitCall<'_>, _: &SimpleCommand) -> bool {
    let steering = ["--abort", "--continue", "--skip", "--quit", "--show-current-patch"];
    match git.sub {
        "rebase" => !steering.iter().any(|flag| git.has(flag)),
        "filter-branch" | "filter-repo" | "replace" | "fast-import" => true,
        "update-ref" => true,
        "symbolic-ref" => git.op() == GitOp::Plumbing,
        "pull" => git.has("--rebase") || git.has("-r"),
        _ => false,
    }
}

fn drops(git: &GitCall<'_>, _: &SimpleCommand) -> bool {
    match git.op() {
        GitOp::StashDrop | GitOp::TagDelete | GitOp::Prune => true,
        GitOp::BranchDelete => git.has("-D") || git.has("-f") || git.has("--force"),
        GitOp::Branch => ["-f", "--force", "-M", "-C"].iter().any(|flag| git.has(flag)),
        GitOp::Tag => git.has("-f") || git.has("--force"),
        // The branch is moved, and what only it held is gone.
        GitOp::Switch | GitOp::Checkout if git.sub == "checkout" => git.has("-B"),
        GitOp::Switch => git.has("-C") || git.has("--force-create"),
        GitOp::WorktreeRemove => git.first() == Some("remove") && (git.has("-f") || git.has("--force")),
        _ => false,
    }
}

/// Configuration that runs, signs or sends: written down, or given on the line.
fn configures(git: &GitCall<'_>, command: &SimpleCommand) -> bool {
    let harmless = |key: &str, value: &str| {
        let off = matches!(value, "" | "cat" | "false" | "true" | "/dev/null");
        off && matches!(key, "core.pager" | "core.fsmonitor" | "credential.helper" | "diff.external")
            || matches!(key, "safe.directory" | "http.proxy" | "protocol.file.allow")
    };
    let on_line = git.config.iter().any(|setting| {
        let (key, value) = setting.split_once('=').unwrap_or((setting, ""));
        let key = key.to_ascii_lowercase();
        runs_something(&key) && !harmless(&key, value)
    });
    let env = command.assignments.iter().any(|(name, value)| {
        let editor = matches!(name.as_str(), "GIT_EDITOR" | "GIT_SEQUENCE_EDITOR" | "GIT_PAGER");
        let plain = matches!(value.text.as_str(), "true" | ":" | "cat" | "");
        let runs = [
            "GIT_SSH",
            "GIT_SSH_COMMAND",
            "GIT_ASKPASS",
            "GIT_EXTERNAL_DIFF",
            "GIT_PROXY_COMMAND",
            "GIT_EXEC_PATH",
            "GIT_CONFIG_GLOBAL",
            "GIT_CONFIG_SYSTEM",
            "GIT_TEMPLATE_DIR",
            "GIT_CONFIG_PARAMETERS",
        ];
        editor && !plain || runs.contains(&name.as_str()) && value.text != "/dev/null"
    });
    // The other side's program is one of this machine where the other side is a path.
    let other_side = ["--receive-pack", "--upload-pack", "--exec"].iter().any(|flag| git.has(flag))
        && matches!(
            git.sub,
            "push" | "fetch" | "pull" | "clone" | "ls-remote" | "fetch-pack" | "send-pack" | "archive"
        );
    let remote = git.sub == "remote" && matches!(git.first(), Some("set-url"));
    git.op() == GitOp::Hooks || on_line || env || remote || other_side
}

#[cfg(test)]
mod tests {
    use crate::kernel::testing::World;

    #[test]
    fn git_that_loses_work_asks() {
        let world = World::new();
        for (line, rule) in [
            ("git push --force origin main", "force_push"),
            ("git push -uf origin main", "force_push"),
            ("git push origin +main", "force_push"),
            ("git push origin :main", "force_push"),
            ("git reset --hard HEAD~1", "reset_hard"),
            ("cd src && git  reset  --hard", "reset_hard"),
            ("git clean -fdx", "clean"),
            ("git commit --no-verify -m x", "skips_checks"),
            ("git commit -nm x", "skips_checks"),
            ("git -c core.hooksPath=/dev/null commit -m x", "skips_checks"),
            ("HUSKY=0 git commit -m x", "skips_checks"),
            ("git rebase -i HEAD~3", "rewrites_history"),
            ("git filter-branch --all", "rewrites_history"),
            ("git checkout .", "whole_tree"),
            ("git checkout -- .", "whole_tree"),
            ("git checkout HEAD -- ./", "whole_tree"),
            ("git restore .", "whole_tree"),
            ("git switch -f main", "whole_tree"),
            ("git stash clear", "drops"),
            ("git branch -D topic", "drops"),
            ("git config core.hooksPath x", "configures"),
            ("git config --global user.name x", "configures"),
            ("git config alias.x '!rm -rf .'", "configures"),
            ("sudo -u me env A=1 git reset --hard", "reset_hard"),
            ("sh -c 'git reset --hard'", "reset_hard"),
            ("echo $(git reset --hard)", "reset_hard"),
            ("git push --forc origin main", "force_push"),
            ("git push --force-with-lease=main:abc origin main", "force_push"),
            ("git push --mirror", "force_push"),
            ("B=main; git push origin +$B", "force_push"),
            ("git -C sub push -f", "force_push"),
            ("git -c alias.p='push --force' p origin main", "force_push"),
            ("git -c alias.r='!git reset --hard' r", "reset_hard"),
            ("git reset --merge HEAD~1", "reset_hard"),
            ("g() { git reset --hard; }; g", "reset_hard"),
            ("git clean -f -- src", "clean"),
            ("git -c clean.requireForce=false clean -d", "clean"),
            ("git submodule foreach 'git clean -fd'", "clean"),
            ("git commit --no-verif -m x", "skips_checks"),
            ("export HUSKY=0; git commit -m x", "skips_checks"),
            ("git push --no-verify origin main", "skips_checks"),
            ("git commit --no-gpg-sign -m x", "skips_checks"),
            ("git symbolic-ref HEAD refs/heads/x", "rewrites_history"),
            ("git update-ref -d refs/heads/main", "rewrites_history"),
            ("git pull --rebase origin main", "rewrites_history"),
            ("git checkout -f main", "whole_tree"),
            ("git checkout -- ':(top)'", "whole_tree"),
            ("git restore --worktree --staged .", "whole_tree"),
            ("git checkout-index -f -a", "whole_tree"),
            ("git stash drop stash@{1}", "drops"),
            ("git branch -f main HEAD~3", "drops"),
            ("git tag -d v1", "drops"),
            ("git reflog expire --expire=now --all", "drops"),
            ("git gc --prune=now", "drops"),
            ("git worktree remove --force ../x", "drops"),
            ("git -c core.sshCommand='sh x' fetch", "configures"),
            ("git -c core.fsmonitor=./x status", "configures"),
            ("GIT_SSH_COMMAND='sh x' git fetch", "configures"),
            ("git config --unset core.hooksPath", "configures"),
            ("git config filter.x.clean ./x", "configures"),
            ("git config remote.origin.url ext::sh", "configures"),
            ("git remote set-url origin https://evil.test/x", "configures"),
            ("git push --receive-pack='sh -c x' . HEAD:refs/heads/x", "configures"),
            ("git clone --upload-pack ./x . y", "configures"),
            ("git reset --merge HEAD~9", "reset_hard"),
            ("git clean -fdx -e -n", "clean"),
            ("git clean -fdxefoo_n", "clean"),
            ("git clean -fd --exclude -n", "clean"),
            ("git checkout -B main HEAD~1", "drops"),
            ("git switch -C main origin/main", "drops"),
        ] {
            let rules = world.rules_hit("bash", line);
            assert!(rules.contains(&("git".to_owned(), rule.to_owned())), "{line}: {rules:?}");
        }
    }

    #[test]
    fn git_that_loses_nothing_passes() {
        let world = World::new();
        for line in [
            "git status && git add -A && git commit -m 'reset --hard; push --force'",
            "git log --oneline -n 5",
            "git diff HEAD~1 -- src",
            "git switch -c topic",
            "git checkout -b topic",
            "git checkout main",
            "git checkout -- src/a.rs",
            "git restore --staged .",
            "git branch -d merged",
            "git stash push -m wip",
            "git stash pop",
            "git clean -nfd",
            "git reset HEAD src/a.rs",
            "git merge topic",
            "git rebase --abort",
            "git config --get user.name",
            "git config user.name x",
            "git tag v1",
            "git commit --amend --no-edit",
            "git grep -n 'push --force'",
            "git -c core.pager=cat log -n 1",
            "GIT_PAGER=cat git diff",
            "GIT_EDITOR=true git merge --continue",
            "git -c color.ui=always status",
            "git clean -n",
            "git branch --list 'feature/*'",
            "git tag -l 'v*'",
            "git reset --soft HEAD~1",
            // Git itself refuses where it would lose anything.
            "git reset --keep HEAD~1",
            "git clean -nde target",
            "git restore src/a.rs",
            "git stash list && git stash show -p",
            "git commit -m 'x' -m '--no-verify is bad'",
            "git worktree list",
            "git config --list --show-origin",
            "git show HEAD:src/a.rs > b.rs",
            "git log --format='%h %s' --since=2.weeks -- src",
        ] {
            world.allows("bash", line);
        }
    }

    #[test]
    fn a_push_is_asked_once_for_each_remote_and_branch() {
        use crate::kernel::Judgement;
        let world = World::new();
        let kernel = world.kernel();
        let ask = |line: &str| match kernel.judge("main", &world.call("bash", line)).unwrap() {
            Judgement::Asked(question) => Some(question),
            Judgement::Granted(_) => None,
            Judgement::Refused(refused) => panic!("{line}: {refused:?}"),
        };
        kernel.approve(ask("git push origin main").unwrap(), "ann", true).unwrap();
        assert!(ask("git push origin main").is_none());
        assert!(ask("git push -u origin main && echo done").is_none());
        assert!(ask("git push origin topic").is_some());
        assert!(ask("git push origin main topic").is_some());
        assert!(ask("git push --tags origin").is_some());
        // Which branch that is changes under way.
        kernel.approve(ask("git push").unwrap(), "ann", true).unwrap();
        assert!(ask("git push").is_some());
    }
}
