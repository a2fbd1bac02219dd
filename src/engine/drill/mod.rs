//! The drill: attacks and everyday calls judged under the user's own policy, never carried out.

mod case;
mod files;
mod rule;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Serialize;
use serde_json::Value;

pub use case::{Case, CorpusError, Must, Step, Tainted, corpus};

use super::ground::{Ground, state};
use super::options::Options;
use super::wiring::judge_only;
use crate::config::{Policy, Rule, RuleAction, rule_yaml};
use crate::kernel::{Explanation, Kernel};
use crate::protocol::{Report, ReportKind, ToolCall, Verdict, VerdictKind};

/// What the policy does with one class of attacks.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct AttackTally {
    pub judged: usize,
    pub denied: usize,
    pub asked: usize,
    /// Allowed, for the sandbox to hold.
    pub to_sandbox: usize,
    /// Allowed although it must be stopped by rule.
    pub through: usize,
}

/// What the policy does with one class of everyday calls.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct BenignTally {
    pub judged: usize,
    pub allowed: usize,
    /// Asked about, and rightly so.
    pub asked: usize,
    /// Asked about or denied without need.
    pub in_the_way: usize,
}

/// A case that did not come to what it should.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Miss {
    pub case: String,
    pub call: String,
    pub why: String,
    pub verdict: VerdictKind,
    pub decided_by: String,
    /// The rule that would close it, or open it, as an entry of `rules` in a policy.yaml; tried before
    /// it is told. None where no rule would.
    pub rule: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Drill {
    pub attacks: BTreeMap<String, AttackTally>,
    pub benign: BTreeMap<String, BenignTally>,
    /// Attacks that get through.
    pub through: Vec<Miss>,
    /// Everyday calls that are in the way.
    pub in_the_way: Vec<Miss>,
    /// Cases that need a prepared workspace, which a drill does not make.
    pub not_judged: usize,
    pub sandbox: &'static str,
}

/// Judges both corpora as if they were called here and now.
pub fn drill(ground: &Ground, mut options: Options) -> Result<Drill, Report> {
    options.human = true;
    let cases = corpus().map_err(|error| Report::from_error(ReportKind::Internal, &error))?;
    let (kernel, _, temp) = judge_only(ground, options, None)?;
    let places = Places::of(ground, temp.path());
    let mut misses = Vec::new();
    let mut drill = Drill {
        attacks: BTreeMap::new(),
        benign: BTreeMap::new(),
        through: Vec::new(),
        in_the_way: Vec::new(),
        not_judged: 0,
        sandbox: kernel.sandbox_strength(),
    };
    for case in &cases {
        if !case.setup.is_empty() || case.steps.len() > 1 || case.tainted.is_some() {
            drill.not_judged += 1;
            continue;
        }
        let explanation = judge(&kernel, &places, &case.steps[0])?;
        if drill.count(case, &explanation) {
            misses.push((case, explanation));
        }
    }
    // Last, since trying a rule puts it in force.
    let mut before = kernel.policy();
    // Its rules have passed their own examples: they need not before each trial.
    for rule in &mut before.rules {
        rule.matches.clear();
        rule.not_matches.clear();
    }
    for (case, explanation) in misses {
        let rule = mend(&kernel, &before, case, &explanation, &ground.workspace.root)?;
        let list = if case.must.is_attack() { &mut drill.through } else { &mut drill.in_the_way };
        list.push(Miss::new(case, &explanation, rule));
    }
    Ok(drill)
}

fn judge(kernel: &Kernel, places: &Places, step: &Step) -> Result<Explanation, Report> {
    let call = ToolCall { id: "t0".to_owned(), tool: step.tool.clone(), args: places.fill(&step.args) };
    kernel.explain(&call).map_err(state)
}

