//! Killed in the middle of restoring, or of taking one: doing it again is enough.

use std::time::Duration;

use nix::sys::signal::Signal;

use super::field::{same, shape};
use crate::world::{World, tree};

const FILES: usize = 1500;

fn fill(world: &World, text: &str) {
    for at in 0..FILES {
        world.write(&format!("many/{}/f{at}", at % 30), &format!("{text} {at}\n{}", "pad ".repeat(200)));
    }
}

#[test]
fn killed_at_any_moment_a_restore_is_done_by_the_next() {
    let world = World::new();
    fill(&world, "before");
    let model = world.script(
        "rules:\n  - when: {turn: 1}\n    reply: [{tool_call: {tool: write, args: {path: x, content: x}}}]\n  - reply: [{text: done}]\n",
    );
    world.text(&model, &["write"]).expect(0);
    std::fs::remove_file(world.repo().join("x")).unwrap();
    let before = shape(&world.repo(), |_| true);
    let mut hit = 0;
    for wait in [30, 60, 90, 130, 180, 240, 320] {
        fill(&world, "after");
        world.shell("rm -rf many/3 && mkdir many/new && echo n > many/new/n").expect(0);
        let id = world.iosm(&["checkpoints", "list", "--json"]).run().expect(0);
        let list: serde_json::Value = serde_json::from_str(&id.out).unwrap();
        let first = list.as_array().unwrap().iter().find(|one| one["reason"] == "turn").unwrap();
        let args = ["checkpoints", "restore", first["id"].as_str().unwrap()];
        let running = world.iosm(&args).start();
        std::thread::sleep(Duration::from_millis(wait));
        running.signal(Signal::SIGKILL);
        let ended = running.wait();
        hit += usize::from(ended.status.code().is_none());
        world.iosm(&args).run().expect(0);
        same(&shape(&world.repo(), |_| true), &before);
    }
    assert!(hit > 0, "no kill came in time");
    assert!(!tree(&world.repo()).keys().any(|name| name.ends_with(".tmp")), "no temporary file is left");
}
