//! Detects a Jekyll site, and reads its settings from `_config.yml` and the `_posts` directories.

use super::detected::{ContentRoot, DetectedSite};
use super::pages::MarkdownPages;
use super::permalink_syntax;
use super::setting::{SettingKey, SettingSource, SettingValue};
use super::site_file::{DataFile, list_items};
use super::site_tree::{self, UNPUBLISHED_NAME};
use crate::front_matter::data_file::Node;

const CONFIG_FILES: [&str; 6] = [
    "_config.yml",
    "_config.yaml",
    "_config.toml",
    "docs/_config.yml",
    "docs/_config.yaml",
    "docs/_config.toml",
];

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
    let posts = ["_posts", "docs/_posts"];
    let found = file.or_else(|| posts.into_iter().find(|dir| draft.tree.is_dir(dir)));
    let Some(found) = found else {
        return false;
    };
    draft.record_tool("Jekyll", found);
    let site_dir = if found.starts_with("docs/") {
        "docs"
    } else {
        ""
    };
    let data = file.and_then(|file| draft.read_data_file(file));
    let text = |paths: &[&str]| data.as_ref().and_then(|data| data.first_text(paths));
    if let Some((url, source)) = text(&["url"]) {
        let base_path = text(&["baseurl"]).map(|(path, _)| path).unwrap_or_default();
        let base_path = base_path.trim_matches('/');
        let url = url.trim_end_matches('/');
        draft.set_if_more_certain(
            SettingKey::Url,
            site_tree::join_paths(url, base_path),
            source,
        );
    }
    draft.set_if_found(SettingKey::Title, text(&["title", "name"]));
    draft.set_if_found(
        SettingKey::Description,
        text(&["description", "tagline", "subtitle"]),
    );
    draft.set_if_found(SettingKey::Language, text(&["lang", "locale", "language"]));
    draft.set_if_found(SettingKey::Timezone, text(&["timezone"]));
    let twitter = [
        "twitter.username",
        "twitter_username",
        "twitter",
        "author.twitter",
    ];
    draft.set_if_found(SettingKey::Twitter, text(&twitter));
    set_author(draft, data.as_ref());
    warn_of_included_dotfiles(draft, data.as_ref());
    let assets = ["assets", "images", "img"].into_iter();
    let mut assets = assets.filter(|dir| draft.tree.is_dir(&site_tree::join_paths(site_dir, dir)));
    if let Some(assets) = assets.next() {
        let why = format!("Jekyll serves `{assets}` and similar directories under their own paths");
        draft.set_if_more_certain(
            SettingKey::StaticDir,
            site_dir,
            SettingSource::GeneratorDefault(why),
        );
    }
    let source_dir = text(&["source"])
        .and_then(|(dir, _)| site_tree::normalize_path(&dir))
        .unwrap_or_default();
    let source_dir = site_tree::join_paths(site_dir, &source_dir);
    add_content_roots(draft, data.as_ref(), &source_dir);
    draft.set_names("jekyll", None);
    true
}

