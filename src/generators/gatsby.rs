//! Reads Gatsby's `gatsby-config`, and how `gatsby-node` makes the addresses of posts.

use crate::color::is_hex_color;
use crate::detect::detected::{ContentRoot, DetectedSite};
use crate::detect::left_out_files::leave_out_listed;
use crate::detect::path_replacement::convert_replaced_path;
use crate::detect::permalink_syntax::{self, from_bracket_syntax};
use crate::detect::setting::{SettingKey, SettingSource};
use crate::detect::site_file::{MAX_REFERENCES, ScriptFile};
use crate::detect::site_tree;
use crate::javascript::{ScriptEntry, ScriptExpression};
use crate::text::without_extension;

/// Words in the path of a page that lists posts.
const LIST_WORDS: [&str; 5] = ["tag", "categor", "author", "page", "==="];
/// Words in the path of a post's page.
const ADDRESS_WORDS: [&str; 5] = ["slug", "frontmatter", "path", "permalink", "url"];

/// Usual names of each setting in `siteMetadata`, the most frequent first.
const METADATA_PATHS: [(SettingKey, &[&str]); 6] = [
    (SettingKey::Url, &["siteUrl", "url", "siteURL"]),
    (SettingKey::Title, &["title", "siteTitle"]),
    (SettingKey::Description, &["description", "siteDescription"]),
    (SettingKey::Language, &["language", "lang", "siteLanguage"]),
    (
        SettingKey::Twitter,
        &["twitterUsername", "social.twitter", "twitter"],
    ),
    (SettingKey::ThemeColor, &["themeColor"]),
];

pub(super) fn read_gatsby_site(draft: &mut DetectedSite<'_>) -> bool {
    let Some(file) = draft.tree.find_script(&["gatsby-config"]) else {
        return false;
    };
    draft.record_tool("Gatsby", &file);
    let Some(code) = draft.read_script_file(&file) else {
        return true;
    };
    for (key, names) in METADATA_PATHS {
        let paths: Vec<_> = names
            .iter()
            .map(|name| format!("siteMetadata.{name}"))
            .collect();
        let entries = paths
            .iter()
            .map(|path| code.script.topmost_entry_ending(path));
        draft.set_from_script(key, &code, entries);
    }
    // `siteMetadata: require("./site-metadata.json")`
    for import in &code.script.imports {
        let Some(file) = site_tree::normalize_path(import).filter(|file| file.ends_with(".json"))
        else {
            continue;
        };
        if file == "package.json" {
            continue;
        }
        let Some(data) = draft.read_data_file(&file) else {
            continue;
        };
        for (key, names) in METADATA_PATHS {
            let paths: Vec<_> = names
                .iter()
                .flat_map(|name| [format!("siteMetadata.{name}"), (*name).to_owned()])
                .collect();
            let paths: Vec<_> = paths.iter().map(String::as_str).collect();
            draft.set_if_found(key, data.first_text(&paths));
        }
    }
    let theme_color = code.script.topmost_entry_ending("options.theme_color");
    if let Some((text, source)) = code
        .resolve_text(theme_color)
        .filter(|(text, _)| is_hex_color(text))
    {
        draft.set_if_more_certain(SettingKey::ThemeColor, text, source);
    }
    draft.append_base_path(code.resolve_text(code.script.entry_at("pathPrefix")));
    let file = draft.tree.find_script(&["gatsby-node"]);
    let mut node = file.and_then(|file| {
        let text = draft.read_text(&file)?;
        let code = ScriptFile::parse_script(&file, &text);
        Some(NodeScript {
            code,
            text,
            post_files: Vec::new(),
        })
    });
    let base_path = node.as_ref().and_then(|node| {
        let base = node.code.script.topmost_entry_ending("basePath");
        site_tree::normalize_path(&node.code.resolve_text(base)?.0)
    });
    let base_path = base_path.unwrap_or_default();
    for entry in code.script.entries_ending("options.path") {
        let Some((path, source)) = code.resolve_text(Some(entry)) else {
            continue;
        };
        let Some(dir) = site_tree::normalize_path(&path) else {
            continue;
        };
        let name = code.script.sibling_entry(entry, "name");
        let name = code
            .resolve_text(name)
            .map(|(name, _)| name)
            .unwrap_or_default();
        let mut home = ContentRoot::new(dir, source);
        let known = ["content", "pages", "markdown-pages", "markdown"];
        home.has_post_name |= crate::detect::detected::is_post_directory_name(&name)
            || known.contains(&name.as_str());
        let ignored = code.script.sibling_entry(entry, "ignore");
        let ignored = ignored.map(|entry| code.resolve_entry(entry));
        leave_out_listed(&mut home, draft, "ignore", ignored);
        // `createFilePath` leaves its base path out.
        let base = site_tree::join_paths(&home.dir, &base_path);
        if draft.tree.is_dir(&base) {
            home.dir = base;
        }
        draft.content_roots.push(home);
    }
    if let Some(node) = &mut node {
        let mut roots = draft.content_roots.iter();
        let root = roots.clone().find(|root| root.has_post_name);
        let root = root.or_else(|| roots.next());
        node.post_files = root.map_or_else(Vec::new, |root| draft.tree.list_post_files(&root.dir));
    }
    let permalinks = find_permalinks(draft, node.as_ref())
        .map(|(pattern, source)| (end_pattern(draft, &code, &pattern), source));
    for root in &mut draft.content_roots {
        root.permalinks.clone_from(&permalinks);
    }
    // Of gatsby-plugin-i18n, where `index.de.md` is at `/de/`.
    let default = code.script.topmost_entry_ending("options.langKeyDefault");
    if let Some((default, source)) = code.resolve_text(default) {
        let mut tags = vec![default.clone()];
        for root in &draft.content_roots {
            tags.extend(draft.tree.list_suffix_languages(&root.dir, 1));
        }
        draft.set_languages(tags, Some(&default), source);
    }
    draft.set_static_dir("static", "Gatsby");
    true
}

