//! The machine alone: no model, no runtime, no clock.

use std::collections::BTreeSet;

use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::kernel::Admitted;
use crate::model::{Delta, ModelError, Stop};
use crate::protocol::{Block, Cost, CostBasis, Event, Item, Limits, Part, Status, ToolCall, Usage};

fn setup() -> Setup {
    Setup {
        answer: None,
        model: "scripted/x".into(),
        read_only: BTreeSet::from(["read".to_owned(), "search".to_owned()]),
        limits: Limits::default(),
        remind_report: false,
        max_attempts: 3,
    }
}

/// Feeds inputs and gathers effects.
struct Machine {
    state: Option<State>,
    log: Vec<Effect>,
}

impl Machine {
    fn new(setup: Setup) -> Self {
        Self { state: Some(State::new(setup, 0, 0)), log: Vec::new() }
    }

    fn feed(&mut self, input: Input) -> Vec<Effect> {
        let (state, effects) = step(self.state.take().unwrap(), input);
        self.state = Some(state);
        self.log.extend(effects.iter().cloned());
        effects
    }

    fn say(&mut self, text: &str, tools: &[&str]) -> Vec<Effect> {
        self.feed(Input::Delta(Delta::Text(text.into())));
        for tool in tools {
            self.feed(Input::Delta(Delta::ToolCall { tool: (*tool).into(), args: json!({}) }));
        }
        let stop = if tools.is_empty() { Stop::EndTurn } else { Stop::ToolUse };
        self.feed(Input::Delta(Delta::End(stop)))
    }

    fn allow(&mut self, call_id: &str) -> Vec<Effect> {
        self.feed(Input::Judged { call_id: call_id.into(), ruling: Ruling::Allowed { repaired: false } })
    }

    fn deny(&mut self, call_id: &str, shape: &str) -> Vec<Effect> {
        self.refuse(call_id, shape, false)
    }

    fn refuse(&mut self, call_id: &str, shape: &str, malformed: bool) -> Vec<Effect> {
        let ruling = Ruling::Denied { result: result(call_id, "bash"), shape: shape.into(), malformed };
        self.feed(Input::Judged { call_id: call_id.into(), ruling })
    }

    fn done(&mut self, call_id: &str, tool: &str) -> Vec<Effect> {
        self.feed(Input::ToolDone { call_id: call_id.into(), result: result(call_id, tool) })
    }

    fn items(&self) -> Vec<&Item> {
        let items = self.log.iter().filter_map(|effect| match effect {
            Effect::Append(item) => Some(item),
            _ => None,
        });
        items.collect()
    }

    /// The law of every consistent conversation: each call has exactly one result, in call order,
    /// before the next message.
    fn assert_consistent(&self) {
        let mut open: Vec<String> = Vec::new();
        for item in self.items() {
            match item {
                Item::Assistant { blocks, .. } => {
                    assert!(open.is_empty(), "calls {open:?} had no result");
                    open = blocks
                        .iter()
                        .filter_map(|block| match block {
                            Block::ToolCall(call) => Some(call.id.clone()),
                            _ => None,
                        })
                        .collect();
                }
                Item::ToolResult(result) => assert_eq!(open.remove(0), result.call_id),
                Item::User { .. } => assert!(open.is_empty(), "calls {open:?} had no result"),
            }
        }
        assert!(open.is_empty(), "calls {open:?} had no result at the end");
    }
}

fn result(call_id: &str, tool: &str) -> Admitted {
    Admitted::cancelled(&ToolCall { id: call_id.into(), tool: tool.into(), args: json!({}) })
}

fn judged(effects: &[Effect]) -> Vec<&str> {
    let calls = effects.iter().filter_map(|effect| match effect {
        Effect::Judge(call) => Some(call.id.as_str()),
        _ => None,
    });
    calls.collect()
}

