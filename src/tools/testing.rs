//! A small world for the tests of the tools.

use std::path::PathBuf;

use serde_json::Value;

use super::{Registry, ToolContext, register_leaf_tools};
use crate::base::{BlobStore, StateDir, resolve};
use crate::kernel::{Grant, RawResult, Reach};
use crate::protocol::{EffectRule, ToolStatus};

pub(super) struct World {
    _temp: tempfile::TempDir,
    pub(super) root: PathBuf,
    pub(super) context: ToolContext,
    pub(super) registry: Registry,
}

impl World {
    pub(super) fn new() -> Self {
        let temp = tempfile::tempdir().unwrap();
        let top = temp.path().canonicalize().unwrap();
        let blobs = BlobStore::new(StateDir::open(top.join("state")).unwrap());
        let root = top.join("work");
        std::fs::create_dir(&root).unwrap();
        let mut registry = Registry::default();
        register_leaf_tools(&mut registry);
        Self { _temp: temp, root, context: ToolContext::new(blobs), registry }
    }

    pub(super) fn put(&self, name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
        let path = self.root.join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, bytes).unwrap();
        path
    }

    pub(super) fn bytes(&self, name: &str) -> Vec<u8> {
        std::fs::read(self.root.join(name)).unwrap()
    }

    /// The grant that the spec's rule stands for.
    pub(super) fn grant(&self, tool: &str, args: &Value) -> Grant {
        let path = |arg: &str| {
            let text = args.get(arg).and_then(Value::as_str).unwrap_or(".");
            resolve(&self.root, text, None).unwrap()
        };
        let reach = match self.registry.get(tool).unwrap().spec().effects {
            EffectRule::Note(_) => Reach::Nothing,
            EffectRule::ReadPath { arg } => match args.get(arg).and_then(Value::as_str) {
                Some(text) if BlobStore::is_handle(text) => Reach::ReadBlob(text.to_owned()),
                _ => Reach::ReadPath(path(arg)),
            },
            EffectRule::ReadTree { arg } => Reach::ReadTree(path(arg)),
            EffectRule::WritePath { arg } => Reach::RewriteFile(path(arg)),
            ref other => panic!("no leaf tool has {other:?}"),
        };
        Grant::for_tests("t1", reach)
    }

    pub(super) fn call(&self, tool: &str, args: Value) -> RawResult {
        let grant = self.grant(tool, &args);
        self.run(tool, grant, args)
    }

    pub(super) fn run(&self, tool: &str, grant: Grant, args: Value) -> RawResult {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let tool = self.registry.get(tool).unwrap();
        runtime.block_on(tool.run(grant, args, self.context.clone()))
    }

    /// The text of a call that must succeed.
    pub(super) fn ok(&self, tool: &str, args: Value) -> String {
        let result = self.call(tool, args);
        assert_eq!(result.status, ToolStatus::Ok, "{}", text(&result));
        text(&result)
    }

    /// The text of a call that must fail.
    pub(super) fn fails(&self, tool: &str, args: Value) -> String {
        let result = self.call(tool, args);
        assert_eq!(result.status, ToolStatus::Error, "{}", text(&result));
        text(&result)
    }
}

pub(super) fn text(result: &RawResult) -> String {
    let texts = result.parts.iter().filter_map(|part| match part {
        crate::protocol::Part::Text { text } => Some(text.as_str()),
        crate::protocol::Part::Image { .. } => None,
    });
    texts.collect::<Vec<_>>().join("\n")
}
