//! Which variables a script may change, and whether it moves: what a loop's body does to its own start.

use std::collections::BTreeSet;

use super::ast::{Node, Part, RawWord, Seq, Simple, Value, VarOp};
use super::state::is_number;

/// Commands whose words are names of variables that they set.
const SETTERS: &[&str] = &[
    "read",
    "mapfile",
    "readarray",
    "getopts",
    "printf",
    "unset",
    "let",
    "declare",
    "typeset",
    "local",
    "export",
    "readonly",
    "wait",
];
/// Commands after which nothing is known of any variable.
const ANYTHING: &[&str] = &["eval", "source", ".", "set", "shift", "builtin", "command"];

#[derive(Debug, Default)]
pub(super) struct Changes {
    pub names: BTreeSet<String>,
    /// Variables that are given numbers, whatever else.
    pub numbers: BTreeSet<String>,
    /// Variables whose values are read as arithmetic, or as names, once they are declared so.
    pub evaluated: BTreeSet<String>,
    pub calls: BTreeSet<String>,
    pub moves: bool,
    pub anything: bool,
}

impl Changes {
    pub fn seq(&mut self, seq: &Seq) {
        for (node, _) in seq {
            self.node(node);
        }
    }

    pub fn node(&mut self, node: &Node) {
        match node {
            Node::Simple(simple) => self.simple(simple),
            Node::Pipeline(nodes) => nodes.iter().for_each(|node| self.node(node)),
            Node::Chain(first, rest) => {
                self.node(first);
                rest.iter().for_each(|(_, node)| self.node(node));
            }
            // What happens in a subshell stays there.
            Node::Subshell(..) | Node::Coproc(_) => {}
            Node::Group(seq, _) => self.seq(seq),
            Node::If(arms, otherwise, _) => {
                for (condition, body) in arms {
                    self.seq(condition);
                    self.seq(body);
                }
                otherwise.iter().for_each(|body| self.seq(body));
            }
            Node::While(condition, body, _) => {
                self.seq(condition);
                self.seq(body);
            }
            Node::For(each) => {
                self.names.insert(each.name.clone());
                self.seq(&each.body);
            }
            Node::Case(_, arms, _) => arms.iter().for_each(|(_, body)| self.seq(body)),
            Node::Function { .. } => self.anything = true,
            Node::Arith(parts, _) => self.arithmetic(parts),
            Node::Test(words, _) => words.iter().for_each(|word| self.parts(&word.parts)),
        }
    }

    fn simple(&mut self, simple: &Simple) {
        for assign in &simple.assigns {
            let number = !assign.partial && is_numeric(&assign.value);
            let names = if number { &mut self.numbers } else { &mut self.names };
            names.insert(assign.name.clone());
            match &assign.value {
                Value::Word(word) => self.parts(&word.parts),
                Value::Array(words) => words.iter().for_each(|word| self.parts(&word.parts)),
            }
        }
        simple.words.iter().for_each(|word| self.parts(&word.parts));
        let Some(first) = simple.words.first() else { return };
        let Some(name) = plain(first) else {
            self.anything = true;
            return;
        };
        self.moves |= matches!(name.as_str(), "cd" | "pushd" | "popd");
        self.anything |= ANYTHING.contains(&name.as_str());
        if SETTERS.contains(&name.as_str()) {
            let flags = |word: &RawWord| plain(word).is_some_and(|text| evaluates(&text));
            if declares(&name) && simple.words.iter().any(flags) {
                self.evaluated.extend(simple.assigns.iter().map(|assign| assign.name.clone()));
                self.evaluated.extend(simple.words[1..].iter().filter_map(plain).map(|text| base(&text)));
            }
            for word in &simple.words[1..] {
                match plain(word) {
                    Some(text) if name == "let" => self.reckons(&text),
                    Some(text) => {
                        self.names.insert(base(&text));
                    }
                    None => self.anything = true,
                }
            }
            self.names.extend(["REPLY", "MAPFILE", "OPTARG", "OPTIND"].map(str::to_owned));
        }
        self.calls.insert(name);
    }

    /// Every name in an arithmetic text that assigns anything.
    pub fn arithmetic(&mut self, parts: &[Part]) {
        for (at, part) in parts.iter().enumerate() {
            if let Part::Text { text, .. } = part {
                self.reckons(text);
                // What a value names may be what is assigned.
                let before = at > 0 && steps(text.trim_start());
                let after = at + 1 < parts.len()
                    && (text.trim_end().ends_with("++") || text.trim_end().ends_with("--"));
                self.anything |= before || after;
            }
        }
        self.parts(parts);
    }

    fn reckons(&mut self, text: &str) {
        let names = if text.contains('[') { &mut self.names } else { &mut self.numbers };
        names.extend(assigned_in(text).map(str::to_owned));
    }

    fn parts(&mut self, parts: &[Part]) {
        for part in parts {
            match part {
                Part::Var { name, op: VarOp::Default { kind: b'=', .. }, .. } => {
                    self.names.insert(name.clone());
                }
                Part::Arith(inner) => self.arithmetic(inner),
                _ => {}
            }
        }
    }
}

/// The names that an arithmetic text assigns. One with an index counts wherever anything is assigned.
pub(super) fn assigned_in(text: &str) -> impl Iterator<Item = &str> {
    let any = text.contains('=') || text.contains("++") || text.contains("--");
    let names = text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
    names.filter(move |name| {
        if !any || !name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_') {
            return false;
        }
        let at = name.as_ptr() as usize - text.as_ptr() as usize;
        let quotes = |c: char| c.is_whitespace() || matches!(c, '"' | '\'' | '\\');
        let before = text[..at].trim_end_matches(quotes);
        let after = text[at + name.len()..].trim_start_matches(quotes);
        after.starts_with('[') || steps(after) || before.ends_with("++") || before.ends_with("--")
    })
}

/// Whether a text begins with a sign that assigns to what stands before it.
fn steps(text: &str) -> bool {
    let sign = text.trim_start_matches(['+', '-', '*', '/', '%', '<', '>', '&', '^', '|']);
    let equals = sign.starts_with('=') && !sign.starts_with("==");
    let compares = matches!(text.get(..2), Some("<=" | ">="));
    equals && !compares || text.starts_with("++") || text.starts_with("--")
}

/// Whether a value is a number when it is given: digits, or arithmetic.
fn is_numeric(value: &Value) -> bool {
    match value {
        Value::Word(word) => match word.parts.as_slice() {
            [Part::Arith(_)] => true,
            [Part::Text { text, quoted: true }, Part::Arith(_)] => text.is_empty(),
            [Part::Text { text, .. }] => is_number(text),
            _ => false,
        },
        Value::Array(_) => false,
    }
}

pub(super) fn declares(name: &str) -> bool {
    matches!(name, "declare" | "typeset" | "local" | "export" | "readonly")
}

/// Whether an option of a declaration has values read as arithmetic, or as names of others.
pub(super) fn evaluates(text: &str) -> bool {
    text.starts_with('-') && text.contains(['i', 'n'])
}

/// The name before an index or a value.
pub(super) fn base(text: &str) -> String {
    let end = text.find(|c: char| !c.is_ascii_alphanumeric() && c != '_');
    text[..end.unwrap_or(text.len())].to_owned()
}

fn plain(word: &RawWord) -> Option<String> {
    let mut out = String::new();
    for part in &word.parts {
        let Part::Text { text, .. } = part else { return None };
        out.push_str(text);
    }
    Some(out)
}
