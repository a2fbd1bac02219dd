//! What each language gives, where it breaks, and that no text breaks us.

use std::path::Path;

use super::*;

const RUST: &str = r#"//! A room.
use std::fmt::{self, Debug};
use crate::base::Id;

pub const MOST: usize = 3;
static NAME: &str = "x";
pub(crate) type Pair<T> = (T, T);

/// Words.
#[derive(Debug)]
pub struct Agent<'a, T: Debug> {
    name: &'a str,
}
pub struct Id2(u32);
struct Unit;

pub enum Kind { A, B }

pub trait Desk: Send {
    const N: u32;
    fn ask(&self) -> u32;
    fn told(&self) -> u32 {
        fn inner() {}
        3
    }
}

impl<'a, T: Debug> Agent<'a, T> {
    pub async fn run(
        &self,
        first: u32,
    ) -> Result<(), String> {
        let nested = || 1;
        Ok(())
    }
}

impl Desk for Unit { const N: u32 = 1; fn ask(&self) -> u32 { 1 } }

macro_rules! shout {
    ($a:expr) => { $a };
}

mod tests {
    use super::*;
    #[test]
    #[ignore = "slow"]
    fn it_works() {}
    #[tokio::test]
    async fn it_waits() {}
    fn world() -> u32 { 1 }
}
"#;

const PYTHON: &str = r#"import os, sys
from a.b import c
MOST = 3
lower = 4

@decorated
class Agent(Base):
    """Words."""
    def __init__(self, name: str) -> None:
        def inner():
            pass

    async def run(self,
                  first=1):
        pass

    class Inner:
        def deep(self): pass

def _private(): return 1

def test_it():
    assert True
"#;

const TYPESCRIPT: &str = r#"import { a } from "./a";
import type { B } from '@scope/b';
export * from "./c";
export const MOST = 3;
export interface Desk<T> { ask(first: number): T; }
export type Pair = [number, number];
enum Color { Red }
export default class Agent extends Base implements Desk<number> {
  private name = "x";
  onClick = (e: Event) => { };
  constructor(private a: number) { super(); }
  async run<T>(first: T): Promise<void> { const inner = () => 1; }
}
export abstract class Base { abstract go(): void; }
export async function main(a: string): Promise<number> { return 1; }
export const arrow = (a: number): number => a + 1;
namespace Space { export function inside() {} }
describe("the agent", () => {
  const setup = () => 1;
  it("runs", async () => { const x = () => 2; });
});
"#;

const JAVASCRIPT: &str = r#"const fs = require("fs");
import x from "y";
class A { go() {} static make() {} handler = () => {}; }
function* gen() {}
const f = (a) => <div>{a}</div>;
module.exports.g = function (b) {};
export default function main() {}
"#;

const GO: &str = r#"package main
import (
	"fmt"
	m "example.com/m"
)
const Most = 3
var (
	one = 1
)
type Store interface {
	Get(key string) (string, error)
}
type server struct {
	name string
}
type ID int
type Alias = string
func (s *server) Get(key string) (string, error) { f := func() {}; f(); return "", nil }
func New[T any](name string) *server { return nil }
func TestGet(t *testing.T) {}
func Testify() {}
"#;

const JAVA: &str = r#"package a.b;
import java.util.List;
import static org.junit.Assert.*;
public class Agent<T> extends Base implements Desk {
    private final int name = 1;
    public Agent(int a) { }
    @Override
    public void run(int first) throws Exception { Runnable r = () -> {}; }
    @Test
    void works() {}
    enum Color { RED }
}
interface Desk { int ask(int a); }
record Point(int x, int y) {}
"#;

const C: &str = r#"#include <stdio.h>
#include "own.h"
#ifndef OWN_H
#define OWN_H
#define MOST 3
#define MAX(a, b) ((a) > (b) ? (a) : (b))
typedef struct { int x; } point;
struct node { struct node *next; };
typedef int number;
typedef void (*handler)(int);
enum color { RED };
static int hidden(int a) { return a; }
char **names(void);
const char *name_of(struct node *node) {
    return 0;
}
#endif
"#;

const JSON: &str =
    "{\n  \"name\": \"iosm\",\n  \"scripts\": {\n    \"build\": \"x\"\n  },\n  \"n\": [1, 2]\n}\n";

