//! Folding what the rungs said into one verdict.

use std::collections::BTreeSet;

use super::finding::Loosened;
use super::{Case, Finding, Findings, Rung};
use crate::protocol::{Disposition, Reason, Verdict, VerdictKind};

/// An objection a person has agreed to: rung, rule and what it was about.
pub(in crate::kernel) type Agreed = (&'static str, &'static str, String);

/// Under what circumstances objections count.
pub(in crate::kernel) struct Mode<'a> {
    /// Agreed to for the whole session.
    pub session: &'a BTreeSet<Agreed>,
    /// Agreed to for this very call.
    pub call: &'a BTreeSet<Agreed>,
}

/// The outcome of folding.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::kernel) struct Decision {
    pub kind: VerdictKind,
    /// What still stands, the decisive objection first.
    pub standing: Vec<Finding>,
    /// Objections that a person has agreed to.
    pub agreed: Vec<Finding>,
    /// Whether a rule of the user's answered a question beforehand.
    pub by_rule: bool,
}

/// Runs `rungs` over a case and folds what they say. The order of `rungs` makes no difference.
pub(in crate::kernel) fn fold(case: &Case<'_>, rungs: &[Rung], mode: &Mode<'_>) -> Decision {
    let mut findings = Findings::default();
    for rung in rungs {
        (rung.judge)(case, &mut findings);
    }
    let uncovered = findings.uncovered(case.prepared.facts.len());
    let mut standing = std::mem::take(&mut findings.objections);
    let mut agreed = Vec::new();
    let objections = standing.len();
    let mut by_rule = false;
    if !standing.is_empty() {
        standing.retain(|finding| !loosens(&findings, finding));
        by_rule = standing.len() < objections;
        agreed = standing.extract_if(.., |finding| is_agreed(finding, mode)).collect();
    }
    if let Some(fact) = uncovered {
        standing.push(by_default(case, fact));
    }
    // Any total order will do, as long as it does not depend on who spoke first.
    standing.sort_by(|a, b| {
        let key = |f: &Finding| (std::cmp::Reverse(f.kind.rank()), f.rung, f.rule);
        key(a).cmp(&key(b)).then_with(|| a.subject.cmp(&b.subject))
    });
    // Two effects may be objected to in the same words.
    standing.dedup_by(|a, b| Finding { at: b.at, ..a.clone() } == *b);
    let kind = standing.first().map_or(VerdictKind::Allow, |finding| finding.kind);
    Decision { kind, standing, agreed, by_rule }
}

fn loosens(findings: &Findings, finding: &Finding) -> bool {
    if finding.kind != VerdictKind::RequireApproval || finding.firm {
        return false;
    }
    match findings.loosened {
        _ if findings.is_freed(finding) => true,
        Loosened::Nothing => false,
        Loosened::Commands => finding.rung != "scope",
        Loosened::All => true,
    }
}

fn is_agreed(finding: &Finding, mode: &Mode<'_>) -> bool {
    if finding.kind != VerdictKind::RequireApproval || mode.call.is_empty() && mode.session.is_empty() {
        return false;
    }
    let key = (finding.rung, finding.rule, finding.subject.clone());
    mode.call.contains(&key) || !finding.one_by_one && mode.session.contains(&key)
}

fn by_default(case: &Case<'_>, fact: usize) -> Finding {
    let effect = &case.prepared.facts[fact].effect;
    Finding::deny("fold", "default", Reason::DefaultDeny).says(
        format!("nothing allows this: {}", effect.describe()),
        format!("Refused: nothing here allows `{}`. Use another tool or another way.", effect.describe()),
    )
}

impl Decision {
    /// The verdict for people and models; `allow_rule` is the rule that would let the call pass.
    pub fn verdict(&self, case: &Case<'_>, repaired: bool) -> Verdict {
        let Some(first) = self.standing.first() else {
            let mut verdict = Verdict::allow("fold", "allowed");
            if let Some(agreed) = self.agreed.first() {
                verdict = Verdict::allow(agreed.rung, agreed.rule);
            }
            if repaired {
                verdict.kind = VerdictKind::Transform;
                verdict.rung = "intake".to_owned();
                verdict.rule = "repair".to_owned();
                verdict.user_line = "arguments repaired without loss".to_owned();
            }
            return verdict;
        };
        let asks = first.kind == VerdictKind::RequireApproval;
        // A person who says yes must have seen every reason to say no.
        let also: Vec<&str> = self.standing[1..]
            .iter()
            .filter(|other| other.kind == first.kind && other.user != first.user)
            .map(|other| other.user.as_str())
            .collect();
        let mut user_line = first.user.clone();
        if !also.is_empty() {
            user_line.push_str("; also: ");
            user_line.push_str(&also.join("; "));
        }
        let mut verdict = Verdict { user_line, ..first.verdict() };
        if asks && no_questions(case) {
            self.turn_down(&mut verdict, case);
        }
        verdict
    }

