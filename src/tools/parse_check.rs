//! Whether a write left a file that does not parse, where it parsed before.

use std::cell::OnceCell;
use std::collections::HashMap;
use std::path::Path;

use crate::host::file::Content;
use crate::syntax::source::{Language, MOST_BYTES, ParseError, parse_errors};

/// Errors that are told; what follows is mostly their echo.
const TOLD: usize = 3;

/// What a file held before it was written, as far as it takes to tell new errors from old ones.
#[derive(Default)]
pub(super) struct ParseCheck {
    before: OnceCell<Vec<u8>>,
}

impl ParseCheck {
    /// To be called with what is there before it goes.
    pub(super) fn before(&self, old: &Content) {
        if checked(&old.real).is_some() && old.bytes.len() <= MOST_BYTES {
            let _ = self.before.set(old.bytes.clone());
        }
    }

    /// The line to add to the result; empty when nothing is wrong that was right before, when the file's
    /// language is not known, and when it is too large to say.
    pub(super) fn after(&self, real: &Path, new: &[u8]) -> String {
        self.new_errors(real, new).map_or_else(String::new, |errors| say(&errors))
    }

    fn new_errors(&self, real: &Path, new: &[u8]) -> Option<Vec<ParseError>> {
        let language = checked(real)?;
        let text = std::str::from_utf8(new).ok()?;
        let mut errors = parse_errors(text, language).ok().filter(|errors| !errors.is_empty())?;
        let Some(before) = self.before.get().and_then(|bytes| std::str::from_utf8(bytes).ok()) else {
            return Some(errors);
        };
        // An old error moves with its line, so the line itself tells it, with what was wrong there.
        let mut old: HashMap<(&str, String), usize> = HashMap::new();
        for error in parse_errors(before, language).ok()? {
            *old.entry((line(before, error.line), error.what)).or_default() += 1;
        }
        errors.retain(|error| match old.get_mut(&(line(text, error.line), error.what.clone())) {
            Some(count) if *count > 0 => {
                *count -= 1;
                false
            }
            _ => true,
        });
        Some(errors)
    }
}

/// The language, where it is certain: a `.h` may be C++, and JSON with an ending of its own is data of some
/// program's dialect.
fn checked(real: &Path) -> Option<Language> {
    let ending = real.extension()?.to_str()?;
    Language::of(real).filter(|_| !matches!(ending, "h" | "jsonc"))
}

fn line(text: &str, number: usize) -> &str {
    text.lines().nth(number - 1).unwrap_or_default().trim()
}

fn say(errors: &[ParseError]) -> String {
    if errors.is_empty() {
        return String::new();
    }
    let told: Vec<String> =
        errors.iter().take(TOLD).map(|error| format!("line {}: {}", error.line, error.what)).collect();
    let more = match errors.len().saturating_sub(TOLD) {
        0 => String::new(),
        more => format!("; and {more} more"),
    };
    format!("\n[parse: {}{more}]", told.join("; "))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::tools::testing::World;

    fn write(world: &World, path: &str, content: &str) -> String {
        world.ok("write", json!({"path": path, "content": content}))
    }

    fn edit(world: &World, path: &str, old: &str, new: &str) -> String {
        world.ok("edit", json!({"path": path, "edits": [{"old": old, "new": new}]}))
    }

    #[test]
    fn a_new_error_is_told_an_old_one_is_not_and_a_mended_file_says_nothing() {
        let world = World::new();
        let said = write(&world, "a.rs", "fn a() {\n    let x = (1;\n}\n");
        assert!(said.ends_with("\n[parse: line 2: `)` is missing]"), "{said}");
        let said = edit(&world, "a.rs", "fn a()", "// A line more.\nfn b()");
        assert!(!said.contains("[parse"), "the old error only moved: {said}");
        let said = edit(
            &world,
            "a.rs",
            "    let x = (1;\n}\n",
            "    let x = (1;\n}\nfn c() {\n    let y = [2;\n}\n",
        );
        assert!(said.ends_with("[parse: line 6: `[` is not closed]"), "only the new one: {said}");
        let said = write(&world, "a.rs", "fn a() {\n    let x = (1);\n}\n");
        assert!(!said.contains("[parse"), "{said}");
        let said = edit(&world, "a.rs", "}\n", "}}\n");
        assert!(said.ends_with("\n+}}\n[parse: line 3: unexpected `}`]"), "{said}");
    }

    #[test]
    fn an_error_that_stands_twice_now_is_new_once() {
        let world = World::new();
        write(&world, "a.c", "int a() { return 0 }\nint b() { return 0; }\n");
        let said = edit(&world, "a.c", "int b()", "int a() { return 0 }\nint b()");
        assert!(said.ends_with("[parse: line 2: `;` is missing]"), "{said}");
    }

    #[test]
    fn only_a_few_are_told_and_nothing_where_it_is_not_sure() {
        let world = World::new();
        let said = write(&world, "a.c", &"int a() { return 0 }\n".repeat(9));
        assert!(said.contains("line 1: `;` is missing; line 2") && said.ends_with("; and 6 more]"), "{said}");
        for (path, text) in [("a.h", "class A {"), ("a.txt", "{"), ("a.jsonc", "{,}"), ("Makefile", "}")] {
            assert!(!write(&world, path, text).contains("[parse"), "{path}");
        }
        let said = write(&world, "b.json", &format!("{{\"a\" sk-{} }}", "x".repeat(60)));
        assert!(
            said.contains("[parse: line 1: ") && !said.contains("xxxx"),
            "no word is shown in part: {said}"
        );
        let said = write(&world, "large.rs", &"fn a() {\n".repeat(250_000));
        assert!(!said.contains("[parse"), "{said}");
    }
}
