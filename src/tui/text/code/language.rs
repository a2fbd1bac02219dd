//! What is known of each language.

/// How a string begins and ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Quote {
    pub(super) open: &'static str,
    pub(super) close: &'static str,
    /// Whether a backslash takes the next character with it.
    pub(super) escapes: bool,
    pub(super) many_lines: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Words,
    /// As `Words`, with `$NAME`.
    Shell,
    /// Keys before this mark begin lines.
    Keys(char),
    Markup,
    Diff,
}

#[derive(Debug)]
pub(super) struct Language {
    /// Names after a fence and endings of files, separated by spaces.
    names: &'static str,
    pub(super) kind: Kind,
    pub(super) keywords: &'static str,
    pub(super) types: &'static str,
    /// What begins a comment up to the end of its line.
    pub(super) line: &'static [&'static str],
    pub(super) block: Option<(&'static str, &'static str)>,
    pub(super) quotes: &'static [Quote],
    /// `Name` is a type.
    pub(super) has_named_types: bool,
    /// `'a` is no string.
    pub(super) has_lifetimes: bool,
    /// `"a":` is a key.
    pub(super) has_string_keys: bool,
    /// Keywords in capitals are the same.
    pub(super) any_case: bool,
}

const fn quote(open: &'static str, escapes: bool, many_lines: bool) -> Quote {
    Quote { open, close: open, escapes, many_lines }
}

const DOUBLE: Quote = quote("\"", true, false);
const SINGLE: Quote = quote("'", true, false);
const C_QUOTES: &[Quote] = &[DOUBLE, SINGLE];
const C_BLOCK: Option<(&str, &str)> = Some(("/*", "*/"));
const SLASHES: &[&str] = &["//"];
const HASH: &[&str] = &["#"];

const RUST_QUOTES: &[Quote] = &[
    Quote { open: "r##\"", close: "\"##", escapes: false, many_lines: true },
    Quote { open: "r#\"", close: "\"#", escapes: false, many_lines: true },
    Quote { open: "r\"", close: "\"", escapes: false, many_lines: true },
    quote("\"", true, true),
    SINGLE,
];
const PYTHON_QUOTES: &[Quote] = &[quote("\"\"\"", true, true), quote("'''", true, true), DOUBLE, SINGLE];
const JS_QUOTES: &[Quote] = &[quote("`", true, true), DOUBLE, SINGLE];
const GO_QUOTES: &[Quote] = &[quote("`", false, true), DOUBLE, SINGLE];
const SHELL_QUOTES: &[Quote] = &[quote("\"", true, true), quote("'", false, true)];
const TEXT_QUOTES: &[Quote] = &[quote("\"\"\"", true, true), DOUBLE, SINGLE];
const PLAIN_QUOTES: &[Quote] = &[DOUBLE, quote("'", false, false)];
const MARKUP_QUOTES: &[Quote] = &[quote("\"", false, true), quote("'", false, true)];

const C_LIKE: Language = Language {
    names: "",
    kind: Kind::Words,
    keywords: "",
    types: "",
    line: SLASHES,
    block: C_BLOCK,
    quotes: C_QUOTES,
    has_named_types: true,
    has_lifetimes: false,
    has_string_keys: false,
    any_case: false,
};
const HASHED: Language = Language { line: HASH, block: None, ..C_LIKE };

