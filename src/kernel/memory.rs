//! What the kernel remembers of a session's texts: where a call's result will come from, who is tainted,
//! which words came from whom, and the secrets it took out.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::{MutexGuard, PoisonError};

use serde_json::Value;

use super::admission::Vault;
use super::effects::{Place, Prepared, is_loopback, prepare, server_of, strings};
use super::error::KernelError;
use super::judge::Kernel;
use super::provenance::Provenance;
use super::taint::{Source, Taint};
use crate::base::{BlobStore, StoreError};
use crate::protocol::{Effect, EffectRule, TaintSource, ToolCall, ToolSpec};

/// Granted calls whose results have not come yet. More are not waited for at once; the oldest is
/// forgotten and derived again.
const MOST_WAITING: usize = 4096;
/// Stored outputs of this session whose sources are known.
const MOST_HANDLES: usize = 4096;

/// Where the result of a call comes from, by its judged effects.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Origin {
    /// Untrusted sources.
    pub sources: Vec<Source>,
    /// Files that it shows.
    pub files: BTreeSet<PathBuf>,
    /// The remote server that answers.
    pub server: Option<String>,
    /// Every text in the arguments.
    pub args: Vec<String>,
    /// A command printed it.
    pub command: bool,
    /// A command that goes on in the background.
    pub background: bool,
}

impl Origin {
    pub fn of(spec: &ToolSpec, args: &Value, prepared: &Prepared) -> Self {
        let command = matches!(spec.effects, EffectRule::Shell { .. } | EffectRule::Background { .. });
        let mut origin = Self { command, ..Self::default() };
        for fact in &prepared.facts {
            match (&fact.effect, fact.place) {
                (Effect::Net { host, .. }, _) if !is_loopback(host) => match server_of(host) {
                    Some(server) => {
                        origin.sources.push((TaintSource::Mcp, server.to_owned()));
                        origin.server = Some(server.to_owned());
                    }
                    // What a registry or a configured remote sends ends in the dependency cache and the
                    // workspace, which are read without a mark too.
                    None if !fact.is_chosen() => {}
                    None => origin.sources.push((TaintSource::Web, host.clone())),
                },
                (Effect::Read { path } | Effect::Write { path }, Some(place)) => {
                    if place == Place::Outside && matches!(fact.effect, Effect::Read { .. }) {
                        origin.sources.push((TaintSource::OutsideFile, path.display().to_string()));
                    }
                    if !matches!(spec.effects, EffectRule::ReadTree { .. }) {
                        origin.files.insert(path.clone());
                    }
                }
                _ => {}
            }
        }
        // What was asked for tells which of untrusted text the user pointed at.
        if origin.is_untrusted() {
            origin.args = strings(args).into_iter().map(str::to_owned).collect();
        }
        origin.background = args.get("background") == Some(&Value::Bool(true));
        origin
    }

    /// The one file it shows.
    pub fn file(&self) -> Option<&Path> {
        if self.files.len() == 1 { self.files.first().map(PathBuf::as_path) } else { None }
    }

    pub fn is_untrusted(&self) -> bool {
        !self.sources.is_empty()
    }
}

pub(super) struct Memory {
    pub taint: Taint,
    pub provenance: Provenance,
    /// By agent and call.
    waiting: BTreeMap<(String, String), Origin>,
    /// What stored outputs of this session came from.
    handles: BTreeMap<String, Vec<Source>>,
    /// What the commands in the background may be showing.
    pub background: Vec<Source>,
    vault: Option<Vault>,
    blobs: BlobStore,
    session: String,
}

impl Memory {
    /// Takes up what an earlier run of the session left.
    pub fn open(session: &str, blobs: &BlobStore) -> Result<Self, StoreError> {
        Ok(Self {
            taint: Taint::default(),
            provenance: Provenance::default(),
            waiting: BTreeMap::new(),
            handles: BTreeMap::new(),
            background: Vec::new(),
            vault: Vault::resume(blobs, session)?,
            blobs: blobs.clone(),
            session: session.to_owned(),
        })
    }

    /// A call was granted; its result will come.
    pub fn expect(&mut self, agent: &str, call: &str, origin: Origin) {
        if self.waiting.len() >= MOST_WAITING {
            self.waiting.pop_first();
        }
        if origin.background {
            self.background.extend(origin.sources.iter().cloned());
            self.background.sort();
            self.background.dedup();
        }
        self.waiting.insert((agent.to_owned(), call.to_owned()), origin);
    }

    pub fn expected(&mut self, agent: &str, call: &str) -> Option<Origin> {
        self.waiting.remove(&(agent.to_owned(), call.to_owned()))
    }

    /// Where the result of a call will come from that is still running.
    pub fn awaited(&self, agent: &str, call: &str) -> Option<&Origin> {
        self.waiting.get(&(agent.to_owned(), call.to_owned()))
    }

    /// A stored output that a result of this session names, and what it came from.
    pub fn stored(&mut self, handle: &str, sources: &[Source]) {
        if self.handles.len() < MOST_HANDLES && !self.handles.contains_key(handle) {
            self.handles.insert(handle.to_owned(), sources.to_vec());
        }
    }

    /// What a stored output came from. One that no result of this session named is another's.
    pub fn sources_of(&self, handle: &str) -> Vec<Source> {
        let unknown = || vec![(TaintSource::StoredOutput, handle.to_owned())];
        self.handles.get(handle).cloned().unwrap_or_else(unknown)
    }

    /// The vault, if anything was ever put into it.
    pub fn opened(&self) -> Option<&Vault> {
        self.vault.as_ref()
    }

    pub fn vault(&mut self) -> Result<&mut Vault, StoreError> {
        if self.vault.is_none() {
            self.vault = Some(Vault::create(&self.blobs, &self.session)?);
        }
        Ok(self.vault.as_mut().expect("it was just made"))
    }
}

impl Kernel {
    pub(super) fn memory(&self) -> MutexGuard<'_, Memory> {
        // Nothing in it is left half-done by a panic.
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Where the result of a call comes from that was not granted here, as in a replay.
    pub(super) fn origin_of(&self, call: &ToolCall) -> Result<Origin, KernelError> {
        let Ok((spec, call, _)) = self.take_in(call)? else { return Ok(Origin::default()) };
        let prepared = prepare(&self.law().charter, spec, &call);
        Ok(prepared.map_or_else(|_| Origin::default(), |prepared| Origin::of(spec, &call.args, &prepared)))
    }
}
