//! What a face offers of the sessions of this project: a list, the tree of the one that is open, its words.

use super::desk::FrontDesk;
use super::export::{Transcript, of_session};
use super::ground::state;
use super::inspect::sessions;
use crate::host::git::snapshot::Checkpoint;
use crate::protocol::{Item, Report};
use crate::session::{self, Summary, Tree};

impl FrontDesk {
    /// The sessions of this project, newest first.
    pub fn sessions(&self) -> Result<Vec<Summary>, Report> {
        sessions(&self.ground)
    }

    /// The tree of this session; empty where none is kept.
    pub fn tree(&self) -> Result<Tree, Report> {
        let Some(id) = &self.session else { return Ok(Tree::default()) };
        let dir = self.ground.state()?.sub("sessions").map_err(state)?;
        session::tree(&dir, id).map_err(state)
    }

    /// The conversation of this session as it stands, item by item; empty where none is kept.
    pub fn conversation(&self) -> Result<Vec<Item>, Report> {
        let Some(id) = &self.session else { return Ok(Vec::new()) };
        let dir = self.ground.state()?.sub("sessions").map_err(state)?;
        let entries = session::branch(&dir, id).map_err(state)?;
        let item = |entry: session::Entry| match entry.payload {
            session::Payload::Item { item } => Some(item),
            _ => None,
        };
        Ok(entries.into_iter().filter_map(item).collect())
    }

    /// The files as they were before what the user said at `entry` was carried out: the checkpoint of the
    /// first message from there on, in the conversation as it stands, that changed any.
    pub fn checkpoint_of(&self, entry: u64) -> Result<Option<String>, Report> {
        let (all, _) = self.checkpoints()?.list()?;
        let tree = self.tree()?;
        let since =
            |said: u64| said >= entry && tree.nodes.iter().any(|one| one.current && one.entry == said);
        let ours = |one: &Checkpoint| since(one.said) && one.session.as_deref() == self.session();
        Ok(all.into_iter().filter(ours).min_by_key(|one| one.said).map(|one| one.id))
    }

    /// The conversation of this session as it stands, to be shown; `None` where none is kept.
    pub fn transcript(&self) -> Result<Option<Transcript>, Report> {
        self.session.as_ref().map(|id| of_session(&self.ground, id)).transpose()
    }
}
