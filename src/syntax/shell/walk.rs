//! The walk over the grammar's tree: collects commands, redirections and functions in the order in
//! which the shell would meet them.

use tree_sitter::Node;

use super::word::{self, slice};
use super::{Function, Redirect, RedirectKind, ShellScan, SimpleCommand, Word, parse, stdin, wrap};

/// Deeper nesting (of the tree, and of shells started in shells) is opaque; the walk recurses.
const DEPTH: usize = 200;
/// More commands than this in one line are opaque.
const MOST_COMMANDS: usize = 400;

/// What the walk has found so far, shared by a line and the shells it starts.
pub(super) struct Out {
    scan: ShellScan,
    pub dir: Option<String>,
    depth: usize,
}

impl Default for Out {
    fn default() -> Self {
        Self { scan: ShellScan::default(), dir: Some(String::new()), depth: 0 }
    }
}

impl Out {
    pub fn finish(self) -> ShellScan {
        self.scan
    }

    pub fn opaque(&mut self, why: impl Into<String>) {
        if self.scan.opaque.is_none() {
            self.scan.opaque = Some(why.into());
        }
    }

    pub fn commands(&self) -> &[SimpleCommand] {
        &self.scan.commands
    }

    /// Goes some levels down; false, and opaque, when that is too deep.
    pub fn deeper(&mut self, visit: impl FnOnce(&mut Self)) -> bool {
        if self.depth >= DEPTH {
            self.opaque("it is nested too deep");
            return false;
        }
        // One of these may cost as much of the stack as several levels of one tree.
        self.depth += 20;
        visit(self);
        self.depth -= 20;
        true
    }

    pub fn push(&mut self, command: SimpleCommand) {
        if self.scan.commands.len() >= MOST_COMMANDS {
            self.opaque(format!("it holds more than {MOST_COMMANDS} commands"));
            return;
        }
        self.scan.commands.push(command);
    }
}

/// Scans `text` as a script of its own, in the folder where `out` stands.
pub(super) fn script(text: &str, out: &mut Out) {
    let Some(tree) = parse(text) else {
        out.scan.unparsable = true;
        out.opaque("it is too long or too tangled to parse");
        return;
    };
    let root = tree.root_node();
    if root.has_error() {
        out.scan.unparsable = true;
        out.opaque("it does not parse as shell");
    }
    out.deeper(|out| Walk { src: text, out, loose: Vec::new() }.node(root, &[]));
}

/// Words and input that the grammar hangs on a redirection but that belong to a command.
struct Loose<'t> {
    command: usize,
    words: Vec<Node<'t>>,
    stdin: Option<Word>,
}

struct Walk<'t, 's, 'o> {
    src: &'s str,
    out: &'o mut Out,
    loose: Vec<Loose<'t>>,
}

impl<'t> Walk<'t, '_, '_> {
    /// Visits `node`; its commands read what the commands `feed` write.
    fn node(&mut self, node: Node<'t>, feed: &[usize]) {
        if self.out.depth >= DEPTH {
            self.out.opaque("it is nested too deep");
            return;
        }
        self.out.depth += 1;
        match node.kind() {
            "command" => self.command(node, feed),
            "redirected_statement" => self.redirected(node, feed),
            "pipeline" => self.pipeline(node, feed),
            "subshell" | "command_substitution" | "process_substitution" => {
                let dir = self.out.dir.clone();
                self.children(node, feed);
                self.out.dir = dir;
            }
            "function_definition" => self.function(node),
            "file_redirect" => self.redirect(node),
            "heredoc_body" | "herestring_redirect" => self.children(node, &[]),
            _ => self.children(node, feed),
        }
        self.out.depth -= 1;
    }

    fn children(&mut self, node: Node<'t>, feed: &[usize]) {
        let mut cursor = node.walk();
        for child in node.named_children(&mut cursor) {
            self.node(child, feed);
        }
    }

