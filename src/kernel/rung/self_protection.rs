//! What no policy and no approval opens: our own files, git's internals, credentials, start-up files;
//! our own program; and names that look like other names.

use super::own_program;
use super::{Case, Finding, Findings};
use crate::kernel::effects::{Fact, Guard, Level, Via, disguise, guard_of_look, reorders};
use crate::protocol::Reason;

const RUNG: &str = "self_protection";

pub(super) fn judge(case: &Case<'_>, out: &mut Findings) {
    for (at, fact) in case.prepared.facts.iter().enumerate() {
        let Some(guard) = fact.guard else { continue };
        let level = if fact.changes() { guard.write } else { guard.read };
        match level {
            Level::Free => {}
            // A program that only names such a file may do so for many reasons; a person can tell.
            Level::Never if !(fact.via == Via::Mention && fact.changes()) => {
                out.object(at, say(Finding::deny(RUNG, guard.rule, Reason::SelfModify), fact, guard));
            }
            Level::Never | Level::Ask => {
                out.object(at, say(Finding::ask(RUNG, guard.rule, Reason::SelfModify).firm(), fact, guard));
            }
        }
    }
    disguised(case, out);
    let Some(scan) = &case.prepared.shell else { return };
    for command in &scan.commands {
        if let Some(finding) = own_program::objection(RUNG, command) {
            out.object_to_call(finding);
        }
    }
}

/// Names that a person who is asked, or reads the record, would take for others.
fn disguised(case: &Case<'_>, out: &mut Findings) {
    if case.prepared.subject.is_ascii() {
        return;
    }
    let charter = case.charter;
    for (at, fact) in case.prepared.facts.iter().enumerate() {
        let Some(path) = fact.path() else { continue };
        // Only what the call itself names; the folders above the workspace are the user's.
        let below = path.strip_prefix(&charter.workspace).unwrap_or(path);
        let text = below.to_string_lossy();
        if text.is_ascii() {
            continue;
        }
        let why = match (disguise(&text), guard_of_look(charter, &text)) {
            (_, Some(guard)) => format!("it looks like {}", guard.what),
            (Some(why), None) => why.to_owned(),
            (None, None) => continue,
        };
        out.object(at, disguise_finding(&text, &why));
    }
    let Some(scan) = &case.prepared.shell else { return };
    if reorders(&case.prepared.subject) {
        let why = "it holds characters that show it in another order";
        out.object_to_call(disguise_finding("this line", why));
    }
    for command in &scan.commands {
        let program = command.argv.first().map_or("", |word| word.text.as_str());
        if let Some(why) = disguise(program) {
            out.object_to_call(disguise_finding(program, why));
        }
    }
}

fn disguise_finding(name: &str, why: &str) -> Finding {
    let shown: String = name.escape_default().take(120).collect();
    Finding::ask(RUNG, "disguised_name", Reason::Misroute).firm().about(name).says(
        format!("{shown}: {why}"),
        format!("`{shown}` may be taken for another name: {why}. Spell it with plain letters, or copy it from a listing."),
    )
}

fn say(finding: Finding, fact: &Fact, guard: Guard) -> Finding {
    let what = fact.effect.describe();
    let path = fact.path().map(|path| path.display().to_string()).unwrap_or_default();
    finding.about(what.clone()).says(
        format!("{what}: {}", guard.what),
        format!("Refused: {path} is {}. {}", guard.what, guard.instead),
    )
}

#[cfg(test)]
mod tests {
    use crate::kernel::testing::World;

