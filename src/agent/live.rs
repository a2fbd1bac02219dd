//! Live output of running commands on its way to the faces: joined while nobody looks, and bounded.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use tokio::sync::Notify;

use crate::tools::OutputSink;

/// Live bytes shown of one call; the result has head and tail of the rest.
const MOST_LIVE_BYTES: usize = 64 * 1024;

#[derive(Debug, Default)]
struct Held {
    waiting: BTreeMap<String, String>,
    shown: BTreeMap<String, usize>,
}

#[derive(Debug, Clone, Default)]
pub(super) struct LiveOutput {
    held: Arc<Mutex<Held>>,
    notify: Arc<Notify>,
}

impl LiveOutput {
    /// Where a call's output goes.
    pub(super) fn sink(&self, call_id: &str) -> OutputSink {
        let (held, notify, call_id) = (self.held.clone(), self.notify.clone(), call_id.to_owned());
        Arc::new(move |piece: &str| {
            let mut held = held.lock().expect("live output is never poisoned");
            let shown = held.shown.entry(call_id.clone()).or_default();
            if *shown >= MOST_LIVE_BYTES {
                return;
            }
            *shown += piece.len();
            let full = *shown >= MOST_LIVE_BYTES;
            let waiting = held.waiting.entry(call_id.clone()).or_default();
            waiting.push_str(piece);
            if full {
                waiting.push_str("\n[… more output; the result has its head and tail …]\n");
            }
            notify.notify_one();
        })
    }

    /// Resolves when there may be something to take.
    pub(super) async fn ready(&self) {
        self.notify.notified().await;
    }

    pub(super) fn take(&self) -> BTreeMap<String, String> {
        std::mem::take(&mut self.held.lock().expect("live output is never poisoned").waiting)
    }
}