/// Finds the addresses that `gatsby-node` or a route makes. Addresses that cannot be read are reported.
fn find_permalinks(
    draft: &mut DetectedSite<'_>,
    node: Option<&NodeScript>,
) -> Option<(String, SettingSource)> {
    let routes = find_route_pattern(draft, node);
    // Gatsby makes paths from fields with the package that Eleventy's filter uses.
    if let Some((_, source)) = routes.as_ref().filter(|route| !route.0.contains(":path")) {
        draft.set_names("eleventy", Some(source.clone()));
    }
    let node = node.filter(|_| routes.is_none());
    let Some(node) = node else { return routes };
    let pages = node.find_post_pages();
    for page in &pages {
        if let Some(pattern) = node.convert_value(&page.value, MAX_REFERENCES) {
            return Some((
                pattern,
                SettingSource::from_line(&node.code.file, page.line),
            ));
        }
    }
    let unread = pages
        .first()
        .copied()
        .or_else(|| node.find_node_field("slug"))?;
    let is_field = match &unread.value {
        // The posts state their addresses themselves.
        ScriptExpression::Reference(name) => ["path", "permalink", "url"]
            .iter()
            .any(|field| name.ends_with(&format!("frontmatter.{field}"))),
        _ => false,
    };
    if !is_field {
        draft.warn_of_computed_addresses(&node.code.file, unread.line, "");
    }
    None
}

/// Returns the pattern with or without a slash at the end, as Gatsby is configured.
fn end_pattern(draft: &DetectedSite<'_>, config: &ScriptFile, pattern: &str) -> String {
    let package = draft.tree.read_text("package.json").unwrap_or_default();
    let mode = config.resolve_text(config.script.entry_at("trailingSlash"));
    let has_slash = match mode.as_ref().map(|(mode, _)| mode.as_str()) {
        Some("never") => false,
        Some("always") => true,
        None if package.contains("\"gatsby\": \"^5") => true,
        _ => pattern.ends_with('/'),
    };
    let end = if has_slash { "/" } else { "" };
    format!("{}{end}", pattern.trim_end_matches('/'))
}

/// Parsed `gatsby-node`, with its text and the posts.
struct NodeScript {
    code: ScriptFile,
    text: String,
    /// Paths of the posts, which show what replacements make of them.
    post_files: Vec<String>,
}

impl NodeScript {
    /// Finds the paths in `createPage({ path: post.fields.slug, component })`, without those of lists.
    fn find_post_pages(&self) -> Vec<&ScriptEntry> {
        let paths = self.code.script.entries_ending("path");
        let pages =
            paths.filter(|path| self.code.script.sibling_entry(path, "component").is_some());
        pages
            .filter(|page| {
                let written = page.value.as_code().unwrap_or_default().to_lowercase();
                !LIST_WORDS.iter().any(|word| written.contains(word))
                    && ADDRESS_WORDS.iter().any(|word| written.contains(word))
            })
            .collect()
    }