    fn pipeline(&mut self, node: Node<'t>, feed: &[usize]) {
        let dir = self.out.dir.clone();
        let mut feed = feed.to_vec();
        let mut cursor = node.walk();
        for part in node.named_children(&mut cursor) {
            let from = self.out.commands().len();
            self.node(part, &feed);
            feed.extend(from..self.out.commands().len());
            // Each part of a pipe runs in a shell of its own.
            self.out.dir.clone_from(&dir);
        }
    }

    fn function(&mut self, node: Node<'t>) {
        let dir = self.out.dir.clone();
        let from = self.out.commands().len();
        self.children(node, &[]);
        let name = node.child_by_field_name("name").map_or("", |name| slice(name, self.src));
        let body = from..self.out.commands().len();
        self.out.scan.functions.push(Function { name: name.to_owned(), body });
        if self.out.dir != dir {
            // It moves when it is called, and nobody knows how often that is.
            self.out.dir = None;
        }
    }

    /// The grammar takes every word after a redirection's target as another target; they are
    /// arguments of the command before it (`rm >log -rf x`).
    fn redirected(&mut self, node: Node<'t>, feed: &[usize]) {
        let body = node.child_by_field_name("body");
        let last = body.and_then(last_command);
        let mut loose = Loose { command: last.map_or(0, |l| l.id()), words: Vec::new(), stdin: None };
        let mut pipes = Vec::new();
        let mut cursor = node.walk();
        for redirect in node.children_by_field_name("redirect", &mut cursor) {
            self.loosen(redirect, &mut loose, &mut pipes);
        }
        let orphaned = last.is_none() && !loose.words.is_empty();
        if last.is_some() {
            self.loose.push(loose);
        }
        let from = self.out.commands().len();
        if let Some(body) = body {
            self.node(body, feed);
        }
        if orphaned {
            self.out.opaque("words after a redirection belong to no command");
        }
        let mut fed: Vec<usize> = feed.to_vec();
        fed.extend(from..self.out.commands().len());
        let mut cursor = node.walk();
        for redirect in node.children_by_field_name("redirect", &mut cursor) {
            self.node_without(redirect, &pipes);
        }
        for (part, piped) in pipes {
            self.node(part, if piped { &fed } else { &[] });
        }
    }

