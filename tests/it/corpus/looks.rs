//! Everyday lines that only look, carried out twice: behind their walls, and with the workspace open to
//! them. They must come to the same end.

use iosm::engine::drill::Step;
use iosm::host::sandbox::{Environment, Launch, Layers, Status, Strength, Surroundings, Toolchains};
use iosm::kernel::Judgement;
use iosm::protocol::Effect;

use super::court::{Court, Sandbox};
use super::plain;
use crate::sandbox::{block_on, launcher, try_finish};

/// What follows `[` in the line on how it ended.
fn ending(status: Status) -> String {
    format!("[{status}]")
}

/// The line as it would run with the workspace writable and every file open.
fn without_walls(court: &Court, line: &str, layers: Layers) -> String {
    let at = |path: &str| court.fixture.root.join(path);
    let around = Surroundings {
        vars: vec![("PATH".to_owned(), std::env::var("PATH").unwrap_or_default())],
        home: court.fixture.home(),
        cache: at("cache"),
        tmp: at("tmp"),
        network: false,
    };
    let mut launch = Launch::shell(line, court.fixture.ws());
    Environment::new(&around, &Toolchains::built_in().unwrap()).apply(&mut launch);
    launch.write.push(court.fixture.ws());
    launch.layers = layers;
    ending(try_finish(launch).unwrap().1.status)
}

/// Every `step`th of the lines, under these layers: how many were carried out.
fn compare(strength: Strength, step: usize) -> usize {
    let layers = strength.layers();
    let mut court = Court::new(Some(&Sandbox { launcher: launcher(), strength }));
    let (mut looks, mut wrong) = (0, Vec::new());
    let cases = plain().filter(|case| !case.must.is_attack() && !case.judge_only);
    for case in cases.filter(|case| case.steps[0].tool == "bash").step_by(step) {
        let call = court.call(&case.steps[0]);
        let Ok(Judgement::Granted(granted)) = court.kernel.judge("main", &call) else { continue };
        let line = granted.call.args["command"].as_str().unwrap().to_owned();
        let waits = ["sleep", "tail -f", "watch", "top"].iter().any(|word| line.contains(word));
        if waits || granted.effects.iter().any(Effect::may_write) {
            continue;
        }
        looks += 1;
        let before = court.fixture.sentinels();
        let text = block_on(court.run(granted));
        assert_eq!(court.fixture.sentinels(), before, "{line}");
        let bare = without_walls(&court, &line, layers);
        if !text.contains(&bare) || text.contains("was judged to write nothing") {
            wrong.push(format!("{} `{line}`: {text}, and without walls {bare}", case.id));
        }
    }
    assert!(wrong.is_empty(), "{} of {looks}:\n{}", wrong.len(), wrong.join("\n"));
    looks
}

#[test]
fn everyday_looks_end_behind_walls_as_they_end_without() {
    let strength = block_on(launcher().strength()).unwrap();
    let looks = compare(strength, 1);
    println!("{looks} everyday lines look");
    assert!(looks > 150, "{looks}");
    let reduced = Strength::Reduced { landlock_abi: 1, why: "asked for".to_owned() };
    assert!(compare(reduced, 3) > 50);
}

#[test]
fn a_file_that_a_person_lets_a_line_name_is_read() {
    for strength in [
        block_on(launcher().strength()).unwrap(),
        Strength::Reduced { landlock_abi: 1, why: "asked for".to_owned() },
    ] {
        let mut court = Court::new(Some(&Sandbox { launcher: launcher(), strength: strength.clone() }));
        for (line, whole) in [
            ("cat .env > /dev/null && grep -rq package .", true),
            ("cat .env | grep -rc . - src && wc -c .env", true),
            ("grep -rc . .", false),
        ] {
            let step = Step { tool: "bash".to_owned(), args: serde_json::json!({"command": line}) };
            let call = court.call(&step);
            let granted = match court.kernel.judge("main", &call).unwrap() {
                Judgement::Asked(question) => court.kernel.approve(question, "user", false).unwrap(),
                granted => granted,
            };
            let Judgement::Granted(granted) = granted else { panic!("{line}: {granted:?}") };
            let text = block_on(court.run(granted));
            assert_eq!(!text.contains(".env: Permission denied"), whole, "{strength} {line}: {text}");
        }
    }
}