    /// Finds the value in `createNodeField({ node, name: "slug", value })`.
    fn find_node_field(&self, field: &str) -> Option<&ScriptEntry> {
        let script = &self.code.script;
        let mut names = script.entries_ending("name").filter(|name| {
            matches!(&name.value, ScriptExpression::Text(text) if text == field)
                && script.sibling_entry(name, "node").is_some()
        });
        let name = names.next().filter(|_| names.next().is_none())?;
        script.sibling_entry(name, "value")
    }

    /// Converts the path of a page; `None` if a part cannot be converted, or no part is of the post.
    fn convert_value(&self, value: &ScriptExpression, references: u8) -> Option<String> {
        let written = value.as_code()?;
        // The arguments of `createFilePath({ node, getNode })` have brackets of their own.
        let written = match written.split_once("createFilePath(") {
            Some((before, after)) => {
                let (arguments, after) = after.split_once(')')?;
                let is_bare = arguments.contains("trailingSlash: false");
                format!(
                    "{before}{}{after}",
                    if is_bare { "barePath" } else { "filePath" }
                )
            }
            None => written.to_owned(),
        };
        match value {
            ScriptExpression::Template(_) => self.convert_template(&written, references),
            _ => convert_replaced_path(&written, &self.post_files, |sum| {
                self.convert_sum(sum, references)
            }),
        }
    }

    /// Converts texts and values joined by `+`.
    fn convert_sum(&self, sum: &str, references: u8) -> Option<String> {
        if sum.contains(['?', '|', '{', '`']) {
            return None;
        }
        let parts = sum.split('+').map(str::trim);
        let template: String = parts
            .map(|part| match part.strip_prefix(['"', '\'']) {
                Some(text) => text.trim_end_matches(['"', '\'']).to_owned(),
                None => format!("${{{part}}}"),
            })
            .collect();
        self.convert_template(&template, references)
    }

    fn convert_template(&self, template: &str, references: u8) -> Option<String> {
        let pattern = from_bracket_syntax(template, ("${", "}"), |part| {
            Vec::from_iter(self.convert_part(part, references))
        });
        let pattern = pattern.ok()?.text;
        pattern.contains(':').then_some(pattern)
    }

    fn convert_part(&self, part: &str, references: u8) -> Option<String> {
        let references = references.checked_sub(1)?;
        let names: Vec<&str> = part.split('.').collect();
        match names.as_slice() {
            ["filePath"] => Some("/:path/".to_owned()),
            ["barePath"] => Some("/:path".to_owned()),
            [.., "fields", field] => {
                self.convert_value(&self.find_node_field(field)?.value, references)
            }
            // A variable that is assigned again has another value.
            [name] if self.text.matches(&format!("{name} = ")).count() == 1 => {
                let variable = self.code.script.find_variable(name)?;
                self.convert_value(&variable.value, references)
            }
            [_] => None,
            _ => permalink_syntax::from_expression(part),
        }
    }
}

/// Finds a route of the File System Route API: `src/pages/blog/{Mdx.frontmatter__slug}.js`.
fn find_route_pattern(
    draft: &DetectedSite<'_>,
    node: Option<&NodeScript>,
) -> Option<(String, SettingSource)> {
    draft
        .tree
        .walk_files("src/pages", |_| true)
        .iter()
        .find_map(|route| {
            let pattern = from_bracket_syntax(without_extension(route), ("{", "}"), |part| {
                let (kind, field) = part.split_once('.').unwrap_or_default();
                let is_post = kind.eq_ignore_ascii_case("mdx") || kind == "MarkdownRemark";
                Vec::from_iter(match field {
                    _ if !is_post => None,
                    "slug" => Some(":path".to_owned()),
                    "parent__(File)__name" => Some(":name".to_owned()),
                    field => match node {
                        Some(node) => node.convert_part(&field.replace("__", "."), MAX_REFERENCES),
                        None => permalink_syntax::from_expression(&field.replace("__", ".")),
                    },
                })
            });
            let pattern = pattern.ok().filter(|_| route.contains('{'))?.text;
            let source = SettingSource::from_file(&site_tree::join_paths("src/pages", route));
            Some((format!("{pattern}/"), source))
        })
}
