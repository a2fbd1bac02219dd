//! The sections of an agent's prompt.

use super::boxes::{Overflow, Section, lay_out};
use crate::base::estimate_tokens;
use crate::model::ToolSchema;
use crate::protocol::{Report, ReportKind};

/// The common part of every profile's prompt.
const COMMON: &str = include_str!("../../../templates/system.md");

/// Share of the model's window that prompt and tools may take; the rest is the conversation's.
const PROMPT_SHARE: usize = 3;

/// An instruction file, such as `AGENTS.md`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Instruction {
    /// Relative to the workspace where it lies inside.
    pub path: String,
    pub text: String,
}

/// What is said of a skill before it is used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SkillLine {
    pub name: String,
    pub description: String,
    /// Relative to the workspace where it lies inside.
    pub path: String,
}

/// What an epoch is made from.
#[derive(Debug, Clone, PartialEq)]
pub struct Brief {
    pub profile_prompt: String,
    /// Path of the workspace, and of the folder the user stands in when that differs.
    pub workspace: String,
    pub cwd: Option<String>,
    /// One line on what commands may do.
    pub sandbox: String,
    /// The sentences that the project holds its agents to, as they are written; never cut.
    pub contract: Option<String>,
    /// Farthest first, nearest last: the nearest wins.
    pub instructions: Vec<Instruction>,
    /// Name, one line and file of each skill.
    pub skills: Vec<SkillLine>,
    pub tools: Vec<ToolSchema>,
    /// The model's window, in tokens.
    pub window: usize,
}

/// Prompt and tools as they stand until the session is compacted or its profile, model or trust
/// changes. Nothing in it depends on time or on the conversation.
#[derive(Debug, Clone, PartialEq)]
pub struct Epoch {
    pub system: Vec<String>,
    pub tools: Vec<ToolSchema>,
    /// Estimated.
    pub tokens: usize,
    sizes: Sizes,
    pub notices: Vec<Report>,
}

/// Estimated tokens of an epoch by what they are for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sizes {
    pub system: usize,
    pub tools: usize,
    /// By file, as laid out.
    pub instructions: Vec<(String, usize)>,
}

impl Epoch {
    pub fn lay_out(brief: Brief) -> Result<Self, Report> {
        let tool_tokens: usize = brief.tools.iter().map(tool_tokens).sum();
        let budget = (brief.window / PROMPT_SHARE).saturating_sub(tool_tokens);
        let mut sections = vec![
            Section::critical("system", COMMON.trim_end()),
            Section::critical("profile", brief.profile_prompt.trim_end()),
            Section::critical("environment", environment(&brief)),
        ];
        sections.extend(brief.contract.as_deref().map(|text| Section::critical("contract", text.trim_end())));
        if !brief.instructions.is_empty() {
            sections.push(Section::flexible("instructions", instructions(&brief.instructions), 50, 100));
        }
        if !brief.skills.is_empty() {
            sections.push(Section::flexible("skills", skills(&brief.skills), 40, 100));
        }
        let laid = lay_out(sections, budget).map_err(|overflow| overflow_report(&overflow, brief.window))?;
        let mut notices = Vec::new();
        let kept = laid.iter().find(|section| section.name == "instructions");
        if !brief.instructions.is_empty() && kept.is_none_or(|section| section.cut) {
            notices.push(
                Report::note(
                    "the instruction files are too long for this model's context and were shortened",
                )
                .hint("shorten AGENTS.md, or use a model with a larger context"),
            );
        }
        let listed = laid.iter().find(|section| section.name == "skills");
        if !brief.skills.is_empty() && listed.is_none_or(|section| section.cut) {
            notices.push(
                Report::note("the list of skills is too long for this model's context and was shortened")
                    .hint("move skills that are seldom used out of the skills folders"),
            );
        }
        let fixed = laid.iter().filter(|section| !["instructions", "skills"].contains(&section.name));
        let mut system = vec![fixed.map(|section| section.text.as_str()).collect::<Vec<_>>().join("\n\n")];
        system.extend(kept.into_iter().chain(listed).map(|section| section.text.clone()));
        let tokens = tool_tokens + system.iter().map(|text| estimate_tokens(text)).sum::<usize>();
        let laid = kept.map_or(0, |section| estimate_tokens(&section.text));
        let sizes = Sizes {
            system: tokens - tool_tokens - laid,
            tools: tool_tokens,
            instructions: shares(&brief.instructions, laid),
        };
        Ok(Self { system, tools: brief.tools, tokens, sizes, notices })
    }

    /// What its tokens are for.
    pub fn sizes(&self) -> Sizes {
        self.sizes.clone()
    }
}

/// `laid` tokens by file, in proportion where the files were shortened together.
fn shares(files: &[Instruction], laid: usize) -> Vec<(String, usize)> {
    let sizes: Vec<usize> = files.iter().map(|file| estimate_tokens(&file.text)).collect();
    let whole = sizes.iter().sum::<usize>().max(1);
    let mut shares: Vec<(String, usize)> =
        files.iter().zip(&sizes).map(|(file, size)| (file.path.clone(), size * laid / whole)).collect();
    let rest = laid - shares.iter().map(|(_, tokens)| tokens).sum::<usize>();
    if let Some(last) = shares.last_mut() {
        last.1 += rest;
    }
    shares
}

fn tool_tokens(tool: &ToolSchema) -> usize {
    estimate_tokens(&tool.name)
        + estimate_tokens(&tool.description)
        + estimate_tokens(&tool.schema.to_string())
}

fn environment(brief: &Brief) -> String {
    let mut text = format!("Workspace: {}", brief.workspace);
    if let Some(cwd) = &brief.cwd {
        text.push_str(&format!("\nThe user stands in: {cwd}"));
    }
    text.push_str(&format!("\nSandbox: {}", brief.sandbox));
    text
}

fn instructions(files: &[Instruction]) -> String {
    let mut text = String::from("Instructions of this project; where two disagree, the later one wins.");
    for file in files {
        text.push_str(&format!("\n\n# {}\n\n{}", file.path, file.text.trim_end()));
    }
    text
}

fn skills(skills: &[SkillLine]) -> String {
    let mut text = String::from(
        "Skills: what was written down about doing certain things here. When one fits the task, `read` its file first and follow it; paths in it are relative to its folder.\n",
    );
    for skill in skills {
        text.push_str(&format!("\n- {} ({}): {}", skill.name, skill.path, skill.description));
    }
    text
}

fn overflow_report(overflow: &Overflow, window: usize) -> Report {
    Report::new(ReportKind::Context, overflow.to_string())
        .cause(format!("the model's context is {window} tokens, of which a third may be prompt"))
        .hint("use a model with a larger context, or serve this one with more (llama-server: -c 16384)")
}
