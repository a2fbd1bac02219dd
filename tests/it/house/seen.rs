//! What a file names: every path in it, wherever it stands, and every `unsafe`.

use proc_macro2::{Delimiter, Span, TokenStream, TokenTree};
use syn::visit::{self, Visit};
use syn::{Attribute, ImplItem, Item, UseTree};

use super::source::{Source, is_test_only};

/// A path as written, such as `crate::host::file`.
#[derive(Debug, Clone)]
pub(super) struct Named {
    pub(super) segments: Vec<String>,
    pub(super) line: usize,
    /// The module it stands in, inline modules included.
    pub(super) module: Vec<String>,
    pub(super) how: How,
    pub(super) test_only: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum How {
    /// In code, a type, a macro's tokens or an attribute.
    Path,
    Use,
    /// `use … as other`.
    Renamed,
    /// `use …::*`.
    Glob,
}

#[derive(Debug, Default)]
pub(super) struct Seen {
    pub(super) paths: Vec<Named>,
    /// Lines with `unsafe`, or with leave for it.
    pub(super) unsafes: Vec<usize>,
    /// Lines with `extern crate`.
    pub(super) externs: Vec<usize>,
    /// Modules that the file declares itself.
    pub(super) mods: Vec<String>,
}

/// Looks through one file.
pub(super) fn look(source: &Source) -> Seen {
    let mut eye =
        Eye { seen: Seen::default(), module: source.module.clone(), tests: usize::from(source.test_only) };
    eye.visit_file(&source.tree);
    eye.seen
}

struct Eye {
    seen: Seen,
    module: Vec<String>,
    /// How many test-only items we are in.
    tests: usize,
}

impl Eye {
    fn name(&mut self, segments: Vec<String>, span: Span, how: How) {
        self.seen.paths.push(Named {
            segments,
            line: span.start().line,
            module: self.module.clone(),
            how,
            test_only: self.tests > 0,
        });
    }

    fn unsafe_at(&mut self, span: Span) {
        self.seen.unsafes.push(span.start().line);
    }

    fn path(&mut self, path: &syn::Path) {
        let segments: Vec<String> = path.segments.iter().map(|segment| segment.ident.to_string()).collect();
        if let Some(first) = path.segments.first() {
            self.name(segments, first.ident.span(), How::Path);
        }
    }

    fn tree(&mut self, tree: &UseTree, before: &[String]) {
        let with = |name: &syn::Ident| [before, &[name.to_string()]].concat();
        match tree {
            UseTree::Path(path) => self.tree(&path.tree, &with(&path.ident)),
            UseTree::Name(name) => self.name(with(&name.ident), name.ident.span(), How::Use),
            UseTree::Rename(name) => self.name(with(&name.ident), name.ident.span(), How::Renamed),
            UseTree::Glob(glob) => self.name(before.to_vec(), glob.star_token.spans[0], How::Glob),
            UseTree::Group(group) => group.items.iter().for_each(|tree| self.tree(tree, before)),
        }
    }

    /// Paths in tokens that are no syntax yet: what a macro or an attribute is given. `before` is
    /// the path in front of a braced group.
    fn tokens(&mut self, tokens: TokenStream, before: &[String]) {
        let tokens: Vec<TokenTree> = tokens.into_iter().collect();
        let mut at = 0;
        let mut fresh = true;
        while at < tokens.len() {
            let start = if fresh { before } else { &[] };
            fresh = matches!(&tokens[at], TokenTree::Punct(punct) if punct.as_char() == ',');
            match &tokens[at] {
                TokenTree::Group(group) => {
                    self.tokens(group.stream(), &[]);
                    at += 1;
                }
                TokenTree::Literal(literal) => {
                    self.text(&literal.to_string(), literal.span());
                    at += 1;
                }
                TokenTree::Punct(_) => at += 1,
                TokenTree::Ident(first) => {
                    if first == "unsafe" || first == "unsafe_code" {
                        self.seen.unsafes.push(first.span().start().line);
                    }
                    let mut segments = [start, &[first.to_string()]].concat();
                    at += 1;
                    while is_colons(&tokens[at..]) {
                        match tokens.get(at + 2) {
                            Some(TokenTree::Ident(next)) => segments.push(next.to_string()),
                            Some(TokenTree::Group(group)) if group.delimiter() == Delimiter::Brace => {
                                self.tokens(group.stream(), &segments);
                            }
                            // A turbofish; what is in it comes by itself.
                            _ => {}
                        }
                        at += 3;
                    }
                    self.name(segments, first.span(), How::Path);
                }
            }
        }
    }

    /// `#[serde(with = "crate::room::module")]` names a path in a string.
    fn text(&mut self, literal: &str, span: Span) {
        let inner = literal.trim_matches('"');
        if (inner.starts_with("crate::") || inner.starts_with("super::"))
            && let Ok(path) = syn::parse_str::<syn::Path>(inner)
        {
            let segments = path.segments.iter().map(|segment| segment.ident.to_string()).collect();
            self.name(segments, span, How::Path);
        }
    }

