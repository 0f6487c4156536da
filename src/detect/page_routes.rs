//! Reads the routes of a site whose pages are files: `src/pages/blog/[...slug].astro`.

use super::detected::DetectedSite;
use super::permalink_syntax::{self, from_bracket_syntax};
use super::site_file::ScriptFile;
use super::site_tree;

/// Directories and parameters of pages that list posts.
const LIST_NAMES: [&str; 10] = [
    "tag",
    "tags",
    "category",
    "categories",
    "author",
    "authors",
    "page",
    "series",
    "topics",
    "archive",
];
/// Parameters of the language, which courant adds to addresses by itself.
const LANGUAGE_NAMES: [&str; 4] = ["lang", "locale", "language", "lng"];
/// Route with parameters that has a page for each post.
#[derive(Debug)]
pub(crate) struct PostRoute {
    /// File of the route.
    pub(crate) file: String,
    /// Pattern of the addresses, without a slash at the end.
    pub(crate) pattern: String,
    /// Line and source text of a parameter that could not be read. The pattern is then a guess.
    pub(crate) computed: Option<(usize, String)>,
    /// Field that is the last part of the address, before the id.
    pub(crate) slug_field: Option<String>,
    /// Parameter of the language; `Some(true)` if every address has it.
    pub(crate) language: Option<bool>,
    /// Collections that the route names.
    collections: Vec<String>,
    /// True if the route finds posts by the path of the request, so that the content has their addresses.
    pub(crate) is_by_path: bool,
    /// True if the route shows the body of a post.
    has_body: bool,
}

/// Finds the routes below `pages` that have a page for each post.
pub(crate) fn find_post_routes(
    draft: &mut DetectedSite<'_>,
    pages: &str,
    extension: &str,
) -> Vec<PostRoute> {
    let mut routes = Vec::new();
    for path in draft
        .tree
        .walk_files(pages, |name| name.ends_with(extension))
    {
        let stem = path.strip_suffix(extension).unwrap_or_default();
        let route = stem.strip_suffix("/index").unwrap_or(stem);
        if route.contains('[') && !route.split('/').any(|name| LIST_NAMES.contains(&name)) {
            let file = site_tree::join_paths(pages, &path);
            routes.extend(read_post_route(draft, file, route));
        }
    }
    routes
}

/// Chooses the route of a collection: one that names it or has its name, or the only one.
pub(crate) fn choose_post_route<'r>(
    routes: &'r [PostRoute],
    collection: &str,
    is_only_collection: bool,
) -> Option<&'r PostRoute> {
    let is_named = |route: &PostRoute| route.collections.iter().any(|name| name == collection);
    let has_name = |route: &PostRoute| route.pattern.split('/').any(|part| part == collection);
    let mut fitting = routes
        .iter()
        .filter(|route| route.collections.is_empty() || is_named(route));
    let likely = fitting
        .clone()
        .filter(|route| is_named(route) || has_name(route))
        .max_by_key(|route| (is_named(route), route.has_body, has_name(route)));
    let only = fitting
        .next()
        .filter(|_| is_only_collection && fitting.next().is_none());
    likely.or(only)
}

/// Reads a route; `None` if its pages are lists.
fn read_post_route(draft: &mut DetectedSite<'_>, file: String, route: &str) -> Option<PostRoute> {
    let text = draft.read_text(&file)?;
    let code = ScriptFile::parse_script(&file, script_part(&text));
    let mut computed = None;
    let mut slug_field = None;
    let mut language = None;
    let mut last = "";
    for parameter in parameters(route) {
        let name = parameter.trim_start_matches("...");
        last = name;
        if LANGUAGE_NAMES.contains(&name) {
            language = Some(parameter == name);
        } else if let Some((written, line)) = parameter_value(&code, name) {
            if part_of_expression(&written).is_none() {
                computed.get_or_insert((line, written));
            } else if let Some((field, _)) = slug_field_or_id(&written) {
                slug_field = Some(field.to_owned());
            }
        } else if let Some((before, _)) = text.split_once("getStaticPaths") {
            computed.get_or_insert_with(|| (before.matches('\n').count() + 1, name.to_owned()));
        }
    }
    let pattern = from_bracket_syntax(route, ("[", "]"), |parameter| {
        let name = parameter.trim_start_matches("...");
        let written = parameter_value(&code, name).map(|(written, _)| written);
        let read = written.as_deref().and_then(part_of_expression);
        // The last part of an id, of which the code takes a part again.
        let is_last = written.is_some_and(|written| written.contains(".pop()"));
        let last_part = is_last.then(|| ":name".to_owned());
        Vec::from_iter(read.or(last_part).or_else(|| part_of_name(name)))
    });
    if LIST_NAMES.contains(&last) {
        return None;
    }
    let pattern = pattern.ok()?.text;
    let is_of_post = [":path", ":name", ":title", ":slug"];
    let collections = ["getCollection", "getEntry", "queryCollection"];
    is_of_post
        .iter()
        .any(|part| pattern.contains(part))
        .then(|| PostRoute {
            file,
            pattern,
            computed,
            slug_field,
            language,
            collections: collections
                .iter()
                .flat_map(|function| code.script.calls_of(function))
                .map(|call| call.argument.clone())
                .collect(),
            is_by_path: text.contains("route.path") || text.contains("useRoute().path"),
            has_body: ["render(", "<Content", "<slot", "ContentRenderer"]
                .iter()
                .any(|mark| text.contains(mark)),
        })
}