fn ending(effects: &[Effect]) -> Option<Status> {
    effects.iter().find_map(|effect| match effect {
        Effect::Finish(ending) => Some(ending.status),
        _ => None,
    })
}

#[test]
fn a_prompt_a_call_an_answer() {
    let mut machine = Machine::new(setup());
    let effects = machine.feed(Input::Prompt("hi".into()));
    assert_eq!(effects.last(), Some(&Effect::CallModel));
    assert_eq!(judged(&machine.say("I look", &["read"])), ["t1"]);
    assert_eq!(machine.allow("t1"), [Effect::Run { call_id: "t1".into() }]);
    assert!(machine.done("t1", "read").contains(&Effect::CallModel));
    assert_eq!(ending(&machine.say("done", &[])), Some(Status::Success));
    assert_eq!(machine.state.as_ref().unwrap().text(), "done");
    machine.assert_consistent();
}

#[test]
fn reads_go_side_by_side_and_writes_in_order() {
    let mut machine = Machine::new(setup());
    machine.feed(Input::Prompt("hi".into()));
    assert_eq!(judged(&machine.say("", &["read", "search", "write", "read", "bash"])), ["t1", "t2"]);
    machine.allow("t1");
    machine.allow("t2");
    assert!(judged(&machine.done("t2", "search")).is_empty(), "the write waits for both");
    assert_eq!(judged(&machine.done("t1", "read")), ["t3"]);
    machine.allow("t3");
    assert_eq!(judged(&machine.done("t3", "write")), ["t4"], "the command waits for the read");
    machine.allow("t4");
    assert_eq!(judged(&machine.done("t4", "read")), ["t5"]);
    machine.allow("t5");
    machine.done("t5", "bash");
    machine.say("done", &[]);
    machine.assert_consistent();
}

#[test]
fn three_refusals_of_one_shape_end_the_run_and_other_shapes_do_not() {
    let mut machine = Machine::new(setup());
    machine.feed(Input::Prompt("hi".into()));
    for (at, shape) in ["a", "b", "a", "a"].iter().enumerate() {
        machine.say("", &["bash"]);
        assert_eq!(ending(&machine.deny(&format!("t{}", at + 1), shape)), None);
    }
    machine.say("", &["bash"]);
    assert_eq!(ending(&machine.deny("t5", "a")), Some(Status::Refused));
    machine.assert_consistent();
}

#[test]
fn a_last_word_after_a_refusal_is_a_refusal_and_one_worked_round_is_not() {
    let mut machine = Machine::new(setup());
    machine.feed(Input::Prompt("hi".into()));
    machine.say("", &["bash"]);
    machine.deny("t1", "a");
    assert_eq!(ending(&machine.say("I cannot", &[])), Some(Status::Refused));
    machine.feed(Input::Prompt("again".into()));
    machine.say("", &["bash"]);
    machine.deny("t2", "a");
    machine.say("", &["read"]);
    machine.allow("t3");
    machine.done("t3", "read");
    assert_eq!(ending(&machine.say("another way", &[])), Some(Status::Success));
}

#[test]
fn a_cut_stream_is_thrown_away_with_its_calls_and_asked_again() {
    let mut machine = Machine::new(setup());
    machine.feed(Input::Prompt("hi".into()));
    machine.feed(Input::Delta(Delta::Text("half".into())));
    machine.feed(Input::Delta(Delta::ToolCall { tool: "bash".into(), args: json!({}) }));
    let cut = ModelError::Cut { provider: "p".into(), message: "m".into() };
    let effects = machine.feed(Input::StreamFailed(cut.clone()));
    assert!(matches!(effects[0], Effect::Emit(Event::StreamDiscarded { .. })));
    assert!(matches!(effects[1], Effect::RetryLater { attempt: 1, .. }));
    assert!(judged(&machine.log).is_empty(), "no call of it may run");
    assert_eq!(machine.feed(Input::RetryDue), [Effect::CallModel]);
    assert_eq!(judged(&machine.say("", &["bash"])), ["t1"], "the numbers start where they were");
    for attempt in 1..=3 {
        let mut machine = Machine::new(setup());
        machine.feed(Input::Prompt("hi".into()));
        for _ in 1..attempt {
            machine.feed(Input::StreamFailed(cut.clone()));
            machine.feed(Input::RetryDue);
        }
        let over = ending(&machine.feed(Input::StreamFailed(cut.clone())));
        assert_eq!(over, (attempt == 3).then_some(Status::Error));
    }
}