const BASH: &str =
    "#!/bin/bash\nsource ./lib.sh\n. other.sh\nbuild() {\n  inner() { :; }\n}\nfunction clean {\n  rm x\n}\n";

/// `KIND SIGNATURE`, indented by depth.
fn shown(text: &str, language: Language) -> Vec<String> {
    let names = |kind: Kind| Kind::ALL.iter().find(|(known, _)| *known == kind).unwrap().1;
    let outline = outline(text, language).unwrap();
    let line = |d: &Definition| format!("{}{}: {}", "  ".repeat(d.depth), names(d.kind), d.signature);
    outline.definitions.iter().map(line).collect()
}

#[track_caller]
fn defines(text: &str, language: Language, expected: &[&str], imports: &[&str]) {
    assert_eq!(shown(text, language), expected, "{}", language.name());
    let found = outline(text, language).unwrap().imports;
    assert_eq!(found.iter().map(|import| import.what.as_str()).collect::<Vec<_>>(), imports);
    assert_eq!(parse_errors(text, language), Ok(Vec::new()), "{}", language.name());
}

#[test]
fn rust() {
    let due = [
        "constant: pub const MOST: usize",
        "constant: static NAME: &str",
        "type: pub(crate) type Pair<T> = (T, T)",
        "struct: pub struct Agent<'a, T: Debug>",
        "struct: pub struct Id2(u32)",
        "struct: struct Unit",
        "enum: pub enum Kind",
        "trait: pub trait Desk: Send",
        "  constant: const N: u32",
        "  method: fn ask(&self) -> u32",
        "  method: fn told(&self) -> u32",
        "impl: impl<'a, T: Debug> Agent<'a, T>",
        "  method: pub async fn run( &self, first: u32, ) -> Result<(), String>",
        "impl: impl Desk for Unit",
        "  constant: const N: u32",
        "  method: fn ask(&self) -> u32",
        "macro: macro_rules! shout",
        "module: mod tests",
        "  test: fn it_works()",
        "  test: async fn it_waits()",
        "  function: fn world() -> u32",
    ];
    defines(RUST, Language::Rust, &due, &["std::fmt::{self, Debug}", "crate::base::Id"]);
    let found = outline(RUST, Language::Rust).unwrap().definitions;
    let agent = found.iter().find(|d| d.name == "Agent").unwrap();
    assert_eq!((agent.first_line, agent.last_line, agent.public), (11, 13, true));
    assert!(!found.iter().find(|d| d.name == "Pair").unwrap().public, "within the crate is not for others");
}

#[test]
fn python() {
    let due = [
        "constant: MOST",
        "class: class Agent(Base)",
        "  method: def __init__(self, name: str) -> None",
        "  method: async def run(self, first=1)",
        "  class: class Inner",
        "    method: def deep(self)",
        "function: def _private()",
        "test: def test_it()",
    ];
    defines(PYTHON, Language::Python, &due, &["os", "sys", "a.b"]);
}

#[test]
fn typescript_and_tsx() {
    let due = [
        "constant: export const MOST",
        "interface: export interface Desk<T>",
        "  method: ask(first: number): T",
        "type: export type Pair = [number, number]",
        "enum: enum Color",
        "class: export default class Agent extends Base implements Desk<number>",
        "  method: onClick = (e: Event)",
        "  method: constructor(private a: number)",
        "  method: async run<T>(first: T): Promise<void>",
        "class: export abstract class Base",
        "  method: abstract go(): void",
        "function: export async function main(a: string): Promise<number>",
        "function: export const arrow = (a: number): number",
        "module: namespace Space",
        "  function: export function inside()",
        "test: describe(\"the agent\"",
        "  test: it(\"runs\"",
    ];
    for language in [Language::TypeScript, Language::Tsx] {
        defines(TYPESCRIPT, language, &due, &["./a", "@scope/b", "./c"]);
    }
}

#[test]
fn javascript() {
    let due = [
        "constant: const fs",
        "class: class A",
        "  method: go()",
        "  method: static make()",
        "  method: handler = ()",
        "function: function* gen()",
        "function: const f = (a)",
        "function: module.exports.g = function (b)",
        "function: export default function main()",
    ];
    defines(JAVASCRIPT, Language::JavaScript, &due, &["fs", "y"]);
}

