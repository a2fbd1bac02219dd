//! The languages that can be read, as a table.

use std::path::Path;
use std::sync::OnceLock;

use tree_sitter::Query;

/// A language with a grammar.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Language {
    Rust,
    Python,
    JavaScript,
    TypeScript,
    Tsx,
    Go,
    Java,
    C,
    Json,
    Bash,
}

/// What there is to know of a language.
struct Row {
    name: &'static str,
    /// Endings of file names, without the dot.
    endings: &'static [&'static str],
    /// Whole file names.
    files: &'static [&'static str],
    grammar: fn() -> tree_sitter::Language,
    query: &'static str,
    /// Whether others may use what is defined so, by its signature and its name.
    public: fn(&str, &str) -> bool,
}

const TYPESCRIPT: &str = concat!(include_str!("queries/ecma.scm"), include_str!("queries/typescript.scm"));

/// In the order of [`Language`].
const ROWS: [Row; Language::ALL.len()] = [
    Row {
        name: "Rust",
        endings: &["rs"],
        files: &[],
        grammar: || tree_sitter_rust::LANGUAGE.into(),
        query: include_str!("queries/rust.scm"),
        public: |signature, _| signature.starts_with("pub ") || signature.starts_with("macro_rules!"),
    },
    Row {
        name: "Python",
        endings: &["py", "pyi"],
        files: &[],
        grammar: || tree_sitter_python::LANGUAGE.into(),
        query: include_str!("queries/python.scm"),
        public: |_, name| !name.starts_with('_'),
    },
    Row {
        name: "JavaScript",
        endings: &["js", "mjs", "cjs", "jsx"],
        files: &[],
        grammar: || tree_sitter_javascript::LANGUAGE.into(),
        query: concat!(include_str!("queries/ecma.scm"), include_str!("queries/javascript.scm")),
        public: exported,
    },
    Row {
        name: "TypeScript",
        endings: &["ts", "mts", "cts"],
        files: &[],
        grammar: || tree_sitter_typescript::LANGUAGE_TYPESCRIPT.into(),
        query: TYPESCRIPT,
        public: exported,
    },
    Row {
        name: "TSX",
        endings: &["tsx"],
        files: &[],
        grammar: || tree_sitter_typescript::LANGUAGE_TSX.into(),
        query: TYPESCRIPT,
        public: exported,
    },
    Row {
        name: "Go",
        endings: &["go"],
        files: &[],
        grammar: || tree_sitter_go::LANGUAGE.into(),
        query: include_str!("queries/go.scm"),
        public: |_, name| name.starts_with(char::is_uppercase),
    },
    Row {
        name: "Java",
        endings: &["java"],
        files: &[],
        grammar: || tree_sitter_java::LANGUAGE.into(),
        query: include_str!("queries/java.scm"),
        public: |signature, _| signature.split_whitespace().any(|word| word == "public"),
    },
    Row {
        name: "C",
        endings: &["c", "h"],
        files: &[],
        grammar: || tree_sitter_c::LANGUAGE.into(),
        query: include_str!("queries/c.scm"),
        public: |signature, _| !signature.starts_with("static "),
    },
    Row {
        name: "JSON",
        endings: &["json", "jsonc"],
        files: &[],
        grammar: || tree_sitter_json::LANGUAGE.into(),
        query: include_str!("queries/json.scm"),
        public: |_, _| true,
    },
    Row {
        name: "Bash",
        endings: &["sh", "bash"],
        files: &[".bashrc", ".bash_profile", ".profile"],
        grammar: || tree_sitter_bash::LANGUAGE.into(),
        query: include_str!("queries/bash.scm"),
        public: |_, _| true,
    },
];

fn exported(signature: &str, _: &str) -> bool {
    signature.starts_with("export ")
}

impl Language {
    pub const ALL: [Self; 10] = [
        Self::Rust,
        Self::Python,
        Self::JavaScript,
        Self::TypeScript,
        Self::Tsx,
        Self::Go,
        Self::Java,
        Self::C,
        Self::Json,
        Self::Bash,
    ];

    /// By the file's name alone; `None` where there is no grammar for it.
    pub fn of(path: &Path) -> Option<Self> {
        let name = path.file_name()?.to_str()?;
        let ending = path.extension().and_then(|ending| ending.to_str()).unwrap_or_default();
        let fits = |row: &Row| row.endings.contains(&ending) || row.files.contains(&name);
        Self::ALL.into_iter().find(|language| fits(language.row()))
    }

    /// As people write it.
    pub fn name(self) -> &'static str {
        self.row().name
    }

    pub(super) fn grammar(self) -> tree_sitter::Language {
        (self.row().grammar)()
    }

    pub(super) fn is_public(self, signature: &str, name: &str) -> bool {
        (self.row().public)(signature, name)
    }

    /// The query of the language, compiled when it is first needed.
    pub(super) fn query(self) -> &'static Query {
        static QUERIES: [OnceLock<Query>; Language::ALL.len()] =
            [const { OnceLock::new() }; Language::ALL.len()];
        QUERIES[self as usize].get_or_init(|| {
            let compiled = Query::new(&self.grammar(), self.row().query);
            compiled.unwrap_or_else(|error| panic!("the query of {}: {error}", self.name()))
        })
    }

    fn row(self) -> &'static Row {
        const { &ROWS }.get(self as usize).expect("a row for each language")
    }
}
