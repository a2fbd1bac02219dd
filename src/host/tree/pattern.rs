//! What is looked for: a regular expression over one line, and a glob over file names.

use std::path::Path;

use globset::{GlobBuilder, GlobMatcher};
use grep_regex::{RegexMatcher, RegexMatcherBuilder};

#[derive(Debug, thiserror::Error)]
pub enum PatternError {
    /// The message of the regex parser has the pattern and a mark below the place.
    #[error("{message}\nto search for this very text, escape it: {literal}")]
    Regex { message: String, literal: String },
    #[error("bad glob {glob:?}: {message}; examples: *.rs, src/**/*.{{ts,tsx}}")]
    Glob { glob: String, message: String },
}

/// A regular expression matched line by line; `^` and `$` stand for the ends of a line, with or
/// without a carriage return.
#[derive(Debug, Clone)]
pub struct Pattern {
    pub(super) matcher: RegexMatcher,
}

impl Pattern {
    pub fn new(text: &str) -> Result<Self, PatternError> {
        let built = RegexMatcherBuilder::new().multi_line(true).crlf(true).build(text);
        let matcher = built.map_err(|error| {
            let message = error.to_string();
            PatternError::Regex { message, literal: regex::escape(text) }
        })?;
        Ok(Self { matcher })
    }
}

/// A glob over paths relative to the root. Without a slash it is matched against the last name, so
/// that `*.rs` means such files anywhere; `*` does not cross a slash, `**` does.
#[derive(Debug, Clone)]
pub struct NameFilter {
    glob: GlobMatcher,
    last_name_only: bool,
    /// The root as the caller calls it: `src/*.rs` finds files whether it is meant from the root or
    /// from where the root's own name is counted from.
    prefix: String,
}

impl NameFilter {
    /// `prefix` is how the root was named, empty or `.` for the workspace.
    pub fn new(glob: &str, prefix: &str) -> Result<Self, PatternError> {
        let text = glob.trim_start_matches("./");
        let built = GlobBuilder::new(text).literal_separator(true).build().map_err(|error| {
            PatternError::Glob { glob: glob.to_owned(), message: error.kind().to_string() }
        })?;
        let prefix = prefix.trim_start_matches("./").trim_end_matches('/');
        let prefix = if prefix == "." { "" } else { prefix };
        Ok(Self {
            glob: built.compile_matcher(),
            last_name_only: !text.contains('/'),
            prefix: prefix.to_owned(),
        })
    }

    pub(super) fn keeps(&self, relative: &Path) -> bool {
        if self.last_name_only {
            return relative.file_name().is_some_and(|name| self.glob.is_match(Path::new(name)));
        }
        self.glob.is_match(relative)
            || (!self.prefix.is_empty() && self.glob.is_match(Path::new(&self.prefix).join(relative)))
    }
}
