//! The tools of a session, by name, in a fixed order.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::Tool;
use crate::protocol::ToolSpec;

/// Tools by name. The order in which they are offered to a model is the order of registration, so
/// that a request's bytes do not depend on chance.
#[derive(Clone, Default)]
pub struct Registry {
    order: Vec<&'static str>,
    tools: BTreeMap<&'static str, Arc<dyn Tool>>,
}

impl Registry {
    pub fn register(&mut self, tool: impl Tool + 'static) {
        let name = tool.spec().name;
        if self.tools.insert(name, Arc::new(tool)).is_none() {
            self.order.push(name);
        }
    }

    pub fn get(&self, name: &str) -> Option<Arc<dyn Tool>> {
        self.tools.get(name).cloned()
    }

    pub fn names(&self) -> &[&'static str] {
        &self.order
    }

    pub fn specs(&self) -> impl Iterator<Item = &ToolSpec> {
        self.order.iter().map(|name| self.tools[name].spec())
    }

    /// Only the tools named, in the order of this registry.
    pub fn narrowed(&self, keep: impl Fn(&str) -> bool) -> Self {
        let order: Vec<_> = self.order.iter().copied().filter(|name| keep(name)).collect();
        let tools = order.iter().map(|name| (*name, self.tools[name].clone())).collect();
        Self { order, tools }
    }
}
