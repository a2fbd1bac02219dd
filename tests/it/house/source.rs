//! Source files as syntax trees, with their place in the module tree.

use std::collections::BTreeSet;
use std::path::Path;

use syn::{Attribute, Item};

/// One file.
pub(super) struct Source {
    /// From the repository's root, such as `src/host/mod.rs`.
    pub(super) file: String,
    /// Below `src/`, without `.rs` and without a closing `/mod`: `host`, `host/temp`.
    pub(super) place: String,
    /// `["host", "temp"]`; empty for `lib.rs` and `main.rs`.
    pub(super) module: Vec<String>,
    pub(super) lines: usize,
    pub(super) tree: syn::File,
    /// Declared under `#[cfg(test)]`, or below such a module.
    pub(super) test_only: bool,
}

impl Source {
    /// A file out of its text.
    pub(super) fn parse(file: &str, text: &str) -> Result<Self, String> {
        let tree = syn::parse_file(text)
            .map_err(|error| format!("{file}:{}: cannot be parsed: {error}", error.span().start().line))?;
        let below = file.strip_prefix("src/").unwrap_or(file);
        let stem = below.strip_suffix(".rs").unwrap_or(below);
        let place = stem.strip_suffix("/mod").unwrap_or(stem).to_owned();
        let module = match place.as_str() {
            "lib" | "main" => Vec::new(),
            place => place.split('/').map(str::to_owned).collect(),
        };
        let lines = text.lines().count();
        Ok(Self { file: file.to_owned(), place, module, lines, tree, test_only: false })
    }

    /// The top-level module it belongs to.
    pub(super) fn room(&self) -> Option<&str> {
        self.module.first().map(String::as_str)
    }
}

/// Parses every Rust file below `root/top`, sorted by name.
pub(super) fn load(root: &Path, top: &str) -> Result<Vec<Source>, Vec<String>> {
    let mut files = Vec::new();
    list(&root.join(top), top, &mut files);
    files.sort();
    let (mut sources, mut faults) = (Vec::new(), Vec::new());
    for file in files {
        let text = std::fs::read_to_string(root.join(&file)).map_err(|error| error.to_string());
        match text.and_then(|text| Source::parse(&file, &text)) {
            Ok(source) => sources.push(source),
            Err(fault) => faults.push(fault),
        }
    }
    if !faults.is_empty() {
        return Err(faults);
    }
    mark_tests(&mut sources);
    Ok(sources)
}

fn list(folder: &Path, name: &str, files: &mut Vec<String>) {
    let entries = std::fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    for entry in entries.flatten() {
        let name = format!("{name}/{}", entry.file_name().to_string_lossy());
        if entry.path().is_dir() {
            list(&entry.path(), &name, files);
        } else if name.ends_with(".rs") {
            files.push(name);
        }
    }
}

/// Finds the files behind `#[cfg(test)] mod name;`.
pub(super) fn mark_tests(sources: &mut [Source]) {
    let mut tests = BTreeSet::new();
    for source in sources.iter() {
        for item in &source.tree.items {
            let Item::Mod(module) = item else { continue };
            if module.content.is_none() && is_test_only(&module.attrs) {
                tests.insert(declared_place(source, module));
            }
        }
    }
    for source in sources {
        source.test_only = tests.iter().any(|test| super::plan::within(&source.place, test));
    }
}

/// The place of the file that `mod name;` means, with `#[path]` where it is given.
fn declared_place(source: &Source, module: &syn::ItemMod) -> String {
    let folder = |file: &str| file.rsplit_once('/').map_or(String::new(), |(folder, _)| format!("{folder}/"));
    let path = module.attrs.iter().find(|attr| attr.path().is_ident("path"));
    let given = path.and_then(|attr| match &attr.meta.require_name_value().ok()?.value {
        syn::Expr::Lit(syn::ExprLit { lit: syn::Lit::Str(text), .. }) => Some(text.value()),
        _ => None,
    });
    if let Some(given) = given {
        let file = format!("{}{given}", folder(source.file.strip_prefix("src/").unwrap_or(&source.file)));
        return file.trim_end_matches(".rs").trim_end_matches("/mod").to_owned();
    }
    match source.place.as_str() {
        "lib" | "main" => module.ident.to_string(),
        place => format!("{place}/{}", module.ident),
    }
}

/// `#[test]`, `#[cfg(test)]` or `#[cfg(all(…, test, …))]`.
pub(super) fn is_test_only(attrs: &[Attribute]) -> bool {
    fn means_test(meta: &syn::Meta) -> bool {
        let parse = |list: &syn::MetaList| {
            list.parse_args_with(syn::punctuated::Punctuated::<syn::Meta, syn::Token![,]>::parse_terminated)
        };
        match meta {
            syn::Meta::Path(path) => path.is_ident("test"),
            syn::Meta::List(all) if all.path.is_ident("all") => {
                parse(all).is_ok_and(|parts| parts.iter().any(means_test))
            }
            _ => false,
        }
    }
    attrs.iter().any(|attr| match &attr.meta {
        syn::Meta::Path(path) => path.is_ident("test"),
        syn::Meta::List(list) if list.path.is_ident("cfg") => {
            list.parse_args::<syn::Meta>().is_ok_and(|meta| means_test(&meta))
        }
        _ => false,
    })
}
