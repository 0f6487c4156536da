//! Lists the paths at which each generator writes feeds, so that their subscribers are redirected.

use crate::detect::detected::DetectedSite;
use crate::detect::setting::{SettingKey, SettingSource, SettingValue};
use crate::detect::site_file::list_items;
use crate::model::artifact::{ArtifactKey, FeedFormat, FeedScope, may_be_output};

/// Sets the former paths of feeds of the generator that was recognised last.
pub(super) fn set_feed_aliases(draft: &mut DetectedSite<'_>) {
    let mut generators = draft.tools.iter().rev();
    let generator = generators.find(|(name, _)| *name != "Decap CMS").cloned();
    let Some((tool, file)) = generator else {
        return;
    };
    let default = SettingSource::GeneratorDefault(format!("{tool} writes feeds at these paths"));
    let (paths, source) = match tool {
        // The feed of a section is left out: the site's feed has more posts.
        "Hugo" => (
            own_paths(&[
                "/index.xml",
                "/tags/:slug/index.xml",
                "/categories/:slug/index.xml",
            ]),
            default,
        ),
        "Docusaurus" => (
            own_paths(&["/blog/rss.xml", "/blog/atom.xml", "/blog/feed.json"]),
            default,
        ),
        "Jekyll" | "Hexo" => data_file_paths(draft, &file, &["feed.path"])
            .unwrap_or_else(|| (own_paths(&["/feed.xml"]), default)),
        "Zola" => match data_file_paths(draft, &file, &["feed_filenames", "feed_filename"]) {
            Some((paths, source)) => (with_zola_terms(paths), source),
            None => (with_zola_terms(own_paths(&["/atom.xml"])), default),
        },
        "Pelican" => (
            own_paths(&["/feeds/all.atom.xml", "/feeds/:slug.atom.xml"]),
            default,
        ),
        "Gatsby" | "Eleventy" => quoted_feed_paths(draft, &file),
        "Astro" => (
            route_paths(draft, "src/pages"),
            SettingSource::from_file("src/pages"),
        ),
        "Nuxt" => (
            route_paths(draft, "server/routes"),
            SettingSource::from_file("server/routes"),
        ),
        _ => return,
    };
    let built_in = FeedFormat::ALL.map(|format| (feed_path(FeedScope::Site, format), format));
    let mut aliases: Vec<(String, String)> = Vec::new();
    for from in paths {
        let to = current_path(&from);
        let is_known = aliases.iter().any(|(known, _)| *known == from);
        if !is_known && !may_be_output(&from, &[], &built_in) {
            aliases.push((from, to));
        }
    }
    if !aliases.is_empty() {
        draft.set_if_more_certain(
            SettingKey::FeedAliases,
            SettingValue::Table(aliases),
            source,
        );
    }
}

fn feed_path(scope: FeedScope, format: FeedFormat) -> String {
    ArtifactKey::Feed(scope, format).url_path()
}

/// Returns the path of courant's feed that has the posts of a former feed, in the same format.
fn current_path(former: &str) -> String {
    let scope = match former {
        path if !path.contains(":slug") => FeedScope::Site,
        path if path.starts_with("/tag") => FeedScope::Tag(":slug".to_owned()),
        _ => FeedScope::Category(":slug".to_owned()),
    };
    feed_path(scope, FeedFormat::guess_from_file_name(former))
}

fn own_paths(paths: &[&str]) -> Vec<String> {
    paths.iter().map(|path| (*path).to_owned()).collect()
}

/// Adds the feeds that Zola writes for terms, with the same file names.
fn with_zola_terms(mut paths: Vec<String>) -> Vec<String> {
    let terms = ["/tags/:slug", "/categories/:slug"];
    let of_terms = |path: &String| terms.map(|term| format!("{term}{path}"));
    // Zola has no template of JSON Feed, so a JSON file has a form of the site's own.
    paths.retain(|path| !path.ends_with(".json"));
    let of_terms: Vec<String> = paths.iter().flat_map(of_terms).collect();
    paths.into_iter().chain(of_terms).collect()
}

/// Reads a path or a list of paths from a data file; `None` if it has none.
fn data_file_paths(
    draft: &mut DetectedSite<'_>,
    file: &str,
    keys: &[&str],
) -> Option<(Vec<String>, SettingSource)> {
    let data = draft.read_data_file(file)?;
    let node = keys.iter().find_map(|key| data.root.get(key))?;
    let items = list_items(Some(node)).iter();
    let texts = items.chain([node]).filter_map(|item| item.as_text());
    let paths: Vec<String> = texts.filter_map(as_feed_path).collect();
    (!paths.is_empty()).then(|| (paths, data.source_of(node)))
}

/// Finds the values of `output` and `outputPath` in a script, which feed plugins read.
fn quoted_feed_paths(draft: &DetectedSite<'_>, file: &str) -> (Vec<String>, SettingSource) {
    let text = draft.tree.read_text(file).unwrap_or_default();
    let mut paths = Vec::new();
    let mut first_line = None;
    for (number, line) in text.lines().enumerate() {
        let value = line
            .trim()
            .strip_prefix("output")
            .map(|rest| rest.trim_start_matches("Path"));
        let value = value.and_then(|rest| rest.trim_start().strip_prefix(':'));
        let path =
            value.and_then(|value| as_feed_path(value.trim().trim_matches([',', '"', '\'', '`'])));
        first_line = first_line.or(path.as_ref().map(|_| number + 1));
        paths.extend(path);
    }
    (
        paths,
        SettingSource::from_line(file, first_line.unwrap_or(1)),
    )
}

/// Lists the routes whose files write feeds, such as `feed.xml.js`.
fn route_paths(draft: &DetectedSite<'_>, dir: &str) -> Vec<String> {
    let files = draft.tree.list_files(dir).into_iter();
    let routes = files.filter_map(|file| {
        let name = file.rsplit('/').next().unwrap_or(&file).to_owned();
        let route = name
            .strip_suffix(".js")
            .or_else(|| name.strip_suffix(".ts"))?;
        let is_feed = ["rss", "feed", "atom", "index"]
            .iter()
            .any(|word| route.starts_with(word));
        as_feed_path(route).filter(|_| is_feed)
    });
    routes.collect()
}

/// Returns a text as the path of a feed; `None` if it is not that of an XML or JSON file.
fn as_feed_path(text: &str) -> Option<String> {
    let is_feed = text.ends_with(".xml") || text.ends_with(".json") || text.ends_with(".rss");
    let is_plain = !text.contains(['$', '{', '\\', ' ', '"', ':']);
    (is_feed && is_plain).then(|| format!("/{}", text.trim_start_matches(['.', '/'])))
}
