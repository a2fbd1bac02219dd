//! The engine's own thread: whatever holds it up, keys are read and frames drawn all the same.

use std::thread::JoinHandle;

use tokio::sync::{mpsc, oneshot};

use crate::engine::{Ground, Options, Session};
use crate::protocol::{Report, ReportKind};

/// One session to be opened.
type Request = (Ground, Options, oneshot::Sender<Result<Session, Report>>);

/// Opens sessions that live on another thread.
pub(super) struct Backstage {
    requests: Option<mpsc::Sender<Request>>,
    thread: Option<JoinHandle<()>>,
}

impl Backstage {
    pub(super) fn start() -> Result<Self, Report> {
        let broken = |error: std::io::Error| {
            Report::new(ReportKind::Internal, "the engine's thread cannot be started")
                .cause(error.to_string())
        };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(broken)?;
        // One request at a time: the face waits for each.
        let (requests, mut waiting) = mpsc::channel::<Request>(1);
        let work = async move {
            while let Some((ground, options, answer)) = waiting.recv().await {
                let _ = answer.send(open(&ground, options).await);
            }
        };
        let thread = std::thread::Builder::new().name("engine".to_owned());
        let thread = thread.spawn(move || runtime.block_on(work)).map_err(broken)?;
        Ok(Self { requests: Some(requests), thread: Some(thread) })
    }

    /// Opens a session; the wait is the caller's own.
    pub(super) fn open(
        &self,
        ground: Ground,
        options: Options,
    ) -> impl Future<Output = Result<Session, Report>> + Send + use<> {
        let gone = || Report::new(ReportKind::Internal, "the engine's thread has ended");
        let requests = self.requests.clone();
        async move {
            let (answer, opened) = oneshot::channel();
            let requests = requests.ok_or_else(gone)?;
            requests.send((ground, options, answer)).await.map_err(|_| gone())?;
            drop(requests);
            opened.await.map_err(|_| gone())?
        }
    }
}

/// Probes the sandbox first: what it can do is part of every session.
async fn open(ground: &Ground, mut options: Options) -> Result<Session, Report> {
    if options.sandbox.is_none()
        && let Some(launcher) = &options.launcher
    {
        options.sandbox = launcher.strength().await.ok();
    }
    Session::open(ground, options).await
}

impl Drop for Backstage {
    fn drop(&mut self) {
        drop(self.requests.take());
        if let Some(thread) = self.thread.take() {
            // What it still holds (commands, temporary folders) is tidied up before we go.
            let _ = thread.join();
        }
    }
}
