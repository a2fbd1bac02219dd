//! What is piped in, attached, and taken for words.

use crate::world::World;

/// Says back what the user said.
const ECHO: &str = "rules:\n  - when: {prompt: {regex: '(?s)^(.*)$'}}\n    reply: [{text: \"<$1>\"}]\n";

#[test]
fn piped_text_comes_before_the_prompt() {
    let world = World::new();
    let model = world.script(ECHO);
    let piped = |args: &[&str], input: &str| {
        let args = [&["-p", "-m", &model], args].concat();
        world.iosm(&args).input(input).run().expect(0).out
    };
    assert_eq!(piped(&["explain this"], "line 1\nline 2\n"), "<line 1\nline 2\n\n\nexplain this>\n");
    assert_eq!(piped(&["-"], "all of it"), "<all of it>\n");
    assert_eq!(piped(&["explain", "-"], "text"), "<text\n\nexplain>\n");
    assert_eq!(piped(&["explain"], ""), "<explain>\n", "an empty pipe adds nothing");
    assert_eq!(piped(&[], "only piped"), "<only piped>\n");
    assert_eq!(
        piped(&["@a.txt", "sum", "up"], "first"),
        "<first\n\n<file path=\"a.txt\">\none\ntwo\n</file>\n\nsum up>\n"
    );
}

#[test]
fn a_closed_or_empty_standard_input_is_none() {
    let world = World::new();
    let model = world.script(ECHO);
    assert_eq!(world.text(&model, &["hello"]).expect(0).out, "<hello>\n");
    let closed = world.iosm(&["-p", "-m", &model, "hello"]).after("exec <&-").run();
    assert_eq!(closed.expect(0).out, "<hello>\n");
}

#[test]
fn a_silent_pipe_is_told_after_three_seconds() {
    let world = World::new();
    let model = world.script(ECHO);
    let ended = world.iosm(&["-p", "-m", &model, "hello"]).silent_input().run().expect(2).says("</dev/null");
    assert!((2..10).contains(&ended.took.as_secs()), "{:?}", ended.took);
    assert!(world.session_files().is_empty(), "nothing was begun");
}

#[test]
fn five_thousand_lines_and_bytes_that_are_no_text_arrive() {
    let world = World::new();
    let model =
        world.script("rules:\n  - when: {prompt: {regex: 'line 4999 '}}\n    reply: [{text: whole}]\n");
    let paste: String = (0..5000).map(|n| format!("line {n} of a long paste\n")).collect();
    let ended = world.iosm(&["-p", "-m", &model, "what is this?"]).input(paste).run().expect(0);
    assert_eq!(ended.out, "whole\n");
    let model = world.script(ECHO);
    let odd = world.iosm(&["-p", "-m", &model, "-"]).input(b"caf\xe9 \xff".to_vec()).run().expect(0);
    assert_eq!(odd.out, "<caf\u{fffd} \u{fffd}>\n");
    let huge = vec![b'x'; 11 << 20];
    world.iosm(&["-p", "-m", &model, "-"]).input(huge).run().expect(2).says("larger than 10 MB");
}

#[test]
fn only_a_first_word_is_a_command() {
    let world = World::new();
    let model = world.script(ECHO);
    world.settings(&format!("model: {model}\n"));
    assert_eq!(world.iosm(&["-p", "--", "sessions"]).run().expect(0).out, "<sessions>\n");
    assert_eq!(world.iosm(&["-p", "--", "demo", "the", "parser"]).run().expect(0).out, "<demo the parser>\n");
    assert_eq!(world.iosm(&["-p", "list", "the", "sessions"]).run().expect(0).out, "<list the sessions>\n");
    assert_eq!(world.iosm(&["-p", "doctor the patient"]).run().expect(0).out, "<doctor the patient>\n");
    let listed = world.iosm(&["sessions"]).run().expect(0).out;
    assert_eq!(listed.lines().count(), 4, "{listed}");
}

#[test]
fn files_are_named_from_the_folder_of_minus_c() {
    let world = World::new();
    let model = world.script(ECHO);
    let src = world.repo().join("src");
    let args = ["-C", src.to_str().unwrap(), "-p", "-m", &model, "@b.txt"];
    let ended = world.iosm(&args).within(&world.base()).run().expect(0);
    assert_eq!(ended.out, "<<file path=\"b.txt\">\nthree\n</file>>\n");
    std::fs::write(world.repo().join("binary"), b"\xff\xfe\x00").unwrap();
    world.text(&model, &["@binary"]).expect(2).says("no UTF-8 text");
    world.text(&model, &["@src"]).expect(2).says("@src cannot be read");
}
