//! Detects a Jekyll site, and reads its settings from `_config.yml` and the `_posts` directories.

use crate::config::Field;
use crate::detect::detected::{ContentRoot, DetectedSite};
use crate::detect::pages::MarkdownPages;
use crate::detect::permalink_syntax;
use crate::detect::podcast::set_podcast;
use crate::detect::setting::{SettingKey, SettingSource, SettingValue};
use crate::detect::site_file::{DataFile, list_items, map_fields};
use crate::detect::site_tree::{self, SiteTree, UNPUBLISHED_NAME};
use crate::front_matter::data_file::Node;
use crate::front_matter::field_names::default_names;
use crate::front_matter::visibility_field_names::{FieldLimit, default_limits};
use crate::model::post::{VisibilityEffect, VisibilityField};

const CONFIG_FILES: [&str; 3] = ["_config.yml", "_config.yaml", "_config.toml"];
/// Maximum number of directories that are searched for `_posts`.
const MAX_SEARCHED_DIRS: usize = 20_000;

/// Jekyll's named permalink styles and their patterns (jekyllrb.com, "Permalinks").
const PERMALINK_STYLES: [(&str, &str); 5] = [
    ("date", "/:categories/:year/:month/:day/:title:output_ext"),
    ("pretty", "/:categories/:year/:month/:day/:title/"),
    ("ordinal", "/:categories/:year/:y_day/:title:output_ext"),
    (
        "weekdate",
        "/:categories/:year/W:week/:short_day/:title:output_ext",
    ),
    ("none", "/:categories/:title:output_ext"),
];

/// Reads the site's settings; returns false if it does not use Jekyll.
pub(super) fn read_jekyll_site(draft: &mut DetectedSite<'_>) -> bool {
    let file = draft.tree.first_existing_file(&CONFIG_FILES);
    let found = file.or_else(|| draft.tree.is_dir("_posts").then_some("_posts"));
    let Some(found) = found else {
        return false;
    };
    draft.record_tool("Jekyll", found);
    let data = file.and_then(|file| draft.read_data_file(file));
    let Some(data) = data.or_else(|| DataFile::parse_data("_config.yml", "{}").ok()) else {
        return false;
    };
    let text = |paths: &[&str]| data.first_text(paths);
    draft.set_if_found(SettingKey::Url, text(&["url"]));
    draft.append_base_path(text(&["baseurl"]));
    draft.set_if_found(SettingKey::Title, text(&["title", "name"]));
    draft.set_if_found(
        SettingKey::Description,
        text(&["description", "tagline", "subtitle"]),
    );
    set_languages(draft, &data);
    draft.set_if_found(SettingKey::Language, text(&["lang", "locale", "language"]));
    draft.set_if_found(SettingKey::Timezone, text(&["timezone"]));
    let twitter = [
        "twitter.username",
        "twitter_username",
        "twitter",
        "author.twitter",
    ];
    draft.set_if_found(SettingKey::Twitter, text(&twitter));
    let separator = text(&["excerpt_separator"]).filter(|(text, _)| !text.trim().is_empty());
    draft.set_if_found(SettingKey::ExcerptSeparator, separator);
    set_author(draft, &data);
    set_podcast(draft, text);
    warn_of_included_dotfiles(draft, &data);
    for name in ["future", "unpublished", "show_drafts"] {
        draft.warn_of_shown_posts(name, text(&[name]));
    }
    let source_dir = text(&["source"])
        .and_then(|(dir, _)| site_tree::normalize_path(&dir))
        .unwrap_or_default();
    let assets = ["assets", "images", "img"].into_iter();
    let mut assets =
        assets.filter(|dir| draft.tree.is_dir(&site_tree::join_paths(&source_dir, dir)));
    if let Some(assets) = assets.next() {
        let why = format!("Jekyll serves `{assets}` and similar directories under their own paths");
        draft.set_if_more_certain(
            SettingKey::StaticDir,
            source_dir.as_str(),
            SettingSource::GeneratorDefault(why),
        );
    }
    add_content_roots(draft, &data, &source_dir);
    draft.set_names("jekyll", None);
    true
}

