//! An image from the user's clipboard, as a file that a message can name.

use super::desk::FrontDesk;
use crate::host::clipboard::{self, ClipboardError};
use crate::protocol::{Report, ReportKind};
use crate::tools::{MOST_IMAGE_BYTES, image_part};

impl FrontDesk {
    /// Fetches the image on the clipboard into the session's private temporary folder; its path. Takes up to a few
    /// seconds.
    pub fn paste_image(&self) -> Result<String, Report> {
        let failed = |why: String| Report::new(ReportKind::Host, "the image could not be pasted").cause(why);
        let temp = self.temp.upgrade().ok_or_else(|| failed("the session has ended".to_owned()))?;
        let grant = self.kernel.user_clipboard().map_err(|error| failed(error.to_string()))?;
        let bytes = clipboard::image(grant, |name| (self.options.env)(name), MOST_IMAGE_BYTES);
        let bytes = bytes.and_then(|bytes| match image_part(&bytes) {
            Ok(_) => Ok(bytes),
            Err(_) => Err(ClipboardError::NoImage),
        });
        let bytes = bytes.map_err(|error| told(&error))?;
        let path = temp.put_next("pasted", "png", &bytes).map_err(|error| failed(error.to_string()))?;
        Ok(path.display().to_string())
    }
}

fn told(error: &ClipboardError) -> Report {
    let report = Report::from_error(ReportKind::Host, error);
    match error {
        ClipboardError::NoDisplay => report.hint("paste the path of an image file"),
        ClipboardError::NoProgram(_) => report.hint("install wl-clipboard (Wayland) or xclip (X11)"),
        ClipboardError::NoImage => report.hint("text is pasted with your terminal's own key"),
        ClipboardError::TooLarge(_) => report.hint("copy a smaller part of it"),
        ClipboardError::Slow { .. } => report.hint("copy the image once more, or paste the path of its file"),
        ClipboardError::Io(..) | ClipboardError::Grant(_) => report,
    }
}
