//! How strong the sandbox on this machine is, as found by trying it.

use std::fmt;

use super::launch::Layers;

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Strength {
    /// Namespaces, Landlock and seccomp all hold.
    Full { landlock_abi: u32 },
    /// Landlock and seccomp both hold; `why` there are no namespaces.
    Reduced { landlock_abi: u32, why: String },
    /// Some of the three hold, but not both of the latter.
    Partial { layers: Layers, what: String },
    /// None holds.
    None { why: String },
}

impl Strength {
    /// The layers to demand of commands.
    pub fn layers(&self) -> Layers {
        match self {
            Self::Full { .. } => Layers::ALL,
            Self::Reduced { .. } => Layers::REDUCED,
            Self::Partial { layers, .. } => *layers,
            Self::None { .. } => Layers::NONE,
        }
    }

    /// From what a probe saw: the Landlock version if it held, and what went wrong with each layer.
    pub(super) fn from_probe(
        namespaces: Result<(), String>,
        landlock: Result<u32, String>,
        seccomp: Result<(), String>,
    ) -> Self {
        let layers =
            Layers { namespaces: namespaces.is_ok(), landlock: landlock.is_ok(), seccomp: seccomp.is_ok() };
        let absent = [
            namespaces.as_ref().err().map(|why| format!("namespaces: {why}")),
            landlock.as_ref().err().map(|why| format!("landlock: {why}")),
            seccomp.as_ref().err().map(|why| format!("seccomp: {why}")),
        ];
        let absent: Vec<String> = absent.into_iter().flatten().collect();
        match (landlock, namespaces) {
            (Ok(landlock_abi), Ok(())) if layers.seccomp => Self::Full { landlock_abi },
            (Ok(landlock_abi), Err(why)) if layers.seccomp => Self::Reduced { landlock_abi, why },
            _ if !layers.any() => Self::None { why: absent.join("; ") },
            _ => {
                let fenced = |holds: bool| if holds { "fenced" } else { "not fenced" };
                let files = fenced(layers.namespaces || layers.landlock);
                let network = fenced(layers.namespaces || layers.seccomp);
                let what = format!("files {files}, network {network} ({})", absent.join("; "));
                Self::Partial { layers, what }
            }
        }
    }
}

impl fmt::Display for Strength {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Full { landlock_abi } => {
                write!(f, "sandbox full: namespaces, landlock {landlock_abi} and seccomp")
            }
            Self::Reduced { landlock_abi, why } => {
                write!(f, "sandbox reduced: landlock {landlock_abi} and seccomp (no namespaces: {why})")
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
        for mask in 0..8 {
            let [namespaces, landlock, seccomp] = [1, 2, 4].map(|bit| mask & bit != 0);
            let held = |holds| if holds { Ok(()) } else { bad() };
            let found = Strength::from_probe(held(namespaces), held(landlock).map(|()| 7), held(seccomp));
            assert_eq!(found.layers(), Layers { namespaces, landlock, seccomp });
            let full = matches!(found, Strength::Full { .. });
            let reduced = matches!(found, Strength::Reduced { .. });
            assert_eq!((full, reduced), (mask == 7, mask == 6), "{found}");
            assert_eq!(found.to_string().contains("no)") || found.to_string().contains(": no"), mask != 7);
        }
    }
}