fn set_author(draft: &mut DetectedSite<'_>, data: Option<&DataFile>) {
    let Some((data, name)) = data.and_then(|data| Some((data, data.root.get("author.name")?)))
    else {
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
fn warn_of_included_dotfiles(draft: &mut DetectedSite<'_>, data: Option<&DataFile>) {
    let Some(data) = data else {
        return;
    };
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

/// Adds every `_posts` directory to the content roots, with the permalink pattern of its posts.
fn add_content_roots(draft: &mut DetectedSite<'_>, data: Option<&DataFile>, source_dir: &str) {
    let collections_dir = data
        .and_then(|data| data.first_text(&["collections_dir"]))
        .and_then(|(dir, source)| Some((site_tree::normalize_path(&dir)?, source)));
    let dir = match &collections_dir {
        Some((dir, _)) => site_tree::join_paths(&site_tree::join_paths(source_dir, dir), "_posts"),
        None => site_tree::join_paths(source_dir, "_posts"),
    };
    let why = "Jekyll builds posts from the files in `_posts`".to_owned();
    let source = collections_dir.map_or(SettingSource::GeneratorDefault(why), |(_, source)| source);
    let mut main_root = ContentRoot::with_only_posts(dir, source);
    let posts = MarkdownPages::read_sample(draft.tree, &main_root.dir);
    main_root.permalinks = post_permalinks(draft, data, &posts);
    for section in draft.tree.list_dirs(source_dir) {
        let section_posts_dir =
            site_tree::join_paths(&site_tree::join_paths(source_dir, &section), "_posts");
        if section_posts_dir != main_root.dir && draft.tree.is_dir(&section_posts_dir) {
            let mut section_root = main_root.clone();
            section_root.dir = section_posts_dir;
            draft.content_roots.push(section_root);
        }
    }
    draft.content_roots.push(main_root);
}

/// Returns the permalink pattern of posts in courant's syntax; warns if it cannot be converted.
fn post_permalinks(
    draft: &mut DetectedSite<'_>,
    data: Option<&DataFile>,
    posts: &MarkdownPages,
) -> Option<(String, SettingSource)> {
    let written = data.and_then(|data| {
        default_post_permalink(data)
            .or_else(|| data.first_text(&["collections.posts.permalink", "permalink"]))
    });
    let (style, source) = written.unwrap_or_else(|| {
        let why = "Jekyll's default style of permalinks, `date`".to_owned();
        ("date".to_owned(), SettingSource::GeneratorDefault(why))
    });
    let named = PERMALINK_STYLES.iter().find(|(name, _)| *name == style);
    let pattern = named.map_or(style.as_str(), |(_, pattern)| pattern);
    let categories = CategoriesPerPost::from_posts(posts);
    // Each part has possible replacements, the best first. An empty one leaves the part out.
    let translated = permalink_syntax::from_colon_syntax(pattern, |name| match name {
        "categories" => match categories {
            CategoriesPerPost::None => vec![":categories", ""],
            CategoriesPerPost::One => vec![":categories", ":category"],
            CategoriesPerPost::Various => vec![":categories"],
        },
        "slugified_categories" => vec![":slugified_categories"],
        "title" => vec![":title"],
        "slug" => vec![":slug"],
        "name" | "basename" => vec![":filename"],
        "year" => vec![":year"],
        "month" => vec![":month"],
        "day" => vec![":day"],
        "i_month" => vec![":i_month"],
        "i_day" => vec![":i_day"],
        "short_year" => vec![":short_year"],
        "y_day" => vec![":y_day"],
        "hour" => vec![":hour"],
        "minute" => vec![":minute"],
        "second" => vec![":second"],
        "output_ext" => vec![".html"],
        _ => Vec::new(),
    });
    match translated {
        Ok(pattern) => Some((pattern.text, source)),
        Err(part) => {
            let message = format!("`permalink` is `{pattern}`, and `{part}` is not supported");
            let hint =
                "write `permalink` into each post, or set `site.permalinks` without that part";
            let place = match &source {
                SettingSource::WrittenIn { .. } => source.clone(),
                _ => SettingSource::from_file("_posts"),
            };
            draft.add_warning(&place, message, hint);
            None
        }
    }
}

/// Returns the `permalink` that `defaults` sets for posts.
fn default_post_permalink(data: &DataFile) -> Option<(String, SettingSource)> {
    list_items(data.root.get("defaults"))
        .iter()
        .find_map(|node| {
            let scope_text = |name: &str| node.get(name).and_then(Node::as_text);
            let is_for_posts = scope_text("scope.type") == Some("posts")
                || scope_text("scope.path")
                    .is_some_and(|path| path.trim_matches('/').ends_with("_posts"));
            let permalink = node.get("values.permalink").filter(|_| is_for_posts)?;
            super::site_file::text_with_source(&data.file, permalink)
        })
}

/// Number of categories that posts have, which decides what replaces `:categories` in a permalink.
#[derive(Clone, Copy)]
enum CategoriesPerPost {
    /// No post has a category.
    None,
    /// Every post has exactly one category.
    One,
    /// The number differs between posts, or is greater than one.
    Various,
}

impl CategoriesPerPost {
    fn from_posts(posts: &MarkdownPages) -> CategoriesPerPost {
        let counts: Vec<usize> = posts
            .loaded
            .iter()
            .map(|page| count_categories(&page.front))
            .collect();
        if counts.iter().all(|count| *count == 0) {
            CategoriesPerPost::None
        } else if counts.iter().all(|count| *count == 1) {
            CategoriesPerPost::One
        } else {
            CategoriesPerPost::Various
        }
    }
}

/// Counts the categories in front matter. A string with spaces counts as two, because Jekyll splits
/// it at spaces.
fn count_categories(front: &Node) -> usize {
    let node = front.get("categories").or_else(|| front.get("category"));
    match node {
        Some(node) if node.as_text().is_some_and(|text| !text.contains(' ')) => 1,
        Some(node) => list_items(Some(node))
            .len()
            .max(2 * usize::from(node.as_text().is_some())),
        None => 0,
    }
}
