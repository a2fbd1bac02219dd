//! The kernel of one session: judges calls, mints grants, keeps the journal.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use serde_json::Value;

use super::admission::{Restored, restore};
use super::charter::{Charter, SandboxStrength};
use super::effects::{Prepared, prepare, system_read, system_tree, user_write};
use super::error::KernelError;
use super::grant::Grant;
use super::intake::{Intake, Tools};
use super::journal::{Journal, Row};
use super::judgement::{Explanation, Granted, Judgement, Question, Refused, Step};
use super::memory::{Memory, Origin};
use super::mint::mint;
use super::moment::Moment;
use super::rung::{Agreed, Case, Decision, Finding, Findings, Mode, RUNGS, Rules, fold, settle};
use super::sink::moment;
use crate::base::{BlobStore, Digest, plural, sha256_hex};
use crate::protocol::{Actor, Effect, ToolCall, ToolSpec, Verdict, VerdictKind};

/// Repairs of one call before it is called malformed: the tool's name, then its arguments.
const MOST_REPAIRS: usize = 4;
/// The agent whose taint counts when a call is only explained.
const EXPLAINED: &str = "main";

/// The kernel of one session.
pub struct Kernel {
    pub(super) charter: Charter,
    pub(super) tools: Tools,
    pub(super) blobs: BlobStore,
    rules: Rules,
    state: Mutex<State>,
    /// Locked before `state` where both are.
    memory: Mutex<Memory>,
}

