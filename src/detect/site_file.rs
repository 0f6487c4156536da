//! Reads values and their lines from a site's data files and scripts.

use super::setting::SettingSource;
use crate::front_matter::data_file::{
    self, FrontMatterError, FrontMatterFormat, FrontMatterValue, Node,
};
use crate::javascript::{ParsedScript, ScriptEntry, ScriptExpression};

/// Maximum number of variables and fields that a value is followed through.
pub(crate) const MAX_REFERENCES: u8 = 5;

/// Parsed YAML, TOML or JSON file.
#[derive(Debug)]
pub(crate) struct DataFile {
    pub(crate) file: String,
    pub(crate) root: Node,
}

/// Parsed JavaScript or TypeScript file, with the files that it takes values from.
#[derive(Debug)]
pub(crate) struct ScriptFile {
    pub(crate) file: String,
    pub(crate) script: ParsedScript,
    /// Scripts that may declare its variables.
    pub(crate) imported: Vec<ScriptFile>,
}

impl DataFile {
    /// Parses in the format of the file's extension. YAML is the default.
    pub(crate) fn parse_data(file: &str, text: &str) -> Result<DataFile, FrontMatterError> {
        let format = match file.rsplit_once('.') {
            Some((_, "toml")) => FrontMatterFormat::Toml,
            Some((_, "json")) => FrontMatterFormat::Json,
            _ => FrontMatterFormat::Yaml,
        };
        Ok(DataFile {
            file: file.to_owned(),
            root: data_file::parse_data_file(format, text)?,
        })
    }

    /// Returns the first text at one of the dotted paths.
    pub(crate) fn first_text(&self, paths: &[&str]) -> Option<(String, SettingSource)> {
        paths
            .iter()
            .find_map(|path| text_with_source(&self.file, self.root.get(path)?))
    }

    pub(crate) fn source_of(&self, node: &Node) -> SettingSource {
        SettingSource::from_line(&self.file, node.line)
    }
}

/// Returns the items of a list; empty for any other node.
pub(crate) fn list_items(node: Option<&Node>) -> &[Node] {
    match node.map(|node| &node.value) {
        Some(FrontMatterValue::List(items)) => items,
        _ => &[],
    }
}

/// Returns the fields of a map; empty for any other node.
pub(crate) fn map_fields(node: Option<&Node>) -> &[(String, Node)] {
    match node.map(|node| &node.value) {
        Some(FrontMatterValue::Map(fields)) => fields,
        _ => &[],
    }
}

impl ScriptFile {
    pub(crate) fn parse_script(file: &str, text: &str) -> ScriptFile {
        ScriptFile {
            file: file.to_owned(),
            script: ParsedScript::parse_script(text),
            imported: Vec::new(),
        }
    }

    /// Returns the value of an entry, with variables resolved, and its place.
    pub(crate) fn resolve_entry(&self, entry: &ScriptEntry) -> (ScriptExpression, SettingSource) {
        let (code, entry, value) = self.follow_references(entry, MAX_REFERENCES);
        (value, SettingSource::from_line(&code.file, entry.line))
    }

    /// Follows at most `max_references` references, as more are likely to be a cycle.
    fn follow_references<'c>(
        &'c self,
        entry: &'c ScriptEntry,
        max_references: u8,
    ) -> (&'c ScriptFile, &'c ScriptEntry, ScriptExpression) {
        let named = |name: &str| {
            let (code, next) = self
                .find_variable(name)
                .filter(|(_, next)| *next != entry)?;
            Some(code.follow_references(next, max_references.checked_sub(1)?))
        };
        match &entry.value {
            ScriptExpression::Reference(name) => {
                named(name).unwrap_or((self, entry, entry.value.clone()))
            }
            ScriptExpression::Template(template) => {
                let text = |name: &str| match named(name)? {
                    (_, _, ScriptExpression::Text(text)) => Some(text),
                    _ => None,
                };
                let value = fill_template(template, text).map_or_else(
                    || ScriptExpression::Computed(format!("`{template}`")),
                    ScriptExpression::Text,
                );
                (self, entry, value)
            }
            value => (self, entry, value.clone()),
        }
    }

    /// Finds the declaration of a variable, here or in the scripts that may declare it.
    fn find_variable(&self, name: &str) -> Option<(&ScriptFile, &ScriptEntry)> {
        std::iter::once(self)
            .chain(&self.imported)
            .find_map(|code| Some((code, code.script.find_variable(name)?)))
    }

    /// Returns the text of an entry, if it resolves to a literal.
    pub(crate) fn resolve_text(
        &self,
        entry: Option<&ScriptEntry>,
    ) -> Option<(String, SettingSource)> {
        match self.resolve_entry(entry?) {
            (ScriptExpression::Text(text) | ScriptExpression::WithFallback(text), source) => {
                Some((text, source))
            }
            _ => None,
        }
    }
}

/// Replaces each `${name}` of a template; `None` if a name has no text.
fn fill_template(template: &str, text: impl Fn(&str) -> Option<String>) -> Option<String> {
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

/// Returns a node's text and the line that it is on.
pub(crate) fn text_with_source(file: &str, node: &Node) -> Option<(String, SettingSource)> {
    Some((
        node.as_text()?.to_owned(),
        SettingSource::from_line(file, node.line),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_are_followed_and_cycles_end() {
        let script = "const HOST = 'harbour.example'; const URL = `https://${HOST}`; const a = b; const b = a; const c = `${c}${d}`; const d = `${c}`;\nexport default { url: URL, a, c, to: `${URL}/log` }";
        let code = ScriptFile::parse_script("a.js", script);
        let text = |name: &str| {
            code.resolve_text(code.script.entry_at(name))
                .map(|(text, _)| text)
        };
        assert_eq!(text("url").as_deref(), Some("https://harbour.example"));
        assert_eq!(text("to").as_deref(), Some("https://harbour.example/log"));
        assert_eq!(text("a"), None);
        assert_eq!(text("c"), None);
    }
}
