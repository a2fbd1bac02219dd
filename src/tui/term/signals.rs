//! Signals that concern the terminal, heard on a thread of their own: whatever the program is busy with,
//! the terminal is given back first.

use std::sync::Arc;
use std::sync::mpsc::SyncSender;
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::{Pid, getppid, getsid};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;

use super::modes::Modes;

/// How long the program has to end in order once the terminal is restored: to close its session's log.
const GRACE: Duration = Duration::from_secs(3);

/// What happened to the terminal without the program's doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Happened {
    /// Counts what was lost: each time the program has to draw a frame.
    pub lost: u64,
    /// The process has to end, with this status (128 and the signal's number). The terminal is restored, and
    /// what is drawn goes nowhere. After three seconds, or at a second signal, the process is ended.
    pub ending: Option<i32>,
}

/// Starts to listen; when it returns, no signal goes unheard any more.
pub(super) fn listen(modes: Arc<Modes>, told: Arc<watch::Sender<Happened>>) {
    let (listens, heard) = std::sync::mpsc::sync_channel(1);
    let listening = move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        if let Ok(runtime) = runtime {
            runtime.block_on(obey(&modes, &told, listens));
        }
    };
    // Without a thread the system's own way with signals is left.
    if std::thread::Builder::new().name("terminal".to_owned()).spawn(listening).is_ok() {
        let _ = heard.recv();
    }
}

async fn obey(modes: &Modes, told: &watch::Sender<Happened>, listens: SyncSender<()>) {
    let stop = SignalKind::from_raw(Signal::SIGTSTP as i32);
    let go = SignalKind::from_raw(Signal::SIGCONT as i32);
    let (Ok(mut terminate), Ok(mut hangup), Ok(mut interrupt), Ok(mut quit), Ok(mut stop), Ok(mut go)) = (
        signal(SignalKind::terminate()),
        signal(SignalKind::hangup()),
        signal(SignalKind::interrupt()),
        signal(SignalKind::quit()),
        signal(stop),
        signal(go),
    ) else {
        return;
    };
    let _ = listens.send(());
    let number = loop {
        tokio::select! {
            _ = terminate.recv() => break Signal::SIGTERM,
            _ = hangup.recv() => break Signal::SIGHUP,
            _ = interrupt.recv() => break Signal::SIGINT,
            _ = quit.recv() => break Signal::SIGQUIT,
            _ = stop.recv() => {
                modes.stopping();
                modes.restore(true);
                stop_process(Pid::this());
            }
            // Whoever had the terminal meanwhile may have left it in any mode.
            _ = go.recv() => {
                if modes.go_on() {
                    told.send_modify(|happened| happened.lost += 1);
                }
            }
        }
    };
    modes.restore(false);
    let status = 128 + number as i32;
    told.send_modify(|happened| happened.ending = Some(status));
    tokio::select! {
        _ = terminate.recv() => {}
        _ = hangup.recv() => {}
        _ = interrupt.recv() => {}
        () = tokio::time::sleep(GRACE) => {}
    }
    std::process::exit(status);
}

/// Stops this process and those that the shell runs with it, until it is told to go on. A thread runs on for a
/// moment after the signal was sent, so it waits until the one that listens has heard the end of the stop.
pub(super) fn stop_group(modes: &Modes) {
    modes.stopping();
    stop_process(Pid::from_raw(0));
    // Counted in turns, not by the clock, which runs on while the process is stopped. Where nothing stops us,
    // this ends after two seconds.
    for _ in 0..400 {
        if !modes.is_stopping() {
            return;
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    modes.go_on();
}

fn stop_process(which: Pid) {
    // SIGTSTP is heard by us; this one stops for sure.
    let _ = kill(which, Signal::SIGSTOP);
}

/// Whether somebody is there who can make a stopped process go on: a shell in the same session.
pub(super) fn may_stop() -> bool {
    matches!((getsid(None), getsid(Some(getppid()))), (Ok(ours), Ok(parents)) if ours == parents)
}
