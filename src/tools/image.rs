//! Images as a model is shown them: known by their content, bounded, as base64.

use base64::Engine;

use super::sniff::{Kind, kind};
use crate::base::grouped;
use crate::protocol::Part;

/// The largest image that is handed to a model.
pub const MOST_IMAGE_BYTES: usize = 5 * 1024 * 1024;

/// Why bytes are not shown as an image.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unshown {
    /// They are text.
    Text,
    /// They are something else, with a word for it.
    Binary(&'static str),
    /// They are an image of too many bytes.
    TooLarge { media_type: &'static str, bytes: usize },
}

impl Unshown {
    /// A sentence about the file of this name.
    pub fn about(&self, name: &str) -> String {
        match self {
            Self::Text => format!("{name} is no image but text"),
            Self::Binary(what) => format!("{name} is no image but {what}"),
            Self::TooLarge { media_type, bytes } => format!(
                "{name} is an image ({media_type}) of {} bytes; images over {} bytes are not shown: scale it down",
                grouped(*bytes),
                grouped(MOST_IMAGE_BYTES)
            ),
        }
    }
}

/// The image that these bytes are, whatever their file is called: PNG, JPEG, GIF or WebP of at most
/// [`MOST_IMAGE_BYTES`].
pub fn image_part(bytes: &[u8]) -> Result<Part, Unshown> {
    match kind(bytes) {
        Kind::Image(media_type) if bytes.len() > MOST_IMAGE_BYTES => {
            Err(Unshown::TooLarge { media_type, bytes: bytes.len() })
        }
        Kind::Image(media_type) => {
            let data = base64::engine::general_purpose::STANDARD.encode(bytes);
            Ok(Part::Image { media_type: media_type.to_owned(), data })
        }
        Kind::Text => Err(Unshown::Text),
        Kind::Binary(what) => Err(Unshown::Binary(what)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_image_is_one_by_its_content_and_up_to_its_size() {
        let mut bytes = b"\x89PNG\r\n\x1a\n".to_vec();
        bytes.resize(MOST_IMAGE_BYTES, 0);
        let Ok(Part::Image { media_type, data }) = image_part(&bytes) else { panic!("the largest") };
        assert_eq!((media_type.as_str(), data.len()), ("image/png", bytes.len().div_ceil(3) * 4));
        bytes.push(0);
        let over = Unshown::TooLarge { media_type: "image/png", bytes: bytes.len() };
        assert_eq!(image_part(&bytes), Err(over));
        assert!(over.about("a.png").contains("5,242,881 bytes"), "{}", over.about("a.png"));
        assert_eq!(image_part(b"just words"), Err(Unshown::Text));
        assert_eq!(image_part(b""), Err(Unshown::Text));
        assert_eq!(image_part(b"%PDF-1.7"), Err(Unshown::Binary("a PDF document")));
    }
}