#[test]
fn an_error_that_will_not_pass_is_not_asked_again() {
    let mut machine = Machine::new(setup());
    machine.feed(Input::Prompt("hi".into()));
    let refused = ModelError::Refused { provider: "p".into(), status: 401, message: "m".into() };
    assert_eq!(ending(&machine.feed(Input::StreamFailed(refused))), Some(Status::Error));
}

#[test]
fn limits_hold_on_both_sides() {
    let limited = |limits| Machine::new(Setup { limits, ..setup() });
    let turns = Limits { max_turns: Some(2), ..Limits::default() };
    let mut machine = limited(turns);
    machine.feed(Input::Prompt("hi".into()));
    machine.say("", &["read"]);
    machine.allow("t1");
    assert_eq!(ending(&machine.done("t1", "read")), None);
    machine.say("", &["read"]);
    machine.allow("t2");
    assert_eq!(ending(&machine.done("t2", "read")), Some(Status::Limit));
    machine.assert_consistent();
    for (spent, over) in [(0.99, None), (1.0, Some(Status::Limit))] {
        let mut machine = limited(Limits { max_budget_usd: Some(1.0), ..Limits::default() });
        machine.feed(Input::Prompt("hi".into()));
        let cost = Cost { usd: Some(spent), basis: CostBasis::Catalogue };
        machine.feed(Input::Priced { usage: Usage::default(), cost });
        machine.say("", &["read"]);
        machine.allow("t1");
        assert_eq!(ending(&machine.done("t1", "read")), over, "spent {spent}");
    }
    let mut machine = limited(Limits::default());
    machine.feed(Input::Prompt("hi".into()));
    assert_eq!(ending(&machine.feed(Input::Deadline)), Some(Status::Limit));
}

#[test]
fn a_run_without_report_is_reminded_once_and_keeps_its_text() {
    let mut machine = Machine::new(Setup { remind_report: true, ..setup() });
    machine.feed(Input::Prompt("audit".into()));
    assert!(machine.say("all is well", &[]).contains(&Effect::CallModel));
    assert_eq!(ending(&machine.say("nothing to report", &[])), Some(Status::Success));
    assert_eq!(machine.state.as_ref().unwrap().text(), "all is well");
}

#[test]
fn a_call_that_was_none_is_no_refusal_at_the_end() {
    for (malformed, status) in [(true, Status::Success), (false, Status::Refused)] {
        let mut machine = Machine::new(setup());
        machine.feed(Input::Prompt("hi".into()));
        machine.say("", &["raed"]);
        machine.refuse("t1", "raed", malformed);
        assert_eq!(ending(&machine.say("well then", &[])), Some(status));
    }
}

