#!/bin/sh
# Measures every bar of docs/KERNEL.md and prints the figures, each under its own headline.
# Takes some 15 minutes with the builds; run it on a quiet machine. `sh tests/bench/bars.sh`
set -eu
cd "$(dirname "$0")/../.."

headline() {
    printf '\n===== %s =====\n' "$1"
}

headline 'judging: the fold, and a call from its words to its grant (bars: 2, 30 and 150 µs)'
cargo bench --locked --bench judge
headline 'starting: what the sandbox adds with a 100 MB parent (bars: 3 ms median, 6 ms p99)'
cargo bench --locked --bench sandbox_start
headline 'the corpora: attacks stopped, contained, harmful; everyday calls wrongly held; a working day'
cargo bench --locked --bench corpus
headline 'isolation: 16 agents, 1,000 hostile calls each, by the sandbox alone and by the judge alone'
cargo bench --locked --bench isolation
headline 'AgentDojo, replayed: attack success (bar: 10 %) and user utility (bar: 95 %)'
cargo test --locked --test it admission::agentdojo -- --nocapture --include-ignored
headline 'the differential test: what generated lines change under a real bash, and what was said of them'
IOSM_CASES="${IOSM_CASES:-5000}" cargo test --locked --test it shell::differential -- --nocapture
headline 'secrets: found and mistaken'
cargo test --locked --lib kernel::admission::secrets -- --nocapture
headline 'the laws, as property tests'
cargo test --locked --lib kernel::laws
