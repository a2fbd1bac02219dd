//! One word of the grammar's tree as text: quotes removed, escapes read, expansions noted.

use tree_sitter::Node;

use super::{Known, Word};

/// Reads the word that `node` stands for.
pub(super) fn read(node: Node<'_>, src: &str) -> Word {
    let mut build = Build::default();
    build.piece(node, src, 0);
    build.finish(node, src)
}

/// Words nested deeper than this (concatenations in strings in concatenations) are dynamic.
const DEPTH: usize = 20;

#[derive(Default)]
struct Build {
    text: String,
    dynamic: bool,
    /// Unquoted glob characters or braces were seen.
    glob: bool,
    open_brace: bool,
    list: bool,
    /// The first piece was quoted, so a leading `~` stands for itself.
    quoted_start: bool,
}

impl Build {
    fn finish(mut self, node: Node<'_>, src: &str) -> Word {
        if self.dynamic {
            return Word { text: slice(node, src).to_owned(), known: Known::Dynamic };
        }
        if self.quoted_start && self.text.starts_with('~') {
            self.text.insert_str(0, "./");
        }
        let known = if self.glob || self.open_brace && self.list { Known::Pattern } else { Known::Literal };
        Word { text: self.text, known }
    }

    fn piece(&mut self, node: Node<'_>, src: &str, depth: usize) {
        if depth > DEPTH {
            self.dynamic = true;
            return;
        }
        let text = slice(node, src);
        match node.kind() {
            "word" | "number" | "extglob_pattern" | "regex" | "variable_name" | "command_name"
                if node.named_child_count() == 0 =>
            {
                self.unquoted(text)
            }
            "raw_string" => {
                self.mark_quoted();
                self.text.push_str(text.trim_start_matches('\'').strip_suffix('\'').unwrap_or_default());
            }
            "ansi_c_string" => {
                self.mark_quoted();
                match ansi(text) {
                    Some(decoded) => self.text.push_str(&decoded),
                    None => self.dynamic = true,
                }
            }
            "string" => self.string(node, src),
            "concatenation" | "translated_string" | "command_name" => {
                let mut cursor = node.walk();
                let mut at = node.start_byte();
                for child in node.children(&mut cursor) {
                    // Text between the pieces that the grammar does not name, such as `{` and `,`.
                    self.unquoted(src.get(at..child.start_byte()).unwrap_or_default());
                    if child.is_named() {
                        self.piece(child, src, depth + 1);
                    } else if node.kind() != "translated_string" {
                        self.unquoted(slice(child, src));
                    }
                    at = child.end_byte();
                }
            }
            "simple_expansion" | "expansion" => self.expansion(text),
            "brace_expression" => {
                self.text.push_str(text);
                self.glob = true;
            }
            _ => self.dynamic = true,
        }
    }

    fn mark_quoted(&mut self) {
        if self.text.is_empty() {
            self.quoted_start = true;
        }
    }

    fn unquoted(&mut self, text: &str) {
        let mut chars = text.chars();
        while let Some(ch) = chars.next() {
            match ch {
                '\\' => match chars.next() {
                    Some('\n') | None => {}
                    Some('~') if self.text.is_empty() => self.text.push_str("./~"),
                    Some(escaped) => self.text.push(escaped),
                },
                '*' | '?' | '[' => {
                    self.glob = true;
                    self.text.push(ch);
                }
                _ => {
                    self.open_brace |= ch == '{';
                    self.list |= self.open_brace && ch == ',';
                    self.text.push(ch);
                }
            }
        }
        self.list |= self.open_brace && self.text.contains("..");
    }

    /// Where the only thing before is nothing, two variables have a meaning that is known well enough.
    fn expansion(&mut self, text: &str) {
        match text {
            "$HOME" | "${HOME}" if self.text.is_empty() => self.text.push('~'),
            "$PWD" | "${PWD}" if self.text.is_empty() => self.text.push('.'),
            _ => self.dynamic = true,
        }
    }

    fn string(&mut self, node: Node<'_>, src: &str) {
        let start = self.text.len();
        let at_start = start == 0;
        let mut cursor = node.walk();
        let mut from = node.start_byte() + 1;
        let mut home = false;
        for child in node.named_children(&mut cursor) {
            if child.kind() == "string_content" {
                continue;
            }
            self.double_quoted(src.get(from..child.start_byte()).unwrap_or_default());
            from = child.end_byte();
            let text = slice(child, src);
            if matches!(child.kind(), "simple_expansion" | "expansion") {
                home |= self.text.is_empty();
                self.expansion(text);
            } else {
                self.dynamic = true;
            }
        }
        let end = node.end_byte().saturating_sub(1);
        self.double_quoted(src.get(from..end.max(from)).unwrap_or_default());
        if at_start && !home {
            self.quoted_start = true;
        }
    }

    fn double_quoted(&mut self, text: &str) {
        let mut chars = text.chars();
        while let Some(ch) = chars.next() {
            if ch != '\\' {
                self.text.push(ch);
                continue;
            }
            match chars.next() {
                Some('\n') => {}
                Some(escaped @ ('"' | '\\' | '$' | '`')) => self.text.push(escaped),
                Some(other) => self.text.extend(['\\', other]),
                None => self.text.push('\\'),
            }
        }
    }
}

pub(super) fn slice<'s>(node: Node<'_>, src: &'s str) -> &'s str {
    src.get(node.byte_range()).unwrap_or_default()
}

/// `$'…'` decoded (bash manual, ANSI-C quoting); `None` for escapes that are not plain characters.
fn ansi(text: &str) -> Option<String> {
    let inner = text.strip_prefix("$'")?.strip_suffix('\'')?;
    let mut out = String::with_capacity(inner.len());
    let mut chars = inner.chars().peekable();
    while let Some(ch) = chars.next() {
        if ch != '\\' {
            out.push(ch);
            continue;
        }
        let escape = chars.next()?;
        let plain = match escape {
            'n' => '\n',
            't' => '\t',
            'r' => '\r',
            'a' => '\u{7}',
            'b' => '\u{8}',
            'e' | 'E' => '\u{1b}',
            'f' => '\u{c}',
            'v' => '\u{b}',
            '\\' | '\'' | '"' | '?' => escape,
            'x' => digits(&mut chars, 16, 2, 0)?,
            'u' => digits(&mut chars, 16, 4, 0)?,
            'U' => digits(&mut chars, 16, 8, 0)?,
            '0'..='7' => digits(&mut chars, 8, 2, escape.to_digit(8)?)?,
            _ => return None,
        };
        out.push(plain);
    }
    Some(out)
}

fn digits(
    chars: &mut std::iter::Peekable<std::str::Chars<'_>>,
    radix: u32,
    most: usize,
    start: u32,
) -> Option<char> {
    let mut value = start;
    for _ in 0..most {
        let Some(digit) = chars.peek().and_then(|c| c.to_digit(radix)) else { break };
        value = value * radix + digit;
        chars.next();
    }
    // A NUL ends the word in bash; nobody writes one in good faith.
    char::from_u32(value).filter(|c| *c != '\0')
}
