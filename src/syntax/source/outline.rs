//! What a source defines and imports.

use std::collections::{HashMap, HashSet};
use std::ops::ControlFlow;
use std::time::Instant;

use tree_sitter::{Node, QueryCursor, QueryCursorOptions, StreamingIterator};

use super::Language;
use super::parse::{MOST_TIME, Unread, parse};

/// Characters of a signature.
const MOST_SIGNATURE: usize = 160;
/// Characters of a name; longer ones are keys of data, or titles of tests.
const MOST_NAME: usize = 100;

/// What sort of thing is defined. The names are those of the captures in `queries/`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    Module,
    Class,
    Struct,
    Enum,
    Trait,
    Interface,
    Impl,
    Type,
    Function,
    Method,
    Test,
    Constant,
    Macro,
    Key,
}

impl Kind {
    pub const ALL: [(Self, &'static str); 14] = [
        (Self::Module, "module"),
        (Self::Class, "class"),
        (Self::Struct, "struct"),
        (Self::Enum, "enum"),
        (Self::Trait, "trait"),
        (Self::Interface, "interface"),
        (Self::Impl, "impl"),
        (Self::Type, "type"),
        (Self::Function, "function"),
        (Self::Method, "method"),
        (Self::Test, "test"),
        (Self::Constant, "constant"),
        (Self::Macro, "macro"),
        (Self::Key, "key"),
    ];

    fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|(_, known)| *known == name).map(|(kind, _)| kind)
    }

    /// Functions within are its methods.
    fn has_methods(self) -> bool {
        matches!(self, Self::Class | Self::Struct | Self::Enum | Self::Trait | Self::Interface | Self::Impl)
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Definition {
    pub kind: Kind,
    pub name: String,
    /// All before the body, on one line; a long one ends in `…`.
    pub signature: String,
    /// Counted from 1.
    pub first_line: usize,
    pub last_line: usize,
    /// How many definitions stand around it.
    pub depth: usize,
    /// Whether the language, by its signature or name, lets others use it.
    pub public: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Import {
    /// As written, without quotes.
    pub what: String,
    /// Counted from 1.
    pub line: usize,
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Outline {
    /// In the order of the text. What is defined within a function is left out.
    pub definitions: Vec<Definition>,
    pub imports: Vec<Import>,
}

/// A definition as the query found it.
struct Found<'t> {
    kind: Kind,
    node: Node<'t>,
    name: Node<'t>,
    body: Option<Node<'t>>,
    before: &'static str,
}

struct Seen<'t> {
    found: Vec<Found<'t>>,
    imports: Vec<Import>,
    /// Where what stands around a definition begins (`export`), by where the definition does.
    wrapped: HashMap<usize, Node<'t>>,
}

/// Reads definitions and imports. Where the text does not parse, what can be made out is given.
pub fn outline(text: &str, language: Language) -> Result<Outline, Unread> {
    let until = Instant::now() + MOST_TIME;
    let tree = parse(text, language, until)?;
    let seen = find(text, language, tree.root_node(), until)?;
    Ok(Outline { definitions: arrange(text, language, seen.found, &seen.wrapped), imports: seen.imports })
}

fn find<'t>(text: &str, language: Language, root: Node<'t>, until: Instant) -> Result<Seen<'t>, Unread> {
    let query = language.query();
    let names = query.capture_names();
    let mut late = false;
    let mut watch = |_: &tree_sitter::QueryCursorState| {
        late = Instant::now() > until;
        if late { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    };
    let options = QueryCursorOptions::new().progress_callback(&mut watch);
    let mut cursor = QueryCursor::new();
    let mut matches = cursor.matches_with_options(query, root, text.as_bytes(), options);
    let mut found: Vec<(usize, Found)> = Vec::new();
    let (mut imports, mut wrapped) = (Vec::new(), HashMap::new());
    while let Some(matched) = matches.next() {
        let (mut item, mut name, mut body, mut wrapper) = (None, None, None, None);
        for capture in matched.captures() {
            match names[capture.index as usize] {
                "name" => name = Some(capture.node),
                "body" => body = body.or(Some(capture.node)),
                "marker" => {}
                "wrapper" => wrapper = Some(capture.node),
                "inner" => drop(wrapper.and_then(|node| wrapped.insert(capture.node.start_byte(), node))),
                "import" => imports.push(import(text, capture.node)),
                kind => item = Kind::named(kind).map(|kind| (kind, capture.node)),
            }
        }
        if let (Some((kind, node)), Some(name)) = (item, name) {
            let settings = query.property_settings(matched.pattern_index).iter();
            let before = settings.filter(|setting| &*setting.key == "before");
            let before = before.filter_map(|setting| setting.value.as_deref()).next().unwrap_or_default();
            found.push((matched.pattern_index, Found { kind, node, name, body, before }));
        }
    }
    drop(matches);
    if late {
        return Err(Unread::TooSlow);
    }
    // Around before within; of the patterns that fit one thing the first in the file.
    found.sort_by_key(|(pattern, found)| {
        (found.node.start_byte(), std::cmp::Reverse(found.node.end_byte()), *pattern)
    });
    let mut seen = HashSet::new();
    found.retain(|(_, found)| seen.insert(found.name.start_byte()));
    imports.sort_by_key(|import| import.line);
    imports.dedup();
    Ok(Seen { found: found.into_iter().map(|(_, found)| found).collect(), imports, wrapped })
}