    fn loosen(&mut self, redirect: Node<'t>, loose: &mut Loose<'t>, pipes: &mut Vec<(Node<'t>, bool)>) {
        match redirect.kind() {
            "file_redirect" => loose.words.extend(extra_targets(redirect)),
            "herestring_redirect" => {
                loose.stdin = redirect.named_child(0).map(|text| word::read(text, self.src));
            }
            "heredoc_redirect" => {
                loose.stdin = Some(heredoc(redirect, self.src));
                let mut cursor = redirect.walk();
                loose.words.extend(redirect.children_by_field_name("argument", &mut cursor));
                let mut cursor = redirect.walk();
                for inner in redirect.named_children(&mut cursor) {
                    match inner.kind() {
                        "file_redirect" => loose.words.extend(extra_targets(inner)),
                        "pipeline" => pipes.push((inner, true)),
                        "command"
                        | "list"
                        | "subshell"
                        | "compound_statement"
                        | "redirected_statement"
                        | "negated_command"
                        | "if_statement"
                        | "while_statement"
                        | "for_statement" => {
                            pipes.push((inner, false));
                        }
                        _ => {}
                    }
                }
            }
            _ => {}
        }
    }

    /// Visits a redirection except for the commands that follow a heredoc's first line, which come
    /// after the command it belongs to.
    fn node_without(&mut self, redirect: Node<'t>, later: &[(Node<'t>, bool)]) {
        if redirect.kind() != "heredoc_redirect" {
            self.node(redirect, &[]);
            return;
        }
        let mut cursor = redirect.walk();
        for child in redirect.named_children(&mut cursor) {
            if !later.iter().any(|(node, _)| node.id() == child.id()) {
                self.node(child, &[]);
            }
        }
    }

    fn redirect(&mut self, node: Node<'t>) {
        self.children(node, &[]);
        let mut cursor = node.walk();
        let operator = node.children(&mut cursor).find(|child| !child.is_named()).map_or("", |c| c.kind());
        let Some(target) = node.child_by_field_name("destination") else { return };
        let target = word::read(target, self.src);
        let copies = matches!(operator, ">&" | "<&" | ">&-" | "<&-");
        if copies && target.text.bytes().all(|b| b.is_ascii_digit() || b == b'-') {
            return;
        }
        let kind = match operator {
            "<" | "<&" => RedirectKind::Read,
            ">>" | "&>>" => RedirectKind::Append,
            _ => RedirectKind::Write,
        };
        let dir = self.out.dir.clone();
        self.out.scan.redirects.push(Redirect { kind, target, dir });
    }

    fn command(&mut self, node: Node<'t>, feed: &[usize]) {
        let inside = self.out.commands().len();
        let mut argv = Vec::new();
        let mut assignments = Vec::new();
        let mut input = None;
        let mut cursor = node.walk();
        for child in node.named_children(&mut cursor) {
            match child.kind() {
                "variable_assignment" => assignments.push(assignment(child, self.src)),
                "file_redirect" => argv.extend(extra_targets(child).map(|n| word::read(n, self.src))),
                "herestring_redirect" => input = child.named_child(0).map(|n| word::read(n, self.src)),
                "heredoc_redirect" => input = Some(heredoc(child, self.src)),
                "comment" => continue,
                _ => argv.push(word::read(child, self.src)),
            }
            self.node(child, &[]);
        }
        if let Some(at) = self.loose.iter().position(|loose| loose.command == node.id()) {
            let loose = self.loose.swap_remove(at);
            argv.extend(loose.words.iter().map(|n| word::read(*n, self.src)));
            input = loose.stdin.or(input);
        }
        let command = SimpleCommand {
            program: None,
            argv,
            assignments,
            wrappers: Vec::new(),
            text: slice(node, self.src).to_owned(),
            dir: self.out.dir.clone(),
            fed_by: feed.to_vec(),
            inside: inside..self.out.commands().len(),
            stdin: input,
        };
        wrap::settle(command, self.out);
        stdin::follow(self.out);
    }
}

fn assignment(node: Node<'_>, src: &str) -> (String, Word) {
    let name = node.child_by_field_name("name").map_or("", |name| slice(name, src));
    let value = node.child_by_field_name("value").map_or_else(|| Word::literal(""), |v| word::read(v, src));
    (name.to_owned(), value)
}

/// Everything after the first destination of a redirection.
fn extra_targets(redirect: Node<'_>) -> impl Iterator<Item = Node<'_>> {
    let mut cursor = redirect.walk();
    let all: Vec<Node<'_>> = redirect.children_by_field_name("destination", &mut cursor).collect();
    all.into_iter().skip(1)
}

/// The command that the words after a redirection belong to: the last one of the body.
fn last_command(node: Node<'_>) -> Option<Node<'_>> {
    let mut at = node;
    loop {
        match at.kind() {
            "command" => return Some(at),
            "list" | "pipeline" | "redirected_statement" | "negated_command" => {
                let mut cursor = at.walk();
                let inner: Vec<Node<'_>> = at.named_children(&mut cursor).collect();
                at = *inner
                    .iter()
                    .rev()
                    .find(|n| !n.kind().ends_with("_redirect") && n.kind() != "comment")?;
            }
            _ => return None,
        }
    }
}

/// The text of a heredoc; dynamic when it is unquoted and holds expansions.
fn heredoc(redirect: Node<'_>, src: &str) -> Word {
    let mut cursor = redirect.walk();
    let children: Vec<Node<'_>> = redirect.named_children(&mut cursor).collect();
    let find = |kind: &str| children.iter().find(|child| child.kind() == kind);
    let quoted = find("heredoc_start").is_some_and(|n| slice(*n, src).contains(['\'', '"', '\\']));
    let Some(body) = find("heredoc_body") else { return Word::literal("") };
    let text = slice(*body, src).to_owned();
    if !quoted && text.contains(['$', '`', '\\']) {
        return Word { text, known: super::Known::Dynamic };
    }
    Word::literal(text)
}
