//! What a person changes while a session goes on: the model, how much it thinks, the profile. Background
//! commands, standing answers, what was read and what the kernel remembers stay as they are.

use std::sync::Arc;

use super::driver::{Agent, Price};
use super::prompt::{Brief, Epoch};
use crate::config::Profile;
use crate::kernel::Capability;
use crate::model::{Provider, Thinking, ToolSchema};
use crate::protocol::{Event, Report, ReportKind, Setup as InForce};
use crate::session::{Holds, Payload};
use crate::tools::Registry;

/// A model that is ready to be asked.
pub struct ModelChange {
    pub provider: Arc<dyn Provider>,
    /// The provider's own name for the model.
    pub model: String,
    pub price: Price,
    /// In tokens.
    pub window: usize,
    /// Whether that is its window; else it is what we assume, and too large a request is sent all the same.
    pub window_is_known: bool,
    /// Whether it takes images, where that is known.
    pub takes_images: Option<bool>,
    /// Of one answer.
    pub max_tokens: u32,
    pub base_url: Option<String>,
}

impl Agent {
    /// What holds for the requests to come.
    pub fn in_force(&self) -> &InForce {
        &self.parts.in_force
    }

    /// Tools that the session has; a profile may use some of them.
    pub fn registry(&self) -> &Registry {
        &self.parts.registry
    }

    /// Tools that the model is offered now.
    pub fn offered(&self) -> impl Iterator<Item = &str> {
        self.parts.epoch.tools.iter().map(|tool| tool.name.as_str())
    }

    /// Asks another model from the next request on. On an error the old one stays.
    pub async fn change_model(&mut self, to: ModelChange) -> Result<(), Report> {
        let brief = Brief { window: to.window, ..self.parts.brief.clone() };
        self.begin_epoch(brief).await?;
        let name = to.provider.name().to_owned();
        if let Some(state) = &mut self.state {
            state.set_model(&name);
        }
        self.parts.setup.model.clone_from(&name);
        self.parts.provider = to.provider;
        self.parts.model = to.model;
        self.parts.price = to.price;
        self.parts.max_tokens = to.max_tokens;
        self.parts.window_is_known = to.window_is_known;
        self.parts.takes_images = to.takes_images;
        self.parts.in_force.model = name;
        self.parts.in_force.context_window = to.window as u64;
        self.parts.in_force.base_url = to.base_url;
        self.fold.other_model();
        self.changed("the model was changed").await;
        Ok(())
    }

    /// Asks for more or less thinking from the next request on.
    pub async fn change_thinking(&mut self, to: Thinking) {
        self.parts.thinking = to;
        to.name().clone_into(&mut self.parts.in_force.thinking);
        self.changed("the thinking level was changed").await;
    }

    /// Works under another profile: its tools and effects, its rules, its prompt. The kernel exchanges what
    /// it enforces in one step. On an error the old one stays.
    pub async fn change_profile(&mut self, to: &Profile) -> Result<(), Report> {
        let registry = &self.parts.registry;
        let tools = registry.names().iter().filter(|name| to.tools.contains(**name));
        let capability = Capability {
            profile: to.name.clone(),
            tools: tools.map(|name| (*name).to_owned()).collect(),
            effects: to.effects.clone(),
        };
        let before: Vec<&str> = self.offered().collect();
        let offered = offered(registry, to, &before);
        let brief = Brief { profile_prompt: to.prompt.clone(), tools: offered, ..self.parts.brief.clone() };
        // What can fail without a trace comes first.
        let epoch = Epoch::lay_out(brief.clone())?;
        let policy = match &self.parts.lawbook {
            Some(book) => book.policy_for(to)?,
            None => self.parts.kernel.policy(),
        };
        let assumed = self.parts.kernel.assume(capability, policy);
        assumed.map_err(|error| Report::from_error(ReportKind::Config, &error))?;
        if let Some(book) = &self.parts.lawbook {
            book.take_profile(to);
        }
        self.take_epoch(brief, epoch).await;
        to.name.clone_into(&mut self.parts.in_force.profile);
        self.changed("the profile was changed").await;
        Ok(())
    }

    async fn begin_epoch(&mut self, brief: Brief) -> Result<(), Report> {
        let epoch = Epoch::lay_out(brief.clone())?;
        self.take_epoch(brief, epoch).await;
        Ok(())
    }

    async fn take_epoch(&mut self, brief: Brief, epoch: Epoch) {
        for report in epoch.notices.iter().filter(|note| !self.parts.epoch.notices.contains(note)) {
            self.emit(Event::Notice { report: report.clone() }).await;
        }
        self.parts.brief = brief;
        self.parts.epoch = epoch;
    }

    async fn changed(&mut self, why: &str) {
        let break_matters = !self.parts.items.is_empty();
        self.fold.broke(why);
        let InForce { model, profile, thinking, .. } = self.parts.in_force.clone();
        self.write(Payload::Holds(Holds { model, profile, thinking }));
        self.emit(Event::Setup(self.parts.in_force.clone())).await;
        if break_matters {
            let report = Report::note(format!(
                "{why}: what the provider had cached of this conversation is not used again"
            ));
            self.emit(Event::Notice { report }).await;
        }
    }
}

/// What the model is offered under `profile`. `plan` keeps the tools that are there, and the kernel holds
/// them back: a plan that is accepted goes on with the same ones.
fn offered(registry: &Registry, profile: &Profile, before: &[&str]) -> Vec<ToolSchema> {
    let keeps = profile.name == "plan";
    let wanted = |name: &str| profile.tools.contains(name) || (keeps && before.contains(&name));
    registry.specs().filter(|spec| wanted(spec.name)).map(ToolSchema::from).collect()
}
