//! The text of a JavaScript or TypeScript file into the values that stand in its objects.
//!
//! Nothing is run. What is written out is found, by the names that lead to it; what is computed is
//! known to be there, and shown to people as it is written.

mod expression;
mod token;

use token::{Kind, Token};

/// No configuration seen goes below ten.
const MAX_DEPTH: usize = 64;

/// What a script holds.
#[derive(Debug, Default)]
pub(super) struct Script {
    entries: Vec<Entry>,
    /// The files that are imported or required.
    pub(super) imports: Vec<String>,
    /// Functions that are called with a text first, and the text.
    calls: Vec<(String, String)>,
}

/// One value of a script.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Entry {
    /// The variable whose value it is, or stands in.
    pub(super) variable: Option<String>,
    /// The names of the fields that lead to it.
    pub(super) path: Vec<String>,
    /// The object that it is a field of.
    pub(super) object: usize,
    /// The line, counted from 1.
    pub(super) line: usize,
    /// The value.
    pub(super) value: Expression,
}

/// A value, as far as it is written out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Expression {
    /// Text, a number or a truth.
    Text(String),
    /// A list of texts.
    Texts(Vec<String>),
    /// Something else, or this text where that is missing: `process.env.URL || "…"`.
    Otherwise(String),
    /// The value of a variable, or of a field of it.
    Reference(String),
    /// A template with parts, without its quotes: `https://${host}`.
    Template(String),
    /// Anything else, as it is written.
    Computed(String),
}

/// A bracket that is not yet closed.
struct Open {
    bracket: char,
    field: Option<String>,
    variable: Option<String>,
    object: usize,
}