/// Sets the languages of jekyll-polyglot, which has the default one at the top.
fn set_languages(draft: &mut DetectedSite<'_>, data: &DataFile) {
    let default = data.first_text(&["default_lang"]);
    let mut plugins = list_items(data.root.get("plugins")).iter();
    let is_polyglot = plugins.any(|name| name.as_text() == Some("jekyll-polyglot"));
    let languages = data.root.get("languages");
    let names = list_items(languages).iter().filter_map(Node::as_text);
    let names: Vec<String> = names.map(str::to_owned).collect();
    if let Some(languages) = languages.filter(|_| names.len() > 1)
        && (is_polyglot || default.is_some())
    {
        draft.set_if_found(SettingKey::Language, default);
        let source = data.source_of(languages);
        draft.set_if_more_certain(SettingKey::Languages, SettingValue::List(names), source);
    }
}

fn set_author(draft: &mut DetectedSite<'_>, data: &DataFile) {
    let Some(name) = data.root.get("author.name") else {
        return;
    };
    let field = |name: &str, paths: &[&str]| {
        let (text, _) = data.first_text(paths)?;
        Some((name.to_owned(), text))
    };
    let other_fields = [
        field("url", &["author.url", "author.uri"]),
        field("twitter", &["author.twitter"]),
    ];
    let other_fields: Vec<_> = other_fields.into_iter().flatten().collect();
    if let (Some(name_text), false) = (name.as_text(), other_fields.is_empty()) {
        let mut fields = vec![("name".to_owned(), name_text.to_owned())];
        fields.extend(other_fields);
        draft.set_if_more_certain(
            SettingKey::Author,
            SettingValue::Table(fields),
            data.source_of(name),
        );
    }
}

/// Warns if Jekyll's `include` option publishes courant's configuration file.
///
/// Jekyll skips names with a leading dot unless `include` lists them.
fn warn_of_included_dotfiles(draft: &mut DetectedSite<'_>, data: &DataFile) {
    for node in list_items(data.root.get("include")) {
        // Jekyll matches each entry as a glob pattern and as a path prefix.
        let entry = node.as_text().unwrap_or_default().trim_start_matches('/');
        let literal_prefix = entry.split(['*', '?', '[']).next().unwrap_or_default();
        if !literal_prefix.is_empty() && UNPUBLISHED_NAME.starts_with(literal_prefix) {
            return draft.add_warning(
                &data.source_of(node),
                format!("`include` makes Jekyll publish `{UNPUBLISHED_NAME}` with the site"),
                "list only the names that you need, or keep the configuration outside of the site's directory with `--output FILE`",
            );
        }
    }
}

