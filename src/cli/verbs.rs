//! The second words: what the commands with several verbs take. Parsing does nothing.

use std::path::PathBuf;

use clap::{Subcommand, ValueEnum};

#[derive(Debug, Subcommand)]
pub enum SessionsVerb {
    /// Newest first (the default)
    List,
    /// One conversation as text
    Show {
        /// Id, four characters of it, or words of its title
        id: String,
    },
    /// One conversation as Markdown, one HTML file, or JSON
    Export {
        /// Id, four characters of it, or words of its title
        id: String,
        #[arg(long, value_enum, default_value_t = ExportAs::Md, value_name = "FORMAT")]
        format: ExportAs,
        /// Write it here instead of standard output
        #[arg(short = 'o', long = "output", value_name = "FILE")]
        output: Option<PathBuf>,
        /// Replace a file that is there already
        #[arg(long, requires = "output")]
        force: bool,
    },
    /// Give a session a name
    Name {
        /// Id, four characters of it, or words of its title
        id: String,
        text: String,
    },
    /// Remove sessions for good; their journals stay
    Rm {
        #[arg(required = true, value_name = "ID")]
        ids: Vec<String>,
        /// Do it; without this, only say what would go
        #[arg(long)]
        yes: bool,
    },
    /// Remove sessions without a name that are older than 90 days, and the oldest beyond 5 GB
    Prune {
        /// Only say what would go
        #[arg(long)]
        dry_run: bool,
        #[arg(long)]
        json: bool,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ExportAs {
    Md,
    Html,
    Json,
}

#[derive(Debug, Subcommand)]
pub enum ConfigVerb {
    /// Every setting
    Show {
        /// Say where each value comes from
        #[arg(long)]
        origin: bool,
        #[arg(long)]
        json: bool,
    },
    /// Read every file and say what is wrong
    Check,
    /// The questions that you answered for always; `remove N` takes one back
    Approvals {
        #[command(subcommand)]
        verb: Option<ApprovalsVerb>,
        #[arg(long)]
        json: bool,
    },
    /// Trust this project's own settings and profiles as they are now
    Trust,
    /// Take that back
    Untrust,
    /// The JSON Schema of a file: settings, profile, result, stream, session, audit, why
    Schema { name: String },
}

#[derive(Debug, Subcommand)]
pub enum ApprovalsVerb {
    /// Take an answer back, by its number in the list
    Remove { number: usize },
}

#[derive(Debug, Subcommand)]
pub enum KernelVerb {
    /// Read a policy file, try its rules on their examples, and say what it would change: exit 5 if it is bad
    Check {
        #[arg(value_name = "FILE")]
        file: PathBuf,
        #[arg(long)]
        json: bool,
    },
    /// Which verdicts of a past session another policy file would change
    Replay {
        /// A session's id, or words of its title
        session: String,
        /// Stands in the place of your own policy.yaml
        #[arg(long, value_name = "FILE")]
        policy: PathBuf,
        #[arg(long)]
        json: bool,
    },
    /// Calls, verdicts, questions and the slowest, from the journals of this project
    Stats {
        /// One session's id
        session: Option<String>,
        #[arg(long)]
        json: bool,
    },
    /// Check journals, seals and index: exit 5 and the first thing that is wrong
    Verify {
        /// A journal file, or a session's id; all of this project and the index by default
        journal: Option<String>,
    },
    /// The key that seals journals
    Key {
        #[command(subcommand)]
        verb: KeyVerb,
    },
    /// What every rung says of a call, and how long it takes; nothing is run
    Explain {
        #[arg(long, value_name = "NAME")]
        tool: String,
        /// The arguments, as a JSON object
        #[arg(long, value_name = "JSON")]
        args: String,
        #[arg(long, value_name = "NAME")]
        profile: Option<String>,
        #[arg(long, value_name = "PRESET")]
        policy: Option<String>,
        #[arg(long)]
        json: bool,
    },
    /// Judge known attacks and everyday calls by your policy, and run none: exit 5 if an attack gets through
    Drill {
        #[arg(long, value_name = "NAME")]
        profile: Option<String>,
        /// Judge by this preset, or with this file, instead
        #[arg(long, value_name = "PRESET|FILE")]
        policy: Option<String>,
        #[arg(long)]
        json: bool,
    },
}

#[derive(Debug, Subcommand)]
pub enum AuditVerb {
    /// One file with rows, seal, public key, patches and checks, signed, that proves a run elsewhere
    Export {
        /// A run (r_…) or a session; the last session by default
        run: Option<String>,
        /// Write it here instead of standard output
        #[arg(short = 'o', long = "output", value_name = "FILE")]
        output: Option<PathBuf>,
        /// With the words of the prompts, which may hold anything
        #[arg(long)]
        with_prompts: bool,
    },
    /// Prove an exported file, offline: exit 5 and the first thing that is wrong
    Verify {
        file: PathBuf,
        /// The public key it must be signed with, or a file that holds it
        #[arg(long, value_name = "PUB", allow_hyphen_values = true)]
        key: Option<String>,
        #[arg(long)]
        json: bool,
    },
}

#[derive(Debug, Subcommand)]
pub enum KeyVerb {
    /// Its id, its public part, where it comes from (made when there is none)
    Show {
        #[arg(long)]
        json: bool,
    },
    /// The public key, as PEM on standard output
    Export {
        /// Write the private key instead, to this new file that only you may open
        #[arg(long, value_name = "FILE")]
        private: Option<PathBuf>,
    },
    /// Make this private key (PKCS#8 PEM, hexadecimal or base64) the machine's own
    Import { file: PathBuf },
}
