//! Images of the user: by their path, from the clipboard, and when there is none.

use std::os::unix::fs::PermissionsExt;

use base64::Engine as _;

use super::{A_BEAT, OBLIGING, Terminal, open, open_with};
use crate::world::server::{Answer, Server};
use crate::world::{PNG, World};

const HELLO: &str = include_str!("../../golden/anthropic/text.sse");

fn encoded() -> String {
    base64::engine::general_purpose::STANDARD.encode(PNG)
}

/// A `wl-paste` that runs this line, and what makes it the one that is found.
fn clipboard(world: &World, line: &str) -> Vec<(&'static str, String)> {
    let folder = world.base().join("bin");
    std::fs::create_dir_all(&folder).unwrap();
    let program = folder.join("wl-paste");
    std::fs::write(&program, format!("#!/bin/sh\n{line}\n")).unwrap();
    std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).unwrap();
    let path = format!("{}:{}", folder.display(), std::env::var("PATH").unwrap_or_default());
    vec![("PATH", path), ("WAYLAND_DISPLAY", "wayland-0".to_owned())]
}

fn with_clipboard(world: &World, line: &str) -> Terminal {
    let variables = clipboard(world, line);
    let variables: Vec<(&str, &str)> =
        variables.iter().map(|(name, value)| (*name, value.as_str())).collect();
    open_with(world, OBLIGING, &[], &variables)
}

/// What a terminal sends for a paste of nothing.
const EMPTY_PASTE: [&str; 13] =
    ["-H", "1b", "5b", "32", "30", "30", "7e", "1b", "5b", "32", "30", "31", "7e"];

#[test]
fn the_path_of_an_image_is_pasted_and_the_provider_gets_the_image() {
    let world = World::new();
    world.put("shot.png", PNG);
    let server = Server::hosted(vec![Answer::Stream { body: HELLO.to_owned(), piece: 64 }]);
    let variables = [("ANTHROPIC_BASE_URL", server.url.as_str()), ("ANTHROPIC_API_KEY", "sk-dummy")];
    let args = ["-m", "anthropic/claude-haiku-5-5"];
    let terminal = Terminal::start_with(&world, 100, 30, &args, &variables);
    terminal.shows("full · claude");
    let path = world.repo().canonicalize().unwrap().join("shot.png").display().to_string();
    terminal.types("what is ");
    terminal.shows("> what is");
    terminal.paste(&path);
    terminal.shows("> what is [image shot.png]");
    terminal.keys(&["Enter"]);
    let history = terminal.told("done ·");
    assert!(history.contains("❯ what is /") && history.contains("[image: image/png]"), "{history}");
    assert!(!history.contains(&encoded()), "{history}");
    let body: serde_json::Value = serde_json::from_str(&server.asked()[0].body).unwrap();
    let content = body["messages"][0]["content"].as_array().unwrap();
    assert_eq!(content[0]["text"], format!("what is {path}"));
    let source = &content[1]["source"];
    assert_eq!((&source["media_type"], &source["data"]), (&"image/png".into(), &encoded().into()));
    assert_eq!(content.len(), 2);
}

#[test]
fn an_image_that_is_not_there_puts_the_draft_back_until_it_is() {
    let world = World::new();
    let terminal = open(&world, OBLIGING);
    terminal.types("look at ");
    terminal.shows("> look at");
    terminal.paste("./shot.png");
    terminal.shows("> look at [image shot.png]");
    terminal.keys(&["Enter"]);
    let history = terminal.told("not sent: the image ./shot.png cannot be read");
    assert!(!history.contains("done ·"), "{history}");
    terminal.shows("> look at [image shot.png]");
    world.put("shot.png", PNG);
    terminal.keys(&["Enter"]);
    terminal.told("done ·");
    assert!(world.session_holds(&encoded()));
    terminal.say("/quit");
    terminal.ends();

    // Another day it is gone back to, and goes with the message again.
    let terminal = open_with(&world, OBLIGING, &["-c"], &[]);
    terminal.told("❯ look at ./shot.png");
    terminal.keys(&["Escape"]);
    std::thread::sleep(A_BEAT);
    terminal.keys(&["Escape"]);
    terminal.shows("Go back to before which message?");
    terminal.keys(&["Enter"]);
    terminal.shows("The conversation only");
    terminal.keys(&["Enter"]);
    terminal.shows("> look at [image shot.png]");
    terminal.keys(&["Enter"]);
    terminal.told("done ·");
    let log = std::fs::read_to_string(world.session_files().pop().unwrap()).unwrap();
    assert_eq!(log.matches(&encoded()).count(), 2);
}

#[test]
fn the_image_on_the_clipboard_is_pasted_with_a_key_and_by_an_empty_paste() {
    let world = World::new();
    world.put("../shot.png", PNG);
    let shot = world.base().join("shot.png");
    let line = format!("[ \"$*\" = '--no-newline --type image/png' ] && cat '{}'", shot.display());
    let terminal = with_clipboard(&world, &line);
    terminal.types("see ");
    terminal.shows("> see");
    terminal.keys(&["C-v"]);
    terminal.shows("> see [image pasted-1.png]");
    terminal.keys(&EMPTY_PASTE);
    terminal.shows("> see [image pasted-1.png][image pasted-2.png]");
    terminal.keys(&["Enter"]);
    terminal.told("done ·");
    let log = std::fs::read_to_string(world.session_files().pop().unwrap()).unwrap();
    assert_eq!(log.matches(&encoded()).count(), 2);
    terminal.say("/quit");
    assert_eq!(terminal.ends(), 0);
    let path = log.split("see ").nth(1).unwrap().split("pasted-1.png").next().unwrap();
    assert!(path.contains("iosm-") && !std::path::Path::new(path).exists(), "gone with its session: {path}");
}

#[test]
fn a_clipboard_without_an_image_or_a_program_is_told() {
    for (line, words) in [
        ("exit 1", "the clipboard holds no image; text is pasted with your terminal's own key"),
        ("echo just words", "the clipboard holds no image"),
        ("cat /dev/zero", "has more than 5242880 bytes"),
        ("sleep 60", "`wl-paste` gave no answer within 3 s"),
    ] {
        let world = World::new();
        let terminal = with_clipboard(&world, line);
        terminal.types("see ");
        terminal.shows("> see");
        terminal.keys(&["C-v"]);
        let screen = terminal.shows(words);
        assert!(screen.contains("> see") && !screen.contains("just words"), "{screen}");
    }
    let world = World::new();
    let model = world.script(OBLIGING);
    for (display, words) in [
        ("WAYLAND_DISPLAY=w", "install wl-clipboard (Wayland) or xclip (X11)"),
        ("DISPLAY=:7", "no program reads the clipboard (xclip)"),
        ("NONE=", "neither WAYLAND_DISPLAY nor DISPLAY is set"),
    ] {
        let binary = env!("CARGO_BIN_EXE_iosm");
        let line = format!("env PATH=/nowhere {display} {binary} -m '{model}'; echo ended-with-$?");
        let terminal = Terminal::shell(&world, 100, 30, &line, &[]);
        terminal.shows("full · script.yaml");
        terminal.keys(&["C-v"]);
        terminal.shows(words);
    }
}
