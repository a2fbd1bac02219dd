//! How much memory a command may have on this machine unless somebody says otherwise.

/// MiB that a command may have even where the machine has hardly more.
const LEAST_MB: u64 = 2 * 1024;

/// Three quarters of the machine's memory in MiB, and at least 2048; what is taken where the system
/// does not tell, too.
pub fn most_memory_mb() -> u64 {
    most_of(&std::fs::read_to_string("/proc/meminfo").unwrap_or_default())
}

/// From the text of proc(5) `meminfo`, whose first line is `MemTotal: N kB`.
fn most_of(meminfo: &str) -> u64 {
    let total = meminfo.lines().find_map(|line| {
        line.strip_prefix("MemTotal:")?.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()
    });
    (total.unwrap_or_default() / 1024 / 4 * 3).max(LEAST_MB)
}

#[cfg(test)]
mod tests {
    use super::most_of;

    #[test]
    fn three_quarters_and_never_too_little() {
        for (text, most) in [
            ("MemTotal:       16777216 kB\nMemFree: 1 kB\n", 12_288),
            ("MemTotal: 2796208 kB\n", 2048),
            ("MemTotal: 2800644 kB\n", 2049),
            ("MemTotal: 100 kB\n", 2048),
            ("nothing", 2048),
        ] {
            assert_eq!(most_of(text), most, "{text}");
        }
    }
}
