//! What Markdown looks like, and that it does not matter how it arrives.

use std::time::Instant;

use proptest::prelude::*;

use super::*;
use crate::tui::text::width::line_width;

fn shown(text: &str, width: u16, wrap: Wrap) -> Vec<String> {
    lines(text, width, wrap, &Styles::plain()).iter().map(ToString::to_string).collect()
}

fn words(text: &str, width: u16) -> Vec<String> {
    shown(text, width, Wrap::Words(width))
}

#[test]
fn blocks_look_like_what_they_are_without_colour() {
    let text = "# Title\n\nSome *text* with `code`,\nand a [link](https://x.y) and ~~old~~.\n\n- one\n- two\n  more\n  1. nested\n- [x] done\n\n> quoted\n> on\n\n---\n\n```rust\nfn main() {}\n\n```\nafter <b>it</b>\n\n    indented\n";
    assert_eq!(
        shown(text, 80, Wrap::Terminal),
        [
            "# Title",
            "",
            "Some text with `code`, and a link (https://x.y) and ~~old~~.",
            "",
            "• one",
            "• two more",
            "  1. nested",
            "• [x] done",
            "",
            "│ quoted on",
            "",
            "────────────────────────",
            "",
            "```rust",
            "fn main() {}",
            "",
            "```",
            "after <b>it</b>",
            "",
            "```",
            "indented",
            "```",
        ]
    );
    assert_eq!(
        words("- one two three\n\n> four five six", 9),
        ["• one two", "  three", "", "│ four", "│ five", "│ six"]
    );
    assert_eq!(words("1. a\n\n   b\n2. c", 20), ["1. a", "   ", "   b", "2. c"]);
    assert_eq!(words("Head\n====\nText\n\n[a]: http://x", 20), ["# Head", "Text", "", "[a]: http://x"]);
    assert_eq!(words("-\n- \n", 20), ["• ", "• "]);
}

#[test]
fn tables_shrink_and_then_become_lists() {
    let text =
        "Like so:\n| name | what |\n|---|---:|\n| a | some longer words here |\n| b | x |\nend\n\ntext\n";
    assert_eq!(
        words(text, 80)[..5],
        [
            "Like so:",
            "name │                   what",
            "─────┼───────────────────────",
            "a    │ some longer words here",
            "b    │                      x",
        ]
    );
    assert_eq!(
        words("| name | what |\n|---|---|\n| a | some longer words |\n| b | x |", 20),
        [
            "name │ what",
            "─────┼──────────────",
            "a    │ some longer",
            "     │ words",
            "─────┼──────────────",
            "b    │ x",
        ]
    );
    assert_eq!(
        words("| name | what |\n|---|---|\n| a | some longer words |\n| b | x |", 10),
        ["name: a", "what: some", "  longer", "  words", "", "name: b", "what: x"]
    );
}

#[test]
fn cells_beyond_the_head_of_a_table_stay() {
    assert_eq!(
        words("| a | b |\n|---|---|\n| 1 | 2 | three | 4 |\n", 40),
        ["a │ b │ ", "──┼───┼──────────", "1 │ 2 │ three | 4"]
    );
}

#[test]
fn a_block_is_finished_when_it_is_whole_and_the_rest_is_its_tail() {
    let styles = Styles::plain();
    let mut stream = Stream::new();
    let take = |stream: &mut Stream| -> (Vec<String>, Vec<String>) {
        let text = |lines: Vec<Line>| lines.iter().map(ToString::to_string).collect();
        (text(stream.take_finished(40, Wrap::Terminal, &styles)), text(stream.tail(40, &styles)))
    };
    let of = |lines: &[&str]| lines.iter().map(|line| (*line).to_owned()).collect::<Vec<_>>();
    stream.push("Hello **wor");
    assert_eq!(take(&mut stream), (of(&[]), of(&["Hello **wor"])));
    stream.push("ld**\n\n```py\nx = ");
    assert_eq!(take(&mut stream), (of(&["Hello world", "", "```py"]), of(&["x = "])));
    stream.push("1\n```\n- a\n- b");
    assert_eq!(take(&mut stream), (of(&["x = 1", "```"]), of(&["• a", "• b"])));
    stream.finish();
    assert_eq!(take(&mut stream), (of(&["• a", "• b"]), of(&[])));
}