    #[test]
    fn the_floor_holds_against_tools_and_shell_lines() {
        let world = World::new();
        for (path, rule) in [
            (".git/config", "git_internals"),
            (".git/hooks/pre-commit", "git_internals"),
            ("sub/.git/config", "git_internals"),
            (".GIT/config", "git_internals"),
            ("iosm.yaml", "project_policy"),
            (".iosm/policy.yaml", "project_policy"),
            (".iosm/contracts.yaml", "project_policy"),
            (".iosm/cycles/2026-01-01-001/report.json", "project_policy"),
            (".iosm/metrics-history.jsonl", "project_policy"),
            (".env", "env_file"),
            (".env.production", "env_file"),
            ("~/.ssh/authorized_keys", "credentials"),
            ("~/.aws/credentials", "credentials"),
            ("~/.cargo/credentials.toml", "credentials"),
            ("~/.npmrc", "credentials"),
            ("~/.netrc", "credentials"),
            ("~/.bashrc", "startup_file"),
            ("~/.config/fish/config.fish", "startup_file"),
            ("~/own/settings.yaml", "own_state"),
            ("src/../.git/config", "git_internals"),
            ("linked-git/config", "git_internals"),
        ] {
            for line in [
                format!("echo x > {path}"),
                format!("true && (cat a | tee -a {path})"),
                format!("rm -f {path}"),
                format!("cp src/a.rs {path}"),
                format!("sed -i s/a/b/ {path}"),
                format!("bash -c 'echo x >> {path}'"),
            ] {
                let verdict = world.refuses("bash", &line, "self_protection", rule);
                assert_eq!(verdict.kind, crate::protocol::VerdictKind::Deny, "{line}");
            }
            let verdict = world.refuses("write", path, "self_protection", rule);
            assert!(verdict.model_line.starts_with("Refused: /"), "{verdict:?}");
        }
    }

    #[test]
    fn the_users_skills_are_read_and_run_and_never_written() {
        let mut world = World::new();
        let (own, other) =
            (world.charter.own_dirs[0].join("skills"), world.charter.home.join(".claude/skills"));
        for folder in [&own, &other] {
            std::fs::create_dir_all(folder.join("pdf")).unwrap();
            std::fs::write(folder.join("pdf/SKILL.md"), "x").unwrap();
            std::fs::write(folder.join("pdf/.env"), "x").unwrap();
            let path = world.text(&folder.join("pdf/SKILL.md"));
            world.refuses(
                "read",
                &path,
                "self_protection",
                if folder == &own { "own_state" } else { "credentials" },
            );
        }
        world.charter.skills = vec![own.join("pdf"), other.join("pdf")];
        for folder in [&own, &other] {
            let path = world.text(&folder.join("pdf/SKILL.md"));
            world.allows("read", &path);
            world.allows("bash", &format!("cat {path}"));
            for line in [format!("echo x >> {path}"), format!("rm {path}"), format!("cp src/a.rs {path}")] {
                world.refuses("bash", &line, "self_protection", "own_skills");
            }
            world.refuses("write", &path, "self_protection", "own_skills");
            world.asks("read", &world.text(&folder.join("pdf/.env")), "self_protection", "env_file");
        }
        world.refuses("read", &world.text(&own.join("other.md")), "self_protection", "own_state");
        world.refuses("read", "~/.claude/settings.json", "self_protection", "credentials");
    }

    #[test]
    fn credentials_are_not_read_either_and_env_files_ask() {
        let world = World::new();
        world.refuses("read", "~/.ssh/id_ed25519", "self_protection", "credentials");
        world.refuses("bash", "cat ~/.aws/credentials", "self_protection", "credentials");
        world.refuses("bash", "cat < ~/.netrc", "self_protection", "credentials");
        world.refuses("bash", "tar czf - ~/.ssh", "self_protection", "credentials");
        world.refuses("bash", "python3 -c \"open('$HOME/.ssh/id_rsa')\"", "self_protection", "credentials");
        world.asks("read", ".env", "self_protection", "env_file");
        world.asks("bash", "cat .env", "self_protection", "env_file");
        world.asks("bash", "source .env", "self_protection", "env_file");
        world.asks("bash", "python3 -c \"open('.git/config','w')\"", "self_protection", "git_internals");
    }

    #[test]
    fn globs_braces_and_links_are_seen_through() {
        let world = World::new();
        world.refuses("bash", "rm -rf .g*", "self_protection", "git_internals");
        world.refuses("bash", "rm -rf .[a-z]*", "self_protection", "git_internals");
        world.refuses("bash", "rm -f iosm.y*ml", "self_protection", "project_policy");
        world.refuses("bash", "rm -rf {src,.git}", "self_protection", "git_internals");
        world.refuses(
            "bash",
            "cat {src/a.rs,$HOME/.ssh/id_rsa} ~/{x,.ssh/id_rsa}",
            "self_protection",
            "credentials",
        );
        world.refuses("bash", "cat ~/.ssh/*", "self_protection", "credentials");
        world.asks("bash", "cat .e*", "self_protection", "env_file");
        std::os::unix::fs::symlink("src/a.rs", world.charter.workspace.join(".env")).unwrap();
        world.asks("read", ".env", "self_protection", "env_file");
        world.allows("bash", "rm -f src/*.rs src/{a,b}.orig; ls *; wc -l {src,vendor}/*");
    }

