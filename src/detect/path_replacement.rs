//! Applies the replacements of a script to paths of files: `filePath.replace(/\/\d{4}/, "")`.

use regex::Regex;

use crate::front_matter::date;
use crate::text::without_extension;

/// Parts of a pattern that may have the same result as the replacements.
const POSSIBLE_PARTS: [&str; 6] = [
    ":path",
    ":filename",
    ":name",
    ":dir/:name",
    ":section/:filename",
    ":section/:name",
];

/// Call of `replace` with literals.
struct PathReplacement {
    pattern: Regex,
    /// True if every match is replaced.
    is_global: bool,
    text: String,
}

/// Splits `path.replace(/a/, "b")` into the value before the calls and the calls. `None` if a call has other arguments
/// than literals.
fn split_replacements(written: &str) -> Option<(&str, Vec<PathReplacement>)> {
    let mut parts = written.split(".replace(");
    let base = parts.next()?;
    let calls = parts.map(|call| {
        let (pattern, text) = call.trim().strip_suffix(')')?.rsplit_once(',')?;
        let text = strip_quotes(text)?;
        let (pattern, flags) = match pattern.trim().strip_prefix('/') {
            Some(expression) => {
                let (expression, flags) = expression.rsplit_once('/')?;
                (format!("(?u{}){expression}", flags.replace('g', "")), flags)
            }
            None => (regex::escape(strip_quotes(pattern)?), ""),
        };
        Some(PathReplacement {
            pattern: Regex::new(&pattern).ok()?,
            is_global: flags.contains('g'),
            text: text.to_owned(),
        })
    });
    Some((base, calls.collect::<Option<_>>()?))
}

fn strip_quotes(text: &str) -> Option<&str> {
    let text = text.trim();
    let quote = text
        .chars()
        .next()
        .filter(|first| "'\"`".contains(*first))?;
    text.strip_prefix(quote)?.strip_suffix(quote)
}

/// Converts a value with replacements. `convert_base` makes a pattern of the value before them, which they change.
///
/// `None` if no pattern has their result for all files. Without replacements, the pattern is that of `convert_base`.
pub(crate) fn convert_replaced_path(
    written: &str,
    files: &[String],
    convert_base: impl FnOnce(&str) -> Option<String>,
) -> Option<String> {
    let (base, replacements) = split_replacements(written)?;
    let pattern = convert_base(base)?;
    if replacements.is_empty() {
        return Some(pattern);
    }
    let (before, after) = pattern.split_once(":path").filter(|_| !files.is_empty())?;
    let mut possible = POSSIBLE_PARTS
        .iter()
        .flat_map(|part| [before, "/"].map(|before| format!("{before}{part}{after}")));
    possible.find(|possible| {
        files.iter().all(|file| {
            let replaced = replacements
                .iter()
                .fold(fill_path(&pattern, file), |path, call| {
                    let limit = usize::from(!call.is_global);
                    call.pattern.replacen(&path, limit, &call.text).into_owned()
                });
            format!("/{replaced}").replace("//", "/") == fill_path(possible, file)
        })
    })
}

/// Fills the parts of a pattern for the path of a file.
fn fill_path(pattern: &str, file: &str) -> String {
    let path = without_extension(file);
    let path = path.strip_suffix("/index").unwrap_or(path);
    let (dirs, name) = path.rsplit_once('/').unwrap_or(("", path));
    let section = dirs.split('/').next().unwrap_or_default();
    let undated = date::parse_date_prefix(name).map_or(name, |(_, rest)| rest);
    let filled = pattern
        .replace(":path", path)
        .replace(":filename", name)
        .replace(":name", undated.trim_start_matches(['-', '_', ' ']))
        .replace(":dir", dirs)
        .replace(":section", section);
    filled.replace("//", "/")
}
