//! The kernel of one session: judges calls, mints grants, keeps the journal.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use std::time::Instant;

use serde_json::Value;

use super::admission::{restore, say_restored};
use super::by_user::USER;
use super::charter::{Charter, SandboxStrength};
use super::effects::{Prepared, prepare, system_read, system_tree, user_write};
use super::error::KernelError;
use super::grant::{Grant, Reach};
use super::intake::{Intake, Tools};
use super::journal::{Journal, Row};
use super::judgement::{Granted, Judgement, Objection, Question, Refused, argv, reach};
use super::kept::Keeper;
use super::law::Law;
use super::leases::Leases;
use super::memory::{Memory, Origin};
use super::mint::mint;
use super::moment::Moment;
use super::rung::{Agreed, Case, Decision, Finding, Mode, RUNGS, fold};
use super::sink::carried_out;
use super::spent::Accounts;
use super::standing::{Identity, Standing};
use super::witness::Witnesses;
use crate::base::{BlobStore, Digest, secret_id, sha256_hex};
use crate::protocol::{Actor, Effect, ToolCall, ToolSpec, Verdict, VerdictKind};

/// Repairs of one call before it is called malformed: the tool's name, then its arguments.
const MOST_REPAIRS: usize = 4;

/// The kernel of one session.
pub struct Kernel {
    /// As the session began; the policy in force is the law's.
    pub(super) charter: Charter,
    pub(super) tools: Tools,
    pub(super) blobs: BlobStore,
    pub(super) law: RwLock<Arc<Law>>,
    pub(super) kept: Keeper,
    pub(super) identity: Identity,
    state: Mutex<State>,
    /// Locked before `state` where both are.
    pub(super) memory: Mutex<Memory>,
}

/// Questions that a person has said yes to for a whole session. Made by a kernel alone.
#[derive(Debug, Clone, Default)]
pub struct Agreements(BTreeSet<Agreed>);

pub(super) struct State {
    pub(super) journal: Journal,
    /// Agreed to by a person for the rest of the session.
    pub(super) agreed: BTreeSet<Agreed>,
    pub accounts: Accounts,
    pub leases: Option<Arc<Leases>>,
    witnesses: Arc<Witnesses>,
    /// By agent.
    pub(super) standing: BTreeMap<String, Standing>,
}

impl State {
    /// Writes a row, with where its agent stands.
    pub(super) fn append(&mut self, mut row: Row) -> Result<u64, KernelError> {
        if let Some(standing) = row.agent.as_ref().and_then(|agent| self.standing.get(agent)) {
            standing.mark(&mut row);
        }
        self.journal.append(row)
    }
}

impl State {
    /// No check counts as passed any more.
    pub fn forget_checks(&mut self) {
        self.witnesses = Arc::default();
    }
}

/// Who asks for a call to be judged, and what a person has agreed to.
struct Asker<'a> {
    agent: &'a str,
    agreed: BTreeSet<Agreed>,
    approver: Option<&'a str>,
    /// The arguments as first written, when they were repaired before.
    repaired: Option<Value>,
    since: Instant,
}

impl Kernel {
    /// `Err` when a rule of the policy is not valid, or fails an example of its own.
    pub fn new(charter: Charter, journal: Journal, blobs: BlobStore) -> Result<Self, KernelError> {
        let tools = Tools::new(&charter.tools);
        let memory = Mutex::new(Memory::open(&charter.session, &blobs)?);
        let law = RwLock::new(Arc::new(Law::new(charter.clone(), &tools)?));
        let state = Mutex::new(State {
            journal,
            agreed: BTreeSet::new(),
            accounts: Accounts::default(),
            leases: None,
            witnesses: Arc::default(),
            standing: BTreeMap::new(),
        });
        Ok(Self { charter, tools, blobs, law, kept: None, identity: Identity::default(), state, memory })
    }

    /// Judges a call of `agent`. `Err` means that nothing may run any more.
    pub fn judge(&self, agent: &str, call: &ToolCall) -> Result<Judgement, KernelError> {
        let since = Instant::now();
        let asker = Asker { agent, agreed: BTreeSet::new(), approver: None, repaired: None, since };
        self.decide(asker, call)
    }

