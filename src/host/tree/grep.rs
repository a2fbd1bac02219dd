//! Looking into files, two at a time, with results in the order of the files.

use std::fs::File;
use std::io;
use std::path::PathBuf;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use grep_matcher::{LineTerminator, Matcher};
use grep_searcher::{
    BinaryDetection, MmapChoice, Searcher, SearcherBuilder, Sink, SinkContext, SinkFinish, SinkMatch,
};

use super::walk::Tree;
use super::{Hits, Pattern, Query};
use crate::base::PathHandle;
use crate::host::file::{HostError, open_file, std_error};
use crate::kernel::may_hold_secrets;

/// Larger files of a folder are passed over: they are data, not text anybody wrote.
const MOST_BYTES: u64 = 10 * 1024 * 1024;
/// Bytes of a line that are kept, around the match.
const LINE_BYTES: usize = 400;
/// Kept bytes before the match, when a line is cut.
const LEAD_BYTES: usize = 100;
const THREADS: usize = 2;

/// Files that were not looked into.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Skipped {
    pub binary: usize,
    /// Over 10 MB.
    pub large: usize,
    pub unreadable: usize,
    /// May hold secrets: a grant for a tree does not cover them.
    pub guarded: usize,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// Counted from 1.
    pub number: u64,
    /// Without its line end; a long line is cut around the match, with `…` where it was.
    pub text: String,
    /// False for context.
    pub matched: bool,
    /// Whether lines are missing between the line before and this one.
    pub gap: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileHits {
    /// Relative to the root; empty when one file was searched.
    pub path: String,
    /// Matching lines of the file in all, kept or not.
    pub matches: usize,
    pub lines: Vec<Line>,
}

enum Looked {
    Hits(FileHits),
    Nothing,
    Binary,
    Large,
    Unreadable,
    Guarded,
}

pub(super) fn one_file(handle: &PathHandle, query: &Query) -> Result<Hits, HostError> {
    let file = open_file(handle)?;
    // Whoever names a file means it, however large.
    let looked = look_into(&mut searcher(query), &file, String::new(), query, query.limit);
    let mut hits = Hits::default();
    add(&mut hits, looked.map_err(std_error("search", handle.real()))?, query, query.limit);
    Ok(hits)
}

pub(super) fn many_files(
    tree: &Tree,
    paths: Vec<PathBuf>,
    query: &Query,
    cancel: &AtomicBool,
) -> Result<Hits, HostError> {
    let next = AtomicUsize::new(0);
    let kept = AtomicUsize::new(0);
    let found = Mutex::new(Vec::new());
    let work = || {
        let mut searcher = searcher(query);
        let mut mine = Vec::new();
        while !cancel.load(Ordering::Relaxed) {
            // Read before the next file is taken: whatever is counted here lies in earlier files, so
            // once they fill the limit this file need only be counted.
            let before = kept.load(Ordering::SeqCst);
            let index = next.fetch_add(1, Ordering::SeqCst);
            let Some(path) = paths.get(index) else { break };
            let keep = if before >= query.limit { 0 } else { query.limit };
            let looked = look_at(&mut searcher, tree, path, query, keep);
            if let Looked::Hits(hits) = &looked {
                kept.fetch_add(hits.lines.iter().filter(|line| line.matched).count(), Ordering::SeqCst);
            }
            mine.push((index, looked));
        }
        found.lock().unwrap_or_else(std::sync::PoisonError::into_inner).extend(mine);
    };
    let threads = THREADS.min(1 + paths.len() / 32);
    std::thread::scope(|scope| {
        for _ in 1..threads {
            scope.spawn(work);
        }
        work();
    });
    if cancel.load(Ordering::Relaxed) {
        return Err(HostError::Cancelled);
    }
    let mut found = found.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
    found.sort_by_key(|(index, _)| *index);
    let mut hits = Hits::default();
    let mut left = query.limit;
    for (_, looked) in found {
        left -= add(&mut hits, looked, query, left);
    }
    Ok(hits)
}

/// Adds what one file gave and returns how many of its matching lines were kept: at most `left`.
fn add(hits: &mut Hits, looked: Looked, query: &Query, left: usize) -> usize {
    let file = match looked {
        Looked::Hits(file) => Some(file),
        Looked::Nothing => None,
        Looked::Binary => return count(&mut hits.skipped.binary),
        Looked::Large => return count(&mut hits.skipped.large),
        Looked::Unreadable => return count(&mut hits.skipped.unreadable),
        Looked::Guarded => return count(&mut hits.skipped.guarded),
    };
    hits.searched += 1;
    let Some(mut file) = file else { return 0 };
    hits.matches += file.matches;
    hits.matching_files += 1;
    let kept: Vec<u64> = file.lines.iter().filter(|line| line.matched).map(|line| line.number).collect();
    let Some(last) = kept.iter().take(left).next_back() else { return 0 };
    let end = last + query.context as u64;
    let next = kept.get(left).copied().unwrap_or(u64::MAX);
    file.lines.retain(|line| line.number <= end && line.number < next);
    hits.files.push(file);
    kept.len().min(left)
}

