//! Bounds of one command and all it starts. The user sets them freely; a project only lower.

use std::collections::BTreeMap;
use std::num::{NonZeroU32, NonZeroU64};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::settings::Origin;

/// What a command may use. A bound that is not set here has the built-in value.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct CommandLimits {
    /// MiB resident in all its processes together; three quarters of the machine's unless set.
    pub memory_mb: Option<NonZeroU64>,
    /// Seconds of processor time of each process; none unless set, for a long build is no fault.
    pub cpu_s: Option<NonZeroU64>,
    /// MiB of each file it writes; 16 GiB unless set.
    pub file_mb: Option<NonZeroU64>,
    /// Processes alive at one time; 1024 unless set.
    pub processes: Option<NonZeroU32>,
}

/// MiB of one file.
const FILE_MB: u64 = 16 * 1024;
const PROCESSES: u64 = 1024;

/// The built-in bounds that are the same on every machine, as settings.
pub(super) fn built_in() -> Value {
    serde_json::json!({"limits": {"file_mb": FILE_MB, "processes": PROCESSES}})
}

/// Takes a project's bounds out of its layer and lowers those in force: the least counts. Returns
/// whether the layer sets anything else below `sandbox`.
pub(super) fn tighten(
    merged: &mut Map<String, Value>,
    layer: &mut Map<String, Value>,
    origin: &Origin,
    origins: &mut BTreeMap<String, Origin>,
) -> bool {
    let Some(Value::Object(sandbox)) = layer.get_mut("sandbox") else {
        return layer.contains_key("+sandbox");
    };
    let asked = sandbox.remove("limits");
    if !sandbox.is_empty() {
        return true;
    }
    layer.remove("sandbox");
    let Some(Value::Object(asked)) = asked else { return false };
    let held = merged.get_mut("sandbox").and_then(|sandbox| sandbox.get_mut("limits"));
    let Some(Value::Object(held)) = held else { return true };
    for (name, value) in asked {
        let Some(most) = value.as_u64() else { continue };
        if held.get(&name).and_then(Value::as_u64).is_none_or(|now| most < now) {
            origins.insert(format!("sandbox.limits.{name}"), origin.clone());
            held.insert(name, value);
        }
    }
    false
}