    /// A person said yes. The call is judged again, because the world may have changed: what the
    /// question did not name is asked anew, and the floor stays closed. With `session_wide`, the same
    /// question is not asked again in this session.
    pub fn approve(
        &self,
        question: Question,
        approver: &str,
        session_wide: bool,
    ) -> Result<Judgement, KernelError> {
        let asker = Asker {
            agent: &question.agent,
            agreed: question.asked.clone(),
            approver: Some(approver),
            repaired: question.repaired,
            since: Instant::now(),
        };
        let judgement = self.decide(asker, &question.call)?;
        if session_wide && matches!(judgement, Judgement::Granted(_)) {
            self.state().agreed.extend(question.asked);
        }
        Ok(judgement)
    }

    /// What a person has agreed to for the rest of the session.
    pub fn agreements(&self) -> Agreements {
        Agreements(self.state().agreed.clone())
    }

    /// Lets what a person agreed to in another session hold in this one, which goes on with its
    /// conversation. The floor stays above it as ever.
    pub fn agree_again(&self, to: &Agreements) {
        self.state().agreed.extend(to.0.iter().cloned());
    }

    /// A person said no, perhaps in so many words.
    pub fn decline(&self, question: Question, words: &str) -> Result<Verdict, KernelError> {
        let words = words.trim();
        let mut verdict = question.verdict;
        verdict.kind = VerdictKind::Deny;
        verdict.user_line = match words {
            "" => format!("declined: {}", verdict.user_line),
            words => format!("declined (\"{words}\"): {}", verdict.user_line),
        };
        verdict.model_line = match words {
            "" => "The user declined this call. Do not try it again in another form; go on without it, or ask what they want.".to_owned(),
            words => format!("The user declined this call and said: {words}"),
        };
        let row =
            self.row(&question.agent, &question.call, Some(&question.effects), &verdict, Instant::now());
        self.record(Row { approver: Some(self.identity.answers("user")), ..row })?;
        Ok(verdict)
    }

    /// A read of our own: an instruction file in the workspace, or a markdown file in our own folders.
    /// Anything else is [`KernelError::Refused`].
    pub fn system_read(&self, path: &Path) -> Result<Grant, KernelError> {
        let judged = super::mint::judge_system_read(&self.charter, system_read(&self.charter, path));
        self.grant_own(Actor::System, "system_read", path, judged)
    }

    /// A walk over the workspace of our own, such as the one that finds what commands have changed.
    pub fn system_tree(&self) -> Result<Grant, KernelError> {
        let judged = super::mint::judge_system_read(&self.charter, system_tree(&self.charter));
        self.grant_own(Actor::System, "system_tree", Path::new("."), judged)
    }

    /// A look at the workspace's repository of our own: history and objects, nothing that runs or
    /// changes anything.
    pub fn system_git(&self) -> Result<Grant, KernelError> {
        let judged = super::mint::judge_system_git(&self.charter);
        self.grant_own(Actor::System, "system_git", Path::new("."), judged)
    }

    /// A write to a file that the user named, such as the target of `--record`: their approval, which
    /// the floor still stands above.
    pub fn user_write(&self, path: &Path) -> Result<Grant, KernelError> {
        let judged = super::mint::judge_user_write(user_write(&self.charter, path));
        self.grant_own(Actor::User, "user_write", path, judged)
    }

    /// A call that no model made, judged by a built-in policy: on record, then granted.
    pub(super) fn grant_own(
        &self,
        actor: Actor,
        tool: &str,
        path: &Path,
        (verdict, prepared): (Verdict, Option<Prepared>),
    ) -> Result<Grant, KernelError> {
        let since = Instant::now();
        let args = Value::String(path.display().to_string());
        let call = ToolCall { id: tool.to_owned(), tool: tool.to_owned(), args };
        let effects = prepared.as_ref().map(Prepared::effects);
        let row = self.row(tool, &call, effects.as_deref(), &verdict, since);
        let approver = (actor == Actor::User).then(|| self.identity.answers("user"));
        self.record(Row { agent: None, actor, approver, ..row })?;
        match prepared {
            Some(prepared) if verdict.kind == VerdictKind::Allow => Ok(Grant::new(call.id, prepared.reach)),
            _ => Err(KernelError::Refused(Box::new(verdict))),
        }
    }

