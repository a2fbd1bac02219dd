//! Maps of files and folders, and how they stay small.

use serde_json::json;

use super::super::testing::World;

fn fixture() -> World {
    let world = World::new();
    world.put("src/lib.rs", "use a::b;\npub struct A {\n    x: u32,\n}\n\nimpl A {\n    pub fn new() -> Self {\n        A { x: 1 }\n    }\n}\nmod deep {\n    mod er {\n        mod est {\n            fn low() {}\n        }\n    }\n}\n");
    world.put("src/empty.rs", "");
    world.put("web/app.ts", "export class App {\n  run() {}\n}\nfunction hidden() {}\n");
    world.put("tools/x.py", "def main():\n    pass\n\nclass Job:\n    def go(self):\n        pass\n");
    world.put("cmd/main.go", "package main\n\nfunc main() {}\n");
    world.put("README.md", "# A\n");
    world.put("data.json", "{\"a\": 1, \"b\": 2}\n");
    world.put("LICENSE", "x");
    world.put(".gitignore", "out/\n");
    world.put("out/made.rs", "fn made() {}\n");
    world.put("broken.rs", "fn whole() {}\nfn half( {\n");
    world.put(".env.py", "fn = 1\n");
    world
}

#[test]
fn a_file_is_mapped_with_lines() {
    let world = fixture();
    let said = world.ok("outline", json!({"path": "src/lib.rs"}));
    let due = "src/lib.rs: Rust, 17 lines\nimports: a::b\n2-4  pub struct A\n6-10  impl A\n  7-9  pub fn new() -> Self\n11-17  mod deep\n  12-16  mod er\n    13-15  mod est\n[1 more at greater depth]";
    assert_eq!(said, due);
    let said = world.ok("outline", json!({"path": "src/lib.rs", "depth": 1}));
    assert!(said.ends_with("11-17  mod deep\n[4 more at greater depth]"), "{said}");
    assert!(world.ok("outline", json!({"path": "src/lib.rs", "depth": 9})).ends_with("14  fn low()"));
    let said = world.ok("outline", json!({"path": "data.json"}));
    assert_eq!(said, "data.json: JSON, 1 line\n1  \"a\": 1\n1  \"b\": 2");
    assert_eq!(
        world.ok("outline", json!({"path": "src/empty.rs"})),
        "src/empty.rs: Rust, 0 lines\n[no definitions]"
    );
    assert!(world.fails("outline", json!({"path": "README.md"})).contains("no grammar"));
    assert!(world.fails("outline", json!({"path": "gone.rs"})).contains("does not exist"));
    world.put("large.rs", "fn a() {}\n".repeat(220_000));
    assert!(world.fails("outline", json!({"path": "large.rs"})).contains("larger than 2 MB"));
}

#[test]
fn a_folder_is_mapped_file_by_file() {
    let world = fixture();
    let due = "\
broken.rs (2 lines)
  1  fn whole()
cmd/main.go (3 lines)
  3  func main()
src/empty.rs (0 lines)
src/lib.rs (17 lines)
  2  pub struct A
  6  impl A
  11  mod deep
tools/x.py (6 lines)
  1  def main()
  4  class Job
web/app.ts (4 lines)
  1  export class App
  4  function hidden()
[other files: 2 no ending, 1 .json, 1 .md]
[1 file that may hold secrets passed over]";
    assert_eq!(world.ok("outline", json!({})), due);
    assert_eq!(world.ok("outline", json!({"path": "."})), due);
    let said = world.ok("outline", json!({"path": "tools", "depth": 2}));
    assert_eq!(said, "tools/x.py (6 lines)\n  1  def main()\n  4  class Job\n    5  def go(self)");
    std::fs::create_dir(world.root.join("nothing")).unwrap();
    assert_eq!(world.ok("outline", json!({"path": "nothing"})), "[no files]");
}

#[test]
fn a_large_folder_is_told_in_less_detail_and_never_in_more_than_fits() {
    let world = World::new();
    let many = |private: usize| {
        let hidden: String = (0..private).map(|n| format!("fn hidden_{n}() {{}}\n")).collect();
        format!("#[test]\nfn checks() {{}}\n{hidden}pub fn offered() {{}}\n")
    };
    for n in 0..60 {
        world.put(&format!("a/f{n:03}.rs"), many(30));
    }
    let said = world.ok("outline", json!({}));
    assert!(said.len() < 21_000 && said.contains("f059.rs"), "{}", said.len());
    assert!(said.contains("pub fn offered()") && said.contains("  … ") && !said.contains("checks"), "{said}");
    for n in 0..900 {
        world.put(&format!("b{}/f{n:03}.rs", n / 100), many(2));
    }
    let said = world.ok("outline", json!({}));
    assert!(said.contains("a/  60 files, 1,920 definitions") && said.contains("b8/  100 files"), "{said}");
    assert!(said.len() < 21_000 && said.contains("give one of these folders as path"));
    let said = world.ok("outline", json!({"path": "b8"}));
    assert!(said.contains("b8/f899.rs (5 lines)\n  2  fn checks()"), "{said}");
    for n in 0..500 {
        world.put(&format!("c{}/f{n:03}.rs", n / 500), many(2));
    }
    let said = world.ok("outline", json!({"path": "c0"}));
    assert!(said.contains("c0/f499.rs  4 definitions") && said.contains("give a folder or a file"), "{said}");
    assert_eq!(said, world.ok("outline", json!({"path": "c0"})), "the same each time");
}
