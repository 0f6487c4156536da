//! Extracts literal values from the objects of a JavaScript or TypeScript file.
//!
//! Nothing is executed. A literal is found by the names of the fields that lead to it. A computed
//! value is kept as its source text, to show to people.

mod expression;
mod function_body;
mod literal;
mod token;
mod token_list;

use token::{ScriptToken, TokenKind};

pub(crate) use expression::{ScriptCall, ScriptEntry, ScriptExpression};

/// Maximum nesting of brackets. No configuration seen exceeds ten.
const MAX_DEPTH: usize = 64;

/// Values, imports and calls of a script.
#[derive(Debug, Default)]
pub(super) struct ParsedScript {
    entries: Vec<ScriptEntry>,
    /// Files that are imported or required.
    pub(super) imports: Vec<String>,
    /// Calls of functions with a string as first argument.
    calls: Vec<ScriptCall>,
}

/// Bracket that is not yet closed.
struct OpenBracket {
    bracket: char,
    field: Option<String>,
    variable: Option<String>,
    object: usize,
}

impl ParsedScript {
    /// Extracts the values of a script. Any text is accepted, also invalid scripts.
    pub(super) fn parse_script(text: &str) -> ParsedScript {
        let tokens = token::tokenize_script(text);
        let mut script = ParsedScript::default();
        let mut open: Vec<OpenBracket> = Vec::new();
        let mut objects = 0;
        // The name of the next value, if that is a bracket.
        let mut field: Option<String> = None;
        let mut variable: Option<String> = None;
        let mut declared_variable: Option<String> = None;
        for (at, token) in tokens.iter().enumerate() {
            let before = at.checked_sub(1).and_then(|at| tokens.get(at));
            let after = tokens.get(at + 1);
            match &token.kind {
                TokenKind::Punctuation(sign @ ("{" | "[" | "(")) => {
                    objects += 1;
                    open.push(OpenBracket {
                        bracket: sign.chars().next().unwrap_or_default(),
                        field: field.take(),
                        variable: variable
                            .take()
                            .or_else(|| open.last().and_then(|open| open.variable.clone())),
                        object: objects,
                    });
                }
                TokenKind::Punctuation("}" | "]" | ")") => {
                    open.pop();
                    (field, variable) = (None, None);
                }
                TokenKind::Punctuation("," | ";") => (field, variable) = (None, None),
                TokenKind::Punctuation("=") => {
                    if let Some(name) = declared_variable.take() {
                        let value = literal::parse_expression(
                            text,
                            tokens.get(at + 1..).unwrap_or_default(),
                        );
                        if let Some(value) = value {
                            script.entries.push(ScriptEntry {
                                variable: Some(name.clone()),
                                path: Vec::new(),
                                object: 0,
                                line: token.line,
                                value,
                            });
                        }
                        (field, variable) = (None, Some(name));
                    }
                }
                TokenKind::Word(word) if matches!(word.as_str(), "const" | "let" | "var") => {
                    declared_variable = after.and_then(ScriptToken::as_word).map(str::to_owned);
                }
                TokenKind::Word(word) if imported_file(word, tokens.get(at + 1..)).is_some() => {
                    script
                        .imports
                        .extend(imported_file(word, tokens.get(at + 1..)));
                }
                TokenKind::Word(name) if after.is_some_and(|after| after.is_sign("(")) => {
                    let arguments = tokens.get(at + 2..).unwrap_or_default();
                    if let Some(argument) = arguments.first().and_then(ScriptToken::as_text) {
                        let second = arguments.get(1).filter(|next| next.is_sign(","));
                        script.calls.push(ScriptCall {
                            function: name.clone(),
                            argument: argument.to_owned(),
                            line: token.line,
                            value: second
                                .and(arguments.get(2..))
                                .and_then(|tokens| literal::parse_expression(text, tokens)),
                        });
                    }
                    // `permalink(data) { return … }`
                    let is_statement = ["if", "for", "while", "switch"].contains(&name.as_str());
                    let begins = !is_statement
                        && before.is_some_and(|before| before.is_sign("{") || before.is_sign(","));
                    let method = tokens
                        .get(at + 1..)
                        .filter(|_| begins && open.len() <= MAX_DEPTH);
                    if let Some(value) =
                        method.and_then(|tokens| literal::parse_method(text, tokens))
                    {
                        script
                            .entries
                            .push(build_entry(&open, name, token.line, value));
                    }
                }
                TokenKind::Word(name) | TokenKind::Text(name) => {
                    let in_object = open.last().is_none_or(|open| open.bracket == '{');
                    let begins =
                        before.is_none_or(|before| before.is_sign("{") || before.is_sign(","));
                    if !in_object || !begins {
                        continue;
                    }
                    let value = match after {
                        Some(sign) if sign.is_sign(":") => {
                            field = Some(name.clone());
                            literal::parse_expression(
                                text,
                                tokens.get(at + 2..).unwrap_or_default(),
                            )
                        }
                        // `{ title }` is `{ title: title }`.
                        Some(sign) if sign.is_sign(",") || sign.is_sign("}") => token
                            .as_word()
                            .map(|name| ScriptExpression::Reference(name.to_owned())),
                        _ => None,
                    };
                    if let Some(value) = value.filter(|_| open.len() <= MAX_DEPTH) {
                        script
                            .entries
                            .push(build_entry(&open, name, token.line, value));
                    }
                }
                TokenKind::Punctuation(_) | TokenKind::Other => {}
            }
        }
        script
    }

