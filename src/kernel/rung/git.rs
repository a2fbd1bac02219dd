//! Git that can lose work, rewrites history, or goes round the checks of a repository.

use super::{Case, Finding, Findings};
use crate::kernel::effects::GitCall;
use crate::protocol::Reason;
use crate::syntax::shell::SimpleCommand;

const RUNG: &str = "git";

/// A rule's name, what it would do, and what to do instead.
type Hit = (&'static str, &'static str, &'static str);

/// Rules in no order; each looks at one command.
const RULES: &[fn(&GitCall<'_>, &SimpleCommand) -> Option<Hit>] =
    &[force_push, reset_hard, clean, skips_checks, rewrites, whole_tree, drops, configures];

pub(super) fn judge(case: &Case<'_>, out: &mut Findings) {
    let Some(scan) = &case.prepared.shell else { return };
    for command in &scan.commands {
        let Some(git) = GitCall::of(command) else { continue };
        for (rule, what, instead) in RULES.iter().filter_map(|rule| rule(&git, command)) {
            let reason = match rule {
                "skips_checks" | "configures" => Reason::PolicyBlock,
                _ => Reason::Irreversible,
            };
            let line = git.describe();
            out.object_to_call(
                Finding::ask(RUNG, rule, reason)
                    .about(line.clone())
                    .says(format!("git {line}: {what}"), format!("`git {line}` {what}. {instead}")),
            );
        }
    }
}

fn force_push(git: &GitCall<'_>, _: &SimpleCommand) -> Option<Hit> {
    let forced = [
        "--force",
        "-f",
        "--force-with-lease",
        "--force-if-includes",
        "--mirror",
        "--delete",
        "-d",
        "--prune",
    ];
    let refspec = |word: &&crate::syntax::shell::Word| word.text.starts_with(['+', ':']);
    (git.sub == "push" && (forced.iter().any(|flag| git.has(flag)) || git.operands().any(|w| refspec(&w))))
        .then_some((
            "force_push",
            "overwrites or deletes what others may have",
            "Push without force; if it is rejected, fetch and merge first.",
        ))
}

fn reset_hard(git: &GitCall<'_>, _: &SimpleCommand) -> Option<Hit> {
    (git.sub == "reset" && (git.has("--hard") || git.has("--merge"))).then_some((
        "reset_hard",
        "throws away uncommitted work",
        "Use `git stash push` to set work aside, or `git restore FILE` for single files.",
    ))
}

fn clean(git: &GitCall<'_>, _: &SimpleCommand) -> Option<Hit> {
    let only_shows = git.has("-n") || git.has("--dry-run");
    (git.sub == "clean" && !only_shows && (git.has("-f") || git.has("--force"))).then_some((
        "clean",
        "deletes untracked files for good",
        "List them with `git clean -n` and delete the ones that are yours by name.",
    ))
}

fn skips_checks(git: &GitCall<'_>, command: &SimpleCommand) -> Option<Hit> {
    let committing =
        matches!(git.sub, "commit" | "push" | "merge" | "rebase" | "am" | "cherry-pick" | "revert" | "pull");
    let short = git.sub == "commit" && git.has("-n");
    let flags = git.has("--no-verify") || git.has("--no-gpg-sign") || short;
    let config = git.config.iter().any(|value| {
        let key = value.split('=').next().unwrap_or(value).to_ascii_lowercase();
        key == "core.hookspath" || key.ends_with("gpgsign")
    });
    let env = command.assignments.iter().any(|(name, _)| {
        matches!(
            name.as_str(),
            "HUSKY" | "SKIP" | "PRE_COMMIT_ALLOW_NO_CONFIG" | "GIT_CONFIG_COUNT" | "LEFTHOOK"
        )
    });
    (committing && (flags || config || env)).then_some((
        "skips_checks",
        "goes round the repository's checks",
        "Run it with the checks and fix what they report.",
    ))
}

fn rewrites(git: &GitCall<'_>, _: &SimpleCommand) -> Option<Hit> {
    let steering = ["--abort", "--continue", "--skip", "--quit", "--show-current-patch"];
    let hit = match git.sub {
        "rebase" => !steering.iter().any(|flag| git.has(flag)),
        "filter-branch" | "filter-repo" | "replace" => true,
        "update-ref" => true,
        "pull" => git.has("--rebase") || git.has("-r"),
        _ => false,
    };
    hit.then_some(("rewrites_history", "rewrites history", "Add a new commit, or merge, instead."))
}

fn whole_tree(git: &GitCall<'_>, _: &SimpleCommand) -> Option<Hit> {
    let all = |text: &str| matches!(text.trim_end_matches('/'), "." | "*" | ":" | ":(top)" | "" | "./*");
    let everything = git.operands().any(|word| all(&word.text));
    let hit = match git.sub {
        "checkout" => everything || git.has("-f") || git.has("--force"),
        "switch" => git.has("-f") || git.has("--force") || git.has("--discard-changes"),
        "restore" => {
            let staged_only =
                (git.has("--staged") || git.has("-S")) && !git.has("--worktree") && !git.has("-W");
            everything && !staged_only
        }
        "read-tree" => git.has("--reset"),
        _ => false,
    };
    hit.then_some((
        "whole_tree",
        "throws away every uncommitted change",
        "Name the files to restore, or set work aside with `git stash push`.",
    ))
}

fn drops(git: &GitCall<'_>, _: &SimpleCommand) -> Option<Hit> {
    let hit = match git.sub {
        "stash" => matches!(git.first(), Some("drop" | "clear")),
        "branch" => git.has("-D") || git.has("-f") || git.has("--force") || git.has("-M"),
        "tag" => git.has("-d") || git.has("-f") || git.has("--delete") || git.has("--force"),
        "reflog" => matches!(git.first(), Some("expire" | "delete")),
        "gc" | "prune" => git.sub == "prune" || git.has("--prune"),
        "worktree" => git.first() == Some("remove") && (git.has("-f") || git.has("--force")),
        _ => false,
    };
    hit.then_some((
        "drops",
        "drops commits or work that nothing else may hold",
        "Leave it in place; `git branch -d` deletes a branch that is merged.",
    ))
}

fn configures(git: &GitCall<'_>, _: &SimpleCommand) -> Option<Hit> {
    if git.sub != "config" {
        return None;
    }
    let reads = ["--get", "--get-all", "--get-regexp", "--list", "-l", "--show-origin"];
    if reads.iter().any(|flag| git.has(flag)) || matches!(git.first(), Some("get" | "list")) {
        return None;
    }
    let words: Vec<&str> = git.operands().map(|word| word.text.as_str()).collect();
    let written = words.len() > 1 || git.has("--unset") || git.has("--unset-all");
    let key = words.iter().find(|word| word.contains('.')).map(|word| word.to_ascii_lowercase())?;
    let runs = [
        "core.hookspath",
        "core.sshcommand",
        "core.fsmonitor",
        "core.pager",
        "core.editor",
        "user.signingkey",
    ];
    let prefixes = ["alias.", "credential.", "filter.", "include.", "includeif.", "url."];
    let wide = git.has("--global") || git.has("--system");
    let hit = wide
        || runs.contains(&key.as_str())
        || key.ends_with("gpgsign")
        || prefixes.iter().any(|prefix| key.starts_with(prefix));
    (written && hit).then_some((
        "configures",
        "changes what git runs, signs with or sends",
        "Leave the configuration as it is, and tell the user what to set.",
    ))
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
        ] {
            world.allows("bash", line);
        }
    }
}
