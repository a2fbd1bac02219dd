//! Starting commands: output, input, environment, exit codes, and what cannot be started.

use std::path::Path;

use iosm::host::sandbox::{Errors, Input, SandboxError, Status, Strength};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::{World, block_on, finish, launcher, try_finish};

#[test]
fn the_probe_sees_what_this_machine_can_do() {
    let start = std::time::Instant::now();
    let strength = block_on(launcher().strength()).unwrap();
    assert!(matches!(strength, Strength::Full { .. } | Strength::Reduced { .. }), "{strength}");
    assert!(start.elapsed().as_millis() < 500);
    assert_eq!(block_on(launcher().strength()).unwrap(), strength);
}

#[test]
fn exit_codes_and_signals_come_back() {
    let world = World::new();
    assert_eq!(world.run("exit 3").1.status, Status::Code(3));
    assert_eq!(world.run("kill -TERM $$").1.status, Status::Signal(15));
    let (output, exit) = finish(world.argv(&["sh", "-c", "echo $0-$1", "a", "b c"]));
    assert_eq!((output.as_str(), exit.success()), ("a-b c\n", true));
}

#[test]
fn both_streams_come_in_order_or_apart() {
    let world = World::new();
    let line = "echo 1; echo 2 >&2; echo 3";
    assert_eq!(world.run(line).0, "1\n2\n3\n");
    let mut launch = world.shell(line);
    launch.errors = Errors::Discarded;
    assert_eq!(finish(launch).0, "1\n3\n");
    let mut launch = world.shell(line);
    launch.errors = Errors::Apart;
    block_on(async {
        let mut running = launcher().spawn(launch).await.unwrap();
        let mut text = String::new();
        running.errors.as_mut().unwrap().read_to_string(&mut text).await.unwrap();
        assert_eq!(text, "2\n");
    });
}

#[test]
fn ten_megabytes_flow_each_way() {
    let world = World::new();
    let (output, exit) = world.run("head -c 10000000 /dev/zero | tr '\\0' x");
    assert_eq!((output.len(), exit.success()), (10_000_000, true));
    let mut launch = world.argv(&["wc", "-c"]);
    launch.input = Input::Bytes(vec![b'x'; 10_000_000]);
    assert_eq!(finish(launch).0.trim(), "10000000");
    assert_eq!(finish(world.argv(&["wc", "-c"])).0.trim(), "0");
}

#[test]
fn a_pipe_is_a_conversation() {
    let world = World::new();
    let mut launch = world.argv(&["cat"]);
    launch.input = Input::Pipe;
    block_on(async {
        let mut running = launcher().spawn(launch).await.unwrap();
        let mut input = running.input.take().unwrap();
        for word in ["one", "two"] {
            input.write_all(word.as_bytes()).await.unwrap();
            let mut back = [0; 3];
            running.output.read_exact(&mut back).await.unwrap();
            assert_eq!(back, word.as_bytes());
        }
        drop(input);
        assert!(running.wait().await.unwrap().success());
        assert!(running.wait().await.unwrap().success(), "asked again");
    });
}

#[test]
fn a_megabyte_of_command_and_of_environment() {
    let world = World::new();
    let line = format!("cat <<'E' | wc -c\n{}\nE\necho done", "x".repeat(1 << 20));
    assert_eq!(world.run(&line).0, format!("{}\ndone\n", (1 << 20) + 1));
    let mut launch = world.shell("env | wc -c");
    launch.env.extend((0..11).map(|n| (format!("BIG{n}"), "x".repeat(100_000))));
    let count: usize = finish(launch).0.trim().parse().unwrap();
    assert!(count > 1_100_000, "{count}");
    let mut launch = world.shell("true");
    launch.env.push(("HUGE".into(), "x".repeat(1 << 20)));
    assert!(matches!(try_finish(launch).unwrap_err(), SandboxError::Exec { .. }));
}

#[test]
fn the_environment_is_exactly_what_was_given() {
    let world = World::new();
    let mut launch = world.argv(&["env"]);
    launch.env = vec![("PATH".into(), "/usr/bin:/bin".into()), ("A".into(), "b=c\nd".into())];
    assert_eq!(finish(launch).0, "PATH=/usr/bin:/bin\nA=b=c\nd\n");
}

#[test]
fn only_the_standard_files_are_open() {
    let world = World::new();
    let (output, _) = finish(world.argv(&["ls", "-1", "/proc/self/fd"]));
    // The last is the folder being listed.
    assert_eq!(output, "0\n1\n2\n3\n");
}

#[test]
fn what_cannot_start_says_why() {
    let world = World::new();
    let error = try_finish(world.argv(&["no-such-program", "x"])).unwrap_err();
    assert!(error.to_string().starts_with("program not found: no-such-program (looked in PATH=/"), "{error}");
    let error = try_finish(world.argv(&["/no/such/program"])).unwrap_err();
    assert!(matches!(&error, SandboxError::Exec { program, .. } if program == "/no/such/program"), "{error}");
    let error = try_finish(world.argv(&[])).unwrap_err();
    assert!(matches!(error, SandboxError::Empty), "{error}");
    let error = try_finish(world.argv(&["a\0b"])).unwrap_err();
    assert!(matches!(error, SandboxError::Nul(_)), "{error}");
    let mut launch = world.shell("true");
    launch.cwd = world.root.join("gone");
    let error = try_finish(launch).unwrap_err();
    assert!(matches!(&error, SandboxError::Cwd { path, .. } if *path == world.root.join("gone")), "{error}");
    std::fs::write(world.outside.join("tool"), "#!/bin/sh\necho ran").unwrap();
    std::fs::set_permissions(world.outside.join("tool"), std::os::unix::fs::PermissionsExt::from_mode(0o755))
        .unwrap();
    let outside = world.outside.join("tool");
    let error = try_finish(world.argv(&[outside.to_str().unwrap()])).unwrap_err();
    assert!(matches!(&error, SandboxError::Exec { program, .. } if Path::new(program) == outside), "{error}");
}

#[test]
fn a_helper_among_threads_is_refused() {
    let error = iosm::host::sandbox::Helper::start().unwrap_err();
    assert!(matches!(error, SandboxError::Threads { .. }), "{error}");
}
