//! What others would see: pushes, published packages, deployments. A host that is known says nothing of
//! these: the registry that is read from is the one that is published to.

use super::{Case, Finding, Findings};
use crate::kernel::effects::GitCall;
use crate::protocol::{GitOp, Reason};
use crate::syntax::shell::SimpleCommand;

const RUNG: &str = "publish";

/// Programs, and the first words with which they publish or deploy.
const PUBLISHES: &[(&str, &[&str])] = &[
    ("npm", &["publish", "unpublish", "deprecate", "dist-tag", "owner"]),
    ("pnpm", &["publish"]),
    ("yarn", &["publish", "npm"]),
    ("cargo", &["publish", "yank", "owner"]),
    ("twine", &["upload"]),
    ("poetry", &["publish"]),
    ("uv", &["publish"]),
    ("hatch", &["publish"]),
    ("flit", &["publish"]),
    ("gem", &["push", "yank", "owner"]),
    ("docker", &["push"]),
    ("podman", &["push"]),
    ("helm", &["push", "install", "upgrade", "uninstall", "rollback"]),
    (
        "kubectl",
        &["apply", "create", "delete", "patch", "replace", "scale", "rollout", "set", "edit", "exec"],
    ),
    ("terraform", &["apply", "destroy", "import"]),
    ("tofu", &["apply", "destroy", "import"]),
    ("pulumi", &["up", "destroy"]),
    ("cdk", &["deploy", "destroy"]),
    ("serverless", &["deploy", "remove"]),
    ("sam", &["deploy", "delete"]),
    ("firebase", &["deploy"]),
    ("netlify", &["deploy"]),
    ("vercel", &["deploy", "rm", "promote"]),
    ("fly", &["deploy", "launch", "destroy"]),
    ("flyctl", &["deploy", "launch", "destroy"]),
    ("wrangler", &["deploy", "publish", "delete"]),
    ("mvn", &["deploy", "release:perform"]),
    ("gradle", &["publish"]),
    ("gh", &["release", "workflow", "pr", "issue", "repo", "gist", "secret"]),
    ("ansible-playbook", &[]),
];
/// Second words of `gh` that only look.
const LOOKS: &[&str] = &["view", "list", "status", "diff", "checks", "checkout", "clone", "download"];

pub(super) fn judge(case: &Case<'_>, out: &mut Findings) {
    let Some(scan) = &case.prepared.shell else { return };
    for command in &scan.commands {
        if let Some(finding) = push(command) {
            out.object_to_call(finding);
        } else if publishes(command) {
            let what = &command.text;
            out.object_to_call(Finding::ask(RUNG, "publish", Reason::Irreversible).about(what).says(
                format!("{what}: publishes or deploys"),
                format!("`{what}` publishes or deploys, which a person must allow. Prepare it, try it with --dry-run, and leave that step to the user."),
            ));
        }
    }
}

/// Once a session for each remote and branch; every time where the branch is not in the text. A path on
/// this machine is no remote.
fn push(command: &SimpleCommand) -> Option<Finding> {
    let git = GitCall::of(command).filter(|git| matches!(git.op(), GitOp::Push | GitOp::ForcePush))?;
    let (remote, branch) = git.push_target()?;
    let target = format!("{remote} {}", branch.as_deref().unwrap_or("(the branch it is on)"));
    let finding = Finding::ask(RUNG, "push", Reason::PolicyBlock).about(&target).says(
        format!("git push {target}: others will see it"),
        format!("Pushing to {target} needs a person's yes. Commit, and leave the push to the user."),
    );
    Some(if branch.is_none() { finding.one_by_one() } else { finding })
}

fn publishes(command: &SimpleCommand) -> bool {
    let Some(program) = command.program.as_deref() else { return false };
    let mut operands = command.operands().map(|word| word.text.as_str());
    // `python3 -m twine upload`
    let module = program.starts_with("python") && command.has_flag("-m");
    let program = if module { operands.next().unwrap_or(program) } else { program };
    let Some((_, words)) = PUBLISHES.iter().find(|(name, _)| *name == program) else { return false };
    if command.args().iter().any(|word| word.text.starts_with("--dry-run") || word.text == "--help") {
        return false;
    }
    let Some(first) = operands.next() else { return words.is_empty() };
    match program {
        "gh" => words.contains(&first) && operands.next().is_some_and(|second| !LOOKS.contains(&second)),
        "yarn" if first == "npm" => operands.next() == Some("publish"),
        "mvn" | "gradle" => std::iter::once(first).chain(operands).any(|word| words.contains(&word)),
        // Values of global options may stand before the word that counts.
        "kubectl" | "helm" | "docker" => {
            std::iter::once(first).chain(operands).take(3).any(|word| words.contains(&word))
        }
        _ => words.is_empty() || words.contains(&first),
    }
}

#[cfg(test)]
mod tests {
    use crate::kernel::testing::World;
    use crate::kernel::{Judgement, Kernel};

    #[test]
    fn publishing_asks_and_preparing_it_does_not() {
        let world = World::new();
        for line in [
            "npm publish",
            "cargo build && cargo publish -p x",
            "twine upload dist/x.whl",
            "python3 -m twine upload dist/x.whl",
            "docker push me/x:1",
            "kubectl -n prod apply -f x.yaml",
            "terraform apply -auto-approve",
            "gh release create v1",
            "mvn -q clean deploy",
            "ansible-playbook site.yaml",
        ] {
            let hit = world.rules_hit("bash", line);
            assert!(hit.contains(&("publish".to_owned(), "publish".to_owned())), "{line}: {hit:?}");
        }
        for line in [
            "cargo publish --dry-run",
            "npm pack",
            "terraform plan",
            "gh pr view 3",
            "mvn test",
            "echo npm publish",
        ] {
            let hit = world.rules_hit("bash", line);
            assert!(hit.iter().all(|(rung, _)| rung != "publish"), "{line}: {hit:?}");
        }
    }

    fn asks(kernel: &Kernel, world: &World, line: &str) -> bool {
        match kernel.judge("main", &world.call("bash", line)).unwrap() {
            Judgement::Asked(question) => {
                kernel.approve(question, "ann", true).unwrap();
                true
            }
            Judgement::Granted(_) => false,
            Judgement::Refused(refused) => panic!("{line}: {:?}", refused.verdict),
        }
    }

    #[test]
    fn a_push_asks_once_a_session_for_each_remote_and_branch() {
        let world = World::new();
        let kernel = world.kernel();
        for (line, expected) in [
            ("git push origin main", true),
            ("git push origin main", false),
            ("git push -u origin main", false),
            ("git push origin topic", true),
            ("git push origin topic", false),
            ("git push backup main", true),
            ("git push origin main topic", true),
            ("git push --tags origin main", true),
            ("git push", true),
            ("git push", true),
            ("git push origin HEAD", true),
            ("git push origin HEAD", true),
            ("git push ../mirror.git main --dry-run", true),
        ] {
            assert_eq!(asks(&kernel, &world, line), expected, "{line}");
        }
    }
}