    fn within_test(&mut self, attrs: &[Attribute], visit: impl FnOnce(&mut Self)) {
        let test = usize::from(is_test_only(attrs));
        self.tests += test;
        visit(self);
        self.tests -= test;
    }
}

fn is_colons(tokens: &[TokenTree]) -> bool {
    matches!(tokens, [TokenTree::Punct(a), TokenTree::Punct(b), _, ..] if a.as_char() == ':' && b.as_char() == ':')
}

fn attributes(item: &Item) -> &[Attribute] {
    match item {
        Item::Const(item) => &item.attrs,
        Item::Enum(item) => &item.attrs,
        Item::ExternCrate(item) => &item.attrs,
        Item::Fn(item) => &item.attrs,
        Item::Impl(item) => &item.attrs,
        Item::Macro(item) => &item.attrs,
        Item::Mod(item) => &item.attrs,
        Item::Static(item) => &item.attrs,
        Item::Struct(item) => &item.attrs,
        Item::Trait(item) => &item.attrs,
        Item::Type(item) => &item.attrs,
        Item::Use(item) => &item.attrs,
        _ => &[],
    }
}

impl<'ast> Visit<'ast> for Eye {
    fn visit_item(&mut self, item: &'ast Item) {
        self.within_test(attributes(item), |eye| visit::visit_item(eye, item));
    }

    fn visit_impl_item(&mut self, item: &'ast ImplItem) {
        let attrs = match item {
            ImplItem::Fn(item) => item.attrs.as_slice(),
            ImplItem::Const(item) => &item.attrs,
            _ => &[],
        };
        self.within_test(attrs, |eye| visit::visit_impl_item(eye, item));
    }

    fn visit_item_mod(&mut self, item: &'ast syn::ItemMod) {
        self.seen.mods.push(item.ident.to_string());
        if item.content.is_none() {
            return visit::visit_item_mod(self, item);
        }
        self.module.push(item.ident.to_string());
        visit::visit_item_mod(self, item);
        self.module.pop();
    }

    fn visit_item_use(&mut self, item: &'ast syn::ItemUse) {
        self.tree(&item.tree, &[]);
    }

    fn visit_item_extern_crate(&mut self, item: &'ast syn::ItemExternCrate) {
        self.seen.externs.push(item.ident.span().start().line);
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        self.path(path);
        visit::visit_path(self, path);
    }

    fn visit_expr_path(&mut self, expr: &'ast syn::ExprPath) {
        // `<StateDir>::open` means `StateDir::open`.
        if let Some(own) = &expr.qself
            && let syn::Type::Path(ty) = own.ty.as_ref()
        {
            let segments = ty.path.segments.iter().chain(expr.path.segments.iter());
            let segments = segments.map(|segment| segment.ident.to_string()).collect();
            self.name(segments, own.lt_token.span, How::Path);
        }
        visit::visit_expr_path(self, expr);
    }

    fn visit_vis_restricted(&mut self, vis: &'ast syn::VisRestricted) {
        // `pub(crate)` and `pub(super)` import nothing.
        if vis.in_token.is_some() {
            self.path(&vis.path);
        }
    }

    fn visit_macro(&mut self, mac: &'ast syn::Macro) {
        self.path(&mac.path);
        self.tokens(mac.tokens.clone(), &[]);
    }

    fn visit_attribute(&mut self, attr: &'ast Attribute) {
        if attr.path().is_ident("doc") {
            return;
        }
        self.path(attr.path());
        if attr.path().is_ident("unsafe") {
            self.seen.unsafes.push(attr.pound_token.span.start().line);
        }
        if let syn::Meta::List(list) = &attr.meta {
            self.tokens(list.tokens.clone(), &[]);
        }
    }

    fn visit_expr_unsafe(&mut self, expr: &'ast syn::ExprUnsafe) {
        self.unsafe_at(expr.unsafe_token.span);
        visit::visit_expr_unsafe(self, expr);
    }

    fn visit_signature(&mut self, signature: &'ast syn::Signature) {
        if let Some(token) = &signature.unsafety {
            self.unsafe_at(token.span);
        }
        visit::visit_signature(self, signature);
    }

    fn visit_item_impl(&mut self, item: &'ast syn::ItemImpl) {
        if let Some(token) = &item.unsafety {
            self.unsafe_at(token.span);
        }
        visit::visit_item_impl(self, item);
    }

    fn visit_item_trait(&mut self, item: &'ast syn::ItemTrait) {
        if let Some(token) = &item.unsafety {
            self.unsafe_at(token.span);
        }
        visit::visit_item_trait(self, item);
    }

    fn visit_item_foreign_mod(&mut self, item: &'ast syn::ItemForeignMod) {
        self.unsafe_at(item.abi.extern_token.span);
        visit::visit_item_foreign_mod(self, item);
    }
}