    /// Returns the first value with exactly this path, such as `dir.input`. Literals come before
    /// references.
    pub(super) fn entry_at(&self, path: &str) -> Option<&ScriptEntry> {
        self.entries
            .iter()
            .filter(|entry| entry.path.iter().map(String::as_str).eq(path.split('.')))
            .min_by_key(|entry| matches!(entry.value, ScriptExpression::Reference(_)))
    }

    /// Returns the value nearest to the root whose path ends with these names. The first name may be that of a
    /// variable's object: `{ site }`, `{ site: data }`.
    pub(super) fn topmost_entry_ending(&self, path: &str) -> Option<&ScriptEntry> {
        let written = self
            .entries_ending(path)
            .min_by_key(|entry| entry.path.len());
        written.or_else(|| {
            let (first, rest) = path.split_once('.')?;
            self.entries_ending(first)
                .find_map(|entry| match &entry.value {
                    ScriptExpression::Reference(name) => {
                        self.find_variable(&format!("{name}.{rest}"))
                    }
                    _ => None,
                })
        })
    }

    /// Returns all values whose path ends with these names.
    pub(super) fn entries_ending(&self, path: &str) -> impl Iterator<Item = &ScriptEntry> {
        let names: Vec<String> = path.split('.').map(str::to_owned).collect();
        self.entries
            .iter()
            .filter(move |entry| entry.path.ends_with(&names))
    }

    /// Returns the field `name` of the same object.
    pub(super) fn sibling_entry(&self, entry: &ScriptEntry, name: &str) -> Option<&ScriptEntry> {
        self.entries.iter().find(|other| {
            other.object == entry.object && other.path.last().is_some_and(|last| last == name)
        })
    }

    /// Returns the value of a variable or of its field: `SITE.title`.
    pub(super) fn find_variable(&self, reference: &str) -> Option<&ScriptEntry> {
        let (name, path) = reference.split_once('.').unwrap_or((reference, ""));
        self.entries.iter().find(|entry| {
            entry.variable.as_deref() == Some(name)
                && entry
                    .path
                    .iter()
                    .map(String::as_str)
                    .eq(path.split('.').filter(|part| !part.is_empty()))
        })
    }

    /// Returns the calls of a function with a string as first argument: `setInputDirectory("src")`.
    pub(super) fn calls_of(&self, function: &str) -> impl Iterator<Item = &ScriptCall> {
        self.calls
            .iter()
            .filter(move |call| call.function == function)
    }

    pub(super) fn all_entries(&self) -> &[ScriptEntry] {
        &self.entries
    }
}

/// Returns the file that `import "…"`, `from "…"` or `require("…")` names.
fn imported_file(word: &str, after: Option<&[ScriptToken]>) -> Option<String> {
    let named = match (word, after?) {
        ("from" | "import", [file, ..]) => file,
        ("require", [open, file, ..]) if open.is_sign("(") => file,
        _ => return None,
    };
    named.as_text().map(str::to_owned)
}