    /// What would ask is denied where nobody is to be asked, and says what would allow it.
    fn turn_down(&self, verdict: &mut Verdict, case: &Case<'_>) {
        verdict.kind = VerdictKind::Deny;
        verdict.disposition = Some(Disposition::Escalate);
        let firm = self.standing.iter().any(|finding| finding.firm);
        let way = if firm {
            "only a person in an interactive session can allow it".to_owned()
        } else {
            format!("allow it with --allow '{}'", case.allow_rule())
        };
        let why = match case.charter.policy.preset.asks_nothing() {
            true => "this policy asks no questions",
            false => "nobody is there to ask",
        };
        verdict.user_line = format!("{}; {why}: {way}", verdict.user_line);
        verdict.model_line = format!("{} Not allowed now: {why}; {way}.", verdict.model_line);
    }
}

/// Whether a question would be put to nobody.
pub(in crate::kernel) fn no_questions(case: &Case<'_>) -> bool {
    !case.charter.human || case.charter.policy.preset.asks_nothing()
}

impl Case<'_> {
    /// A rule that matches this call and little else.
    pub(super) fn allow_rule(&self) -> String {
        let tool = self.spec.name;
        let subject = self.prepared.subject.as_str();
        let short: String = subject.chars().take(120).collect();
        if subject.is_empty() || subject.contains('\n') || short.len() < subject.len() {
            return tool.to_owned();
        }
        let escaped: String = short
            .chars()
            .flat_map(|c| match c {
                '*' | '?' | '[' | ']' | '{' | '}' => vec!['[', c, ']'],
                '\\' => vec!['\\', '\\'],
                c => vec![c],
            })
            .collect();
        format!("{tool}({escaped})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::effects::prepare;
    use crate::kernel::moment::Moment;
    use crate::kernel::rung::{RUNGS, Rules};
    use crate::kernel::testing::World;
    use crate::protocol::Effect;

    #[test]
    fn an_effect_that_no_rung_allows_is_denied() {
        let world = World::new();
        let call = world.call("todo", "x");
        let spec = world.charter.tools.iter().find(|spec| spec.name == "todo").unwrap();
        let mut prepared = prepare(&world.charter, spec, &call).unwrap();
        let mut foreign = prepared.facts[0].clone();
        foreign.effect = Effect::Spawn { profile: "coder".to_owned() };
        prepared.facts.push(foreign);
        let rules = Rules::default();
        let moment = Moment::default();
        let case = Case::new(&world.charter, &rules, spec, &prepared, &moment);
        let none = BTreeSet::new();
        let mode = Mode { session: &none, call: &none };
        let verdict = fold(&case, RUNGS, &mode).verdict(&case, false);
        assert_eq!((verdict.kind, verdict.reason), (VerdictKind::Deny, Some(Reason::DefaultDeny)));
        // And with no rungs at all, nothing is allowed.
        assert_eq!(fold(&case, &[], &mode).kind, VerdictKind::Deny);
    }

    #[test]
    fn what_is_allowed_costs_no_memory() {
        let mut world = World::new();
        world.charter.policy.rules.extend(World::rules(&["deny bash(make*)", "ask write(vendor/**)"]));
        let none = BTreeSet::new();
        for (tool, argument, allocations) in [
            ("read", "src/a.rs", 0..=0),
            ("write", "src/a.rs", 0..=0),
            ("bash", "cat src/a.rs | sort | uniq -c > src/counted.txt && git status", 0..=0),
            ("bash", "make", 1..=u64::MAX),
        ] {
            let call = world.call(tool, argument);
            let spec = world.charter.tools.iter().find(|spec| spec.name == tool).unwrap();
            let prepared = prepare(&world.charter, spec, &call).unwrap();
            let rules = Rules::compile(&world.charter.policy, &world.charter).unwrap();
            let moment = Moment::default();
            let case = Case::new(&world.charter, &rules, spec, &prepared, &moment);
            let mode = Mode { session: &none, call: &none };
            // Patterns make their own working memory the first time.
            drop(fold(&case, RUNGS, &mode));
            let counted = allocation_counter::measure(|| drop(fold(&case, RUNGS, &mode)));
            assert!(allocations.contains(&counted.count_total), "{argument}: {counted:?}");
        }
    }
}
