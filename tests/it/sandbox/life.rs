//! How commands end, and that nothing outlives them.

use std::os::unix::process::CommandExt;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use iosm::host::sandbox::{Ended, Layers, Status};
use tokio::io::AsyncReadExt;

use super::{World, best, block_on, launcher, lives, wait_until, with_mark};

/// Leaves a daemon behind: its own session, its parent gone, deaf to SIGTERM.
fn daemon(mark: &str) -> String {
    format!("setsid sh -c 'trap \"\" TERM; (sleep {mark} & sleep {mark}; true) & true' > /dev/null 2>&1 &")
}

#[test]
fn a_daemon_dies_with_its_command() {
    for (layers, mark) in [(best(), "1001.25"), (Layers::NONE, "1002.25"), (Layers::REDUCED, "1008.25")] {
        let world = World::new();
        let mut launch = world.shell(&format!("{} sleep 0.3; echo done", daemon(mark)));
        launch.layers = layers;
        let (output, exit) = super::finish(launch);
        assert_eq!((output.as_str(), exit.success(), exit.left), ("done\n", true, 0));
        assert!(exit.strays >= 2, "{exit:?}");
        assert_eq!(with_mark(mark), [] as [i32; 0]);
    }
}

#[test]
fn kill_ends_the_whole_tree() {
    for (layers, mark) in [(best(), "1003.25"), (Layers::NONE, "1004.25"), (Layers::REDUCED, "1009.25")] {
        let world = World::new();
        let mut launch = world.shell(&format!("{} echo ready; sleep {mark}", daemon(mark)));
        launch.layers = layers;
        block_on(async {
            let mut running = launcher().spawn(launch).await.unwrap();
            running.output.read_exact(&mut [0; 6]).await.unwrap();
            wait_until("the daemon runs", || with_mark(mark).len() >= 3);
            let start = Instant::now();
            running.kill();
            let exit = running.wait().await.unwrap();
            assert_eq!((exit.ended_by, exit.left), (Some(Ended::Request), 0));
            assert_eq!(exit.status, Status::Signal(15));
            assert!(start.elapsed() < Duration::from_secs(2), "{:?}", start.elapsed());
            assert_eq!(with_mark(mark), [] as [i32; 0]);
        });
    }
}

#[test]
fn who_hears_the_request_may_tidy_up() {
    let world = World::new();
    let launch =
        world.shell("trap 'echo tidy > tidied; exit 7' TERM; echo ready; while :; do sleep 0.01; done");
    block_on(async {
        let mut running = launcher().spawn(launch).await.unwrap();
        running.output.read_exact(&mut [0; 6]).await.unwrap();
        running.kill();
        assert_eq!(running.wait().await.unwrap().status, Status::Code(7));
    });
    assert!(world.root.join("tidied").exists());
}

#[test]
fn dropping_the_process_kills_at_once() {
    let world = World::new();
    let mark = "1005.25";
    let launch = world.shell(&format!("trap '' TERM; {} echo ready; sleep {mark}", daemon(mark)));
    block_on(async {
        let mut running = launcher().spawn(launch).await.unwrap();
        running.output.read_exact(&mut [0; 6]).await.unwrap();
        assert!(lives(running.process.pid()));
        drop(running);
        wait_until("all are gone", || with_mark(mark).is_empty());
    });
}

#[test]
fn a_command_cannot_kill_its_supervisor() {
    let world = World::new();
    let (output, exit) = world.run("kill -9 $PPID; echo still here; exit 4");
    assert!(output.contains("still here"), "{output}");
    assert_eq!(exit.status, Status::Code(4));
}

#[test]
fn what_a_killed_supervisor_leaves_is_ended_too() {
    let world = World::new();
    let mark = "1006.25";
    let mut launch = world.shell(&format!("{} sleep 0.3; kill -9 $PPID; sleep {mark}", daemon(mark)));
    launch.layers = Layers::NONE;
    let error = super::try_finish(launch).unwrap_err();
    assert!(error.to_string().contains("without a report"), "{error}");
    wait_until("all are gone", || with_mark(mark).is_empty());
}

/// Started as a program of its own by the test below; nothing to do otherwise.
#[test]
fn victim() {
    let Ok(mark) = std::env::var("IOSM_TEST_VICTIM") else { return };
    let world = World::new();
    let launch = world.shell(&format!("{} sleep {mark}", daemon(&mark)));
    block_on(async {
        let running = launcher().spawn(launch).await.unwrap();
        let _ = running.wait().await;
    });
}

#[test]
fn when_iosm_is_killed_everything_ends() {
    let mark = "1007.25";
    let mut victim = Command::new(std::env::current_exe().unwrap());
    victim.args(["--exact", "sandbox::life::victim"]).env("IOSM_TEST_VICTIM", mark);
    let mut victim = victim.stdout(Stdio::null()).stderr(Stdio::null()).process_group(0).spawn().unwrap();
    wait_until("the tree runs", || with_mark(mark).len() >= 3);
    victim.kill().unwrap();
    victim.wait().unwrap();
    wait_until("all are gone", || with_mark(mark).is_empty());
    wait_until("its helper is gone", || with_mark("sandbox::life::victim").is_empty());
}