    #[test]
    fn names_that_look_like_others_ask_and_names_of_one_script_do_not() {
        let world = World::new();
        for path in
            ["s\u{440}c/a.rs", ".\u{435}nv", "src/a\u{202e}sr.rs", "src/a\u{200b}.rs", "\u{ff0e}git/config"]
        {
            world.asks("write", path, "self_protection", "disguised_name");
            world.asks("bash", &format!("echo x > '{path}'"), "self_protection", "disguised_name");
        }
        world.asks("bash", "\u{441}at src/a.rs", "self_protection", "disguised_name");
        world.asks("bash", "echo 'a\u{202e}b'", "self_protection", "disguised_name");
        for path in ["docs/отчёт-v2.md", "日本語guide.md", "müller.txt", "Δt.csv", "👩\u{200d}💻.md"]
        {
            world.allows("write", path);
            world.allows("bash", &format!("echo 'für alle: ½ → ✓ שלום' > '{path}'"));
        }
    }

    #[test]
    fn what_governs_and_what_opens_doors_is_guarded_everywhere() {
        let world = World::new();
        for path in [
            ".iosm/invariants.yaml",
            ".iosm/waivers.yaml",
            ".iosm/glossary.yaml",
            ".iosm/constraints.yaml",
            ".IOSM/Policy.YAML",
            ".iosm/hooks/x.sh",
            "sub/.iosm/policy.yaml",
        ] {
            world.refuses("write", path, "self_protection", "project_policy");
            world.refuses("bash", &format!("mv src/a.rs {path}"), "self_protection", "project_policy");
            world.refuses("bash", &format!("ln -sf x {path}"), "self_protection", "project_policy");
            world.refuses(
                "bash",
                &format!("D={path}; tee \"$D\" < src/a.rs"),
                "self_protection",
                "project_policy",
            );
            world.refuses(
                "bash",
                &format!("cd src && dd if=a.rs of=../{path}"),
                "self_protection",
                "project_policy",
            );
        }
        for path in [
            "~/.config/gcloud/credentials.db",
            "~/.kube/config",
            "~/.docker/config.json",
            "~/.m2/settings.xml",
            "~/.config/pip/pip.conf",
            "~/.composer/auth.json",
            "~/.nuget/NuGet/NuGet.Config",
            "~/.gradle/gradle.properties",
            "~/.yarnrc.yml",
            "~/.config/rclone/rclone.conf",
            "~/.local/share/gnome-keyring/x",
            "~/.vault-token",
            "~/.huggingface/token",
            "~/.cache/huggingface/token",
            "~/.config/configstore/firebase-tools.json",
            "~/.bash_history",
            "~/.config/sops/age/keys.txt",
            "/etc/shadow",
            "src/id_ed25519",
            "privkey.pem",
            "certs/private.key",
            "client.p12",
        ] {
            for (tool, text) in [("read", path.to_owned()), ("bash", format!("base64 {path}"))] {
                let hits = world.rules_hit(tool, &text);
                assert!(hits.iter().any(|(rung, _)| rung == "self_protection"), "{text}: {hits:?}");
            }
        }
        for path in [
            "src/key.rs",
            "docs/pem.md",
            "tests/fixtures/ca.pem",
            "certs/server.key",
            "keys/README.md",
            "src/monkey.key.rs",
        ] {
            world.allows("read", path);
        }
    }

    #[test]
    fn what_only_looks_protected_passes() {
        let world = World::new();
        for path in
            [".gitignore", ".github/workflows/ci.yml", ".env.example", "src/env.rs", "docs/iosm.yaml.md"]
        {
            world.allows("write", path);
        }
        for line in [
            "cat .git/HEAD",
            "grep -rn secret --exclude-dir .git .",
            "find . -path ./.git -prune -o -name '*.rs' -print",
            "rsync -a --exclude .git src/ build/",
            "ls -la .env",
            "[ -f .env ] && echo there",
            "git commit -m 'ignore .env and ~/.ssh/id_rsa'",
            "echo '.env' >> .gitignore",
            "grep -rn '~/.ssh/config' docs",
            "tree -I .git",
            "cat iosm.yaml",
        ] {
            world.allows("bash", line);
        }
    }
}
