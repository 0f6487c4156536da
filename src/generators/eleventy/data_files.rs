//! Reads the data files of directories and posts.

use crate::detect::detected::DetectedSite;
use crate::detect::left_out_files::warn_of_unread_files;
use crate::detect::setting::{SettingKey, SettingSource, SettingValue};
use crate::detect::site_file::{ScriptFile, list_items};
use crate::detect::site_tree;
use crate::front_matter::data_file::Node;
use crate::javascript::ScriptExpression;

/// Extensions of the data file of a directory or post.
pub(super) const DATA_EXTENSIONS: [&str; 8] = [
    "json",
    "11tydata.json",
    "11tydata.js",
    "11tydata.cjs",
    "11tydata.mjs",
    "11tydata.ts",
    "11tydata.mts",
    "11tydata.cts",
];
/// Reads the first of some fields in the data file of a directory or post: `blog/blog.json`, `blog/a.11tydata.js`.
pub(super) fn read_data(
    draft: &mut DetectedSite<'_>,
    stem: &str,
    fields: &[&str],
) -> Option<(ScriptExpression, SettingSource)> {
    for kind in DATA_EXTENSIONS {
        let file = format!("{stem}.{kind}");
        if !draft.tree.is_file(&file) {
            continue;
        }
        if !kind.ends_with("json") {
            let text = draft.read_text(&file)?;
            let mut code = ScriptFile::parse_script(&file, &convert_exports(&text));
            code.imported = read_imported(draft, &code);
            let fields = fields.iter();
            let found = fields.clone().find_map(|field| {
                let exported = || code.script.find_variable(field);
                code.script.entry_at(field).or_else(exported)
            });
            if let Some(entry) = found {
                return Some(code.resolve_entry(entry));
            }
            // `export { default } from "./a.js"`
            let exported = code.imported.iter().filter(|imported| {
                let name = imported.file.rsplit('/').next().unwrap_or_default();
                let lines = text.lines().filter(|line| line.contains(name));
                lines.into_iter().any(|line| exports_import(line, &text))
            });
            let found = exported.into_iter().find_map(|code| {
                let mut entries = fields
                    .clone()
                    .filter_map(|field| code.script.entry_at(field));
                Some(code.resolve_entry(entries.next()?))
            });
            if found.is_some() {
                return found;
            }
            continue;
        }
        let data = draft.read_data_file(&file)?;
        if let Some(node) = fields.iter().find_map(|field| data.root.get(field)) {
            let texts = list_items(Some(node)).iter().filter_map(Node::as_text);
            let value = match node.as_text() {
                Some(text) => ScriptExpression::Text(text.to_owned()),
                None => ScriptExpression::TextList(texts.map(str::to_owned).collect()),
            };
            return Some((value, data.source_of(node)));
        }
    }
    None
}

/// Writes `exports.a = b` as a variable, line by line.
fn convert_exports(text: &str) -> String {
    let mut script = String::with_capacity(text.len());
    for line in text.lines() {
        let begin = line.trim_start();
        let begin = begin.strip_prefix("module.").unwrap_or(begin);
        let assigned = begin.strip_prefix("exports.");
        script.push_str(if assigned.is_some() { "const " } else { "" });
        script.push_str(assigned.unwrap_or(line));
        script.push('\n');
    }
    script
}

/// Reads the scripts beside or above a data file that it imports.
fn read_imported(draft: &mut DetectedSite<'_>, code: &ScriptFile) -> Vec<ScriptFile> {
    let dir = code.file.rsplit_once('/').map_or("", |(dir, _)| dir);
    let own = code
        .script
        .imports
        .iter()
        .filter(|path| path.starts_with('.'));
    let files = own.filter_map(|path| site_tree::normalize_path(&site_tree::join_paths(dir, path)));
    let files = files.filter(|file| *file != code.file && !file.ends_with(".json"));
    files
        .filter_map(|file| draft.tree.find_script(&[&file]).or(Some(file)))
        .filter_map(|file| {
            draft
                .tree
                .is_file(&file)
                .then(|| draft.read_script_file(&file))?
        })
        .collect()
}

/// Returns true if a line that imports a script makes it the data: `module.exports = require("./a")`.
fn exports_import(line: &str, text: &str) -> bool {
    let line = line.trim_start();
    if line.starts_with("export ") || line.starts_with("module.exports") {
        return true;
    }
    let name = line.split_whitespace().nth(1).unwrap_or_default();
    let is_name = !name.is_empty() && name.chars().all(char::is_alphanumeric);
    let exports = ["export default", "module.exports ="];
    let mut exported = exports.iter().filter_map(|export| text.split_once(export));
    is_name
        && exported.any(|(_, rest)| {
            let rest = rest.trim_start().strip_prefix(name);
            rest.is_some_and(|rest| {
                !rest.starts_with(['.', '(', '_']) && !rest.starts_with(char::is_alphanumeric)
            })
        })
}

/// Warns of a data file that sets a permalink, or all data, in a way that is not read. Returns true if it does.
pub(super) fn warn_of_unread_permalink(draft: &mut DetectedSite<'_>, stem: &str) -> bool {
    for kind in DATA_EXTENSIONS
        .iter()
        .filter(|kind| !kind.ends_with("json"))
    {
        let file = format!("{stem}.{kind}");
        let text = draft.tree.read_text(&file).unwrap_or_default();
        let mut lines = text.lines().map(str::trim).enumerate();
        let is_code = |line: &str| !line.starts_with("//") && !line.starts_with('*');
        let unread = lines.find(|(_, line)| {
            let makes_all = ["export default ", "module.exports = "]
                .iter()
                .any(|export| {
                    let value = line
                        .strip_prefix(export)
                        .and_then(|value| value.split_once('('));
                    value.is_some_and(|(name, _)| {
                        name.ends_with(char::is_alphanumeric) && !name.contains("function")
                    })
                });
            makes_all || (is_code(line) && line.contains("permalink"))
        });
        if let Some((at, line)) = unread {
            draft.warn_of_computed_addresses(&file, at + 1, line);
            return true;
        }
    }
    false
}

/// Hides the posts for which a function returns no permalink: by a field of theirs, or with a warning.
pub(super) fn hide_returned_unless(
    draft: &mut DetectedSite<'_>,
    conditions: &[String],
    source: &SettingSource,
) {
    for condition in conditions {
        let field = condition.replace("?.", ".");
        let field = field.strip_prefix("data.").unwrap_or_default();
        let is_field = !field.is_empty()
            && field.split('.').all(|name| {
                !name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || c == '_')
            })
            && !["page.", "eleventy.", "pkg."]
                .iter()
                .any(|own| field.starts_with(own));
        let known = draft.setting_value(SettingKey::Fields);
        let known = match known {
            Some(SettingValue::Table(names)) => names.iter().find(|(name, _)| name == "hidden"),
            _ => None,
        };
        match known {
            _ if field == "draft" => {}
            Some((_, name)) if name == field => {}
            None if is_field => draft.set_field("hidden", field, source.clone()),
            _ => warn_of_unread_files(draft, source, &format!("`permalink`: `{condition}`")),
        }
    }
}
