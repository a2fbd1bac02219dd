//! The branches of a session: what the user said, and what was said after it.

use super::index::Index;
use super::kept;
use super::log::{SessionError, file_name};
use crate::base::{StateDir, Stored};

/// A message of the user in the tree of its session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Node {
    /// Its place in the log.
    pub entry: u64,
    /// The message before it on its branch; 0 for a first one.
    pub parent: u64,
    /// Its first words, at most 80 characters.
    pub words: String,
    /// RFC 3339, UTC.
    pub at: String,
    /// Whether no message follows it: a branch ends here.
    pub tip: bool,
    /// Whether the conversation as it stands holds it.
    pub current: bool,
}

/// Every message of the user, oldest first; a parent stands before what follows it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tree {
    pub nodes: Vec<Node>,
    /// The last message of the conversation as it stands; 0 when there is none.
    pub at: u64,
}

impl Tree {
    pub(super) fn of(index: &Index) -> Self {
        let at = index.row(index.tip()).map_or(0, |row| row.node);
        let nodes = index.said.iter().map(|said| Node {
            entry: said.id,
            parent: said.after,
            words: said.words.clone(),
            at: said.at.clone(),
            tip: !said.followed,
            current: false,
        });
        let mut tree = Self { nodes: nodes.collect(), at };
        let mut walk = at;
        // A parent stands before what follows it.
        for node in tree.nodes.iter_mut().rev() {
            if node.entry == walk {
                node.current = true;
                walk = node.parent;
            }
        }
        tree
    }
}

/// The tree of a session, in use or not.
pub fn tree(dir: &StateDir, id: &str) -> Result<Tree, SessionError> {
    let log = Stored::open(dir, &file_name(id))?;
    Ok(Tree::of(&kept::known(dir, id, &log)?.index))
}
