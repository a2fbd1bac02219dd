//! Deleting files of the user's that nothing else holds: not in git, not ignored, no build output, not
//! made in this session. With checkpoints all of that comes back, and nothing is asked.

use super::{Case, Finding, Findings, UNKEPT as RUNG};
use crate::protocol::Reason;

pub(super) fn judge(case: &Case<'_>, out: &mut Findings) {
    if case.charter.checkpoints {
        return;
    }
    for (at, file) in &case.moment.lost {
        let Some(fact) = case.prepared.facts.get(*at) else { continue };
        let (what, file) = (fact.effect.describe(), file.display());
        out.object(
            *at,
            Finding::ask(RUNG, "untracked", Reason::Irreversible).about(&what).says(
                format!("{what}: {file} is in no commit and nothing else holds it"),
                format!("{file} is in no commit and was there before this session, so deleting it cannot be undone. Move it aside, or delete only what you made."),
            ),
        );
    }
}

#[cfg(test)]
mod tests {
    use std::path::{Path, PathBuf};

    use crate::kernel::testing::World;
    use crate::kernel::{Judgement, Kept};

    struct OnlyNotes;

    impl Kept for OnlyNotes {
        fn lost(&self, path: &Path) -> Option<PathBuf> {
            path.ends_with("notes").then(|| path.join("a.txt"))
        }
    }

    #[test]
    fn only_what_would_be_lost_asks() {
        let mut world = World::new();
        for (checkpoints, line, rule) in [
            (false, "rm -rf notes", Some("untracked")),
            (false, "rm -rf src/gen; rm -rf notes", Some("untracked")),
            (false, "rm -rf src", None),
            (false, "mv notes elsewhere", None),
            (false, "cat notes", None),
            (true, "rm -rf notes", None),
        ] {
            world.charter.checkpoints = checkpoints;
            let kernel = world.kernel().with_kept(Box::new(|_| Some(Box::new(OnlyNotes))));
            match (kernel.judge("main", &world.call("bash", line)).unwrap(), rule) {
                (Judgement::Asked(question), Some(rule)) => {
                    assert_eq!(
                        (question.verdict.rung.as_str(), question.verdict.rule.as_str()),
                        ("unkept", rule)
                    );
                }
                (Judgement::Granted(_), None) => {}
                (other, _) => panic!("{line}: {other:?}"),
            }
        }
    }
}
