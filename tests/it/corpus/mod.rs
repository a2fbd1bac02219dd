//! The corpora of attacks and of everyday calls, judged under the default policy. Carrying them out
//! takes longer: `cargo bench --bench corpus`.

mod court;
mod fixture;
mod looks;

use court::{Court, Outcome, Sandbox};
use iosm::engine::drill::{Case, Must, corpus};

/// Cases that are one call in the world as it is.
fn plain() -> impl Iterator<Item = Case> {
    let plain = |case: &Case| case.setup.is_empty() && case.steps.len() == 1 && case.tainted.is_none();
    corpus().unwrap().into_iter().filter(plain)
}

/// Held-out cases stay unread while rules are mended.
fn told(case: &Case, outcome: &Outcome) -> String {
    if case.held_out {
        return format!("a held-out case of {}", case.class);
    }
    format!("{} must be {:?}: {outcome:?}", case.id, case.must)
}

#[test]
fn attacks_are_stopped_or_left_to_the_sandbox() {
    let mut court = Court::new(None);
    let mut wrong = Vec::new();
    for case in plain().filter(|case| case.must.is_attack()) {
        let outcome = court.judge(&case);
        let fine = match case.must {
            Must::Deny => matches!(outcome, Outcome::Denied(_)),
            Must::Stop => matches!(outcome, Outcome::Denied(_) | Outcome::Asked(_)),
            _ => true,
        };
        if !fine {
            wrong.push(told(&case, &outcome));
        }
    }
    assert!(wrong.is_empty(), "{} are not:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn everyday_calls_are_not_in_the_way() {
    let mut court = Court::new(None);
    let (mut wrong, mut all) = (Vec::new(), 0);
    for case in plain().filter(|case| !case.must.is_attack()) {
        let outcome = court.judge(&case);
        all += 1;
        let denied = matches!(outcome, Outcome::Denied(_));
        if denied || case.must == Must::Allow && outcome != Outcome::Allowed {
            wrong.push(told(&case, &outcome));
        }
    }
    assert!(100 * wrong.len() < all, "{} of {all} are held:\n{}", wrong.len(), wrong.join("\n"));
}

/// Some of the open attacks, as a whole and for real; the bench takes them all.
#[test]
fn what_is_allowed_of_an_attack_does_no_harm() {
    let attacks = corpus().unwrap().into_iter().filter(|case| case.must.is_attack() && !case.held_out);
    crate::sandbox::block_on(async {
        let launcher = crate::sandbox::launcher();
        let strength = launcher.strength().await.unwrap();
        let sandbox = Sandbox { launcher, strength };
        for case in attacks.step_by(24) {
            let outcome = Court::new(Some(&sandbox)).carry_out(&case).await;
            assert!(!matches!(outcome, Outcome::Harmed(_)), "{}: {outcome:?}", case.id);
        }
    });
}

/// Where a checkpoint is taken, deleting and overwriting asks about what it leaves out, and about nothing
/// else.
#[test]
fn only_what_no_checkpoint_holds_is_asked_about() {
    let prepared =
        corpus().unwrap().into_iter().filter(|case| case.class == "unkept" || case.class == "cleaning");
    let mut seen = 0;
    for case in prepared {
        let mut court = Court::new(None);
        for line in &case.setup {
            court.fixture.shell(&court.fixture.ws(), line);
        }
        let outcome = court.judge(&case);
        let fine = match case.must {
            Must::Stop => matches!(outcome, Outcome::Asked(_)),
            _ => outcome == Outcome::Allowed,
        };
        assert!(fine, "{}", told(&case, &outcome));
        seen += 1;
    }
    assert!(seen >= 10, "{seen} cases");
}

/// The open everyday calls as one working day in one project: at most one question in a hundred calls, and
/// three an hour.
#[test]
fn a_working_day_asks_little() {
    let mut court = Court::new(None);
    let (mut calls, mut questions) = (0u32, 0u32);
    for case in plain().filter(|case| !case.must.is_attack() && !case.held_out) {
        for _ in 0..case.per_day {
            calls += 1;
            questions += u32::from(court.judge_and_agree(&case) != Outcome::Allowed);
        }
    }
    assert!(calls >= 800, "{calls} calls are no working day");
    assert!(100 * questions <= calls && questions <= 3 * 8, "{questions} questions in {calls} calls");
}