struct State {
    journal: Journal,
    /// Agreed to by a person for the rest of the session.
    agreed: BTreeSet<Agreed>,
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
    /// `Err` when a rule of the policy is not valid.
    pub fn new(charter: Charter, journal: Journal, blobs: BlobStore) -> Result<Self, KernelError> {
        let rules = Rules::compile(&charter.policy)?;
        let tools = Tools::new(&charter.tools);
        let memory = Mutex::new(Memory::open(&charter.session, &blobs)?);
        let state = Mutex::new(State { journal, agreed: BTreeSet::new() });
        Ok(Self { charter, tools, blobs, rules, state, memory })
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

    /// A person said no, perhaps in so many words.
    pub fn decline(&self, question: Question, words: &str) -> Result<Verdict, KernelError> {
        let words = words.trim();
        let mut verdict = question.verdict;
        verdict.kind = VerdictKind::Deny;
        verdict.user_line = format!("declined: {}", verdict.user_line);
        verdict.model_line = match words {
            "" => "The user declined this call. Do not try it again in another form; go on without it, or ask what they want.".to_owned(),
            words => format!("The user declined this call and said: {words}"),
        };
        let row =
            self.row(&question.agent, &question.call, Some(&question.effects), &verdict, Instant::now());
        self.record(Row { approver: Some("user".to_owned()), ..row })?;
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

    /// A write to a file that the user named, such as the target of `--record`: their approval, which
    /// the floor still stands above.
    pub fn user_write(&self, path: &Path) -> Result<Grant, KernelError> {
        let judged = super::mint::judge_user_write(user_write(&self.charter, path));
        self.grant_own(Actor::User, "user_write", path, judged)
    }

    /// A call that no model made, judged by a built-in policy: on record, then granted.
    fn grant_own(
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
        self.record(Row { agent: None, actor, ..row })?;
        match prepared {
            Some(prepared) if verdict.kind == VerdictKind::Allow => Ok(Grant::new(call.id, prepared.reach)),
            _ => Err(KernelError::Refused(Box::new(verdict))),
        }
    }

    /// Names of the tools, in the order in which they are offered.
    pub fn tool_names(&self) -> Vec<&'static str> {
        self.charter.tools.iter().map(|tool| tool.name).collect()
    }

    /// Makes every row so far tamper-evident. Called at the end of a turn.
    pub fn seal(&self) -> Result<(), KernelError> {
        self.state().journal.seal()
    }

    /// Judges without granting and without a trace: what each step said, and how long it took.
    pub fn explain(&self, call: &ToolCall) -> Result<Explanation, KernelError> {
        let mut steps = Vec::new();
        let mut step = |name: &str, since: Instant, said: Vec<String>| {
            steps.push(Step { name: name.to_owned(), said, micros: since.elapsed().as_secs_f64() * 1e6 });
        };
        let since = Instant::now();
        let intake = self.take_in(call)?;
        let (spec, call, repaired) = match intake {
            Ok(taken) => taken,
            Err((finding, call)) => {
                step("intake", since, vec![finding.user.clone()]);
                let verdict = finding.verdict();
                return Ok(Explanation { call, effects: Vec::new(), steps, verdict });
            }
        };
        step("intake", since, repaired.iter().map(|_| "repaired without loss".to_owned()).collect());
        let since = Instant::now();
        let prepared = match prepare(&self.charter, spec, &call) {
            Ok(prepared) => prepared,
            Err(finding) => {
                step("effects", since, vec![finding.user.clone()]);
                let verdict = finding.verdict();
                return Ok(Explanation { call, effects: Vec::new(), steps, verdict });
            }
        };
        let effects = prepared.effects();
        step("effects", since, effects.iter().map(Effect::describe).collect());
        let moment = moment(&self.memory(), EXPLAINED, &call, &prepared);
        let case = self.case(spec, &prepared, &moment);
        let mut findings = Findings::default();
        for rung in RUNGS {
            let before = findings.objections.len();
            let since = Instant::now();
            (rung.judge)(&case, &mut findings);
            let told = findings.objections[before..].iter();
            step(rung.name, since, told.map(|f| format!("{:?} ({}): {}", f.kind, f.rule, f.user)).collect());
        }
        let session = self.state().agreed.clone();
        let decision = settle(&case, findings, &Mode { session: &session, call: &BTreeSet::new() });
        let verdict = decision.verdict(&case, repaired.is_some());
        Ok(Explanation { call, effects, steps, verdict })
    }

    /// Intake until nothing changes: the spec, the call as it stands, and the arguments as first
    /// written if they were repaired.
    #[allow(clippy::type_complexity, reason = "two callers, one line each")]
    fn take_in(
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

    fn case<'a>(&'a self, spec: &'a ToolSpec, prepared: &'a Prepared, moment: &'a Moment) -> Case<'a> {
        Case { charter: &self.charter, rules: &self.rules, spec, prepared, moment }
    }

    fn decide(&self, asker: Asker<'_>, call: &ToolCall) -> Result<Judgement, KernelError> {
        let (spec, call, repaired) = match self.take_in(call)? {
            Ok(taken) => taken,
            Err((finding, call)) => return self.refuse(&asker, &call, &finding),
        };
        let repaired = asker.repaired.clone().or(repaired);
        let prepared = match prepare(&self.charter, spec, &call) {
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
        let moment = moment(&memory, asker.agent, &call, &prepared);
        let case = self.case(spec, &prepared, &moment);
        let mut state = self.state();
        let decision = fold(&case, RUNGS, &Mode { session: &state.agreed, call: &asker.agreed });
        let mut verdict = decision.verdict(&case, repaired.is_some());
        say_restored(&mut verdict, restored.as_ref());
        let effects = prepared.effects();
        let mut row = self.row(asker.agent, &call, Some(&effects), &verdict, asker.since);
        row.taint = memory.taint.label(asker.agent);
        row.approver = match (asker.approver, decision.agreed.is_empty()) {
            (Some(approver), _) => Some(approver.to_owned()),
            (None, false) => Some("session".to_owned()),
            (None, true) => None,
        };
        // On record before it can be used; and no grant if it cannot be put on record.
        state.journal.append(row)?;
        drop(state);
        Ok(match verdict.kind {
            VerdictKind::Allow | VerdictKind::Transform => {
                let by_person = self.charter.unsandboxed_by_user || decision.agreed_to("no_sandbox");
                let unboxed = self.charter.sandbox == SandboxStrength::None && by_person;
                memory.expect(asker.agent, &call.id, Origin::of(spec, &call.args, &prepared));
                let grant = Grant::new(call.id.clone(), mint(&self.charter, prepared, unboxed));
                let sealed = restored.map(|restored| restored.args);
                Judgement::Granted(Granted { grant, call, verdict, effects, repaired, sealed })
            }
            VerdictKind::RequireApproval => {
                let asked = asker.agreed.into_iter().chain(decision.asks()).collect();
                Judgement::Asked(Question {
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

    /// Where the result of a call comes from that was not granted here, as in a replay.
    pub(super) fn origin_of(&self, call: &ToolCall) -> Result<Origin, KernelError> {
        let Ok((spec, call, _)) = self.take_in(call)? else { return Ok(Origin::default()) };
        let prepared = prepare(&self.charter, spec, &call);
        Ok(prepared.map_or_else(|_| Origin::default(), |prepared| Origin::of(spec, &call.args, &prepared)))
    }

    /// Puts a row on record; its number.
    pub(super) fn record(&self, row: Row) -> Result<u64, KernelError> {
        self.state().journal.append(row)
    }

    pub(super) fn memory(&self) -> MutexGuard<'_, Memory> {
        // Nothing in it is left half-done by a panic.
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
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
            ..Row::by(Actor::Agent)
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // A panic elsewhere leaves the journal whole: a row is added in one step.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// An allowed call whose secrets were put back is a transform, and says so.
fn say_restored(verdict: &mut Verdict, restored: Option<&Restored>) {
    let Some(restored) = restored.filter(|_| verdict.kind == VerdictKind::Allow) else { return };
    verdict.kind = VerdictKind::Transform;
    verdict.rung = "admission".to_owned();
    verdict.rule = "restore".to_owned();
    verdict.user_line = format!("{} put back where it came from", plural(restored.count, "secret"));
}

impl Decision {
    fn agreed_to(&self, rule: &str) -> bool {
        self.agreed.iter().any(|finding| finding.rule == rule)
    }

    /// What a person's yes would agree to.
    fn asks(&self) -> impl Iterator<Item = Agreed> {
        let asking = self.standing.iter().filter(|finding| finding.kind == VerdictKind::RequireApproval);
        asking.map(|finding| (finding.rung, finding.rule, finding.subject.clone()))
    }
}