fn build_entry(
    open: &[OpenBracket],
    name: &str,
    line: usize,
    value: ScriptExpression,
) -> ScriptEntry {
    let fields = open.iter().filter_map(|open| open.field.clone());
    ScriptEntry {
        variable: open.last().and_then(|open| open.variable.clone()),
        path: fields.chain([name.to_owned()]).collect(),
        object: open.last().map_or(0, |open| open.object),
        line,
        value,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value_at(script: &str, path: &str) -> ScriptExpression {
        ParsedScript::parse_script(script)
            .topmost_entry_ending(path)
            .unwrap_or_else(|| panic!("{path} in {script}"))
            .value
            .clone()
    }

    fn literal(text: &str) -> ScriptExpression {
        ScriptExpression::Text(text.to_owned())
    }

    #[test]
    fn values_are_found_by_path() {
        let script = "/* title: 'no' */\nmodule.exports = {\n  // title: 'no'\n  siteMetadata: {\n    title: `The Harbour`, // a\n    'siteUrl': \"https://harbour.example\",\n    social: { twitter: 'harbour' },\n  },\n  plugins: [{ resolve: 'a', options: { title: 'no' } }],\n}\n";
        assert_eq!(
            value_at(script, "siteMetadata.title"),
            literal("The Harbour")
        );
        assert_eq!(
            value_at(script, "siteMetadata.siteUrl"),
            literal("https://harbour.example")
        );
        assert_eq!(value_at(script, "social.twitter"), literal("harbour"));
        let script = ParsedScript::parse_script(script);
        assert_eq!(
            script
                .entry_at("siteMetadata.title")
                .map(|entry| entry.line),
            Some(5)
        );
        assert_eq!(script.entry_at("title"), None, "only at its own place");
    }

    #[test]
    fn functions_types_and_regular_expressions_are_skipped() {
        let script = "import type { Config } from 'x';\nconst re = /['\"`{]/g;\nconst config: Config = {\n  site: 'https://a.example' as const,\n  head: () => ({ a: 1 }),\n};\nexport default defineConfig({ ...config, async data() { return { b: 'c' } } });\n";
        let read = ParsedScript::parse_script(script);
        assert_eq!(
            read.entry_at("site").unwrap().value,
            literal("https://a.example")
        );
        assert_eq!(value_at(script, "b"), literal("c"));
        assert_eq!(read.imports, ["x"]);
    }

    #[test]
    fn variables_and_their_fields_are_found() {
        let script = "export const TITLE = 'One'\nexport const SITE: Site = { title: 'Two', deep: { er: 'Three' } }\nlet n = 1; const url = `${n}`;\n";
        let script = ParsedScript::parse_script(script);
        for (name, expected) in [
            ("TITLE", "One"),
            ("SITE.title", "Two"),
            ("SITE.deep.er", "Three"),
        ] {
            assert_eq!(
                script.find_variable(name).unwrap().value,
                literal(expected),
                "{name}"
            );
        }
        assert!(matches!(
            script.find_variable("url").unwrap().value,
            ScriptExpression::Template(_)
        ));
    }

    #[test]
    fn computed_values_keep_their_source_text() {
        for (value, expected) in [
            ("() => 'b'", literal("b")),
            ("() => (data) => { return 'b'; }", literal("b")),
            ("function (data) { return 'b' }", literal("b")),
            (
                "data => `/${data.page.fileSlug}/`",
                ScriptExpression::Template("/${data.page.fileSlug}/".into()),
            ),
            (
                "() => { log(); return 'b' }",
                ScriptExpression::Computed("() => { log(); return 'b' }".into()),
            ),
            (
                "process.env.URL",
                ScriptExpression::Computed("process.env.URL".into()),
            ),
            (
                "`https://${host}`",
                ScriptExpression::Template("https://${host}".into()),
            ),
            (
                "a ? 'b' : 'c'",
                ScriptExpression::Computed("a ? 'b' : 'c'".into()),
            ),
            (
                "process.env.URL || 'https://a.example'",
                ScriptExpression::WithFallback("https://a.example".into()),
            ),
            (
                "env.URL ?? `https://a.example`",
                ScriptExpression::WithFallback("https://a.example".into()),
            ),
            (
                "config.url",
                ScriptExpression::Reference("config.url".into()),
            ),
            ("'one ' +\n 'two'", literal("one two")),
            ("`${__dirname}/src/pages`", literal("/src/pages")),
            ("path.join(__dirname, 'src', `pages`)", literal("src/pages")),
            (
                "['en', 'fr']",
                ScriptExpression::TextList(vec!["en".into(), "fr".into()]),
            ),
            ("'it\\'s \\u00e9\\x41\\n'", literal("it's éA\n")),
            ("true", literal("true")),
        ] {
            assert_eq!(
                value_at(&format!("x({{ a: {value}, z: 1 }})"), "a"),
                expected,
                "{value}"
            );
            assert_eq!(
                value_at(&format!("x({{ a: {value} }})"), "a"),
                expected,
                "{value}"
            );
        }
    }

    #[test]
    fn calls_and_methods_are_found() {
        let script = "module.exports = c => {\n  c.addGlobalData('permalink', () => '/a/');\n  return { permalink({ page }) { return `/${page.fileSlug}/` }, dir: x('y') };\n};\n";
        let read = ParsedScript::parse_script(script);
        let call = read.calls_of("addGlobalData").next().unwrap();
        assert_eq!((call.argument.as_str(), call.line), ("permalink", 2));
        assert_eq!(call.value, Some(literal("/a/")));
        assert_eq!(
            value_at(script, "permalink"),
            ScriptExpression::Template("/${page.fileSlug}/".into())
        );
    }

    #[test]
    fn broken_scripts_give_their_complete_values() {
        for script in [
            "a: 'b', c: `",
            "{ a: 'b', c: 'd",
            "}}}} ] ) { a: 'b' ",
            "{ a: 'b', /* ",
            "{ a: 'b', x: `${ `${ ",
            "{ a: 'b', re: /[/",
        ] {
            assert_eq!(value_at(script, "a"), literal("b"), "{script}");
        }
        assert!(ParsedScript::parse_script("").all_entries().is_empty());
        assert!(
            ParsedScript::parse_script(&"{a:".repeat(100_000))
                .all_entries()
                .is_empty()
        );
    }
}
