//! Texts of the conversation that are put away: an agent may open them again, and reads no more then than
//! it had read before.

use crate::kernel::error::KernelError;
use crate::kernel::judge::Kernel;
use crate::protocol::TaintSource;

impl Kernel {
    /// Puts away a text that `agent` has had before it. Gives the handle that opens it, and the untrusted
    /// sources that go with it: all that the agent ever read, because which words are whose is not known.
    /// Opening it passes admission like any stored output, and marks the agent with those sources, also
    /// where a person had cleared a mark.
    pub fn put_away(
        &self,
        agent: &str,
        text: &str,
    ) -> Result<(String, Vec<(TaintSource, String)>), KernelError> {
        let handle = self.blobs.put(text.as_bytes())?;
        let mut memory = self.memory();
        let sources = memory.taint.all_sources(agent);
        memory.stored(&handle, &sources);
        Ok((handle, sources))
    }

    /// A text that an earlier run of the session put away.
    pub fn was_put_away(&self, handle: &str, sources: &[(TaintSource, String)]) {
        self.memory().stored(handle, sources);
    }
}

#[cfg(test)]
mod tests {
    use super::super::RawResult;
    use crate::kernel::testing::World;
    use crate::protocol::ToolCall;

    fn read(world: &World, handle: &str) -> ToolCall {
        let mut call = world.call("read", handle);
        call.id = "t9".to_owned();
        call
    }

    #[test]
    fn what_was_put_away_opens_without_its_secrets_and_with_its_sources() {
        let world = World::new();
        let kernel = world.kernel();
        let key = ["AKIA", "Q3EGRZL2VQ7XMKDT"].concat();
        let text = format!("the key is {key}\nand so on");
        let (handle, sources) = kernel.put_away("main", &text).unwrap();
        assert!(sources.is_empty());
        let opened = kernel.admit("main", &read(&world, &handle), RawResult::ok(text, "")).unwrap();
        let shown = opened.result().text();
        assert!(!shown.contains(&key) && shown.contains("and so on"), "{shown}");
        assert!(opened.raised().is_empty(), "{:?}", opened.raised());

        // An output that nobody knows marks the agent; the person clears the mark.
        kernel.admit("main", &read(&world, "out_0123456789abcdef"), RawResult::ok("hello", "")).unwrap();
        let marks = kernel.taint("main");
        kernel.clear_taint("main", &marks[0], "user").unwrap();
        let (handle, sources) = kernel.put_away("main", "a later part").unwrap();
        assert_eq!(sources.len(), 1);
        let again = kernel.admit("main", &read(&world, &handle), RawResult::ok("a later part", "")).unwrap();
        assert_eq!(again.raised().len(), 1, "a cleared mark comes back with the words");

        let fresh = World::new();
        let kernel = fresh.kernel();
        kernel.was_put_away("out_00000000000000aa", &[]);
        let known = read(&fresh, "out_00000000000000aa");
        let opened = kernel.admit("main", &known, RawResult::ok("x", "")).unwrap();
        assert!(opened.raised().is_empty(), "its sources are known from the log");
    }
}
