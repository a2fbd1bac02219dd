//! Effects of a remote tool: its arguments go to the server, under a name of its own.
//!
//! A remote tool is a `Net` effect on the host `mcp:SERVER`, so that whatever holds for leaving the
//! machine holds for it. A server says of its tools whether they only read and whether they reach beyond
//! it; a tool that does neither is no place for an attacker to send things to.

use serde_json::Value;

use super::{Fact, Prepared, Via};
use crate::kernel::grant::Reach;
use crate::protocol::Effect;

const SCHEME: &str = "mcp:";

pub(super) fn prepare(server: &str, closed: bool, args: &Value) -> Prepared {
    let effect = Effect::Net { host: format!("{SCHEME}{server}"), port: None, method: None };
    let facts = vec![Fact::bare(effect, if closed { Via::Asked } else { Via::Argument })];
    let subject = strings(args).join(" ");
    Prepared {
        facts,
        shell: None,
        doomed: Vec::new(),
        subject,
        written: None,
        reach: Reach::Remote(server.to_owned()),
    }
}

/// The server's name, when a host is one.
pub(in crate::kernel) fn server_of(host: &str) -> Option<&str> {
    host.strip_prefix(SCHEME)
}

/// Every text in the arguments, however deep.
pub(in crate::kernel) fn strings(args: &Value) -> Vec<&str> {
    match args {
        Value::String(text) => vec![text],
        Value::Array(items) => items.iter().flat_map(strings).collect(),
        Value::Object(map) => map.values().flat_map(strings).collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) => Vec::new(),
    }
}
