//! What a model is told of source files and folders: maps, parse errors, instructions on the way.

mod nested;

use crate::world::World;

#[test]
fn a_model_asks_for_a_map_and_gets_one() {
    let world = World::new();
    world.write("src/lib.rs", "pub struct Engine;\nimpl Engine {\n    pub fn start(&self) {}\n}\n");
    world.write(".gitignore", "made/\n");
    world.write("made/x.rs", "fn made() {}\n");
    let rules = "rules:
  - {when: {turn: 1}, reply: [{tool_call: {tool: outline, args: {}}}, {tool_call: {tool: outline, args: {folder: src/lib.rs}}}]}
  - {when: {turn: 2}, reply: [{text: done}]}
";
    world.text(&world.script(rules), &["map it"]).expect(0);
    for due in ["src/lib.rs (4 lines)\\n  1  pub struct Engine", "  3  pub fn start(&self)"] {
        assert!(world.session_holds(due), "{due}");
    }
    assert!(!world.session_holds("fn made"));
}

#[test]
fn a_write_that_breaks_a_file_says_so_in_its_result() {
    let world = World::new();
    world.write("src/lib.rs", "fn a() {\n    1;\n}\n");
    let rules = "rules:
  - {when: {turn: 1}, reply: [{tool_call: {tool: edit, args: {path: src/lib.rs, edits: [{old: '1;', new: '(1;'}]}}}]}
  - when: {result: {tool: edit, text: 'parse: line 2: `)` is missing'}}
    reply: [{tool_call: {tool: edit, args: {path: src/lib.rs, edits: [{old: '(1;', new: '(1);'}]}}}]
  - {when: {turn: 3}, reply: [{text: mended}]}
";
    assert_eq!(world.text(&world.script(rules), &["break it"]).expect(0).out, "mended\n");
    assert_eq!(world.read("src/lib.rs"), "fn a() {\n    (1);\n}\n");
}