/// Adds the directories of posts and of collections with output, with their patterns.
fn add_content_roots(draft: &mut DetectedSite<'_>, data: &DataFile, source_dir: &str) {
    let collections_dir = data
        .first_text(&["collections_dir"])
        .and_then(|(dir, source)| Some((site_tree::normalize_path(&dir)?, source)));
    let why = "Jekyll builds posts from the files in `_posts`".to_owned();
    let (collections_dir, source) =
        collections_dir.unwrap_or((String::new(), SettingSource::GeneratorDefault(why)));
    let base = site_tree::join_paths(source_dir, &collections_dir);
    let scope_of = |node: Option<&Node>| {
        let written = node.and_then(Node::as_text).unwrap_or_default();
        strip_collections_dir(written, &collections_dir).to_owned()
    };
    let excluded = list_items(data.root.get("exclude")).iter();
    let excluded: Vec<(String, SettingSource)> = excluded
        .map(|node| (scope_of(Some(node)), data.source_of(node)))
        .filter(|(scope, _)| !scope.is_empty())
        .collect();
    let mut dirs = find_post_dirs(draft.tree, &base);
    dirs.retain(|dir| {
        let mut rests = excluded.iter().map(|(scope, _)| narrow_scope(scope, dir));
        !rests.any(|rest| rest == Some(""))
    });
    // Collections with dates are served beside the posts.
    let (mut merged, mut roots) = (Vec::new(), Vec::new());
    for (label, node) in map_fields(data.root.get("collections")) {
        let below = format!("_{label}");
        let dir = site_tree::join_paths(&base, &below);
        let has_output = node.get("output").and_then(Node::as_text) == Some("true");
        if label != "posts" && has_output && draft.tree.is_dir(&dir) {
            let pages = MarkdownPages::read_sample(draft.tree, &dir);
            if !dirs.is_empty() && pages.dated_pages().count() * 2 > pages.loaded.len() {
                merged.push(below.clone());
            }
            let root = ContentRoot::with_only_posts(dir, data.source_of(node));
            roots.push((label.as_str(), below.clone(), vec![below], root));
        }
    }
    let is_nested = !merged.is_empty() || dirs.iter().any(|dir| dir != "_posts");
    // Directories above `_posts` are categories, so they must be below the content directory.
    let dir = if is_nested { "" } else { "_posts" };
    let mut root = ContentRoot::with_only_posts(site_tree::join_paths(&base, dir), source);
    root.has_post_name = true;
    if is_nested {
        root.post_dirs = [dirs.clone(), merged.clone()].concat();
    }
    roots.insert(0, ("posts", dir.to_owned(), dirs, root));
    let first = draft.content_roots.len();
    // Of two defaults, the one with the longer path counts, or with a type, or the later one.
    let mut defaults: Vec<&Node> = list_items(data.root.get("defaults")).iter().collect();
    defaults.sort_by_key(|set| {
        let length = scope_of(set.get("scope.path")).len();
        (length, set.get("scope.type").is_some())
    });
    for (label, below, dirs, mut root) in roots {
        for (scope, source) in &excluded {
            let is_used = dirs.iter().any(|dir| narrow_scope(scope, dir).is_some());
            // In this list, `*` matches slashes, too.
            let rest = match scope.starts_with('*') {
                true => Some(scope.as_str()),
                false => narrow_scope(scope, &below).filter(|_| is_used),
            };
            let pattern = rest.map(|rest| (format_scope_pattern(rest), source.clone()));
            root.hidden_files.extend(pattern);
        }
        let (style, source) = find_permalink_style(data, label);
        root.permalinks = convert_permalink(draft, &style, label, source);
        for set in &defaults {
            let scope = scope_of(set.get("scope.path"));
            // Older sites write the type in the singular.
            let kind = set
                .get("scope.type")
                .and_then(Node::as_text)
                .unwrap_or(label);
            let is_of_kind = kind.trim_end_matches('s') == label.trim_end_matches('s');
            let is_apart =
                below.is_empty() && merged.iter().any(|dir: &String| scope.starts_with(dir));
            let below = narrow_scope(&scope, &below).filter(|_| is_of_kind && !is_apart);
            if let (Some(values), Some(below)) = (set.get("values"), below) {
                apply_defaults(draft, data, values, label, below, &mut root);
            }
        }
        if !merged.contains(&below) {
            draft.content_roots.push(root);
        } else if let Some(posts) = draft.content_roots.get_mut(first) {
            let under = |path: &str| site_tree::join_paths(&below, path);
            let hidden = root.hidden_files.into_iter();
            let hidden = hidden.map(|(pattern, source)| (under(&pattern), source));
            posts.hidden_files.extend(hidden);
            let own = root.permalinks.map(|(pattern, _)| (String::new(), pattern));
            let patterns = own.into_iter().chain(root.dir_permalinks);
            let patterns = patterns.map(|(dir, pattern)| (under(&dir), pattern));
            posts.dir_permalinks.extend(patterns);
        }
    }
}

