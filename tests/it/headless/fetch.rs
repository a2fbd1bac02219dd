//! A page through the whole program: asked for by a model, allowed by a rule, read as Markdown.

use std::io::{Read, Write};
use std::net::TcpListener;

use serde_json::json;

use super::script_of;
use crate::world::World;

#[test]
fn a_page_is_fetched_only_where_a_rule_or_a_person_allows_it() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/page", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let _ = stream.read(&mut [0; 4096]);
            let body = "<nav>Menu</nav><h1>Hi there</h1>";
            let head = "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nConnection: close\r\nContent-Length:";
            let _ = stream.write_all(format!("{head} {}\r\n\r\n{body}", body.len()).as_bytes());
        }
    });
    let world = World::new();
    let model = world.script(&script_of(&[&format!("{{tool: fetch, args: {{url: '{url}'}}}}")]));
    let refused = world.json(&model, &["look"]).expect(6);
    assert_eq!(refused.result()["tool_calls"]["denied"], 1);
    let session = || std::fs::read_to_string(world.session_files().pop().unwrap()).unwrap();
    assert!(session().contains(&format!("--allow 'fetch({url})'")), "{}", session());

    let allowed = world.json(&model, &["--allow", &format!("fetch({url})"), "look"]).expect(0);
    assert_eq!(allowed.result()["status"], json!("success"));
    let text = std::fs::read_dir(world.session_files()[0].parent().unwrap())
        .unwrap()
        .map(|file| std::fs::read_to_string(file.unwrap().path()).unwrap())
        .collect::<String>();
    assert!(text.contains("# Hi there") && !text.contains("Menu"), "{text}");
}
