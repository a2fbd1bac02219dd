//! What agents and runs may use up, over the whole tree of agents: at the cap the next call is refused.

use super::{Case, Finding, Findings};
use crate::config::Cap;
use crate::kernel::spent::Spent;
use crate::protocol::{Disposition, Reason, VerdictKind};

const RUNG: &str = "budget";

pub(super) fn judge(case: &Case<'_>, out: &mut Findings) {
    let limits = &case.charter.policy.limits;
    if limits.is_empty() {
        return;
    }
    let spent = &case.moment.spent;
    for (who, cap, used, minutes) in [
        ("this agent", limits.agent, spent.agent, spent.agent_minutes),
        ("this run", limits.run, spent.run, spent.run_minutes),
    ] {
        if let Some(what) = over(cap, used, minutes) {
            out.object_to_call(Finding::deny(RUNG, "cap", Reason::RateLimited).escalate().about(who).says(
                format!("{who} has used up its {what}"),
                format!("Refused: {who} has used up its {what}. Call nothing more; sum up what is done and what is left."),
            ));
        }
    }
    if let Some(most) = limits.calls_per_minute.filter(|most| spent.calls_in_minute >= *most) {
        let wait = Finding {
            kind: VerdictKind::Wait,
            disposition: Disposition::Wait,
            ..Finding::deny(RUNG, "rate", Reason::RateLimited)
        };
        out.object_to_call(wait.says(
            format!("{most} calls were made within a minute"),
            format!("Not now: {most} calls were made within a minute. Wait, then make the same call again; do more with each call."),
        ));
    }
}

/// The first limit that is reached, in words.
fn over(cap: Cap, used: Spent, minutes: f64) -> Option<String> {
    if let Some(most) = cap.calls.filter(|most| used.calls >= *most) {
        return Some(format!("{most} calls"));
    }
    if let Some(most) = cap.tokens.filter(|most| used.tokens >= *most) {
        return Some(format!("{most} tokens"));
    }
    if let Some(most) = cap.usd.filter(|most| used.usd >= *most) {
        return Some(format!("budget of ${most}"));
    }
    cap.minutes.filter(|most| minutes >= *most).map(|most| format!("{most} minutes"))
}

#[cfg(test)]
mod tests {
    use crate::config::{CallLimits, Cap};
    use crate::kernel::testing::World;
    use crate::kernel::{Judgement, Kernel, Spent};
    use crate::protocol::{Disposition, Reason, VerdictKind};

    fn kernel(limits: CallLimits) -> (World, Kernel) {
        let mut world = World::new();
        world.charter.policy.limits = limits;
        let kernel = world.kernel();
        (world, kernel)
    }

    fn verdict(world: &World, kernel: &Kernel, agent: &str) -> (VerdictKind, Option<Reason>) {
        match kernel.judge(agent, &world.call("read", "src/a.rs")).unwrap() {
            Judgement::Granted(granted) => (granted.verdict.kind, None),
            Judgement::Refused(refused) => {
                assert_eq!(refused.verdict.rung, "budget");
                (refused.verdict.kind, refused.verdict.reason)
            }
            Judgement::Asked(question) => panic!("{question:?}"),
        }
    }

    const ALLOWED: (VerdictKind, Option<Reason>) = (VerdictKind::Allow, None);
    const OVER: (VerdictKind, Option<Reason>) = (VerdictKind::Deny, Some(Reason::RateLimited));

    #[test]
    fn each_cap_holds_at_its_threshold_and_not_before() {
        let calls = Cap { calls: Some(2), ..Cap::default() };
        let (world, kernel_) = kernel(CallLimits { run: calls, ..CallLimits::default() });
        assert_eq!([0; 3].map(|_| verdict(&world, &kernel_, "main")), [ALLOWED, ALLOWED, OVER]);
        kernel_.begin_run("main", crate::kernel::Run::default(), None).unwrap();
        assert_eq!(verdict(&world, &kernel_, "main"), ALLOWED);
        for (cap, spent) in [
            (Cap { tokens: Some(100), ..Cap::default() }, Spent { tokens: 99, ..Spent::default() }),
            (Cap { usd: Some(1.0), ..Cap::default() }, Spent { usd: 0.99, ..Spent::default() }),
        ] {
            let (world, kernel) = kernel(CallLimits { run: cap, ..CallLimits::default() });
            kernel.spent("main", spent);
            assert_eq!(verdict(&world, &kernel, "main"), ALLOWED);
            kernel.spent("main/1", Spent { tokens: 1, usd: 0.01, ..Spent::default() });
            assert_eq!(verdict(&world, &kernel, "main/2"), OVER);
        }
        let minutes = Cap { minutes: Some(1e-9), ..Cap::default() };
        let (world, kernel) = kernel(CallLimits { run: minutes, ..CallLimits::default() });
        std::thread::sleep(std::time::Duration::from_millis(2));
        assert_eq!(verdict(&world, &kernel, "main"), OVER);
    }

    #[test]
    fn an_agents_cap_counts_its_own_sub_agents_and_nobody_else() {
        let cap = Cap { calls: Some(2), ..Cap::default() };
        let (world, kernel) = kernel(CallLimits { agent: cap, ..CallLimits::default() });
        for agent in ["main/1", "main/1/1", "main/2"] {
            assert_eq!(verdict(&world, &kernel, agent), ALLOWED, "{agent}");
        }
        assert_eq!(verdict(&world, &kernel, "main/1"), OVER);
        assert_eq!(verdict(&world, &kernel, "main/1/1"), ALLOWED);
        assert_eq!(verdict(&world, &kernel, "main"), OVER);
        assert_eq!(verdict(&world, &kernel, "main/2"), ALLOWED);
    }

    #[test]
    fn too_many_in_a_minute_wait() {
        let (world, kernel) = kernel(CallLimits { calls_per_minute: Some(1), ..CallLimits::default() });
        assert_eq!(verdict(&world, &kernel, "main"), ALLOWED);
        let Judgement::Refused(refused) = kernel.judge("main", &world.call("read", "src/a.rs")).unwrap()
        else {
            panic!("not refused")
        };
        assert_eq!(
            (refused.verdict.kind, refused.verdict.disposition),
            (VerdictKind::Wait, Some(Disposition::Wait))
        );
    }
}