static LANGUAGES: [Language; 32] = [
    Language {
        names: "rust rs",
        keywords: "as async await break const continue crate dyn else enum extern false fn for if impl in let loop match mod move mut pub ref return self Self static struct super trait true type union unsafe use where while yield",
        types: "bool char f32 f64 i8 i16 i32 i64 i128 isize str u8 u16 u32 u64 u128 usize",
        quotes: RUST_QUOTES,
        has_lifetimes: true,
        ..C_LIKE
    },
    Language {
        names: "python py python3 pyi pycon",
        keywords: "and as assert async await break case class continue def del elif else except False finally for from global if import in is lambda match None nonlocal not or pass raise return True try while with yield self cls",
        types: "bool bytes dict float frozenset int list object set str tuple type",
        quotes: PYTHON_QUOTES,
        ..HASHED
    },
    Language {
        names: "javascript js jsx mjs cjs typescript ts tsx mts cts",
        keywords: "abstract as async await break case catch class const constructor continue debugger declare default delete do else enum export extends false finally for from function get if implements import in infer instanceof interface is keyof let namespace new null of override private protected public readonly return satisfies set static super switch this throw true try type typeof undefined var void while with yield",
        types: "any bigint boolean never number object string symbol unknown",
        quotes: JS_QUOTES,
        ..C_LIKE
    },
    Language {
        names: "go golang",
        keywords: "break case chan const continue default defer else fallthrough false for func go goto if import interface iota map nil package range return select struct switch true type var",
        types: "any bool byte complex64 complex128 error float32 float64 int int8 int16 int32 int64 rune string uint uint8 uint16 uint32 uint64 uintptr",
        quotes: GO_QUOTES,
        ..C_LIKE
    },
    Language {
        names: "c h cpp c++ cc cxx hpp hh cu objc m",
        keywords: "#define #elif #else #endif #if #ifdef #ifndef #include #pragma alignas alignof auto break case catch class co_await co_return co_yield concept const consteval constexpr constinit continue decltype default delete do else enum explicit export extern false final for friend goto if inline mutable namespace new noexcept nullptr operator override private protected public register requires return sizeof static static_assert struct switch template this throw true try typedef typename union using virtual volatile while",
        types: "bool char char8_t char16_t char32_t double float int int8_t int16_t int32_t int64_t long short signed size_t ssize_t uint8_t uint16_t uint32_t uint64_t unsigned void wchar_t",
        ..C_LIKE
    },
    Language {
        names: "java",
        keywords: "abstract assert break case catch class const continue default do else enum extends false final finally for goto if implements import instanceof interface native new null package permits private protected public record return sealed static strictfp super switch synchronized this throw throws transient true try var volatile while yield",
        types: "boolean byte char double float int long short void",
        quotes: TEXT_QUOTES,
        ..C_LIKE
    },
    Language {
        names: "kotlin kt kts",
        keywords: "abstract as break by catch class companion const constructor continue data do else enum false final finally for fun if import in infix init inline interface internal is it lateinit null object open operator out override package private protected public return sealed super suspend this throw true try typealias val var vararg when where while",
        quotes: TEXT_QUOTES,
        ..C_LIKE
    },
    Language {
        names: "swift",
        keywords: "actor as async await break case catch class continue default defer deinit do else enum extension fallthrough false fileprivate for func guard if import in init inout internal is let mutating nil open override private protocol public repeat rethrows return self Self some static struct subscript super switch throw throws true try typealias var weak where while",
        quotes: TEXT_QUOTES,
        ..C_LIKE
    },
    Language {
        names: "csharp cs c#",
        keywords: "abstract as async await base break case catch checked class const continue default delegate do else enum event explicit extern false finally fixed for foreach get goto if implicit in init interface internal is lock namespace new null operator out override params private protected public readonly record ref required return sealed set sizeof stackalloc static struct switch this throw true try typeof unchecked unsafe using value var virtual volatile when where while with yield",
        types: "bool byte char decimal double dynamic float int long nint object sbyte short string uint ulong ushort void",
        ..C_LIKE
    },
    Language {
        names: "scala sc",
        keywords: "abstract case catch class def do else enum export extends extension false final finally for given if implicit import inline lazy match new null object override package private protected return sealed super then this throw trait true try type using val var while with yield",
        quotes: TEXT_QUOTES,
        ..C_LIKE
    },
    Language {
        names: "dart",
        keywords: "abstract as assert async await break case catch class const continue default do else enum export extends extension external factory false final finally for get if implements import in is late library mixin new null on operator part required rethrow return set static super switch this throw true try typedef var void while with yield",
        types: "bool double dynamic int num",
        ..C_LIKE
    },
    Language {
        names: "zig",
        keywords: "and anyerror break catch comptime const continue defer else enum errdefer error export extern false fn for if inline null or orelse packed pub return struct switch test true try undefined union unreachable usingnamespace var while",
        types: "anytype bool f32 f64 i8 i16 i32 i64 isize u8 u16 u32 u64 usize void",
        ..C_LIKE
    },
    Language {
        names: "php",
        keywords: "abstract and array as break case catch class clone const continue declare default do echo else elseif enum extends false final finally fn for foreach function global if implements include instanceof interface isset match namespace new null or print private protected public readonly require require_once return static switch this throw trait true try unset use var while xor yield",
        types: "bool float int mixed string void",
        line: &["//", "#"],
        ..C_LIKE
    },
    Language {
        names: "proto protobuf",
        keywords: "enum extend import message oneof option optional package repeated required reserved returns rpc service stream syntax true false",
        types: "bool bytes double fixed32 fixed64 float int32 int64 sint32 sint64 string uint32 uint64",
        ..C_LIKE
    },
    Language {
        names: "graphql gql",
        keywords: "directive enum extend false fragment implements input interface mutation null on query scalar schema subscription true type union",
        quotes: TEXT_QUOTES,
        ..HASHED
    },
    Language {
        names: "css scss less",
        keywords: "@media @import @keyframes @supports @font-face important from to",
        has_named_types: false,
        ..C_LIKE
    },
    Language {
        names: "json jsonc json5 jsonl ndjson",
        keywords: "true false null",
        has_string_keys: true,
        has_named_types: false,
        ..C_LIKE
    },
    Language {
        names: "ruby rb gemfile rakefile",
        keywords: "alias and begin break case class def defined? do else elsif end ensure false for if in include module next nil not or private protected public raise redo require require_relative rescue retry return self super then true undef unless until when while yield attr_accessor attr_reader",
        ..HASHED
    },
    Language {
        names: "elixir ex exs",
        keywords: "after alias and case catch cond def defimpl defmacro defmodule defp defprotocol defstruct do else end false fn for if import in nil not or quote raise receive require rescue true try unless unquote use when with",
        quotes: TEXT_QUOTES,
        ..HASHED
    },
    Language {
        names: "r",
        keywords: "break else FALSE for function if in Inf library NA NaN next NULL repeat return TRUE while",
        has_named_types: false,
        ..HASHED
    },
    Language {
        names: "hcl terraform tf nix",
        keywords: "assert data else false for if in inherit let locals module null output provider rec resource terraform then true variable with",
        has_named_types: false,
        block: C_BLOCK,
        ..HASHED
    },
    Language {
        names: "bash sh shell zsh fish console shell-session shellsession",
        kind: Kind::Shell,
        keywords: "case cd do done echo elif else esac eval exec exit export fi for function if in local read return select set shift source sudo test then trap unset until while",
        quotes: SHELL_QUOTES,
        has_named_types: false,
        ..HASHED
    },
    Language {
        names: "powershell ps1 pwsh",
        kind: Kind::Shell,
        keywords: "begin break catch class continue do else elseif end exit finally for foreach function if in param process return switch throw try until using while",
        block: Some(("<#", "#>")),
        any_case: true,
        ..HASHED
    },
    Language {
        names: "dockerfile docker containerfile",
        kind: Kind::Shell,
        keywords: "ADD ARG AS CMD COPY ENTRYPOINT ENV EXPOSE FROM HEALTHCHECK LABEL ONBUILD RUN SHELL STOPSIGNAL USER VOLUME WORKDIR",
        has_named_types: false,
        ..HASHED
    },
    Language {
        names: "make makefile mk just justfile cmake",
        kind: Kind::Shell,
        keywords: "define else endef endif export ifdef ifeq ifndef ifneq include override set add_executable add_library project target_link_libraries",
        has_named_types: false,
        ..HASHED
    },
    Language {
        names: "yaml yml",
        kind: Kind::Keys(':'),
        keywords: "true false null yes no on off",
        quotes: PLAIN_QUOTES,
        has_string_keys: true,
        has_named_types: false,
        ..HASHED
    },
    Language {
        names: "toml ini cfg conf properties env editorconfig lock",
        kind: Kind::Keys('='),
        keywords: "true false",
        quotes: TEXT_QUOTES,
        line: &["#", ";"],
        has_named_types: false,
        ..HASHED
    },
    Language {
        names: "sql postgresql psql mysql sqlite",
        keywords: "add all alter and as asc begin between by case cast check column commit constraint create cross default delete desc distinct drop else end exists explain false foreign from full grant group having if in index inner insert into is join key left like limit not null offset on or order outer primary references returning right rollback select set table then transaction true union unique update using values view when where with",
        types: "bigint boolean bytea char date decimal double float int integer json jsonb numeric real serial smallint text time timestamp timestamptz uuid varchar",
        line: &["--"],
        quotes: &[quote("'", false, true), quote("\"", false, false)],
        any_case: true,
        has_named_types: false,
        ..C_LIKE
    },
    Language {
        names: "lua haskell hs",
        keywords: "and break case class data deriving do else elseif end false for function goto if import in infix instance let local module newtype nil not of or repeat return then true type until where while",
        line: &["--"],
        block: Some(("{-", "-}")),
        quotes: &[DOUBLE, SINGLE],
        ..C_LIKE
    },
    Language {
        names: "html htm xml svg vue svelte xhtml plist",
        kind: Kind::Markup,
        line: &[],
        block: Some(("<!--", "-->")),
        quotes: MARKUP_QUOTES,
        has_named_types: false,
        ..C_LIKE
    },
    Language { names: "diff patch", kind: Kind::Diff, ..C_LIKE },
    Language {
        names: "clojure clj lisp elisp scheme el",
        keywords: "cond def defmacro defn defun do fn if lambda let loop nil ns recur require setq true false when",
        line: &[";"],
        block: None,
        quotes: &[quote("\"", true, true)],
        has_named_types: false,
        ..C_LIKE
    },
];

/// The language of this name. What follows a comma, a space or a brace says something else: `rust,no_run`.
pub(super) fn find(name: &str) -> Option<&'static Language> {
    let name = name.trim().split([',', ' ', '{', ':']).next()?.to_ascii_lowercase();
    let name = name.trim_start_matches('.');
    if name.is_empty() {
        return None;
    }
    LANGUAGES.iter().find(|language| language.names.split(' ').any(|known| known == name))
}
