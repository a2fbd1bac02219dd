//! Bounds on processes, memory, files and processor time.

use std::time::{Duration, Instant};

use iosm::host::sandbox::{Ended, Layers, Limits, Status};

use super::{World, best, finish, with_mark};

/// Doubles like the famous one-liner, but burns out by itself after some two thousand processes: a
/// launcher that fails must fail this test and not the machine. Its shells end as soon as they have
/// started others, which become orphans.
const ORPHANS: &str = "b() { [ $1 -gt 0 ] || exec sleep 20; b $(($1-1)) | b $(($1-1)) & }; b 10; sleep 20";

/// The same, but every shell waits for what it started: whatever was counted is there to be killed.
/// In one step, that is: where only groups can be killed one by one, a shell may still see one of its
/// own die and count it in our stead.
const FAMILY: &str = "b() { [ $1 -gt 0 ] || exec sleep 20; b $(($1-1)) | b $(($1-1)); }; b 10; sleep 20";

#[test]
fn a_fork_bomb_ends() {
    for (bomb, layers, mark) in [
        (ORPHANS, best(), "bomb-one"),
        (ORPHANS, Layers::REDUCED, "bomb-five"),
        (ORPHANS, Layers::NONE, "bomb-two"),
        (FAMILY, best(), "bomb-three"),
        (FAMILY, Layers::REDUCED, "bomb-six"),
        (FAMILY, Layers::NONE, "bomb-four"),
    ] {
        let world = World::new();
        let mut launch = world.shell(&format!("{bomb} # {mark}"));
        launch.layers = layers;
        launch.limits = Limits { processes: Some(100), ..Limits::default() };
        let start = Instant::now();
        let (_, exit) = finish(launch);
        assert_eq!((exit.ended_by, exit.left), (Some(Ended::Processes), 0));
        let in_one_step = layers.landlock;
        let least = if bomb == FAMILY && in_one_step { 100 } else { 1 };
        assert!(exit.strays >= least, "{mark}: {exit:?}");
        assert!(start.elapsed() < Duration::from_secs(10), "{:?}", start.elapsed());
        assert_eq!(with_mark(mark), [] as [i32; 0]);
    }
}

#[test]
fn too_much_memory_ends_the_command() {
    let world = World::new();
    let mut launch = world.shell("head -c 200000000 /dev/zero | tail; sleep 30");
    launch.limits.memory_bytes = Some(64 << 20);
    let (_, exit) = finish(launch);
    assert_eq!((exit.ended_by, exit.status), (Some(Ended::Memory), Status::Signal(9)));
    let mut launch = world.shell("head -c 1000000 /dev/zero | tail -c 1 | wc -c; sleep 0.3");
    launch.limits.memory_bytes = Some(64 << 20);
    assert!(finish(launch).1.success());
}

#[test]
fn files_and_processor_time_are_bounded() {
    let world = World::new();
    let mut launch = world.shell("head -c 100000 /dev/zero > big");
    launch.limits.file_size = Some(1000);
    assert!(!finish(launch).1.success());
    assert_eq!(std::fs::metadata(world.root.join("big")).unwrap().len(), 1000);
    let mut launch = world.shell("while :; do :; done");
    launch.limits.cpu_s = Some(1);
    let (_, exit) = finish(launch);
    assert_eq!(exit.ended_by, None);
    assert!(matches!(exit.status, Status::Signal(9 | 24)), "{exit:?}");
    // The limit counts clock ticks, the report measures: on a busy machine they differ a good deal.
    assert!((300..2000).contains(&exit.cpu_ms), "{exit:?}");
}

#[test]
fn usage_is_reported() {
    let world = World::new();
    let (_, exit) = world.run("head -c 30000000 /dev/zero | tail > /dev/null");
    assert!(exit.max_rss_kb > 20_000, "{exit:?}");
}