fn import(text: &str, node: Node) -> Import {
    let what = one_line(&text[node.byte_range()], MOST_SIGNATURE);
    let what = what.trim_matches(['"', '\'', '<', '>', '`']).to_owned();
    Import { what, line: node.start_position().row + 1 }
}

fn arrange(
    text: &str,
    language: Language,
    found: Vec<Found>,
    wrapped: &HashMap<usize, Node>,
) -> Vec<Definition> {
    let mut around: Vec<(usize, Kind)> = Vec::new();
    let mut definitions = Vec::new();
    for Found { mut kind, node, name, body, before } in found {
        around.retain(|(end, _)| *end >= node.end_byte());
        let parent = around.last().map(|(_, kind)| *kind);
        let inner = match parent {
            Some(Kind::Test) => kind != Kind::Test,
            Some(Kind::Function | Kind::Method) => true,
            _ => false,
        };
        if inner {
            continue;
        }
        if kind == Kind::Function && parent.is_some_and(Kind::has_methods) {
            kind = Kind::Method;
        }
        let start = wrapped.get(&node.start_byte()).copied().unwrap_or(node);
        let end = body.map_or(node.end_byte(), |body| body.start_byte()).max(start.start_byte());
        let name = one_line(&text[name.byte_range()], MOST_NAME);
        let signature = signature(&text[start.start_byte()..end], before, &name);
        definitions.push(Definition {
            public: language.is_public(&signature, &name),
            kind,
            name,
            signature,
            first_line: start.start_position().row + 1,
            last_line: node.end_position().row + 1,
            depth: around.len(),
        });
        around.push((node.end_byte(), kind));
    }
    definitions
}

/// What leads over to a body is no part of it.
const LEADS: [&str; 7] = ["=>", "{", "=", ":", ";", ",", "("];

fn signature(raw: &str, before: &str, name: &str) -> String {
    let line = one_line(raw, MOST_SIGNATURE);
    let mut line = line.as_str();
    while let Some(rest) = LEADS.iter().find_map(|lead| line.strip_suffix(lead)) {
        line = rest.trim_end();
    }
    let line = format!("{before}{line}");
    if line.contains(name) { line } else { format!("{line} … {name}") }
}

/// Runs of white space made one space, and at most so many characters.
fn one_line(text: &str, most: usize) -> String {
    let mut out = String::new();
    let mut count = 0;
    for word in text.split_whitespace() {
        if !out.is_empty() {
            out.push(' ');
            count += 1;
        }
        for char in word.chars() {
            if count >= most {
                out.push('…');
                return out;
            }
            // A line of output stays a line, and shows what it holds.
            out.push(if char.is_control() { '\u{fffd}' } else { char });
            count += 1;
        }
    }
    out
}