/// Finds the `_posts` directories below `base`, relative to it, where Jekyll looks for them.
fn find_post_dirs(tree: &SiteTree, base: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut pending = vec![String::new()];
    let mut searched = 0;
    while let Some(below) = pending.pop().filter(|_| searched < MAX_SEARCHED_DIRS) {
        searched += 1;
        for name in tree.list_dirs(&site_tree::join_paths(base, &below)) {
            let path = site_tree::join_paths(&below, &name);
            let is_skipped = name.starts_with(['_', '#', '~'])
                || name.ends_with('~')
                || matches!(name.as_str(), "node_modules" | "vendor");
            if name == "_posts" {
                found.push(path);
            } else if !is_skipped {
                pending.push(path);
            }
        }
    }
    found.sort();
    found
}

/// Returns the permalink style of a collection, and its source.
fn find_permalink_style(data: &DataFile, label: &str) -> (String, SettingSource) {
    let own = data.first_text(&[&format!("collections.{label}.permalink")]);
    let why = "Jekyll's default style of permalinks, `date`".to_owned();
    let default = ("date".to_owned(), SettingSource::GeneratorDefault(why));
    let (style, source) = data.first_text(&["permalink"]).unwrap_or(default);
    let is_named = PERMALINK_STYLES.iter().any(|(name, _)| *name == style);
    let end = match style.as_str() {
        "pretty" => "/",
        style if style.ends_with('/') => "/",
        style if is_named || style.ends_with(":output_ext") => ":output_ext",
        _ => "",
    };
    let style = match label {
        "posts" => style,
        _ => format!("/:collection/:path{end}"),
    };
    own.unwrap_or((style, source))
}

/// Converts a permalink style of Jekyll to a pattern; warns if that is not possible.
fn convert_permalink(
    draft: &mut DetectedSite<'_>,
    style: &str,
    label: &str,
    source: SettingSource,
) -> Option<(String, SettingSource)> {
    let named = PERMALINK_STYLES.iter().find(|(name, _)| *name == style);
    let pattern = named.map_or(style, |(_, pattern)| pattern);
    let pattern = pattern.replace(":collection", label);
    let translated = permalink_syntax::from_colon_syntax(&pattern, |name| match name {
        "categories" => vec![":categories"],
        "slugified_categories" => vec![":slugified_categories"],
        "title" => vec![":title"],
        "slug" => vec![":slug"],
        "name" | "basename" => vec![":filename"],
        "path" => vec![":path"],
        "short_year" => vec![":short_year"],
        "y_day" => vec![":y_day"],
        "output_ext" => vec![".html"],
        name => permalink_syntax::date_parts_named(name),
    });
    match translated {
        Ok(pattern) => Some((pattern.text, source)),
        Err(part) => {
            let place = match &source {
                SettingSource::WrittenIn { .. } => source.clone(),
                _ => SettingSource::from_file("_posts"),
            };
            draft.warn_of_unsupported_part(&place, "permalink", &pattern, &part);
            None
        }
    }
}

/// Applies fields that all files of a scope get: addresses, and fields that hide. Warns of the rest.
/// `scope` is the beginning of their paths below the directory of the posts.
fn apply_defaults(
    draft: &mut DetectedSite<'_>,
    data: &DataFile,
    values: &Node,
    label: &str,
    scope: &str,
    root: &mut ContentRoot,
) {
    let mut unread = Vec::new();
    for (name, node) in values.as_fields() {
        let source = data.source_of(node);
        if may_hide_posts(name, node) {
            // A post's own `published: true` does not help here: doubt hides.
            let pattern = format_scope_pattern(scope);
            root.hidden_files.push((pattern, source));
        } else if let ("permalink", Some(style)) = (name.as_str(), node.as_text()) {
            let dir = scope.trim_end_matches('/');
            let is_dir = draft.tree.is_dir(&site_tree::join_paths(&root.dir, dir));
            match convert_permalink(draft, style, label, source) {
                Some(pattern) if dir.is_empty() => root.permalinks = Some(pattern),
                Some((pattern, source)) if is_dir => {
                    let base = ("/:path/".to_owned(), source);
                    root.permalinks.get_or_insert(base);
                    root.dir_permalinks.retain(|(known, _)| known != dir);
                    root.dir_permalinks.push((dir.to_owned(), pattern));
                }
                Some(_) => unread.push(format!("`{name}`")),
                None => {}
            }
        } else if is_field_of_posts(name) {
            unread.push(format!("`{name}`"));
        }
    }
    if !unread.is_empty() {
        let message = format!(
            "`defaults` give {} to posts, which courant does not read there",
            unread.join(", ")
        );
        let source = data.source_of(values);
        draft.add_warning(&source, message, "write these fields into the posts");
    }
}