#[test]
fn a_call_that_was_cut_is_not_made_and_the_model_hears_why() {
    let mut machine = Machine::new(setup());
    machine.feed(Input::Prompt("hi".into()));
    let cut = |machine: &mut Machine, whole: bool| {
        machine.feed(Input::Delta(Delta::Text("So:".into())));
        if whole {
            machine.feed(Input::Delta(Delta::ToolCall { tool: "read".into(), args: json!({}) }));
        }
        let args = json!("{\"path\": \"a.t");
        machine.feed(Input::Delta(Delta::ToolCall { tool: "write".into(), args }));
        machine.feed(Input::Delta(Delta::End(Stop::MaxTokens)))
    };
    let told = |effects: &[Effect]| {
        let has =
            |item: &Item| matches!(item, Item::User { parts } if format!("{parts:?}").contains("`write`"));
        effects.iter().any(|effect| matches!(effect, Effect::Append(item) if has(item)))
    };
    let effects = cut(&mut machine, false);
    assert!(told(&effects) && effects.contains(&Effect::CallModel), "{effects:?}");
    // What came whole before it is done first.
    assert!(!told(&cut(&mut machine, true)));
    machine.allow("t1");
    assert!(told(&machine.done("t1", "read")));
    machine.assert_consistent();
    // An answer that fits counts anew; the third in a row that does not ends the run.
    machine.say("", &["read"]);
    machine.allow("t2");
    machine.done("t2", "read");
    cut(&mut machine, false);
    cut(&mut machine, false);
    assert_eq!(ending(&cut(&mut machine, false)), Some(Status::Limit));
}

#[test]
fn a_cancel_leaves_every_call_answered() {
    let mut machine = Machine::new(setup());
    machine.feed(Input::Prompt("hi".into()));
    machine.say("", &["read", "read", "bash"]);
    machine.allow("t1");
    machine.allow("t2");
    machine.done("t2", "read");
    let effects = machine.feed(Input::Cancel);
    assert_eq!(ending(&effects), Some(Status::Interrupted));
    assert!(effects.contains(&Effect::CancelTools));
    machine.assert_consistent();
    assert!(machine.done("t1", "read").is_empty(), "a late result changes nothing");
}

#[test]
fn steering_comes_before_the_next_request_and_follow_ups_after_the_run() {
    let mut machine = Machine::new(setup());
    machine.feed(Input::Prompt("hi".into()));
    machine.say("", &["read"]);
    machine.allow("t1");
    machine.feed(Input::Prompt("rather this".into()));
    machine.feed(Input::FollowUp("and then that".into()));
    machine.done("t1", "read");
    assert_eq!(machine.items().last(), Some(&&Item::user("rather this")));
    assert_eq!(ending(&machine.say("done", &[])), None);
    assert_eq!(machine.items().last(), Some(&&Item::user("and then that")));
    assert_eq!(ending(&machine.say("done too", &[])), Some(Status::Success));
    machine.assert_consistent();
}

#[test]
fn images_stand_behind_the_words_they_came_with() {
    let image = |data: &&str| Part::Image { media_type: "image/png".into(), data: (*data).to_owned() };
    let words =
        |text: &str, images: &[&str]| Words { text: text.into(), images: images.iter().map(image).collect() };
    let item = |text: &str, images: &[&str]| Item::User {
        parts: std::iter::once(Part::text(text)).chain(images.iter().map(image)).collect(),
    };
    let mut machine = Machine::new(setup());
    machine.feed(Input::Prompt(words("look", &["a", "a", "b"])));
    machine.feed(Input::Prompt(words("rather", &["c"])));
    machine.feed(Input::FollowUp(words("then", &["d"])));
    machine.say("done", &[]);
    machine.say("done", &[]);
    machine.say("done", &[]);
    let said = machine.items().into_iter().filter(|item| matches!(item, Item::User { .. }));
    let wanted = [item("look", &["a", "a", "b"]), item("rather", &["c"]), item("then", &["d"])];
    assert_eq!(said.cloned().collect::<Vec<_>>(), wanted);
}

#[test]
fn what_a_run_that_failed_never_took_is_not_taken_by_the_next() {
    let mut machine = Machine::new(setup());
    machine.feed(Input::Prompt("hi".into()));
    machine.feed(Input::Prompt("rather this".into()));
    machine.feed(Input::FollowUp("and then that".into()));
    assert_eq!(ending(&machine.feed(Input::Delta(Delta::End(Stop::MaxTokens)))), Some(Status::Limit));
    machine.feed(Input::Prompt("again".into()));
    assert_eq!(ending(&machine.say("done", &[])), Some(Status::Success));
    let said = machine.items().iter().filter(|item| matches!(item, Item::User { .. })).count();
    assert_eq!(said, 2);
}

