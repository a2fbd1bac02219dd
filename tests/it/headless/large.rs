//! Much text, cut anywhere.

use std::time::Duration;

use super::says;
use crate::world::World;
use crate::world::server::{Answer, Server};

fn asked(server: &Server, format: &str) -> crate::world::Ended {
    let world = World::new();
    let url = format!("{}/v1", server.url);
    let args = ["-p", "-m", "openai_compatible/x", "--base-url", &url, "--output-format", format, "talk"];
    world.iosm(&args).run().expect(0)
}

#[test]
fn a_reply_of_200_kb_arrives_whole_and_is_said_once() {
    let words: String = (0..20_000).map(|n| format!("{n:08} \u{e9}")).collect();
    let body: String = words
        .as_bytes()
        .chunks(11 * 10)
        .map(|chunk| says(std::str::from_utf8(chunk).unwrap()).lines().next().unwrap().to_owned() + "\n\n")
        .collect();
    let body = body + &super::last("stop");
    for piece in [7, 4096] {
        let server = Server::hosted(vec![Answer::Stream { body: body.clone(), piece }]);
        assert_eq!(asked(&server, "text").out, format!("{words}\n"));
        if piece == 7 {
            continue;
        }
        assert_eq!(asked(&server, "json").result()["result"], words);
        let ended = asked(&server, "stream-json");
        let events = ended.events();
        let deltas = events.iter().filter(|event| event["type"] == "text_delta");
        assert_eq!(deltas.map(|event| event["text"].as_str().unwrap()).collect::<String>(), words);
        let twice = 2 * words.len() + ended.out.lines().count() * 110;
        assert!(ended.out.len() < twice, "{} bytes for a text of {}", ended.out.len(), words.len());
    }
}

#[test]
fn characters_cut_in_their_middle_and_bytes_that_are_none() {
    let body = says("caf\u{e9} \u{1f980} end").into_bytes();
    let one_by_one = body.iter().map(|byte| vec![*byte]).collect();
    let server = Server::hosted(vec![Answer::Pieces { pieces: one_by_one, every: Duration::ZERO }]);
    assert_eq!(asked(&server, "text").out, "caf\u{e9} \u{1f980} end\n");

    // A lone continuation byte in place of an ASCII letter, the chunk cut right behind it.
    let mut broken = says("caf! end").into_bytes();
    let place = broken.iter().position(|byte| *byte == b'!').unwrap();
    broken[place] = 0xa9;
    let tail = broken.split_off(place + 1);
    let pieces = vec![broken, tail];
    let server = Server::hosted(vec![Answer::Pieces { pieces, every: Duration::from_millis(5) }]);
    assert_eq!(asked(&server, "text").out, "caf\u{fffd} end\n");
}

#[test]
fn output_of_a_command_that_is_no_text_or_too_much() {
    let world = World::new();
    let calls = [
        r#"{tool: bash, args: {command: "printf 'a\\377b\\000c\\n'"}}"#,
        r#"{tool: bash, args: {command: "yes 0123456789 | head -c 3000000"}}"#,
    ];
    let model = world.script(&super::script_of(&calls));
    let ended = world.stream(&model, &["x"]).expect(0);
    ended.events();
    assert!(ended.out.len() < 400_000, "{} bytes shown of an output of 3 MB", ended.out.len());
}