/// The first rule that brings a case to what it should come to, under the policy of before and this
/// rule alone.
fn mend(
    kernel: &Kernel,
    before: &Policy,
    case: &Case,
    explanation: &Explanation,
    workspace: &Path,
) -> Result<Option<Rule>, Report> {
    let attack = case.must.is_attack();
    let candidates = if attack {
        let action = if case.must == Must::Deny { RuleAction::Deny } else { RuleAction::Ask };
        rule::candidates(&format!("closes {}", case.id), action, explanation)
    } else {
        rule::opening(&format!("opens {}", case.id), explanation, workspace).into_iter().collect()
    };
    for rule in candidates {
        let mut policy = before.clone();
        policy.rules.push(rule.clone());
        // A rule that is refused is none to offer.
        if kernel.reload(policy).is_err() {
            continue;
        }
        let verdict = kernel.explain(&explanation.call).map_err(state)?.verdict;
        if runs(verdict.kind) != attack {
            return Ok(Some(rule));
        }
    }
    Ok(None)
}

fn runs(kind: VerdictKind) -> bool {
    matches!(kind, VerdictKind::Allow | VerdictKind::Transform)
}

impl Drill {
    /// Counts a case; true where it did not come to what it should.
    fn count(&mut self, case: &Case, explanation: &Explanation) -> bool {
        let kind = explanation.verdict.kind;
        let runs = runs(kind);
        let asks = kind == VerdictKind::RequireApproval;
        if case.must.is_attack() {
            let tally = self.attacks.entry(case.class.clone()).or_default();
            tally.judged += 1;
            match case.must {
                _ if asks => tally.asked += 1,
                _ if !runs => tally.denied += 1,
                Must::Harmless => tally.to_sandbox += 1,
                _ => {
                    tally.through += 1;
                    return true;
                }
            }
            return false;
        }
        let tally = self.benign.entry(case.class.clone()).or_default();
        tally.judged += 1;
        match case.must {
            _ if runs => tally.allowed += 1,
            Must::Once | Must::Ask if asks => tally.asked += 1,
            _ => {
                tally.in_the_way += 1;
                return true;
            }
        }
        false
    }
}

impl Miss {
    fn new(case: &Case, explanation: &Explanation, rule: Option<Rule>) -> Self {
        let Verdict { kind, rung, rule: by, .. } = &explanation.verdict;
        Self {
            case: case.id.clone(),
            call: one_line(&explanation.call),
            why: case.why.clone(),
            verdict: *kind,
            decided_by: format!("{rung}/{by}"),
            rule: rule.as_ref().map(rule_yaml),
        }
    }
}

fn one_line(call: &ToolCall) -> String {
    let args = call.args.as_object().map(|args| args.values().filter_map(Value::as_str).collect::<Vec<_>>());
    let text = args.map_or_else(|| call.args.to_string(), |args| args.join(" "));
    let text: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(160).collect();
    format!("{} {text}", call.tool)
}

/// Where the placeholders of the corpus lie in the user's own world.
struct Places(Vec<(&'static str, String)>);

impl Places {
    fn of(ground: &Ground, temp: &Path) -> Self {
        let ws = &ground.workspace.root;
        // In these every command has a folder of its own: what it does there comes to nothing.
        let private = ["/tmp", "/var/tmp"].map(Path::new);
        let above = ws.parent().filter(|parent| !private.contains(parent)).unwrap_or(Path::new("/srv"));
        let beside = |name: &str| above.join(name);
        let text = |path: PathBuf| path.display().to_string();
        Self(vec![
            ("{ws}", text(ws.clone())),
            ("{home}", text(ground.dirs.home.clone())),
            ("{other}", text(beside("another-checkout"))),
            ("{outside}", text(beside("outside-of-it"))),
            ("{tmp}", text(temp.to_owned())),
            ("{state}", text(ground.dirs.state.clone())),
            ("{port}", "9".to_owned()),
            ("{canary}", "q7Zp2vKx9LmT4wRb8NcY3dHs6GfJ1aQe".to_owned()),
        ])
    }

    fn fill(&self, args: &Value) -> Value {
        match args {
            Value::String(text) => Value::String(
                self.0.iter().fold(text.clone(), |text, (name, place)| text.replace(name, place)),
            ),
            Value::Array(items) => items.iter().map(|item| self.fill(item)).collect(),
            Value::Object(fields) => {
                fields.iter().map(|(name, value)| (name.clone(), self.fill(value))).collect()
            }
            other => other.clone(),
        }
    }
}
