//! What the highlighter says of lines of code.

use super::*;
use crate::config::Theme;

/// A line with its tokens' names, as the theme's looks cannot be told apart: looks are read from the scan.
fn marked(name: &str, lines: &[&str]) -> Vec<String> {
    let language = language::find(name).unwrap();
    let mut state = State::Normal;
    let mut out = Vec::new();
    for line in lines {
        let mut scan = Scan { text: line, at: 0, language, state, pieces: Vec::new() };
        scan.run();
        state = scan.state;
        let pieces =
            scan.pieces.iter().filter(|(token, ..)| !matches!(token, Token::Text | Token::SyntaxPunctuation));
        let named = pieces.map(|(token, from, to)| {
            let name = token.name().rsplit('.').next().unwrap_or_default();
            format!("{}:{}", name.chars().next().unwrap_or('?'), &line[*from..*to])
        });
        out.push(named.collect::<Vec<_>>().join(" "));
    }
    out
}

#[test]
fn words_strings_comments_and_numbers_are_told_apart() {
    let rust = marked(
        "rust,no_run",
        &[
            "let a: &'a str = foo(\"x\\\"y\", 'c', 1..20); // end",
            "/* one",
            "two */ pub fn x() -> Vec<u8> { r#\"a\"b\"# }",
            "println!(\"open",
            "close\");",
        ],
    );
    assert_eq!(
        rust,
        [
            "k:let t:'a t:str f:foo s:\"x\\\"y\" s:'c' n:1 n:20 c:// end",
            "c:/* one",
            "c:two */ k:pub k:fn f:x t:Vec t:u8 s:r#\"a\"b\"#",
            "f:println s:\"open",
            "s:close\"",
        ]
    );
    let python = marked("py", &["def f(x): # c", "    \"\"\"doc", "    more\"\"\"", "    return None"]);
    assert_eq!(python, ["k:def f:f c:# c", "s:\"\"\"doc", "s:    more\"\"\"", "k:return k:None"]);
    assert_eq!(marked("json", &["{\"a\": [1, true, \"b\"]}"]), ["f:\"a\" n:1 k:true s:\"b\""]);
    assert_eq!(marked("yaml", &["- name: x # c", "  'q': 1"]), ["f:name c:# c", "f:'q' n:1"]);
    assert_eq!(marked("toml", &["[a.b]", "key = \"v\""]), ["t:[a.b]", "f:key  s:\"v\""]);
    assert_eq!(marked("sh", &["echo \"$A\" $B ${C} a#b # c"]), ["k:echo s:\"$A\" t:$B t:${C} c:# c"]);
    assert_eq!(marked("html", &["<a href=\"x\">y</a><!-- c -->"]), ["k:a t:href s:\"x\" k:a c:<!-- c -->"]);
    assert_eq!(marked("sql", &["SELECT 'it' FROM t -- c"]), ["k:SELECT s:'it' k:FROM c:-- c"]);
    assert_eq!(marked("diff", &["+a", "-b", " c"]), ["a:+a", "r:-b", "c: c"]);
    assert_eq!(marked("js", &["const a = `x", "${y}` as Foo"]), ["k:const s:`x", "s:${y}` k:as t:Foo"]);
}

#[test]
fn every_name_leads_to_one_language_and_no_letter_is_lost() {
    let styles = Styles::new(&Theme::load("dark", &[]).unwrap());
    let line = "fn x('a, \"b\\\", <!-- 日本 #{1.5e3} `${z}` // é */ [k] = v: $HOME ''' \"\"\" r#\"";
    for name in ["rust", "py", "ts", "json", "yaml", "toml", "sh", "html", "sql", "diff", "nothing", ""] {
        let mut highlighter = Highlighter::new(name);
        for _ in 0..3 {
            let spans = highlighter.line(line, &styles);
            let text: String = spans.iter().map(|span| span.content.as_ref()).collect();
            assert_eq!(text, line, "{name}");
        }
    }
    assert!(language::find("brainfuck").is_none());
}

#[test]
fn long_lines_and_long_blocks_go_without_colours() {
    let styles = Styles::new(&Theme::load("dark", &[]).unwrap());
    let mut highlighter = Highlighter::of_path("src/a.rs");
    assert!(highlighter.line(&"let ".repeat(LONGEST_LINE / 4), &styles).len() > 1);
    assert_eq!(highlighter.line(&"let ".repeat(LONGEST_LINE / 4 + 1), &styles).len(), 1);
    for _ in 2..MOST_LINES {
        assert!(highlighter.line("let a", &styles).len() > 1);
    }
    assert_eq!(highlighter.line("let a", &styles).len(), 1);
}
