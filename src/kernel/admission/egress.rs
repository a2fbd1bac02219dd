//! Secrets on their way out: in the arguments of a call that reaches beyond this machine.

use super::vault::{PLACEHOLDER, Vault};
use super::{secrets, view};

/// The kind of the first secret in `texts`, in any form that a scan reads: plain, quoted apart, encoded,
/// hidden. `said` tells what the user themselves wrote, which is theirs to send.
pub(in crate::kernel) fn leak<'t>(
    vault: Option<&Vault>,
    texts: impl IntoIterator<Item = &'t str>,
    said: impl Fn(&str) -> bool,
) -> Option<String> {
    texts.into_iter().find_map(|text| {
        let plain = percent_decoded(text);
        [Some(text), plain.as_deref()].into_iter().flatten().find_map(|text| leak_in(vault, text, &said))
    })
}

fn leak_in(vault: Option<&Vault>, text: &str, said: &impl Fn(&str) -> bool) -> Option<String> {
    if let Some(mark) = PLACEHOLDER.find(text) {
        return Some(mark.as_str().to_owned());
    }
    let known = vault.and_then(|vault| view::views(text).iter().find_map(|view| vault.holds(&view.text)));
    let found = || {
        secrets::find(text, secrets::Whence::default())
            .into_iter()
            .find(|found| !said(&found.value))
            .map(|found| found.kind)
    };
    known.or_else(found)
}

/// `%41` as `A`, where there is any and the outcome is text.
fn percent_decoded(text: &str) -> Option<String> {
    if !text.contains('%') {
        return None;
    }
    let bytes = text.as_bytes();
    let (mut out, mut at) = (Vec::with_capacity(bytes.len()), 0);
    while let Some(byte) = bytes.get(at) {
        let code = bytes.get(at + 1..at + 3).and_then(|code| std::str::from_utf8(code).ok());
        match code.and_then(|code| u8::from_str_radix(code, 16).ok()).filter(|_| *byte == b'%') {
            Some(decoded) => {
                out.push(decoded);
                at += 3;
            }
            None => {
                out.push(*byte);
                at += 1;
            }
        }
    }
    String::from_utf8(out).ok()
}
