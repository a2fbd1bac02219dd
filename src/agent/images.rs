//! Images that the user sends: read as theirs, for the message they go with.

use super::driver::Agent;
use super::turn::Words;
use crate::base::BlobStore;
use crate::host::file::{self, Opened};
use crate::kernel::{Kernel, KernelError};
use crate::protocol::{Event, Part, Prompt, Report, ReportKind};
use crate::tools::image_part;

impl Agent {
    /// A prompt as the model is told it: with its images read, on a thread where that may take its time. When
    /// one of them cannot be read nothing is sent; whoever wrote it gets all of it back, with the report.
    pub async fn take_in(&mut self, prompt: Prompt) -> Result<Words, Report> {
        match self.images(&prompt.images).await {
            Ok(images) => Ok(Words { text: prompt.text, images }),
            Err(report) => {
                self.emit(Event::Unsent { prompt, report: report.clone() }).await;
                Err(report)
            }
        }
    }

    async fn images(&mut self, paths: &[String]) -> Result<Vec<Part>, Report> {
        if paths.is_empty() {
            return Ok(Vec::new());
        }
        if self.parts.takes_images == Some(false) {
            let model = self.parts.provider.name();
            return Err(Report::new(ReportKind::Usage, format!("not sent: {model} takes no images"))
                .cause("models.yaml says so")
                .hint("choose another model with /model, or take the image out of the message")
                .hint("if it does take them, write `images: true` for it into models.yaml"));
        }
        let (kernel, blobs, paths) = (self.parts.kernel.clone(), self.parts.blobs.clone(), paths.to_vec());
        let read = move || paths.iter().map(|path| read(&kernel, &blobs, path)).collect();
        tokio::task::spawn_blocking(read).await.unwrap_or_else(|error| {
            Err(Report::new(ReportKind::Internal, "not sent: the images could not be read")
                .cause(error.to_string()))
        })
    }
}

/// One image, by the path that the user gave.
fn read(kernel: &Kernel, blobs: &BlobStore, path: &str) -> Result<Part, Report> {
    let unsent = |kind: ReportKind, why: String| {
        Report::new(kind, format!("not sent: the image {path} cannot be read")).cause(why)
    };
    let grant = kernel.user_read(path).map_err(|error| match &error {
        KernelError::Refused(verdict) => unsent(ReportKind::Refused, verdict.user_line.clone())
            .hint("take it out of the message, or send a copy that lies elsewhere"),
        _ => unsent(ReportKind::State, error.to_string()),
    })?;
    let unfit = |why: String| {
        unsent(ReportKind::Usage, why)
            .hint("name a PNG, JPEG, GIF or WebP file that is there, or take it out")
    };
    match file::read(grant, blobs) {
        Ok(Opened::File(content)) => image_part(&content.bytes).map_err(|unshown| unfit(unshown.about(path))),
        Ok(Opened::Folder(_)) => Err(unfit(format!("{path} is a folder"))),
        Ok(Opened::Stored { .. }) => Err(unfit(format!("{path} is a stored output"))),
        Err(error) => Err(unfit(error.to_string())),
    }
}