impl Script {
    /// Reads a text, whatever it is.
    pub(super) fn read(text: &str) -> Script {
        let tokens = token::tokens(text);
        let mut script = Script::default();
        let mut open: Vec<Open> = Vec::new();
        let mut objects = 0;
        // The name of what comes next, if it is a bracket.
        let mut field: Option<String> = None;
        let mut variable: Option<String> = None;
        let mut declared: Option<String> = None;
        for (at, token) in tokens.iter().enumerate() {
            let before = at.checked_sub(1).and_then(|at| tokens.get(at));
            let after = tokens.get(at + 1);
            match &token.kind {
                Kind::Sign(sign @ ("{" | "[" | "(")) => {
                    objects += 1;
                    open.push(Open {
                        bracket: sign.chars().next().unwrap_or_default(),
                        field: field.take(),
                        variable: variable
                            .take()
                            .or_else(|| open.last().and_then(|open| open.variable.clone())),
                        object: objects,
                    });
                }
                Kind::Sign("}" | "]" | ")") => {
                    open.pop();
                    (field, variable) = (None, None);
                }
                Kind::Sign("," | ";") => (field, variable) = (None, None),
                Kind::Sign("=") => {
                    if let Some(name) = declared.take() {
                        let value =
                            expression::read(text, tokens.get(at + 1..).unwrap_or_default());
                        if let Some(value) = value {
                            script.entries.push(Entry {
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
                Kind::Word(word) if matches!(word.as_str(), "const" | "let" | "var") => {
                    declared = after.and_then(Token::name).map(str::to_owned);
                }
                Kind::Word(word) if imported(word, tokens.get(at + 1..)).is_some() => {
                    script.imports.extend(imported(word, tokens.get(at + 1..)));
                }
                Kind::Word(name) if after.is_some_and(|after| after.is("(")) => {
                    let argument = tokens.get(at + 2).and_then(Token::text);
                    let call = argument.map(|text| (name.clone(), text.to_owned()));
                    script.calls.extend(call);
                }
                Kind::Word(name) | Kind::Text(name) => {
                    let in_object = open.last().is_none_or(|open| open.bracket == '{');
                    let begins = before.is_none_or(|before| before.is("{") || before.is(","));
                    if !in_object || !begins {
                        continue;
                    }
                    let value = match after {
                        Some(sign) if sign.is(":") => {
                            field = Some(name.clone());
                            expression::read(text, tokens.get(at + 2..).unwrap_or_default())
                        }
                        // `{ title }` is `{ title: title }`.
                        Some(sign) if sign.is(",") || sign.is("}") => token
                            .name()
                            .map(|name| Expression::Reference(name.to_owned())),
                        _ => None,
                    };
                    if let Some(value) = value.filter(|_| open.len() <= MAX_DEPTH) {
                        script.entries.push(entry(&open, name, token.line, value));
                    }
                }
                Kind::Sign(_) | Kind::Other => {}
            }
        }
        script
    }

    /// The first value at exactly these names, such as `dir.input`.
    pub(super) fn at(&self, path: &str) -> Option<&Entry> {
        self.entries
            .iter()
            .filter(|entry| entry.path.iter().map(String::as_str).eq(path.split('.')))
            .min_by_key(|entry| matches!(entry.value, Expression::Reference(_)))
    }

    /// The value whose names end so, nearest to the root.
    pub(super) fn ending(&self, path: &str) -> Option<&Entry> {
        self.endings(path).min_by_key(|entry| entry.path.len())
    }

    /// All values whose names end so.
    pub(super) fn endings(&self, path: &str) -> impl Iterator<Item = &Entry> {
        let names: Vec<String> = path.split('.').map(str::to_owned).collect();
        self.entries
            .iter()
            .filter(move |entry| entry.path.ends_with(&names))
    }

    /// The field of the same object.
    pub(super) fn beside(&self, entry: &Entry, name: &str) -> Option<&Entry> {
        self.entries.iter().find(|other| {
            other.object == entry.object && other.path.last().is_some_and(|last| last == name)
        })
    }

    /// What a variable, or a field of one, is: `SITE.title`.
    pub(super) fn variable(&self, reference: &str) -> Option<&Entry> {
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

    /// The text that a function is called with: `setInputDirectory("src")`.
    pub(super) fn call(&self, function: &str) -> Option<&str> {
        let mut calls = self.calls.iter();
        let (_, text) = calls.find(|(name, _)| name == function)?;
        Some(text)
    }

    /// Every value.
    pub(super) fn entries(&self) -> &[Entry] {
        &self.entries
    }
}

/// The file that `import "…"`, `from "…"` or `require("…")` names.
fn imported(word: &str, after: Option<&[Token]>) -> Option<String> {
    let named = match (word, after?) {
        ("from" | "import", [file, ..]) => file,
        ("require", [open, file, ..]) if open.is("(") => file,
        _ => return None,
    };
    named.text().map(str::to_owned)
}

fn entry(open: &[Open], name: &str, line: usize, value: Expression) -> Entry {
    let fields = open.iter().filter_map(|open| open.field.clone());
    Entry {
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

    fn text(script: &str, path: &str) -> Expression {
        Script::read(script)
            .ending(path)
            .unwrap_or_else(|| panic!("{path} in {script}"))
            .value
            .clone()
    }

    fn is(text: &str) -> Expression {
        Expression::Text(text.to_owned())
    }

    #[test]
    fn values_are_found_by_the_names_that_lead_to_them() {
        let script = "/* title: 'no' */\nmodule.exports = {\n  // title: 'no'\n  siteMetadata: {\n    title: `The Harbour`, // a\n    'siteUrl': \"https://harbour.example\",\n    social: { twitter: 'harbour' },\n  },\n  plugins: [{ resolve: 'a', options: { title: 'no' } }],\n}\n";
        assert_eq!(text(script, "siteMetadata.title"), is("The Harbour"));
        assert_eq!(
            text(script, "siteMetadata.siteUrl"),
            is("https://harbour.example")
        );
        assert_eq!(text(script, "social.twitter"), is("harbour"));
        let script = Script::read(script);
        assert_eq!(
            script.at("siteMetadata.title").map(|entry| entry.line),
            Some(5)
        );
        assert_eq!(script.at("title"), None, "only at its own place");
    }

    #[test]
    fn functions_types_and_patterns_are_no_obstacle() {
        let script = "import type { Config } from 'x';\nconst re = /['\"`{]/g;\nconst config: Config = {\n  site: 'https://a.example' as const,\n  head: () => ({ a: 1 }),\n};\nexport default defineConfig({ ...config, async data() { return { b: 'c' } } });\n";
        let read = Script::read(script);
        assert_eq!(read.at("site").unwrap().value, is("https://a.example"));
        assert_eq!(text(script, "b"), is("c"));
        assert_eq!(read.imports, ["x"]);
    }

    #[test]
    fn variables_and_their_fields_are_found() {
        let script = "export const TITLE = 'One'\nexport const SITE: Site = { title: 'Two', deep: { er: 'Three' } }\nlet n = 1; const url = `${n}`;\n";
        let script = Script::read(script);
        for (name, expected) in [
            ("TITLE", "One"),
            ("SITE.title", "Two"),
            ("SITE.deep.er", "Three"),
        ] {
            assert_eq!(script.variable(name).unwrap().value, is(expected), "{name}");
        }
        assert!(matches!(
            script.variable("url").unwrap().value,
            Expression::Template(_)
        ));
    }

    #[test]
    fn what_is_computed_is_shown_as_it_is_written() {
        for (value, expected) in [
            (
                "process.env.URL",
                Expression::Computed("process.env.URL".into()),
            ),
            (
                "`https://${host}`",
                Expression::Template("https://${host}".into()),
            ),
            (
                "a ? 'b' : 'c'",
                Expression::Computed("a ? 'b' : 'c'".into()),
            ),
            (
                "process.env.URL || 'https://a.example'",
                Expression::Otherwise("https://a.example".into()),
            ),
            (
                "env.URL ?? `https://a.example`",
                Expression::Otherwise("https://a.example".into()),
            ),
            ("config.url", Expression::Reference("config.url".into())),
            ("'one ' +\n 'two'", is("one two")),
            ("`${__dirname}/src/pages`", is("/src/pages")),
            ("path.join(__dirname, 'src', `pages`)", is("src/pages")),
            (
                "['en', 'fr']",
                Expression::Texts(vec!["en".into(), "fr".into()]),
            ),
            ("'it\\'s \\u00e9\\x41\\n'", is("it's éA\n")),
            ("true", is("true")),
        ] {
            assert_eq!(
                text(&format!("x({{ a: {value}, z: 1 }})"), "a"),
                expected,
                "{value}"
            );
            assert_eq!(
                text(&format!("x({{ a: {value} }})"), "a"),
                expected,
                "{value}"
            );
        }
    }

    #[test]
    fn broken_scripts_give_what_is_whole_in_them() {
        for script in [
            "a: 'b', c: `",
            "{ a: 'b', c: 'd",
            "}}}} ] ) { a: 'b' ",
            "{ a: 'b', /* ",
            "{ a: 'b', x: `${ `${ ",
            "{ a: 'b', re: /[/",
        ] {
            assert_eq!(text(script, "a"), is("b"), "{script}");
        }
        assert!(Script::read("").entries().is_empty());
        assert!(Script::read(&"{a:".repeat(100_000)).entries().is_empty());
    }
}