/// Returns true if a field with this value hides posts, or may hide them.
fn may_hide_posts(name: &str, node: &Node) -> bool {
    let value = node.as_text().unwrap_or_default();
    let marker = |effect| VisibilityField {
        field: name.to_owned(),
        value: value.to_owned(),
        line: None,
        effect,
    };
    default_limits(name).into_iter().any(|limit| match limit {
        FieldLimit::Marker(effect) => marker(effect).may_unpublish(),
        FieldLimit::SharedMarker(effect) => marker(effect).hides_post(),
        FieldLimit::State => VisibilityEffect::from_state(value).is_some(),
        FieldLimit::SharedState => {
            VisibilityEffect::from_state(value) == Some(VisibilityEffect::AlwaysHides)
        }
        FieldLimit::Date(field) => field != Field::Date,
        FieldLimit::BuildMarker(_) | FieldLimit::Robots => false,
    })
}

/// Returns true if a field of this name, which hides no post, changes what is served of a post.
fn is_field_of_posts(name: &str) -> bool {
    let limits = default_limits(name);
    let is_of_search = |limit: &FieldLimit| {
        matches!(
            limit,
            FieldLimit::Robots
                | FieldLimit::SharedMarker(VisibilityEffect::InFeeds)
                | FieldLimit::Marker(
                    VisibilityEffect::NoIndex
                        | VisibilityEffect::InSitemap
                        | VisibilityEffect::OutOfFeeds
                        | VisibilityEffect::InFeeds
                )
        )
    };
    let names = Field::ALL.iter().flat_map(|field| default_names(*field));
    let is_field = names
        .into_iter()
        .any(|known| known.eq_ignore_ascii_case(name));
    limits.iter().any(is_of_search) || (limits.is_empty() && is_field)
}

/// Returns a scope without the directory of collections, which Jekyll leaves out.
fn strip_collections_dir<'s>(written: &'s str, collections_dir: &str) -> &'s str {
    let scope = written.trim_start_matches("./").trim_start_matches('/');
    let below = site_tree::path_below(scope, collections_dir);
    below.filter(|below| !below.is_empty()).unwrap_or(scope)
}

/// Returns the part of a scope below `dir`, with which paths there must begin; `""` for all paths,
/// `None` for none.
fn narrow_scope<'s>(scope: &'s str, dir: &str) -> Option<&'s str> {
    let mut rest = scope;
    if scope.starts_with("**") {
        return Some(scope);
    }
    for part in dir.split('/').filter(|part| !part.is_empty()) {
        let (first, below) = rest.split_once('/').unwrap_or((rest, ""));
        let end = if below.is_empty() { "*" } else { "" };
        let pattern = format!("{}{end}", globset::escape(first).replace("[*]", "*"));
        let glob = globset::Glob::new(&pattern).ok()?.compile_matcher();
        if !glob.is_match(part) {
            return None;
        }
        if below.is_empty() {
            return Some("");
        }
        rest = below;
    }
    Some(rest)
}

/// Returns the pattern of the paths that begin as a scope does; of all, if it is no valid pattern.
fn format_scope_pattern(scope: &str) -> String {
    let scope = globset::escape(scope.trim_end_matches('*')).replace("[*]", "*");
    let pattern = format!("{scope}*");
    let is_valid = !scope.is_empty() && globset::Glob::new(&pattern).is_ok();
    if is_valid { pattern } else { "**".to_owned() }
}
