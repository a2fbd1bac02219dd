//! What was sent before: going back to it, and searching it.

/// Prompts kept in memory.
const MOST: usize = 2_000;

/// The newest last.
#[derive(Debug, Clone, Default)]
pub(super) struct History {
    entries: Vec<String>,
    /// Which one is shown.
    at: Option<usize>,
    /// What was being written before that one was shown.
    draft: String,
}

impl History {
    pub(super) fn new(mut entries: Vec<String>) -> Self {
        entries.drain(..entries.len().saturating_sub(MOST));
        Self { entries, at: None, draft: String::new() }
    }

    pub(super) fn entries(&self) -> &[String] {
        &self.entries
    }

    /// Keeps a text as the newest; one that is the newest already is not kept twice.
    pub(super) fn push(&mut self, text: &str) {
        self.leave();
        if !text.trim().is_empty() && self.entries.last().is_none_or(|last| last != text) {
            self.entries.push(text.to_owned());
            if self.entries.len() > MOST {
                self.entries.remove(0);
            }
        }
    }

    /// What was shown has become a text of its own.
    pub(super) fn leave(&mut self) {
        self.at = None;
        self.draft.clear();
    }

    /// The one before; `now` is what is written, to come back to.
    pub(super) fn older(&mut self, now: &str) -> Option<&str> {
        let at = match self.at {
            None => self.entries.len().checked_sub(1)?,
            Some(at) => at.checked_sub(1)?,
        };
        if self.at.is_none() {
            now.clone_into(&mut self.draft);
        }
        self.at = Some(at);
        self.entries.get(at).map(String::as_str)
    }

    /// The one after, at last what was being written; whether that is it.
    pub(super) fn newer(&mut self) -> Option<(&str, bool)> {
        let at = self.at? + 1;
        if at >= self.entries.len() {
            self.at = None;
            return Some((&self.draft, true));
        }
        self.at = Some(at);
        Some((&self.entries[at], false))
    }
}

/// A search through what was sent, letter by letter.
#[derive(Debug, Clone)]
pub(super) struct Search {
    pub(super) query: String,
    /// Which entry was found, and where in it.
    pub(super) found: Option<(usize, usize)>,
    /// The last letters were found nowhere.
    pub(super) failed: bool,
}

impl Search {
    pub(super) fn new() -> Self {
        Self { query: String::new(), found: None, failed: false }
    }

    /// Looks from the present one on to older ones.
    pub(super) fn again(&mut self, history: &History) {
        let from = self.found.map_or(history.entries.len(), |(at, _)| at + 1);
        self.look((0..from).rev(), history);
    }

    /// The next older one, which is another text.
    pub(super) fn older(&mut self, history: &History) {
        let from = self.found.map_or(history.entries.len(), |(at, _)| at);
        self.look((0..from).rev(), history);
    }

    pub(super) fn newer(&mut self, history: &History) {
        if let Some((at, _)) = self.found {
            self.look(at + 1..history.entries.len(), history);
        }
    }

    fn look(&mut self, places: impl Iterator<Item = usize>, history: &History) {
        if self.query.is_empty() {
            (self.found, self.failed) = (None, false);
            return;
        }
        let now = self.found.and_then(|(at, _)| history.entries.get(at));
        let seen =
            |at: usize| self.found.is_none_or(|(found, _)| found != at) && now == history.entries.get(at);
        let mut hits = places.filter(|at| !seen(*at)).filter_map(|at| {
            let place = find(history.entries.get(at)?, &self.query)?;
            Some((at, place))
        });
        let hit = hits.next();
        self.failed = hit.is_none();
        self.found = hit.or(self.found);
    }
}

/// Where `wanted` stands in `text`; a capital letter means itself, a small one both.
fn find(text: &str, wanted: &str) -> Option<usize> {
    if wanted.chars().any(char::is_uppercase) || !wanted.is_ascii() {
        return text.find(wanted);
    }
    let (text, wanted) = (text.as_bytes(), wanted.as_bytes());
    text.windows(wanted.len()).position(|part| part.eq_ignore_ascii_case(wanted))
}