fn count(counter: &mut usize) -> usize {
    *counter += 1;
    0
}

fn searcher(query: &Query) -> Searcher {
    SearcherBuilder::new()
        .line_number(true)
        .line_terminator(LineTerminator::crlf())
        .before_context(query.context)
        .after_context(query.context)
        .binary_detection(BinaryDetection::quit(0))
        // A mapped file that somebody cuts short meanwhile would kill us.
        .memory_map(MmapChoice::never())
        .build()
}

fn look_at(
    searcher: &mut Searcher,
    tree: &Tree,
    path: &std::path::Path,
    query: &Query,
    keep: usize,
) -> Looked {
    // Gone, swapped for a link, or closed to us: passed over and counted.
    if may_hold_secrets(path) {
        return Looked::Guarded;
    }
    let Ok(file) = tree.open_file(path) else { return Looked::Unreadable };
    if file.metadata().is_ok_and(|facts| facts.len() > MOST_BYTES) {
        return Looked::Large;
    }
    let name = path.to_string_lossy().into_owned();
    look_into(searcher, &file, name, query, keep).unwrap_or(Looked::Unreadable)
}

fn look_into(
    searcher: &mut Searcher,
    file: &File,
    path: String,
    query: &Query,
    keep: usize,
) -> io::Result<Looked> {
    if !file.metadata()?.is_file() {
        return Ok(Looked::Unreadable);
    }
    let mut keeper = Keeper { query, keep, matches: 0, lines: Vec::new(), gap: false, binary: false };
    searcher.search_file(&query.pattern.matcher, file, &mut keeper)?;
    Ok(match keeper {
        Keeper { binary: true, .. } => Looked::Binary,
        Keeper { matches: 0, .. } => Looked::Nothing,
        Keeper { matches, lines, .. } => Looked::Hits(FileHits { path, matches, lines }),
    })
}

/// Keeps the first matching lines of one file and counts the others.
struct Keeper<'a> {
    query: &'a Query,
    keep: usize,
    matches: usize,
    lines: Vec<Line>,
    gap: bool,
    binary: bool,
}

impl Keeper<'_> {
    fn push(&mut self, number: Option<u64>, bytes: &[u8], matched: bool) {
        let text = excerpt(bytes, matched.then_some(&self.query.pattern));
        let gap = std::mem::take(&mut self.gap);
        self.lines.push(Line { number: number.unwrap_or(0), text, matched, gap });
    }
}

impl Sink for Keeper<'_> {
    type Error = io::Error;

    fn matched(&mut self, _: &Searcher, found: &SinkMatch<'_>) -> io::Result<bool> {
        self.matches += 1;
        if self.matches <= self.keep {
            self.push(found.line_number(), found.bytes(), true);
        }
        Ok(true)
    }

    fn context(&mut self, _: &Searcher, line: &SinkContext<'_>) -> io::Result<bool> {
        if self.matches <= self.keep && self.keep > 0 {
            self.push(line.line_number(), line.bytes(), false);
        }
        Ok(true)
    }

    fn context_break(&mut self, _: &Searcher) -> io::Result<bool> {
        self.gap = true;
        Ok(true)
    }

    fn finish(&mut self, _: &Searcher, end: &SinkFinish) -> io::Result<()> {
        self.binary = end.binary_byte_offset().is_some();
        Ok(())
    }
}

/// The line without its end; a long one cut around the match.
fn excerpt(line: &[u8], pattern: Option<&Pattern>) -> String {
    let line = line.strip_suffix(b"\n").unwrap_or(line);
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    if line.len() <= LINE_BYTES {
        return String::from_utf8_lossy(line).into_owned();
    }
    let found = pattern.and_then(|pattern| pattern.matcher.find(line).ok().flatten());
    let at = found.map_or(0, |found| found.start());
    let mut start = at.saturating_sub(LEAD_BYTES);
    let mut end = (start + LINE_BYTES).min(line.len());
    // Not inside a character: its later bytes are 0b10xxxxxx.
    while start > 0 && line[start] & 0xc0 == 0x80 {
        start -= 1;
    }
    while end < line.len() && line[end] & 0xc0 == 0x80 {
        end -= 1;
    }
    let mark = |cut: bool| if cut { "…" } else { "" };
    let kept = String::from_utf8_lossy(&line[start..end]);
    format!("{}{kept}{}", mark(start > 0), mark(end < line.len()))
}