#[test]
fn go() {
    let due = [
        "constant: const Most",
        "constant: var one = 1",
        "interface: type Store interface",
        "  method: Get(key string) (string, error)",
        "struct: type server struct",
        "type: type ID int",
        "type: type Alias = string",
        "method: func (s *server) Get(key string) (string, error)",
        "function: func New[T any](name string) *server",
        "test: func TestGet(t *testing.T)",
        "function: func Testify()",
    ];
    defines(GO, Language::Go, &due, &["fmt", "example.com/m"]);
}

#[test]
fn java() {
    let due = [
        "class: public class Agent<T> extends Base implements Desk",
        "  method: public Agent(int a)",
        "  method: @Override public void run(int first) throws Exception",
        "  test: @Test void works()",
        "  enum: enum Color",
        "interface: interface Desk",
        "  method: int ask(int a)",
        "class: record Point(int x, int y)",
    ];
    defines(JAVA, Language::Java, &due, &["java.util.List", "org.junit.Assert"]);
}

#[test]
fn c() {
    let due = [
        "constant: #define MOST 3",
        "macro: #define MAX(a, b)",
        "struct: typedef struct … point",
        "struct: struct node",
        "type: typedef int number",
        "type: typedef void (*handler)(int)",
        "enum: enum color",
        "function: static int hidden(int a)",
        "function: char **names(void)",
        "function: const char *name_of(struct node *node)",
    ];
    defines(C, Language::C, &due, &["stdio.h", "own.h"]);
}

#[test]
fn json_and_bash() {
    let due = ["key: \"name\": \"iosm\"", "key: \"scripts\": { \"build\": \"x\" }", "key: \"n\": [1, 2]"];
    defines(JSON, Language::Json, &due, &[]);
    defines(
        BASH,
        Language::Bash,
        &["function: build()", "function: function clean"],
        &["./lib.sh", "other.sh"],
    );
}

#[test]
fn every_query_compiles_and_captures_only_what_is_known() {
    let others = ["name", "body", "marker", "import", "wrapper", "inner"];
    for language in Language::ALL {
        for name in language.query().capture_names() {
            let known = others.contains(name) || Kind::ALL.iter().any(|(_, kind)| kind == name);
            assert!(known, "{}: @{name}", language.name());
        }
    }
}

#[test]
fn languages_go_by_the_name_of_the_file() {
    let cases = [
        ("src/a.rs", Some(Language::Rust)),
        ("a.pyi", Some(Language::Python)),
        ("a.d.ts", Some(Language::TypeScript)),
        ("a.tsx", Some(Language::Tsx)),
        ("A.java", Some(Language::Java)),
        ("own.h", Some(Language::C)),
        ("home/.bashrc", Some(Language::Bash)),
        ("rs", None),
        (".rs", None),
        ("a.RS", None),
        ("a.cpp", None),
        ("Makefile", None),
        ("", None),
    ];
    for (name, language) in cases {
        assert_eq!(Language::of(Path::new(name)), language, "{name}");
    }
}

#[test]
fn errors_say_where_and_what() {
    let cases = [
        (Language::Rust, "fn a() {\n    let x = 1;\n", "1:8 `{` is not closed"),
        (Language::Rust, "fn a() {}\n}\n", "2:1 unexpected `}`"),
        (Language::Rust, "fn a() {\n    let x = (1;\n}\n", "2:15 `)` is missing"),
        (Language::Python, "def a(:\n    pass\n", "1:7 `)` is missing"),
        (Language::Json, "{\"a\": 1,}\n", "1:8 unexpected `,`"),
        (Language::Json, "{\"a\": [1, 2}\n", "1:12 `]` is missing"),
        (Language::Go, "package a\nfunc f( {\n}\n", "2:8 `)` is missing"),
        (Language::TypeScript, "export const a = {\n  b: 1,\n", "1:18 `{` is not closed"),
        (Language::Bash, "if true; then\n  echo é\n", "3:1 `fi` is missing"),
        (Language::C, "int main(void) {\n  return 0\n}\n", "2:11 `;` is missing"),
        (Language::Java, "class A { void a() { int x = ; } }\n", "1:28 unexpected `=`"),
        (Language::JavaScript, "function a() {\n  return 1;\n}}\n", "3:2 unexpected `}`"),
    ];
    for (language, text, due) in cases {
        let errors = parse_errors(text, language).unwrap();
        let said: Vec<String> =
            errors.iter().map(|e| format!("{}:{} {}", e.line, e.column, e.what)).collect();
        assert_eq!(said.first().map(String::as_str), Some(due), "{} {text:?}", language.name());
    }
}

