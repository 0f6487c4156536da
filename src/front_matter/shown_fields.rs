//! Decides which fields templates in the bodies of posts may show.

use std::collections::BTreeSet;

use super::Node;
use super::visibility_field_names::{limits_for_last_name_part, limits_for_name};
use crate::config::Config;
use crate::text::escapes::decode_ascii_references;

/// Maximum bytes of a value. Longer ones are texts, not variables.
const MAX_VALUE_BYTES: usize = 2_000;

/// Maximum number of fields that one body shows, as each is looked up. Posts have two or three.
const MAX_SHOWN_FIELDS: usize = 100;
/// Maximum characters of a field's name.
const MAX_NAME_CHARS: usize = 100;

/// Parts of the names of fields that are never shown.
const PRIVATE_NAME_PARTS: [&str; 10] = [
    "mail",
    "pass",
    "secret",
    "private",
    "token",
    "key",
    "credential",
    "phone",
    "pwd",
    "ftp",
];

/// Marks that begin a template tag, a comment or a hidden section. A text with one is not shown, as the body could
/// interpret it.
const MARKUP_BEGINNINGS: [&str; 6] = ["{%", "{{", "{#", "<!--", "[!", ":::"];

/// Returns the text at a dotted path, if a body may show it. It may not be a field that limits who sees the post, and
/// not a mail address or a secret.
pub(crate) fn shown_text<'n>(root: &'n Node, path: &str, config: &Config) -> Option<&'n str> {
    let text = root.get(path)?.as_text()?;
    let lowercase_path = path.to_ascii_lowercase();
    let is_private = is_private_name(&lowercase_path);
    let is_limit = path.split('.').any(|name| {
        !limits_for_name(name, config).is_empty()
            || limits_for_last_name_part(name, config).next().is_some()
    });
    let is_short = text.len() <= MAX_VALUE_BYTES;
    let is_shown =
        is_short && !is_private && !is_limit && !has_address_sign(text) && !has_markup(text);
    is_shown.then_some(text)
}

/// Returns true if a path in lower case names a secret or the way to a person.
fn is_private_name(lowercase_path: &str) -> bool {
    let has_part = PRIVATE_NAME_PARTS
        .iter()
        .any(|part| lowercase_path.contains(part));
    // An author is not private, and neither is a name such as `github_username`.
    let has_auth = lowercase_path
        .split("auth")
        .skip(1)
        .any(|rest| !rest.starts_with("or") || rest.starts_with("ori"));
    let mut words = lowercase_path.split(|c: char| !c.is_alphanumeric());
    has_part || has_auth || words.any(|word| word == "user")
}

/// Returns true if a text has an `@`, also as a reference or escaped as in URLs.
fn has_address_sign(text: &str) -> bool {
    let text = decode_ascii_references(text);
    text.contains('@') || text.contains("%40")
}

/// Returns true if a body could take a part of a text for a template tag or the mark of a section.
fn has_markup(text: &str) -> bool {
    let decoded = decode_ascii_references(text);
    MARKUP_BEGINNINGS
        .iter()
        .any(|mark| text.contains(mark) || decoded.contains(mark))
}

/// Collects names and texts of the fields that a body shows: `{{ page.x }}`, `{{< param x >}}`. `url_path` is that of
/// the post.
pub(crate) fn collect_page_values(
    root: &Node,
    body: &str,
    url_path: &str,
    config: &Config,
) -> Vec<(String, String)> {
    // In Jekyll it does not have the path of the site.
    let base_path = config.site.url.path().trim_end_matches('/');
    let url_path = url_path.strip_prefix(base_path).unwrap_or(url_path);
    let (mut values, mut names) = (Vec::new(), BTreeSet::new());
    let uses = body
        .match_indices("page.")
        .chain(body.match_indices("param"));
    for (at, mark) in uses {
        let rest = body.get(at + mark.len()..).unwrap_or_default();
        let name = rest
            .trim_start_matches([' ', '"'])
            .chars()
            .take(MAX_NAME_CHARS);
        let is_part = |c: &char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.');
        let name: String = name.take_while(is_part).collect();
        if names.len() >= MAX_SHOWN_FIELDS || !names.insert(name.clone()) {
            continue;
        }
        let in_params = format!("params.{name}");
        let text = match name.as_str() {
            "url" => Some(url_path),
            name => shown_text(root, name, config).or_else(|| shown_text(root, &in_params, config)),
        };
        values.extend(text.map(|text| (name, text.to_owned())));
    }
    values
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::front_matter::data_file::{FrontMatterFormat, parse_data_file};

    #[test]
    fn encoded_addresses_names_of_secrets_and_markup_are_not_shown() {
        let toml = "[site]\nurl = \"https://e.org\"\ntitle = \"E\"\n";
        let config = Config::parse(toml, "config.toml", Path::new("")).unwrap();
        let text = "a: ada&#64;e.org\nb: ada&commat;e.org\nc: ada%40e.org\nd: 'x {% private %}y{% endprivate %}'\n\
                    e: 'x {{ y }}'\nf: 'x <!-- y'\ng: 'x [!private] y'\nh: 'x :::private y'\ndb_pwd: x\n\
                    sftp: {user: x, host: x}\nuser: x\nbasic_auth: x\noauth: x\nauthorization: x\n\
                    author: Ada\ngithub_username: ada\ni: 'R&D 5% {x} [y]'\n";
        let root = parse_data_file(FrontMatterFormat::Yaml, text).unwrap();
        for path in [
            "a",
            "b",
            "c",
            "d",
            "e",
            "f",
            "g",
            "h",
            "db_pwd",
            "sftp.user",
            "sftp.host",
            "user",
            "basic_auth",
            "oauth",
            "authorization",
        ] {
            assert!(root.get(path).is_some(), "{path}");
            assert_eq!(shown_text(&root, path, &config), None, "{path}");
        }
        for (path, shown) in [
            ("author", "Ada"),
            ("github_username", "ada"),
            ("i", "R&D 5% {x} [y]"),
        ] {
            assert_eq!(shown_text(&root, path, &config), Some(shown), "{path}");
        }
    }

    #[test]
    fn fields_that_limit_or_identify_are_not_shown() {
        let toml = "[site]\nurl = \"https://e.org\"\ntitle = \"E\"\n[content]\nfields = { hidden = \"flow.wip\" }\n";
        let config = Config::parse(toml, "config.toml", Path::new("")).unwrap();
        let text = "where: /a/\ncount: 3\nseo: {place: Pier}\npassword: x\ndraft: false\nauthor: Ada <ada@e.org>\n\
                    email: x\nflow: {wip: no}\ndate: 2024-05-01\napi_key: x\nlist: [a]\nstatus: open\n";
        let root = parse_data_file(FrontMatterFormat::Yaml, text).unwrap();
        for (path, shown) in [
            ("where", Some("/a/")),
            ("count", Some("3")),
            ("SEO.place", Some("Pier")),
            ("password", None),
            ("draft", None),
            ("author", None),
            ("email", None),
            ("flow.wip", None),
            ("date", None),
            ("api_key", None),
            ("list", None),
            ("status", None),
        ] {
            assert_eq!(shown_text(&root, path, &config), shown, "{path}");
        }
    }
}
