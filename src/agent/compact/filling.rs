//! What fills the window, counted for whoever asks.

use super::size::{of_item, of_items};
use super::view::view;
use crate::agent::driver::Agent;
use crate::protocol::{Item, Usage};

/// The newest outputs that are named one by one.
const NAMED: usize = 5;

/// The newest request, as estimated and as its provider counted it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LastRequest {
    /// Tokens.
    pub estimated: usize,
    pub reported: Option<Usage>,
    /// Why it did not begin as the request before it did, where we know.
    pub broken: Option<String>,
}

/// Tokens of the next request by what they are spent on, estimated; `scale` corrects them to what the
/// provider counts.
#[derive(Debug, Clone, PartialEq)]
pub struct Filling {
    pub window: usize,
    /// A request of this size is folded before it is sent.
    pub threshold: usize,
    pub scale: f64,
    pub system: usize,
    pub tools: usize,
    /// By file.
    pub instructions: Vec<(String, usize)>,
    /// What stands for folded messages, and how many these are.
    pub folded: (usize, usize),
    pub user: usize,
    pub agent: usize,
    pub outputs: usize,
    /// Call and tool of the newest outputs, newest first.
    pub newest: Vec<(String, String, usize)>,
    pub last: Option<LastRequest>,
}

impl Filling {
    /// All of it.
    pub fn total(&self) -> usize {
        let instructions: usize = self.instructions.iter().map(|(_, tokens)| tokens).sum();
        self.system + self.tools + instructions + self.folded.0 + self.user + self.agent + self.outputs
    }
}

impl Agent {
    /// What fills the window now.
    pub fn filling(&self) -> Filling {
        let sizes = self.parts.epoch.sizes();
        let current = self.fold.current();
        let kept = current.map_or(0, |made| made.folded).min(self.parts.items.len());
        let rest = current.map(|made| crate::session::Compaction { folded: 0, ..made.clone() });
        let shown = view(&self.parts.items, rest.as_ref());
        let shown = &shown[kept..];
        let sum = |wanted: fn(&Item) -> bool| -> usize {
            shown.iter().filter(|item| wanted(item)).map(of_item).sum()
        };
        let newest = shown.iter().rev().filter_map(|item| match item {
            Item::ToolResult(result) => Some((result.call_id.clone(), result.tool.clone(), of_item(item))),
            _ => None,
        });
        let brief = current.filter(|made| made.folded > 0);
        let brief = brief.map_or(0, |made| of_items(&[Item::user(made.brief.as_str())]));
        let window = self.window();
        Filling {
            window,
            threshold: window * usize::from(self.fold.percent) / 100,
            scale: self.fold.scale,
            system: sizes.system,
            tools: sizes.tools,
            instructions: sizes.instructions,
            folded: (brief, kept),
            user: sum(|item| matches!(item, Item::User { .. })),
            agent: sum(|item| matches!(item, Item::Assistant { .. })),
            outputs: sum(|item| matches!(item, Item::ToolResult(_))),
            newest: newest.take(NAMED).collect(),
            last: self.fold.last.clone(),
        }
    }
}
