//! One parse, bounded in bytes and time.

use std::ops::ControlFlow;
use std::time::{Duration, Instant};

use tree_sitter::{ParseOptions, Parser, Tree};

use super::Language;

/// Larger files are not read: nobody wrote them by hand, and a tree takes some thirty times the text.
pub const MOST_BYTES: usize = 2 * 1024 * 1024;
/// Ordinary source of two megabytes takes less; only texts made to be deep take more.
pub(super) const MOST_TIME: Duration = Duration::from_secs(2);

/// Why a text was not read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unread {
    #[error("larger than 2 MB")]
    TooLarge,
    #[error("takes too long to parse")]
    TooSlow,
}

pub(super) fn parse(text: &str, language: Language, until: Instant) -> Result<Tree, Unread> {
    if text.len() > MOST_BYTES {
        return Err(Unread::TooLarge);
    }
    let mut parser = Parser::new();
    parser.set_language(&language.grammar()).expect("the grammars are of the version that is linked");
    let mut watch = |_: &tree_sitter::ParseState| {
        if Instant::now() > until { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    };
    let bytes = text.as_bytes();
    let mut read = |at: usize, _| bytes.get(at..).unwrap_or_default();
    let options = ParseOptions::new().progress_callback(&mut watch);
    parser.parse_with_options(&mut read, None, Some(options)).ok_or(Unread::TooSlow)
}
