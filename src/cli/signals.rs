//! Signals, heard on a thread of their own: everything else may be held up by a pipe that nobody reads.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::SyncSender;
use std::time::Duration;

use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc::Sender;

use crate::protocol::Op;

/// How long a run has to end in order once it was told to.
const GRACE: Duration = Duration::from_secs(5);

/// The first signal cancels the run, which then ends in order; a second one, or the end of the grace,
/// ends the process. `terminated` is set when the first was a request to terminate.
pub(super) fn listen(ops: Sender<Op>, terminated: Arc<AtomicBool>) {
    let (heard, hears) = std::sync::mpsc::sync_channel(1);
    let listening = move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        if let Ok(runtime) = runtime {
            runtime.block_on(obey(ops, terminated, heard));
        }
    };
    // Without a thread the system's own way with signals is left: they end the process.
    if std::thread::Builder::new().name("signals".to_owned()).spawn(listening).is_ok() {
        // Nothing is begun before a signal would be heard. A thread that gave up lets go of its end.
        let _ = hears.recv();
    }
}

async fn obey(ops: Sender<Op>, terminated: Arc<AtomicBool>, heard: SyncSender<()>) {
    let (Ok(mut interrupt), Ok(mut terminate)) =
        (signal(SignalKind::interrupt()), signal(SignalKind::terminate()))
    else {
        return;
    };
    let _ = heard.send(());
    let code = tokio::select! {
        _ = interrupt.recv() => 130,
        _ = terminate.recv() => {
            terminated.store(true, Ordering::Relaxed);
            143
        }
    };
    // A full queue has a run behind it that is not listening: the grace deals with that.
    let _ = ops.try_send(Op::Cancel);
    tokio::select! {
        _ = interrupt.recv() => std::process::exit(130),
        _ = terminate.recv() => std::process::exit(143),
        () = tokio::time::sleep(GRACE) => std::process::exit(code),
    }
}
