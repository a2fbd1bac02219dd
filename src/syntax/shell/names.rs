//! Which variables a script may change, and whether it moves: what a loop's body does to its own start.

use std::collections::BTreeSet;

use super::ast::{Node, Part, RawWord, Seq, Simple, Value, VarOp};

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
];
/// Commands after which nothing is known of any variable.
const ANYTHING: &[&str] = &["eval", "source", ".", "set", "shift", "builtin", "command"];

#[derive(Debug, Default)]
pub(super) struct Changes {
    pub names: BTreeSet<String>,
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

    fn node(&mut self, node: &Node) {
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
            self.names.insert(assign.name.clone());
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
            for word in &simple.words[1..] {
                match plain(word) {
                    Some(text) => {
                        let end = text.find(|c: char| !c.is_ascii_alphanumeric() && c != '_');
                        self.names.insert(text[..end.unwrap_or(text.len())].to_owned());
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
        for part in parts {
            if let Part::Text { text, .. } = part
                && (text.contains('=') || text.contains("++") || text.contains("--"))
            {
                let names = text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
                self.names.extend(names.filter(|name| !name.is_empty()).map(str::to_owned));
            }
        }
        self.parts(parts);
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

fn plain(word: &RawWord) -> Option<String> {
    let mut out = String::new();
    for part in &word.parts {
        let Part::Text { text, .. } = part else { return None };
        out.push_str(text);
    }
    Some(out)
}
