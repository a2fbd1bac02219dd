//! `/tree`: the messages of the session and the branches they make, and going to another branch.

use super::{Answer, Call, Command, Place};
use crate::protocol::{Report, ReportKind};
use crate::session::{Node, Tree};

/// Messages listed; a session with more shows the newest, and the screen's own tree all of them.
const MOST_LISTED: usize = 200;

pub(super) const COMMAND: Command = Command {
    name: "tree",
    aliases: &["branches"],
    args: "[ENTRY]",
    about: "Show the branches of this session, or go to the one that ends there",
    place: Place::Engine,
    run: Some(|call| Box::pin(run(call))),
};

async fn run(call: Call<'_>) -> Result<Answer, Report> {
    if call.args.is_empty() {
        return Ok(Answer::Markdown(listed(&call.desk.tree()?)));
    }
    call.agent.go_to(entry(call.args)?).await?;
    let tree = call.desk.tree()?;
    let words = tree.nodes.iter().find(|node| node.entry == tree.at).map_or("", |node| node.words.as_str());
    Ok(Answer::Markdown(format!("The conversation goes on after: {}", plain(words))))
}

/// A number that `/tree` lists.
pub fn entry(given: &str) -> Result<u64, Report> {
    given.trim_start_matches('#').parse().map_err(|_| {
        Report::new(ReportKind::Usage, format!("`{given}` is no entry")).hint("/tree lists them by number")
    })
}

fn listed(tree: &Tree) -> String {
    if tree.nodes.is_empty() {
        return "Nothing has been said yet.".to_owned();
    }
    let left_out = tree.nodes.len().saturating_sub(MOST_LISTED);
    let row = |node: &Node| {
        let place = match (node.entry == tree.at, node.current, node.tip) {
            (true, ..) => "here",
            (_, true, _) => "on this branch",
            (_, _, true) => "another branch ends",
            _ => "",
        };
        let after = if node.parent == 0 { String::new() } else { format!("#{}", node.parent) };
        format!("| #{} | {after} | {} | {place} |\n", node.entry, plain(&node.words))
    };
    let rows: String = tree.nodes[left_out..].iter().map(row).collect();
    let more = match left_out {
        0 => String::new(),
        some => format!("\n{some} older messages are not listed.\n"),
    };
    format!("| entry | after | you said | |\n|---|---|---|---|\n{rows}{more}")
}

/// Words in a cell of a table: what Markdown would take for its own is escaped.
fn plain(words: &str) -> String {
    let mut out = String::with_capacity(words.len());
    for c in words.chars().filter(|c| !c.is_control()) {
        if matches!(c, '\\' | '`' | '*' | '_' | '[' | ']' | '<' | '>' | '|' | '#' | '!' | '~') {
            out.push('\\');
        }
        out.push(c);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tree_tells_where_the_conversation_stands_and_where_branches_end() {
        let node = |entry, parent, tip, current| Node {
            entry,
            parent,
            words: format!("a|b {entry}"),
            at: String::new(),
            tip,
            current,
        };
        let tree = Tree {
            nodes: vec![node(2, 0, false, true), node(5, 2, true, false), node(9, 2, true, true)],
            at: 9,
        };
        let text = listed(&tree);
        assert!(text.contains("| #2 |  | a\\|b 2 | on this branch |"), "{text}");
        assert!(text.contains("| #5 | #2 | a\\|b 5 | another branch ends |"), "{text}");
        assert!(text.contains("| #9 | #2 | a\\|b 9 | here |"), "{text}");
        assert_eq!(entry("#12").unwrap(), 12);
        assert!(entry("twelve").is_err());
    }
}
