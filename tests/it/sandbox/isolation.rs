//! The small form of `tests/bench/isolation.rs`: every hostile line once, from sixteen agents.

use iosm::host::sandbox::Layers;

#[path = "../../bench/isolation/field.rs"]
mod field;
#[path = "../../bench/isolation/judged.rs"]
mod judged;

use super::{block_on, full, launcher};

const AGENTS: usize = 16;
const CALLS: usize = 36;

fn attack(layers: Layers) -> field::Tally {
    let field = field::Field::new(AGENTS);
    block_on(field.attack(&launcher(), layers, CALLS, CALLS))
}

#[test]
fn no_agent_writes_outside_its_root() {
    let calls = AGENTS * CALLS;
    let landlock = attack(Layers { landlock: true, ..Layers::NONE });
    assert_eq!((landlock.calls, landlock.contents), (calls, 0));
    assert!(landlock.metadata > 0, "what Landlock does not govern is not tried");
    if full() {
        let nothing = field::Tally { calls, contents: 0, metadata: 0 };
        assert_eq!(attack(Layers { namespaces: true, ..Layers::NONE }), nothing);
        assert_eq!(attack(Layers::ALL), nothing);
    }
}

#[test]
fn without_a_layer_the_same_calls_hit() {
    let tally = attack(Layers::NONE);
    assert!(tally.contents > AGENTS && tally.metadata > 0, "{tally:?}");
}

#[test]
fn with_the_judge_alone_nothing_known_to_reach_out_is_granted() {
    // Every target and every line, by every way to spell where it reaches, over all agents together.
    let tally = judged::judge_alone(&field::Field::new(AGENTS), 400);
    assert_eq!(tally.violations, [] as [String; 0]);
    assert_eq!((tally.calls, tally.calls), (AGENTS * 400, tally.refused + tally.granted));
    assert!(tally.inside > 0 && tally.inside_refused == 0, "{tally:#?}");
    assert!(tally.turned_inward_granted * 2 > tally.turned_inward, "{tally:#?}");
}
