//! What a face offers of the sessions of this project: a list, the tree of the one that is open, its words.

use super::desk::FrontDesk;
use super::export::{Transcript, of_session};
use super::ground::state;
use super::inspect::sessions;
use crate::protocol::Report;
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

    /// The conversation of this session as it stands, to be shown; `None` where none is kept.
    pub fn transcript(&self) -> Result<Option<Transcript>, Report> {
        self.session.as_ref().map(|id| of_session(&self.ground, id)).transpose()
    }
}
