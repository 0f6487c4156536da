//! Jekyll's `_config.yml` into what it tells of the site.

use super::draft::{Draft, Home};
use super::pages::Pages;
use super::pattern;
use super::published::UNPUBLISHED_NAME;
use super::reader::{Data, items};
use super::setting::{Key, Source, Value};
use super::tree;
use crate::content::outline::Node;

const FILES: [&str; 6] = [
    "_config.yml",
    "_config.yaml",
    "_config.toml",
    "docs/_config.yml",
    "docs/_config.yaml",
    "docs/_config.toml",
];

/// The styles of `permalink`, by name (jekyllrb.com, "Permalinks").
const STYLES: [(&str, &str); 5] = [
    ("date", "/:categories/:year/:month/:day/:title:output_ext"),
    ("pretty", "/:categories/:year/:month/:day/:title/"),
    ("ordinal", "/:categories/:year/:y_day/:title:output_ext"),
    (
        "weekdate",
        "/:categories/:year/W:week/:short_day/:title:output_ext",
    ),
    ("none", "/:categories/:title:output_ext"),
];

pub(super) fn read(draft: &mut Draft<'_>) -> bool {
    let file = draft.tree.first_file(&FILES);
    let posts = ["_posts", "docs/_posts"];
    let found = file.or_else(|| posts.into_iter().find(|dir| draft.tree.is_dir(dir)));
    let Some(found) = found else {
        return false;
    };
    draft.made_by("Jekyll", found);
    let base = if found.starts_with("docs/") {
        "docs"
    } else {
        ""
    };
    let data = file.and_then(|file| draft.data(file));
    let text = |paths: &[&str]| data.as_ref().and_then(|data| data.text(paths));
    if let Some((url, source)) = text(&["url"]) {
        let below = text(&["baseurl"]).map(|(path, _)| path).unwrap_or_default();
        let below = below.trim_matches('/');
        let url = url.trim_end_matches('/');
        draft.set(Key::Url, tree::join(url, below), source);
    }
    draft.take(Key::Title, text(&["title", "name"]));
    draft.take(
        Key::Description,
        text(&["description", "tagline", "subtitle"]),
    );
    draft.take(Key::Language, text(&["lang", "locale", "language"]));
    draft.take(Key::Timezone, text(&["timezone"]));
    let twitter = [
        "twitter.username",
        "twitter_username",
        "twitter",
        "author.twitter",
    ];
    draft.take(Key::Twitter, text(&twitter));
    author(draft, data.as_ref());
    included_names(draft, data.as_ref());
    let assets = ["assets", "images", "img"].into_iter();
    let mut assets = assets.filter(|dir| draft.tree.is_dir(&tree::join(base, dir)));
    if let Some(assets) = assets.next() {
        let why = format!("Jekyll serves `{assets}` and its like from where they are");
        draft.set(Key::StaticDir, base, Source::Rule(why));
    }
    let top = text(&["source"])
        .and_then(|(dir, _)| tree::tidy(&dir))
        .unwrap_or_default();
    let top = tree::join(base, &top);
    home(draft, data.as_ref(), &top);
    true
}

fn author(draft: &mut Draft<'_>, data: Option<&Data>) {
    let Some((data, name)) = data.and_then(|data| Some((data, data.root.get("author.name")?)))
    else {
        return;
    };
    let field = |name: &str, paths: &[&str]| {
        let (text, _) = data.text(paths)?;
        Some((name.to_owned(), text))
    };
    let more = [
        field("url", &["author.url", "author.uri"]),
        field("twitter", &["author.twitter"]),
    ];
    let more: Vec<_> = more.into_iter().flatten().collect();
    if let (Some(name_text), false) = (name.text(), more.is_empty()) {
        let mut fields = vec![("name".to_owned(), name_text.to_owned())];
        fields.extend(more);
        draft.set(Key::Author, Value::Table(fields), data.source(name));
    }
}

/// Warns of an `include` that has Jekyll publish names with a leading dot, as the configuration has.
fn included_names(draft: &mut Draft<'_>, data: Option<&Data>) {
    let Some(data) = data else {
        return;
    };
    for node in items(data.root.get("include")) {
        // Jekyll takes each entry for a pattern, and for the beginning of a path.
        let entry = node.text().unwrap_or_default().trim_start_matches('/');
        let plain = entry.split(['*', '?', '[']).next().unwrap_or_default();
        if !plain.is_empty() && UNPUBLISHED_NAME.starts_with(plain) {
            return draft.warn(
                &data.source(node),
                format!("`include` has Jekyll publish `{UNPUBLISHED_NAME}` with the site"),
                "list only the names that are meant, or keep the configuration outside of the site's directory with `--output FILE`",
            );
        }
    }
}

