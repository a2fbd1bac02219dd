//! Who runs this program, as the operating system knows them.

/// The user's name; `uid N` where the system has none for it.
pub fn name() -> String {
    let uid = nix::unistd::geteuid();
    let known = nix::unistd::User::from_uid(uid).ok().flatten();
    known.map_or_else(|| format!("uid {uid}"), |user| user.name)
}
