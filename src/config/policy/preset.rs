//! Presets: named postures of the kernel.

use super::PolicyError;
use crate::base::nearest;

/// A named posture; what each means is the kernel's business.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Preset {
    /// Asks only for what can be neither contained nor undone.
    #[default]
    Coding,
    /// Asks for every write and command.
    Strict,
    /// Inside the sandbox allowed, else denied; no questions.
    Contained,
    /// `contained` without network.
    Ci,
    ReadOnly,
}

impl Preset {
    pub const ALL: [(&'static str, Self); 5] = [
        ("coding", Self::Coding),
        ("strict", Self::Strict),
        ("contained", Self::Contained),
        ("ci", Self::Ci),
        ("read_only", Self::ReadOnly),
    ];

    pub fn name(self) -> &'static str {
        Self::ALL.iter().find(|(_, preset)| *preset == self).map_or("coding", |(name, _)| name)
    }

    /// How much is held back; a layer that may only tighten may not go down.
    pub fn tightness(self) -> u8 {
        match self {
            Self::Coding => 0,
            Self::Contained => 1,
            Self::Ci => 2,
            Self::Strict => 3,
            Self::ReadOnly => 4,
        }
    }

    /// Whether it puts no question to anybody.
    pub fn asks_nothing(self) -> bool {
        matches!(self, Self::Contained | Self::Ci)
    }
}

impl std::str::FromStr for Preset {
    type Err = PolicyError;

    fn from_str(name: &str) -> Result<Self, PolicyError> {
        let known = Self::ALL.iter().find(|(known, _)| *known == name.replace('-', "_"));
        known.map(|(_, preset)| *preset).ok_or_else(|| PolicyError::UnknownPreset {
            name: name.to_owned(),
            hint: nearest(name, Self::ALL.iter().map(|(known, _)| *known)).map(str::to_owned),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_and_slips_named() {
        assert_eq!("read-only".parse::<Preset>().unwrap(), Preset::ReadOnly);
        let error = "codeing".parse::<Preset>().unwrap_err().to_string();
        assert!(error.contains("did you mean `coding`"), "{error}");
    }
}
