//! Where in a file lines stand that are most like some others. Every place is looked at roughly, the best of
//! them exactly.

use std::cmp::Reverse;

/// Places told.
const PLACES: usize = 2;
/// Places less alike than this (of 1000) are no help.
const LEAST: u32 = 500;
/// A place that is this much worse than the best would only mislead.
const WORSE: u32 = 150;
/// Places that are compared exactly.
const CANDIDATES: usize = 256;
/// Lines of the wanted ones by which places are compared: those that say most.
const TELLING: usize = 12;
/// Bytes of a line that are compared, whitespace left out.
const LINE_BYTES: usize = 300;

/// The best places, best first: first line (from 0) and likeness of 1000.
pub(super) fn places(file: &[&str], wanted: &[&str]) -> Vec<(usize, u32)> {
    let shapes: Vec<Shape> = wanted.iter().map(|line| Shape::of(line)).collect();
    let mut telling: Vec<usize> = (0..wanted.len()).filter(|at| shapes[*at].weight > 0).collect();
    telling.sort_by_key(|at| (Reverse(shapes[*at].weight), *at));
    telling.truncate(TELLING);
    let weight: u32 = telling.iter().map(|at| shapes[*at].weight).sum();
    if weight == 0 {
        return Vec::new();
    }
    let there: Vec<Shape> = file.iter().map(|line| Shape::of(line)).collect();
    let last = file.len().saturating_sub(wanted.len());
    // Both kinds of likeness, each line by its weight.
    let score = |first: usize, likeness: &dyn Fn(usize, usize) -> u32| -> u32 {
        let one = |at: &usize| match first + at < file.len() {
            true => u64::from(likeness(*at, first + at)) * u64::from(shapes[*at].weight),
            false => 0,
        };
        (telling.iter().map(one).sum::<u64>() / u64::from(weight)) as u32
    };
    let rough = |first: usize| score(first, &|at, line| shapes[at].likeness(&there[line]));
    let mut scored: Vec<(usize, u32)> = (0..=last).map(|first| (first, rough(first))).collect();
    scored.retain(|(_, alike)| *alike >= LEAST);
    scored.sort_unstable_by_key(|(first, alike)| (Reverse(*alike), *first));
    scored.truncate(CANDIDATES);
    let bare: Vec<String> = wanted.iter().map(|line| without_blanks(line)).collect();
    let exact = |first: usize| {
        let alike = |at: usize, line: usize| {
            let there = without_blanks(file[line]);
            (strsim::normalized_damerau_levenshtein(&bare[at], &there) * 1000.0) as u32
        };
        score(first, &alike)
    };
    for (first, alike) in &mut scored {
        *alike = exact(*first);
    }
    scored.retain(|(_, alike)| *alike >= LEAST);
    scored.sort_unstable_by_key(|(first, alike)| (Reverse(*alike), *first));
    let mut best: Vec<(usize, u32)> = Vec::new();
    for (first, alike) in scored {
        let near = best.iter().any(|(other, _)| other.abs_diff(first) < wanted.len());
        let worse = best.first().is_some_and(|(_, top)| alike + WORSE < *top);
        if best.len() == PLACES || worse {
            break;
        }
        if !near {
            best.push((first, alike));
        }
    }
    best
}

fn without_blanks(line: &str) -> String {
    line.chars().filter(|ch| !ch.is_whitespace()).take(LINE_BYTES).collect()
}

/// A line as the set of its pairs of neighbouring characters, whitespace left out, hashed into
/// 1,024 bits: two lines are compared in a few instructions.
struct Shape {
    bits: [u64; 16],
    ones: u32,
    /// How much the line counts; a brace alone hardly does.
    weight: u32,
}

impl Shape {
    fn of(line: &str) -> Self {
        let mut bits = [0u64; 16];
        let mut previous = 0u32;
        let mut length = 0;
        for byte in line.bytes().filter(|byte| !byte.is_ascii_whitespace()).take(LINE_BYTES) {
            let byte = u32::from(byte);
            let hash = (previous << 8 | byte).wrapping_mul(0x9e37_79b1) >> 22;
            bits[(hash >> 6) as usize] |= 1 << (hash & 63);
            previous = byte;
            length += 1;
        }
        Self { bits, ones: bits.iter().map(|word| word.count_ones()).sum(), weight: length.min(40) }
    }

    /// Of 1000 (Dice's coefficient).
    fn likeness(&self, other: &Self) -> u32 {
        if self.ones + other.ones == 0 {
            return 1000;
        }
        let shared: u32 = self.bits.iter().zip(&other.bits).map(|(a, b)| (a & b).count_ones()).sum();
        2000 * shared / (self.ones + other.ones)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_place_that_was_meant_comes_first_among_many_like_it() {
        let lines: Vec<String> =
            (0..20_000).map(|n| format!("line {n} some text here, and a little more of it")).collect();
        let file: Vec<&str> = lines.iter().map(String::as_str).collect();
        for meant in [1_999, 7, 19_990, 10_101] {
            let old = lines[meant].replace("text", "txet");
            assert_eq!(places(&file, &[&old])[0].0, meant, "{old}");
            let next = lines.get(meant + 1).map_or("", String::as_str);
            assert_eq!(places(&file, &["something else", &old, next])[0].0 + 1, meant);
        }
        assert_eq!(places(&file, &["fn main() {}"]), []);
        assert_eq!(places(&file, &["", "  "]), []);
    }
}