    /// Names of the tools, in the order in which they are offered.
    pub fn tool_names(&self) -> Vec<&'static str> {
        self.charter.tools.iter().map(|tool| tool.name).collect()
    }

    /// How strong the sandbox beneath this kernel is, in a word.
    pub fn sandbox_strength(&self) -> &'static str {
        match self.charter.sandbox {
            SandboxStrength::None => "none",
            SandboxStrength::Partial => "partial",
            SandboxStrength::Reduced => "reduced",
            SandboxStrength::Full => "full",
        }
    }

    /// Makes every row so far tamper-evident. Called at the end of a turn.
    pub fn seal(&self) -> Result<(), KernelError> {
        self.state().journal.seal()
    }

    /// Intake until nothing changes: the spec, the call as it stands, and the arguments as first
    /// written if they were repaired.
    #[allow(clippy::type_complexity, reason = "two callers, one line each")]
    pub(super) fn take_in(
        &self,
        call: &ToolCall,
    ) -> Result<Result<(&ToolSpec, ToolCall, Option<Value>), (Box<Finding>, ToolCall)>, KernelError> {
        let mut current = call.clone();
        let mut repaired = None;
        for _ in 0..MOST_REPAIRS {
            match self.tools.intake(&current)? {
                Intake::Valid(spec) => return Ok(Ok((spec, current, repaired))),
                Intake::Refused(finding) => return Ok(Err((finding, current))),
                Intake::Repaired(next) => {
                    repaired = Some(call.args.clone());
                    current = next;
                }
            }
        }
        let finding = Finding::deny("intake", "malformed", crate::protocol::Reason::Malformed)
            .says("the arguments could not be repaired", "The arguments are not valid. Write the call anew.");
        Ok(Err((Box::new(finding), current)))
    }

    pub(super) fn moment(&self, agent: &str, law: &Law, prepared: &Prepared) -> Moment {
        let weighed = self.weigh(prepared, law.charter.checkpoints);
        let mut state = self.state();
        Moment {
            agent: agent.to_owned(),
            spent: state.accounts.standing(agent),
            leases: state.leases.clone(),
            witnesses: state.witnesses.clone(),
            weighed,
            ..Moment::default()
        }
    }

    fn decide(&self, asker: Asker<'_>, call: &ToolCall) -> Result<Judgement, KernelError> {
        let (spec, call, repaired) = match self.take_in(call)? {
            Ok(taken) => taken,
            Err((finding, call)) => return self.refuse(&asker, &call, &finding),
        };
        let repaired = asker.repaired.clone().or(repaired);
        let law = self.law();
        let prepared = match prepare(&law.charter, spec, &call) {
            Ok(prepared) => prepared,
            Err(finding) => return self.refuse(&asker, &call, &finding),
        };
        let mut memory = self.memory();
        let restored = match restore(memory.opened(), spec, &call.args, &prepared) {
            Ok(restored) => restored,
            Err(finding) => {
                let taint = memory.taint.label(asker.agent);
                drop(memory);
                return self.refuse_prepared(&asker, &call, &prepared, &finding, taint);
            }
        };
        let moment = self.moment(asker.agent, &law, &prepared);
        let moment = carried_out(&memory, asker.agent, &call, &prepared, moment);
        let case = Case::new(&law.charter, &law.rules, spec, &prepared, &moment);
        let mut state = self.state();
        if asker.approver.is_none() {
            // An answer is no second call.
            state.accounts.call(asker.agent);
        }
        let decision = fold(&case, RUNGS, &Mode { session: &state.agreed, call: &asker.agreed });
        let mut verdict = decision.verdict(&case, repaired.is_some());
        say_restored(&mut verdict, restored.as_ref());
        let effects = prepared.effects();
        let mut row = self.row(asker.agent, &call, Some(&effects), &verdict, asker.since);
        row.taint = memory.taint.label(asker.agent);
        let by = match asker.approver {
            Some(approver) => Some(approver),
            None if !decision.agreed.is_empty() => Some("session"),
            None if decision.by_rule => Some("rule"),
            None => None,
        };
        row.approver = by.map(|by| self.identity.answers(by));
        // On record before it can be used; and no grant if it cannot be put on record.
        let number = state.append(row)?;
        let hash = state.journal.last_hash().to_owned();
        let granted = matches!(verdict.kind, VerdictKind::Allow | VerdictKind::Transform);
        if granted && !law.checks.is_empty() {
            Arc::make_mut(&mut state.witnesses).granted(&call, &prepared, &law.checks);
        }
        let standing = state.standing.get(asker.agent).cloned();
        drop(state);
        let hand_over = |mut reach: Reach| {
            if let (Reach::Run(scope), Some(standing)) = (&mut reach, &standing) {
                standing.hand_trailers(scope, number, &hash);
            }
            reach
        };
        Ok(match verdict.kind {
            VerdictKind::Allow | VerdictKind::Transform => {
                let by_person = self.charter.unsandboxed_by_user || decision.agreed_to("no_sandbox");
                let unboxed = self.charter.sandbox == SandboxStrength::None && by_person;
                memory.expect(asker.agent, &call.id, Origin::of(spec, &call.args, &prepared));
                let reach = hand_over(mint(&law.charter, prepared, unboxed));
                let grant = Grant::new(call.id.clone(), reach);
                let sealed = restored.map(|restored| restored.args);
                Judgement::Granted(Granted {
                    grant,
                    call,
                    verdict,
                    effects,
                    repaired,
                    hold: moment.weighed.hold,
                    sealed,
                })
            }
            VerdictKind::RequireApproval => {
                let asked = asker.agreed.clone().into_iter().chain(decision.asks()).collect();
                let proposal = decision.proposal(&case);
                let (lasting, once_a_project) = (decision.may_last(), decision.once_a_project(&case));
                Judgement::Asked(Question {
                    id: secret_id("q"),
                    argv: argv(&prepared),
                    reach: reach(&law.charter, &prepared),
                    reasons: decision.objections(),
                    proposal,
                    lasting,
                    once_a_project,
                    call,
                    verdict,
                    effects,
                    repaired,
                    agent: asker.agent.to_owned(),
                    asked,
                })
            }
            _ => Judgement::Refused(Refused { verdict, effects }),
        })
    }

    fn refuse(
        &self,
        asker: &Asker<'_>,
        call: &ToolCall,
        finding: &Finding,
    ) -> Result<Judgement, KernelError> {
        let verdict = finding.verdict();
        self.record(self.row(asker.agent, call, None, &verdict, asker.since))?;
        Ok(Judgement::Refused(Refused { verdict, effects: Vec::new() }))
    }

    /// A call came back: a check that a rule asks for may have passed.
    pub(super) fn witness(&self, call_id: &str, ok: bool) {
        Arc::make_mut(&mut self.state().witnesses).ended(call_id, ok);
    }

    /// A call refused for what its arguments hold.
    fn refuse_prepared(
        &self,
        asker: &Asker<'_>,
        call: &ToolCall,
        prepared: &Prepared,
        finding: &Finding,
        taint: Option<String>,
    ) -> Result<Judgement, KernelError> {
        let (verdict, effects) = (finding.verdict(), prepared.effects());
        let row = self.row(asker.agent, call, Some(&effects), &verdict, asker.since);
        self.record(Row { taint, ..row })?;
        Ok(Judgement::Refused(Refused { verdict, effects }))
    }

    /// Puts a row on record; its number.
    pub(super) fn record(&self, row: Row) -> Result<u64, KernelError> {
        self.state().append(row)
    }

    fn row(
        &self,
        agent: &str,
        call: &ToolCall,
        effects: Option<&[Effect]>,
        verdict: &Verdict,
        since: Instant,
    ) -> Row {
        let effects = effects.map(|effects| {
            let described = effects.iter().map(Effect::describe);
            described.fold(Digest::default(), |digest, effect| digest.field(effect.as_bytes())).hex()
        });
        Row {
            agent: Some(agent.to_owned()),
            call: Some(call.id.clone()),
            // A model may write anything here; the journal keeps what tells tools apart.
            tool: Some(call.tool.chars().take(64).collect()),
            effects_digest: effects,
            args_digest: Some(sha256_hex(call.args.to_string().as_bytes())),
            verdict: Some(verdict.kind),
            reason: verdict.reason,
            rung: Some(verdict.rung.clone()),
            rule: Some(verdict.rule.clone()),
            duration_us: Some(since.elapsed().as_micros() as u64),
            ..Row::by(if agent == USER { Actor::User } else { Actor::Agent })
        }
    }

    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        // A panic elsewhere leaves the journal whole: a row is added in one step.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Decision {
    fn objections(&self) -> Vec<Objection> {
        let asking = self.standing.iter().filter(|finding| finding.kind == VerdictKind::RequireApproval);
        asking
            .map(|f| Objection { rung: f.rung, rule: f.rule, reason: f.reason, line: f.user.clone() })
            .collect()
    }

    fn agreed_to(&self, rule: &str) -> bool {
        self.agreed.iter().any(|finding| finding.rule == rule)
    }

    /// What a person's yes would agree to.
    fn asks(&self) -> impl Iterator<Item = Agreed> {
        let asking = self.standing.iter().filter(|finding| finding.kind == VerdictKind::RequireApproval);
        asking.map(|finding| (finding.rung, finding.rule, finding.subject.clone()))
    }
}
