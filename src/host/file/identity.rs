//! What of a file must outlive its replacement: group, extended attributes (access lists among
//! them), mode.

use std::fs::File;

use rustix::fs::{Gid, Mode, RawMode, fchmod, fchown, fstat};
use rustix::io::Errno;

use crate::base::FileStamp;

/// Gives `new` the group, attributes and mode of `old`. False when it cannot: then `old` has to be
/// rewritten where it lies.
pub(super) fn carry_over(old: &File, new: &File, stamp: &FileStamp) -> bool {
    // The mode last: a change of group clears bits of it.
    group(old, new).is_ok()
        && attributes(old, new).is_ok()
        && fchmod(new, Mode::from_raw_mode(stamp.mode as RawMode)).is_ok()
}

fn group(old: &File, new: &File) -> Result<(), Errno> {
    let (old, now) = (fstat(old)?.st_gid, fstat(new)?.st_gid);
    if old == now { Ok(()) } else { fchown(new, None, Some(Gid::from_raw(old))) }
}

#[cfg(target_os = "linux")]
fn attributes(old: &File, new: &File) -> Result<(), Errno> {
    use rustix::fs::{XattrFlags, fgetxattr, flistxattr, fsetxattr};
    let mut names = vec![0u8; 64 * 1024];
    let length = match flistxattr(old, &mut names[..]) {
        Ok(length) => length,
        Err(Errno::NOTSUP) => 0,
        Err(errno) => return Err(errno),
    };
    for name in names[..length].split(|byte| *byte == 0).filter(|name| !name.is_empty()) {
        let mut value = vec![0u8; 64 * 1024];
        let copied = fgetxattr(old, name, &mut value[..])
            .and_then(|length| fsetxattr(new, name, &value[..length], XattrFlags::empty()));
        // The system gives new files their own security labels, and not everybody may set them.
        if !name.starts_with(b"security.") {
            copied?;
        }
    }
    Ok(())
}

#[cfg(not(target_os = "linux"))]
fn attributes(_: &File, _: &File) -> Result<(), Errno> {
    Ok(())
}
