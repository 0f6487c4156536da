//! A file of a site's into data, or into the values of a script, each with its line.

use super::draft::found;
use super::script::{Entry, Expression, Script};
use super::setting::Source;
use crate::content::outline::{self, Fault, Format, Node, Value};

/// How many variables a value is followed through.
const MOST_NAMES: u8 = 5;

/// A file of YAML, TOML or JSON.
#[derive(Debug)]
pub(super) struct Data {
    pub(super) file: String,
    pub(super) root: Node,
}

/// A file of JavaScript or TypeScript, and those that it takes values from.
#[derive(Debug)]
pub(super) struct Code {
    pub(super) file: String,
    pub(super) script: Script,
    /// Scripts that its variables may be declared in.
    pub(super) others: Vec<Code>,
}

impl Data {
    /// Parses by the extension; what has none that is known is YAML.
    pub(super) fn read(file: &str, text: &str) -> Result<Data, Fault> {
        let format = match file.rsplit_once('.') {
            Some((_, "toml")) => Format::Toml,
            Some((_, "json")) => Format::Json,
            _ => Format::Yaml,
        };
        Ok(Data {
            file: file.to_owned(),
            root: outline::document(format, text)?,
        })
    }

    /// The text at the first of some dotted paths that has any.
    pub(super) fn text(&self, paths: &[&str]) -> Option<(String, Source)> {
        paths
            .iter()
            .find_map(|path| found(&self.file, self.root.get(path)?))
    }

    /// The source of a node.
    pub(super) fn source(&self, node: &Node) -> Source {
        Source::line(&self.file, node.line)
    }
}

/// The items of a list; none of anything else.
pub(super) fn items(node: Option<&Node>) -> &[Node] {
    match node.map(|node| &node.value) {
        Some(Value::List(items)) => items,
        _ => &[],
    }
}

/// The fields of a map; none of anything else.
pub(super) fn fields(node: Option<&Node>) -> &[(String, Node)] {
    match node.map(|node| &node.value) {
        Some(Value::Map(fields)) => fields,
        _ => &[],
    }
}

impl Code {
    pub(super) fn read(file: &str, text: &str) -> Code {
        Code {
            file: file.to_owned(),
            script: Script::read(text),
            others: Vec::new(),
        }
    }

    /// The value of an entry, through the variables that it names, and where it stands.
    pub(super) fn resolve(&self, entry: &Entry) -> (Expression, Source) {
        let (code, entry, value) = self.follow(entry, MOST_NAMES);
        (value, Source::line(&code.file, entry.line))
    }

    /// Follows at most so many names: more is a circle.
    fn follow<'c>(&'c self, entry: &'c Entry, most: u8) -> (&'c Code, &'c Entry, Expression) {
        let named = |name: &str| {
            let (code, next) = self.variable(name).filter(|(_, next)| *next != entry)?;
            Some(code.follow(next, most.checked_sub(1)?))
        };
        match &entry.value {
            Expression::Reference(name) => {
                named(name).unwrap_or((self, entry, entry.value.clone()))
            }
            Expression::Template(template) => {
                let text = |name: &str| match named(name)? {
                    (_, _, Expression::Text(text)) => Some(text),
                    _ => None,
                };
                let value = filled(template, text).map_or_else(
                    || Expression::Computed(format!("`{template}`")),
                    Expression::Text,
                );
                (self, entry, value)
            }
            value => (self, entry, value.clone()),
        }
    }

    /// What a variable is, here or in the scripts that values are taken from.
    fn variable(&self, name: &str) -> Option<(&Code, &Entry)> {
        std::iter::once(self)
            .chain(&self.others)
            .find_map(|code| Some((code, code.script.variable(name)?)))
    }

    /// The text of an entry, if it is written out somewhere.
    pub(super) fn text(&self, entry: Option<&Entry>) -> Option<(String, Source)> {
        match self.resolve(entry?) {
            (Expression::Text(text) | Expression::Otherwise(text), source) => Some((text, source)),
            _ => None,
        }
    }
}

/// A template with each of its parts replaced; `None` where one is no name of a text.
fn filled(template: &str, text: impl Fn(&str) -> Option<String>) -> Option<String> {
    let mut filled = String::new();
    let mut rest = template;
    while let Some((literal, after)) = rest.split_once("${") {
        let (name, next) = after.split_once('}')?;
        filled.push_str(literal);
        filled.push_str(&text(name.trim())?);
        rest = next;
    }
    filled.push_str(rest);
    Some(filled)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_are_followed_and_a_circle_ends() {
        let script = "const HOST = 'harbour.example'; const URL = `https://${HOST}`; const a = b; const b = a; const c = `${c}${d}`; const d = `${c}`;\nexport default { url: URL, a, c, to: `${URL}/log` }";
        let code = Code::read("a.js", script);
        let text = |name: &str| code.text(code.script.at(name)).map(|(text, _)| text);
        assert_eq!(text("url").as_deref(), Some("https://harbour.example"));
        assert_eq!(text("to").as_deref(), Some("https://harbour.example/log"));
        assert_eq!(text("a"), None);
        assert_eq!(text("c"), None);
    }
}