/// Returns the script of a component: between the fences of Astro, or in the element of Vue.
fn script_part(text: &str) -> &str {
    let after = match text.split_once("<script") {
        _ if text.trim_start().starts_with("---") => text.split_once("---"),
        vue => vue,
    };
    let inside = after.map_or(text, |(_, inside)| inside);
    let ends = ["\n---", "</script"].iter();
    let end = ends.filter_map(|end| inside.find(end)).min();
    end.and_then(|end| inside.get(..end)).unwrap_or(inside)
}

/// Lists the parameters of a route: `...slug` and `id` of `[...slug]/[id]`.
fn parameters(route: &str) -> impl Iterator<Item = &str> {
    let parts = route.split('[').skip(1);
    parts.filter_map(|part| Some(part.split_once(']')?.0))
}

/// Finds the value that `getStaticPaths` gives a parameter, and its line.
fn parameter_value(code: &ScriptFile, name: &str) -> Option<(String, usize)> {
    let path = format!("params.{name}");
    code.script.entries_ending(&path).find_map(|entry| {
        let written = code.resolve_entry(entry).0.as_code()?.to_owned();
        Some((written, entry.line))
    })
}

/// Converts the value of a parameter: `post.id`, `entry.data.date.getFullYear()`.
fn part_of_expression(written: &str) -> Option<String> {
    let written = written
        .trim_end_matches("|| undefined")
        .trim()
        .replace('"', "'");
    let (value, calls) = written.split_once(".split('/')").unwrap_or((&written, ""));
    if let Some((_, id)) = slug_field_or_id(&written) {
        return part_of_expression(id);
    }
    let is_id = value
        .rsplit_once('.')
        .map_or(matches!(value, "id" | "slug"), |(outer, name)| {
            matches!(name, "id" | "slug") && !outer.ends_with("data")
        });
    let part = match calls {
        // The first directory is the language.
        ".slice(1).join('/')" if is_id => ":path",
        "[0]" | ".at(0)" | ".shift()" if is_id => ":section",
        ".pop()" | ".at(-1)" if is_id => ":name",
        "" if is_id || value == "slug.join('/')" => ":path",
        _ => return permalink_syntax::from_expression(&written),
    };
    Some(part.to_owned())
}

/// Splits `post.data.abbrlink || post.id` into the field and the id. Without an id, posts have the field.
fn slug_field_or_id(written: &str) -> Option<(&str, &str)> {
    let split = written.split_once("||");
    let split = split.or_else(|| written.split_once("??"));
    let (value, id) = split.unwrap_or((written, "id"));
    let (outer, field) = value.trim().rsplit_once(".data.")?;
    let is_name = |name: &str| name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    let name = field.to_lowercase();
    let mut words = ["slug", "link", "url", "path"].iter();
    let is_slug = words.any(|word| name.contains(word)) && (split.is_some() || field != "slug");
    (is_name(outer) && is_name(field) && is_slug).then_some((field, id.trim()))
}

/// Guesses the part of a parameter by its name.
fn part_of_name(name: &str) -> Option<String> {
    let part = match name {
        "slug" | "id" | "path" | "post" | "article" | "entry" | "title" | "name" | "url" => ":path",
        "year" => ":year",
        "month" => ":month",
        "day" => ":day",
        "category" => ":category",
        name if LANGUAGE_NAMES.contains(&name) => "",
        _ => return None,
    };
    Some(part.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_become_parts_of_the_pattern() {
        for (written, part) in [
            ("post.id", Some(":path")),
            ("slug", Some(":path")),
            ("entry.slug", Some(":path")),
            ("slug.join('/') || undefined", Some(":path")),
            ("post.id.split('/').slice(1).join('/')", Some(":path")),
            ("entry.id.split('/')[0]", Some(":section")),
            ("post.id.split(\"/\").pop()", Some(":name")),
            ("post.data.title", Some(":title")),
            ("post.data.category", Some(":category")),
            ("new Date(entry.data.date).getFullYear()", Some(":year")),
            ("entry.id.split('/').pop().split('_').pop()", None),
            ("getPath(post.id)", None),
            ("tag", None),
        ] {
            assert_eq!(part_of_expression(written).as_deref(), part, "{written}");
        }
    }

    #[test]
    fn script_is_found_in_components() {
        for (text, script) in [
            ("---\na\n---\n<p>b</p>", "\na"),
            (
                "<template>a</template>\n<script setup>b</script>",
                " setup>b",
            ),
            ("", ""),
        ] {
            assert_eq!(script_part(text), script);
        }
    }
}
