//! Deleting or overwriting what nothing brings back: no commit, no build, no checkpoint, and not made in
//! this session. What a checkpoint holds comes back, and nothing is asked.

use super::{Case, Finding, Findings, UNKEPT as RUNG};
use crate::kernel::effects::Fate;
use crate::kernel::kept::Why;
use crate::protocol::Reason;

pub(super) fn judge(case: &Case<'_>, out: &mut Findings) {
    for (at, lost) in &case.moment.weighed.lost {
        let Some(doomed) = case.prepared.doomed.get(*at) else { continue };
        let verb = match doomed.fate {
            Fate::Deleted => "delete",
            Fate::Overwritten => "overwrite",
        };
        let (what, file) = (format!("{verb} {}", doomed.path.display()), lost.path.display());
        let (rule, why) = match lost.why {
            Why::Untracked => ("untracked", "is in no commit and nothing else holds it"),
            Why::Uncommitted => ("uncommitted", "has changes of before this session that are in no commit"),
            Why::Ignored => ("ignored", "is ignored by git, so no commit holds it, and no checkpoint will"),
            Why::Large => ("large", "is too large for a checkpoint to hold"),
            Why::Unreadable => ("unreadable", "cannot be read, so no checkpoint will hold it"),
            Why::Repository => ("repository", "is a repository, and no checkpoint holds its commits"),
            Why::Unseen => ("unseen", "holds more than can be looked through for what nothing else holds"),
        };
        let finding = Finding::ask(RUNG, rule, Reason::Irreversible).about(&what).says(
            format!("{what}: {file} {why}"),
            format!("{file} {why}, so to {verb} it cannot be undone. Move it aside, or leave it and name only what you made."),
        );
        let of_it = |fact: &crate::kernel::effects::Fact| fact.changes() && fact.path() == Some(&doomed.path);
        match case.prepared.facts.iter().position(of_it) {
            Some(at) => out.object(at, finding),
            None => out.object_to_call(finding),
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::kernel::testing::World;
    use crate::kernel::{Doomed, Judgement, Kept, Lost, Weighed, Why};

    /// Everything called `notes` or in it would be lost; with checkpoints only the large file.
    struct OnlyNotes;

    impl Kept for OnlyNotes {
        fn weigh(&self, doomed: &[Doomed], checkpoints: bool) -> Weighed {
            let leaf = if checkpoints { "notes/large" } else { "notes" };
            let hit = |(at, one): (usize, &Doomed)| {
                let path = one.path.display().to_string();
                let named = one.names.is_empty() || one.names.iter().any(|name| name == "a.txt");
                let lost = path.ends_with(leaf) || !checkpoints && path.contains("/notes/");
                (lost && named).then(|| (at, Lost::new(&one.path, Why::Untracked)))
            };
            let lost = doomed.iter().enumerate().filter_map(hit).collect();
            let held = doomed.iter().filter(|one| one.path.ends_with("held"));
            Weighed { lost, hold: held.map(|one| one.path.clone()).collect() }
        }
    }

    #[test]
    fn only_what_would_be_lost_asks() {
        let mut world = World::new();
        let notes = world.charter.workspace.join("notes");
        std::fs::create_dir_all(&notes).unwrap();
        std::fs::write(notes.join("a.txt"), "a").unwrap();
        for (checkpoints, line, asks) in [
            (false, "rm -rf notes", true),
            (false, "rm -rf src/gen; rm -rf notes", true),
            (false, "find notes -delete", true),
            (false, "find notes -type f -name a.txt -delete", true),
            (false, "find notes -name a.txt -exec rm {} +", true),
            (false, "find notes -name b.txt -delete", false),
            (false, "find notes -type d -empty -delete", false),
            (false, "echo x > notes/a.txt", true),
            (false, "echo x >> notes/a.txt", false),
            (false, "cp src/a.rs notes/a.txt", true),
            (false, "cp -n src/a.rs notes/a.txt", false),
            (false, "cp notes/a.txt src/b.rs", false),
            (false, "mv src/a.rs notes/a.txt", true),
            (false, "truncate -s 0 notes/a.txt", true),
            (false, "echo x | tee notes/a.txt", true),
            (false, "echo x | tee -a notes/a.txt", false),
            (false, "sed -i s/a/b/ notes/a.txt", true),
            (false, "sed s/a/b/ notes/a.txt", false),
            (false, "dd if=src/a.rs of=notes/a.txt", true),
            (false, "git checkout -- notes/a.txt", true),
            (false, "git rm -f notes/a.txt", true),
            (false, "git rm --cached notes/a.txt", false),
            (false, "touch notes/a.txt && chmod +x notes/a.txt && mkdir -p notes", false),
            (false, "rmdir notes", false),
            (false, "rm -rf src", false),
            (false, "mv notes elsewhere", false),
            (false, "mv notes elsewhere; rm -rf src", false),
            (false, "cat notes", false),
            (true, "rm -rf notes", false),
            (true, "echo x > notes/a.txt", false),
            (true, "rm notes/large", true),
            (true, "mv src/a.rs notes/large", true),
        ] {
            world.charter.checkpoints = checkpoints;
            let kernel = world.kernel().with_kept(Box::new(|_| Some(Box::new(OnlyNotes))));
            match (kernel.judge("main", &world.call("bash", line)).unwrap(), asks) {
                (Judgement::Asked(question), true) => {
                    let by = (question.verdict.rung.as_str(), question.verdict.rule.as_str());
                    assert_eq!(by, ("unkept", "untracked"), "{line}");
                }
                (Judgement::Granted(_), false) => {}
                (other, _) => panic!("{line}: {other:?}"),
            }
        }
    }

    #[test]
    fn a_grant_names_what_its_checkpoint_must_hold_besides() {
        let mut world = World::new();
        world.charter.checkpoints = true;
        let kernel = world.kernel().with_kept(Box::new(|_| Some(Box::new(OnlyNotes))));
        let Judgement::Granted(granted) = kernel.judge("main", &world.call("bash", "rm src/held")).unwrap()
        else {
            panic!("not granted")
        };
        assert_eq!(granted.hold, [world.charter.workspace.join("src/held")]);
    }
}
