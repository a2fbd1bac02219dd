//! Where a call may read and write: the workspace and what belongs to it.

use std::path::Path;

use super::{Case, Finding, Findings};
use crate::kernel::effects::{Fact, Place, Via, place_for_command};
use crate::protocol::{Effect, Reason};

const RUNG: &str = "scope";

pub(super) fn judge(case: &Case<'_>, out: &mut Findings) {
    for (at, fact) in case.prepared.facts.iter().enumerate() {
        let (Some(place), Some(path)) = (fact.place, fact.path()) else {
            // A name that an unknown program mentions; what it does with it is its sandbox's affair.
            if fact.via == Via::Mention {
                out.allow(at);
            }
            continue;
        };
        let inside = match &fact.effect {
            Effect::Read { .. } => place.is_readable(),
            _ => place.is_writable(),
        };
        if !inside && is_of_commands(case, fact, path) {
            out.object(at, of_commands(case, path));
        } else if !inside {
            out.object(at, outside(fact, place, path));
        } else if fact.shared && fact.changes() {
            out.object(at, shared(fact, path));
        } else {
            out.allow(at);
        }
    }
}

fn outside(fact: &Fact, place: Place, path: &Path) -> Finding {
    let what = fact.effect.describe();
    let path = path.display();
    let (rule, instead) = match (fact.changes(), place) {
        (true, Place::Readable | Place::System) => {
            ("read_only_tree", "It may be read, not changed; make a copy in the workspace.")
        }
        (true, _) => ("write_outside", "Write inside the workspace, or in $TMPDIR for what is temporary."),
        (false, _) => {
            ("read_outside", "Read inside the workspace, or ask the user to add the folder with --add-dir.")
        }
    };
    Finding::ask(RUNG, rule, Reason::PolicyBlock).about(what.clone()).says(
        format!("{what}: outside the workspace"),
        format!("{path} lies outside the workspace. {instead}"),
    )
}

/// Whether a file tool is to read what a command may have written: in a full sandbox commands have a `/tmp`
/// of their own, and in the user's there is no such file.
fn is_of_commands(case: &Case<'_>, fact: &Fact, path: &Path) -> bool {
    fact.via == Via::Argument
        && !fact.changes()
        && place_for_command(case.charter, path, false) == Place::Temp
        && path.symlink_metadata().is_err()
}

fn of_commands(case: &Case<'_>, path: &Path) -> Finding {
    let (path, temp) = (path.display(), case.charter.temp.display());
    Finding::deny(RUNG, "private_tmp", Reason::Misroute).retryable().about(format!("read {path}")).says(
        format!("read {path}: commands have a /tmp of their own, and there is no such file in yours"),
        format!("{path} does not exist: /tmp is private to commands and cannot be read by this tool. Have the command write to $TMPDIR ({temp}) or into the workspace, and read it there."),
    )
}

fn shared(fact: &Fact, path: &Path) -> Finding {
    let path = path.display();
    Finding::ask(RUNG, "hard_link", Reason::PolicyBlock).about(fact.effect.describe()).says(
        format!("write {path}: the file has other names (hard links), which change with it"),
        format!(
            "{path} has other names (hard links), perhaps outside the workspace, and they would change with it. Write a new file instead, or leave it as it is."
        ),
    )
}

#[cfg(test)]
mod tests {
    use crate::kernel::testing::World;

    #[test]
    fn the_workspace_and_what_belongs_to_it_are_free() {
        let world = World::new();
        for path in ["src/a.rs", "new/deep/file.rs", "./src/../src/a.rs", "linked-inside/a.rs"] {
            world.allows("write", path);
            world.allows("read", path);
        }
        world.allows("write", &world.text(&world.charter.temp.join("x")));
        world.allows("write", &world.text(&world.charter.cache.join("x")));
        world.allows("read", &world.text(&world.charter.readable[0].join("x")));
        world.allows("read", "/usr/bin/env");
        world.allows("grep", "src");
        world.allows("bash", "echo hi > src/b.rs 2>/dev/null; cp src/a.rs src/c.rs; cat /etc/hostname");
    }

    #[test]
    fn outside_asks_and_says_what_to_do() {
        let world = World::new();
        let outside = world.text(&world.root().join("outside/secret"));
        for path in [outside.as_str(), "../outside/secret", "linked-out/secret", "linked-file", "~/notes.txt"]
        {
            let verdict = world.asks("write", path, "scope", "write_outside");
            assert!(verdict.model_line.contains("$TMPDIR"), "{verdict:?}");
            world.asks("read", path, "scope", "read_outside");
            world.asks("bash", &format!("echo x > {path}"), "scope", "write_outside");
            world.asks("bash", &format!("cat {path}"), "scope", "read_outside");
        }
        world.asks("write", "/usr/local/x", "scope", "read_only_tree");
        world.asks("bash", "cd .. && echo x > y", "scope", "write_outside");
        world.asks("bash", "cd ../outside && git commit -m x", "scope", "write_outside");
        world.asks("bash", "git -C ../outside commit -m x", "scope", "write_outside");
        world.asks("bash", "rm -rf ../outside", "scope", "write_outside");
        world.asks("bash", "mv src ../outside/", "scope", "write_outside");
    }

    #[test]
    fn a_private_tmp_is_free_for_commands_only() {
        let mut world = World::new();
        world.charter.sandbox = crate::kernel::SandboxStrength::Full;
        // The world of these tests lies in /tmp itself, or below a folder of it.
        let beside = world.charter.workspace.parent().unwrap().join("iosm-no-such-file");
        if beside.starts_with("/tmp") {
            world.asks("bash", &format!("echo x > {}", beside.display()), "scope", "write_outside");
        }
        world.allows("bash", "echo x > /tmp/iosm-no-such-file");
        world.asks("write", "/tmp/iosm-no-such-file", "scope", "write_outside");
        for line in ["ls /tmp", "df -h . /tmp", "tar xf x.tar -C /tmp", "cp src/a.rs /tmp"] {
            world.allows("bash", line);
        }
        let verdict = world.refuses("read", "/tmp/iosm-no-such-file", "scope", "private_tmp");
        assert!(verdict.model_line.contains("$TMPDIR"), "{verdict:?}");
        assert!(!verdict.user_line.contains("--allow"), "{verdict:?}");
        // What is there is the user's own.
        if beside.starts_with("/tmp") {
            world.asks("read", &world.text(&world.root().join("outside/secret")), "scope", "read_outside");
        }
        world.charter.sandbox = crate::kernel::SandboxStrength::Reduced;
        world.asks("read", "/tmp/iosm-no-such-file", "scope", "read_outside");
        world.asks("bash", "echo x > /tmp/iosm-no-such-file", "scope", "write_outside");
    }

    #[test]
    fn a_hard_link_asks_before_it_is_written() {
        let world = World::new();
        std::fs::hard_link(world.root().join("outside/secret"), world.charter.workspace.join("hard"))
            .unwrap();
        world.asks("write", "hard", "scope", "hard_link");
        world.allows("read", "hard");
    }
}
