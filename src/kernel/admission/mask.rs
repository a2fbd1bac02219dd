//! Texts of the user's that are kept beside the session: their secrets are left out for good.

use std::borrow::Cow;

use super::{secrets, vault};
use crate::kernel::judge::Kernel;

impl Kernel {
    /// The text without secrets: by their shapes, and those that this session has met. Nothing puts them
    /// back, and no vault keeps them.
    pub fn masked<'t>(&self, text: &'t str) -> Cow<'t, str> {
        let mut found = secrets::find(text, secrets::Whence::default());
        if let Some(vault) = self.memory().opened() {
            found.extend(vault.known(text));
        }
        let found = vault::apart(found);
        if found.is_empty() {
            return Cow::Borrowed(text);
        }
        let (mut out, mut at) = (String::with_capacity(text.len()), 0);
        for secret in found {
            out.push_str(&text[at..secret.range.start]);
            out.push_str(&format!("[secret left out: {}]", secret.kind));
            at = secret.range.end;
        }
        out.push_str(&text[at..]);
        Cow::Owned(out)
    }
}