/// The directory of posts, and their addresses.
fn home(draft: &mut Draft<'_>, data: Option<&Data>, top: &str) {
    let text = |paths: &[&str]| data.and_then(|data| data.text(paths));
    let collections =
        text(&["collections_dir"]).and_then(|(dir, source)| Some((tree::tidy(&dir)?, source)));
    let dir = match &collections {
        Some((dir, _)) => tree::join(&tree::join(top, dir), "_posts"),
        None => tree::join(top, "_posts"),
    };
    let why = "Jekyll makes posts of what is in `_posts`".to_owned();
    let source = collections.map_or(Source::Rule(why), |(_, source)| source);
    let mut home = Home::of_posts(dir, source);
    let posts = Pages::read(draft.tree, &home.dir);
    home.permalinks = permalinks(draft, data, &posts);
    for section in draft.tree.dirs(top) {
        let elsewhere = tree::join(&tree::join(top, &section), "_posts");
        if elsewhere != home.dir && draft.tree.is_dir(&elsewhere) {
            let mut other = home.clone();
            other.dir = elsewhere;
            draft.homes.push(other);
        }
    }
    draft.homes.push(home);
}

fn permalinks(
    draft: &mut Draft<'_>,
    data: Option<&Data>,
    posts: &Pages,
) -> Option<(String, Source)> {
    let written = data.and_then(|data| {
        for_posts(data).or_else(|| data.text(&["collections.posts.permalink", "permalink"]))
    });
    let (style, source) = written.unwrap_or_else(|| {
        let why = "Jekyll's own style of addresses, `date`".to_owned();
        ("date".to_owned(), Source::Rule(why))
    });
    let named = STYLES.iter().find(|(name, _)| *name == style);
    let pattern = named.map_or(style.as_str(), |(_, pattern)| pattern);
    let categories = Categories::of(posts);
    let translated = pattern::colons(pattern, |name| match name {
        "categories" | "slugified_categories" => match categories {
            Categories::None => vec![":categories", ""],
            Categories::One => vec![":categories", ":category"],
            Categories::Various => vec![":categories"],
        },
        "title" | "slug" | "name" | "basename" => vec![":slug"],
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
            let message =
                format!("`permalink` is `{pattern}`, and no address can be made of `{part}`");
            let hint = "write `permalink` into each post, or `site.permalinks` with other parts";
            let place = match &source {
                Source::Read { .. } => source.clone(),
                _ => Source::file("_posts"),
            };
            draft.warn(&place, message, hint);
            None
        }
    }
}

/// The `permalink` that `defaults` gives to posts.
fn for_posts(data: &Data) -> Option<(String, Source)> {
    items(data.root.get("defaults")).iter().find_map(|node| {
        let of = |name: &str| node.get(name).and_then(Node::text);
        let is_for_posts = of("scope.type") == Some("posts")
            || of("scope.path").is_some_and(|path| path.trim_matches('/').ends_with("_posts"));
        let permalink = node.get("values.permalink").filter(|_| is_for_posts)?;
        super::draft::found(&data.file, permalink)
    })
}

/// How many categories posts have.
#[derive(Clone, Copy)]
enum Categories {
    /// No post has any.
    None,
    /// Every post has one.
    One,
    Various,
}

impl Categories {
    fn of(posts: &Pages) -> Categories {
        let of = |front: &Node| {
            let node = front.get("categories").or_else(|| front.get("category"));
            match node {
                Some(node) if node.text().is_some_and(|text| !text.contains(' ')) => 1,
                Some(node) => items(Some(node))
                    .len()
                    .max(2 * usize::from(node.text().is_some())),
                None => 0,
            }
        };
        let counts: Vec<usize> = posts.read.iter().map(|page| of(&page.front)).collect();
        if counts.iter().all(|count| *count == 0) {
            Categories::None
        } else if counts.iter().all(|count| *count == 1) {
            Categories::One
        } else {
            Categories::Various
        }
    }
}
