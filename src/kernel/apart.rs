//! Two sessions of one project judge without a lock in common: one that is stuck, with both its locks
//! held, does not keep the other waiting. Only sealing takes the index of the project, for its moment.

use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::Duration;

use super::testing::World;
use super::{Judgement, RawResult};

/// Longer than any judgement takes on a slow machine.
const PATIENCE: Duration = Duration::from_secs(20);
/// Long enough to see that a judgement waits.
const A_WHILE: Duration = Duration::from_millis(300);

#[test]
fn a_session_that_is_stuck_keeps_no_other_waiting() {
    let world = World::new();
    let (stuck, other) = (world.kernel(), world.kernel());
    std::thread::scope(|scope| {
        // What a write to the journal that does not come back would hold, and what admission would.
        let memory = stuck.memory();
        let state = stuck.state();
        let (sender, receiver) = channel();
        scope.spawn(|| {
            let sender = sender;
            let call = world.call("bash", "cat src/a.rs > src/b.rs");
            let Judgement::Granted(granted) = other.judge("main", &call).unwrap() else { panic!("granted") };
            other.admit("main", &granted.call, RawResult::ok("", "")).unwrap();
            other.judge("main", &world.call("write", ".git/config")).unwrap();
            other.seal().unwrap();
            sender.send(()).unwrap();
        });
        let (waits, waited) = channel();
        scope.spawn(|| {
            let waits = waits;
            stuck.judge("main", &world.call("read", "src/a.rs")).unwrap();
            let _ = waits.send(());
        });
        let judged = receiver.recv_timeout(PATIENCE);
        // The locks really are those that a judgement takes.
        let held = waited.recv_timeout(A_WHILE);
        drop((state, memory));
        assert_eq!(judged, Ok(()), "the other session waited");
        assert_eq!(held, Err(RecvTimeoutError::Timeout));
    });
}