/// A megabyte of mixed Markdown, as a flood in pieces of 40 bytes with a tail at every 16 kB: what a second of the
/// flood costs.
#[test]
fn a_flood_costs_linear_time() {
    let part = "Some *words* of `text` that go on for a while, and on.\n\n- item one\n- item two\n\n```rust\nfn main() { let a = \"x\"; }\n```\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n";
    let styles = Styles::plain();
    let cost = |bytes: usize, part: &str| {
        let text = part.repeat(bytes / part.len());
        let started = Instant::now();
        let mut stream = Stream::new();
        let mut at = 0;
        let mut lines = 0;
        while at < text.len() {
            let end = (at + 40).min(text.len());
            stream.push(&text[at..end]);
            if at / 16_384 != end / 16_384 {
                lines +=
                    stream.take_finished(80, Wrap::Terminal, &styles).len() + stream.tail(80, &styles).len();
            }
            at = end;
        }
        stream.finish();
        lines += stream.take_finished(80, Wrap::Terminal, &styles).len();
        assert!(lines > 0);
        started.elapsed()
    };
    for part in
        [part, "one endless paragraph ", "a line of one paragraph\n", "- item\n", "| a | b |\n|---|---|\n"]
    {
        let (small, large) = (cost(100_000, part), cost(800_000, part));
        assert!(
            large < small * 24 + std::time::Duration::from_millis(400),
            "{part:?}: {small:?} then {large:?}"
        );
    }
}

fn source() -> impl Strategy<Value = String> {
    let bits = prop::sample::select(vec![
        "a",
        "word ",
        "日本 ",
        "\n",
        "\n\n",
        "- ",
        "1. ",
        "  ",
        "    ",
        "> ",
        "# ",
        "```",
        "```rust\n",
        "~~~",
        "|",
        "|---|",
        "| a | b |\n|---|---|\n",
        "*",
        "**",
        "`",
        "[x](y)",
        "[a]: b\n",
        "---\n",
        "===\n",
        "<b>",
        "<!-- ",
        "\t",
        "\u{1b}",
        "👩‍👩‍👧",
        "e\u{301}",
        "\r\n",
        "\\",
        "&amp;",
        "- [ ] ",
        "\u{202e}",
        "שלום ",
    ]);
    prop::collection::vec(prop_oneof![4 => bits.prop_map(str::to_owned), 1 => ".{0,6}"], 0..40)
        .prop_map(|parts| parts.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn pieces_make_the_same_lines_as_the_whole(text in source(), cuts in prop::collection::vec(0usize..200, 0..8), width in 1u16..60) {
        let styles = Styles::plain();
        let whole = lines(&text, width, Wrap::Terminal, &styles);
        let mut stream = Stream::new();
        let mut out = Vec::new();
        let mut cuts: Vec<usize> = cuts.into_iter().filter(|at| text.is_char_boundary(*at) && *at <= text.len()).collect();
        cuts.extend([0, text.len()]);
        cuts.sort_unstable();
        for cut in cuts.windows(2) {
            stream.push(&text[cut[0]..cut[1]]);
            out.extend(stream.take_finished(width, Wrap::Terminal, &styles));
            let _ = stream.tail(width, &styles);
        }
        stream.finish();
        out.extend(stream.take_finished(width, Wrap::Terminal, &styles));
        prop_assert_eq!(out, whole);
    }

    #[test]
    fn no_line_is_wider_than_it_may_be_and_no_word_is_lost(text in source(), width in 1u16..60) {
        let styles = Styles::plain();
        let wrapped = lines(&text, width, Wrap::Words(width), &styles);
        for line in &wrapped {
            prop_assert!(line_width(line) <= usize::from(width), "{:?} in {}", line.to_string(), width);
        }
        let mut stream = Stream::new();
        stream.push(&text);
        for line in stream.tail(width, &styles) {
            prop_assert!(line_width(&line) <= usize::from(width));
        }
        let all: String = lines(&text, width, Wrap::Terminal, &styles).iter().map(|line| line.to_string() + "\n").collect();
        // Letter by letter: a narrow column of a table breaks a long word.
        for letter in ['w', 'o', 'r', 'd'] {
            prop_assert!(all.matches(letter).count() >= text.matches("word").count(), "{:?}", all);
        }
    }
}