#[test]
fn empty_and_cut_answers_are_told() {
    for (stop, status) in [(Stop::EndTurn, Status::Error), (Stop::MaxTokens, Status::Limit)] {
        let mut machine = Machine::new(setup());
        machine.feed(Input::Prompt("hi".into()));
        assert_eq!(ending(&machine.feed(Input::Delta(Delta::End(stop)))), Some(status));
    }
    let mut machine = Machine::new(setup());
    machine.feed(Input::Prompt("hi".into()));
    machine.feed(Input::Delta(Delta::Text("half a sen".into())));
    assert_eq!(ending(&machine.feed(Input::Delta(Delta::End(Stop::MaxTokens)))), Some(Status::Limit));
}

#[derive(Debug, Clone)]
enum Wild {
    Prompt,
    FollowUp,
    Resume,
    Text,
    Call(bool),
    End,
    Fail(bool),
    Retry,
    Allow(u8),
    Deny(u8),
    Done(u8),
    Cancel,
    Deadline,
}

fn wild() -> impl Strategy<Value = Wild> {
    prop_oneof![
        Just(Wild::Prompt),
        Just(Wild::FollowUp),
        Just(Wild::Resume),
        Just(Wild::Text),
        any::<bool>().prop_map(Wild::Call),
        Just(Wild::End),
        any::<bool>().prop_map(Wild::Fail),
        Just(Wild::Retry),
        (1u8..6).prop_map(Wild::Allow),
        (1u8..6).prop_map(Wild::Deny),
        (1u8..6).prop_map(Wild::Done),
        Just(Wild::Cancel),
        Just(Wild::Deadline),
    ]
}

proptest! {
    /// Whatever comes in whatever order: no panic, a call runs at most once and only after it was
    /// allowed, and once a run is stopped the conversation is whole.
    #[test]
    fn any_order_of_inputs_leaves_a_consistent_conversation(inputs in proptest::collection::vec(wild(), 0..60)) {
        let mut machine = Machine::new(setup());
        for input in inputs {
            let call = |n: u8| format!("t{n}");
            let cut = ModelError::Cut { provider: "p".into(), message: "m".into() };
            let refused = ModelError::Refused { provider: "p".into(), status: 401, message: "m".into() };
            match input {
                Wild::Prompt => machine.feed(Input::Prompt("p".into())),
                Wild::FollowUp => machine.feed(Input::FollowUp("f".into())),
                Wild::Resume => machine.feed(Input::Resume),
                Wild::Text => machine.feed(Input::Delta(Delta::Text("x".into()))),
                Wild::Call(read) => {
                    let tool = if read { "read" } else { "bash" };
                    machine.feed(Input::Delta(Delta::ToolCall { tool: tool.into(), args: json!({}) }))
                }
                Wild::End => machine.feed(Input::Delta(Delta::End(Stop::EndTurn))),
                Wild::Fail(hard) => machine.feed(Input::StreamFailed(if hard { refused } else { cut })),
                Wild::Retry => machine.feed(Input::RetryDue),
                Wild::Allow(n) => machine.allow(&call(n)),
                Wild::Deny(n) => machine.deny(&call(n), "s"),
                Wild::Done(n) => machine.done(&call(n), "read"),
                Wild::Cancel => machine.feed(Input::Cancel),
                Wild::Deadline => machine.feed(Input::Deadline),
            };
        }
        machine.feed(Input::Cancel);
        machine.assert_consistent();
        let mut ran: Vec<&String> = machine.log.iter().filter_map(|effect| match effect {
            Effect::Run { call_id } => Some(call_id),
            _ => None,
        }).collect();
        let before = ran.len();
        ran.sort();
        ran.dedup();
        prop_assert_eq!(ran.len(), before, "a call ran twice");
    }
}
