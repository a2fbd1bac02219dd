//! How strong the sandbox on this machine is, as found by trying it.

use std::fmt;

use super::launch::Layers;

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Strength {
    /// Landlock and seccomp both hold.
    Reduced { landlock_abi: u32 },
    /// One of the two holds.
    Partial { landlock_abi: Option<u32>, what: String },
    /// None holds.
    None { why: String },
}

impl Strength {
    /// The layers to demand of commands.
    pub fn layers(&self) -> Layers {
        match self {
            Self::Reduced { .. } => Layers::ALL,
            Self::Partial { landlock_abi, .. } => {
                Layers { landlock: landlock_abi.is_some(), seccomp: landlock_abi.is_none() }
            }
            Self::None { .. } => Layers::NONE,
        }
    }

    /// From what a probe saw: the Landlock version if it held, and what went wrong with each layer.
    pub(super) fn from_probe(landlock: Result<u32, String>, seccomp: Result<(), String>) -> Self {
        match (landlock, seccomp) {
            (Ok(landlock_abi), Ok(())) => Self::Reduced { landlock_abi },
            (Ok(abi), Err(why)) => Self::Partial {
                landlock_abi: Some(abi),
                what: format!("files are fenced, the network is not (seccomp: {why})"),
            },
            (Err(why), Ok(())) => Self::Partial {
                landlock_abi: None,
                what: format!("the network is fenced, files are not (landlock: {why})"),
            },
            (Err(files), Err(calls)) => Self::None { why: format!("landlock: {files}; seccomp: {calls}") },
        }
    }
}

impl fmt::Display for Strength {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Reduced { landlock_abi } => {
                write!(f, "sandbox reduced: landlock {landlock_abi} and seccomp")
            }
            Self::Partial { what, .. } => write!(f, "sandbox partial: {what}"),
            Self::None { why } => write!(f, "no sandbox: {why}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_layer_is_not_demanded_and_a_present_one_is() {
        let bad = || Err::<(), _>("no".to_owned());
        assert_eq!(Strength::from_probe(Ok(7), Ok(())).layers(), Layers::ALL);
        let files = Strength::from_probe(Ok(1), bad()).layers();
        assert_eq!(files, Layers { landlock: true, seccomp: false });
        let calls = Strength::from_probe(Err("no".into()), Ok(())).layers();
        assert_eq!(calls, Layers { landlock: false, seccomp: true });
        assert_eq!(Strength::from_probe(Err("no".into()), bad()).layers(), Layers::NONE);
    }
}
