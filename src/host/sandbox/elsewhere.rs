//! Platforms without a sandbox layer: everything compiles, nothing runs.

use std::convert::Infallible;

use super::error::SandboxError;
use super::launch::Launch;
use super::report::Exit;
use super::strength::Strength;

/// Cannot be started here.
#[derive(Debug)]
pub struct Helper(Infallible);

impl Helper {
    pub fn start() -> Result<Self, SandboxError> {
        Err(SandboxError::Unsupported)
    }
}

#[derive(Debug, Clone)]
pub struct Launcher(std::sync::Arc<Helper>);

impl Launcher {
    pub fn new(helper: Helper) -> Self {
        Self(std::sync::Arc::new(helper))
    }

    pub async fn strength(&self) -> Result<Strength, SandboxError> {
        Ok(Strength::None { why: "no sandbox layer on this platform yet".into() })
    }

    pub async fn spawn(&self, _launch: Launch) -> Result<Running, SandboxError> {
        Err(SandboxError::Unsupported)
    }
}

pub type Output = tokio::io::Empty;

#[derive(Debug)]
pub struct Process(Infallible);

impl Process {
    pub fn pid(&self) -> i32 {
        match self.0 {}
    }

    pub fn kill(&self) {
        match self.0 {}
    }

    pub async fn wait(&self) -> Result<Exit, SandboxError> {
        match self.0 {}
    }
}

#[derive(Debug)]
pub struct Running {
    pub output: Output,
    pub errors: Option<Output>,
    pub input: Option<tokio::io::Sink>,
    pub proxy: Option<std::os::fd::OwnedFd>,
    pub process: Process,
}

impl Running {
    pub fn kill(&self) {
        self.process.kill();
    }

    pub async fn wait(&self) -> Result<Exit, SandboxError> {
        self.process.wait().await
    }

    pub async fn finish(self, _most: usize) -> Result<(Vec<u8>, Exit), SandboxError> {
        match self.process.0 {}
    }
}