#[test]
fn what_is_too_large_is_not_read() {
    let text = |bytes: usize| format!("//{}", "x".repeat(bytes - 2));
    assert_eq!(outline(&text(MOST_BYTES), Language::Rust), Ok(Outline::default()));
    assert_eq!(outline(&text(MOST_BYTES + 1), Language::Rust), Err(Unread::TooLarge));
    assert_eq!(parse_errors(&text(MOST_BYTES + 1), Language::Rust), Err(Unread::TooLarge));
}

#[test]
fn a_parse_that_takes_too_long_is_given_up() {
    let text = "fn a() { b(c[d]); }\n".repeat(20_000);
    let past = std::time::Instant::now();
    assert_eq!(parse::parse(&text, Language::Rust, past).err(), Some(Unread::TooSlow));
}

#[test]
fn deep_and_odd_texts_are_survived() {
    let deep = 2_000;
    let mut texts: Vec<String> =
        ["(", "{", "[", "<", "if x:\n ", "a(", "{\"a\":", "$(", "<a>", "fn a(){", "/*", "r#\"", "`${", "-"]
            .iter()
            .map(|piece| piece.repeat(deep))
            .collect();
    texts.push((0..400).map(|depth| format!("{}if x:\n", " ".repeat(depth))).collect());
    texts.push(format!("cat <<{0}\nx\n{0}\n", "E".repeat(5_000)));
    texts.push((0..300).map(|n| format!("cat <<E{n} ")).collect());
    texts.push(format!("r{}\"x", "#".repeat(5_000)));
    texts.push("\0".repeat(100));
    texts.push(String::new());
    texts.push("\u{feff}é\r\n\r".to_owned());
    for language in Language::ALL {
        for text in &texts {
            holds(text, language);
        }
    }
}

/// Whatever is made out of a text is within it and in order.
fn holds(text: &str, language: Language) {
    let lines = text.matches('\n').count() + 1;
    if let Ok(found) = outline(text, language) {
        for definition in &found.definitions {
            assert!((1..=definition.last_line).contains(&definition.first_line), "{definition:?}");
            assert!(definition.last_line <= lines + 1, "{definition:?}");
            let signature = &definition.signature;
            assert!(!signature.contains('\n') && signature.chars().count() < 400, "{definition:?}");
        }
        assert!(found.definitions.is_sorted_by_key(|definition| definition.first_line));
        assert!(found.definitions.first().is_none_or(|definition| definition.depth == 0));
    }
    if let Ok(errors) = parse_errors(text, language) {
        assert!(errors.iter().all(|error| (1..=lines).contains(&error.line)), "{errors:?}");
        assert!(errors.is_sorted_by_key(|error| error.line));
    }
}

const SAMPLES: [(Language, &str); 10] = [
    (Language::Rust, RUST),
    (Language::Python, PYTHON),
    (Language::JavaScript, JAVASCRIPT),
    (Language::TypeScript, TYPESCRIPT),
    (Language::Tsx, TYPESCRIPT),
    (Language::Go, GO),
    (Language::Java, JAVA),
    (Language::C, C),
    (Language::Json, JSON),
    (Language::Bash, BASH),
];

proptest::proptest! {
    #[test]
    fn any_bytes_are_survived(bytes in proptest::collection::vec(proptest::num::u8::ANY, 0..400), at in 0..10usize) {
        holds(&String::from_utf8_lossy(&bytes), SAMPLES[at].0);
    }

    #[test]
    fn cut_and_spliced_sources_are_survived(at in 0..10usize, from in 0.0..1.0, to in 0.0..1.0, odd in ".{0,6}") {
        let (language, text) = SAMPLES[at];
        let cut = |share: f64| {
            let mut at = (text.len() as f64 * share) as usize;
            while !text.is_char_boundary(at) {
                at -= 1;
            }
            at
        };
        let (from, to) = (cut(from), cut(to));
        holds(&text[..from], language);
        holds(&format!("{}{odd}{}", &text[..from], &text[to..]), language);
    }
}
