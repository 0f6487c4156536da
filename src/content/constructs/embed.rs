//! What a tag stands for: its content, if it has any that is not the generator's alone to know.

use super::mdx::Component;
use super::tag::{Form, Tag};
use crate::content::rendering::Home;

/// What a tag is reduced to.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Embed {
    /// It says nothing.
    Nothing,
    /// Markdown or HTML.
    Text(String),
    /// An address that only the generator knows.
    Unresolved,
    /// All to its end, as it is.
    Verbatim,
    /// All to its end, as code in a language.
    Code(String),
    /// Nothing of it to its end; whether that is worth a word.
    Without(bool),
    /// Nothing is known of it.
    Unknown,
}

/// What a tag stands for.
pub(super) fn of(tag: &Tag<'_>, site: &Home) -> Embed {
    if tag.is_closing {
        return Embed::Unknown;
    }
    match tag.form {
        Form::Expression if tag.arguments.is_empty() && !tag.name.contains('(') => {
            expression(tag.name, site)
        }
        Form::Statement => statement(tag),
        _ => shortcode(tag),
    }
}

/// `{{ site.url }}`, `{{ "/a.png" | relative_url }}`, `{{ "text" }}`.
fn expression(inside: &str, site: &Home) -> Embed {
    let (value, filters) = inside.split_once('|').unwrap_or((inside, ""));
    let value = value.trim();
    let home = site.url.as_str().trim_end_matches('/');
    if let Some(text) = quoted(value) {
        let filters = filters.to_ascii_lowercase();
        if filters.contains("url") || filters.contains("safe_link") {
            let joined = site.url.join(text.trim_start_matches('/'));
            return joined.map_or(Embed::Unresolved, |url| Embed::Text(url.into()));
        }
        return Embed::Text(text.to_owned());
    }
    match value.to_ascii_lowercase().as_str() {
        "site.url" | "site.baseurl" | "config.base_url" | ".site.baseurl" | "metadata.url"
        | "site.github.url" => Embed::Text(home.to_owned()),
        "site.title" | "config.title" | "metadata.title" | ".site.title" => {
            Embed::Text(site.title.clone())
        }
        _ => Embed::Unresolved,
    }
}

fn quoted(text: &str) -> Option<&str> {
    let quote = text.chars().next().filter(|c| matches!(c, '"' | '\''))?;
    text.strip_prefix(quote)?.strip_suffix(quote)
}

fn statement(tag: &Tag<'_>) -> Embed {
    match tag.name.to_ascii_lowercase().as_str() {
        "raw" | "verbatim" => Embed::Verbatim,
        "highlight" | "codeblock" | "code" => Embed::Code(language(tag)),
        // Nunjucks' `set` may have a block, Liquid's `assign` has none.
        "capture" | "macro" | "set" => Embed::Without(false),
        "assign" | "increment" | "decrement" | "layout" | "extends" | "import" | "from" => {
            Embed::Nothing
        }
        "for" | "tablerow" => Embed::Without(true),
        "link" | "post_url" | "asset" | "asset_path" => Embed::Unresolved,
        // The generator chooses one of them; all are text of the post.
        "else" | "elsif" | "elseif" | "elif" | "when" => Embed::Nothing,
        _ => shortcode(tag),
    }
}

fn language(tag: &Tag<'_>) -> String {
    let word = tag.positional().next().unwrap_or_default();
    word.chars()
        .take_while(|c| c.is_alphanumeric() || matches!(c, '+' | '-' | '#' | '_'))
        .collect()
}

fn shortcode(tag: &Tag<'_>) -> Embed {
    let name = tag.name.trim_end_matches(".html").to_ascii_lowercase();
    // `{% include video.html id="…" %}` is called by what it includes.
    let (name, first) = match name.as_str() {
        "include" | "include_relative" | "partial" | "render" => {
            let file = tag.positional().next().unwrap_or_default();
            let file = file.rsplit('/').next().unwrap_or(file);
            let bare = file.split('.').next().unwrap_or(file);
            (bare.to_ascii_lowercase(), 1)
        }
        _ => (name, 0),
    };
    let plain: Vec<&str> = tag.positional().skip(first).collect();
    match name.as_str() {
        "ref" | "relref" => return Embed::Unresolved,
        "highlight" => return Embed::Code(language(tag)),
        "toc" => return Embed::Nothing,
        _ => {}
    }
    let argument = |wanted: &str| tag.named(&[wanted]);
    match reduce(&name, &argument, &plain) {
        Some(text) => Embed::Text(text),
        None => Embed::Unknown,
    }
}

/// What a component stands for.
pub(super) fn of_component(component: &Component<'_>) -> Option<String> {
    let argument = |wanted: &str| component.text(wanted);
    let reduced = reduce(&component.name.to_ascii_lowercase(), &argument, &[]);
    reduced.filter(|_| component.is_alone)
}

/// Pictures, videos, posts of others, and whatever names a web address.
fn reduce<'t>(
    name: &str,
    argument: &dyn Fn(&str) -> Option<&'t str>,
    plain: &[&'t str],
) -> Option<String> {
    let first = |names: &[&str]| names.iter().find_map(|name| argument(name));
    let id = || first(&["id", "videoid", "video_id", "youtubeid"]).or(plain.first().copied());
    let is = |words: &[&str]| words.iter().any(|word| name.contains(word));
    let has = |word: &str| name.split(['-', '_']).any(|part| part == word);
    if is(&["youtube"]) || has("yt") {
        let id = bare(id()?)?;
        return Some(link(&format!("https://www.youtube.com/watch?v={id}")));
    }
    if is(&["vimeo"]) {
        return Some(link(&format!("https://vimeo.com/{}", bare(id()?)?)));
    }
    if is(&["tweet", "twitter"]) || matches!(name, "x") {
        if let Some(url) = id().filter(|id| is_web(id)) {
            return Some(link(url));
        }
        let user = first(&["user", "username"]).unwrap_or("i");
        let id = bare(first(&["id"]).or(plain.last().copied())?)?;
        let user = bare(user)?;
        return Some(link(&format!("https://x.com/{user}/status/{id}")));
    }
    if has("gist") {
        let parts: Option<Vec<_>> = plain.iter().take(2).map(|part| bare(part)).collect();
        let path = parts.filter(|parts| !parts.is_empty())?.join("/");
        return Some(link(&format!("https://gist.github.com/{path}")));
    }
    if is(&["instagram"]) {
        return Some(link(&format!(
            "https://www.instagram.com/p/{}/",
            bare(id()?)?
        )));
    }
    let source = first(&["src", "image", "image_path", "path", "file", "url"])
        .or(plain.first().copied())
        .filter(|source| is_picture(source));
    let knows_place = matches!(name, "figure" | "img" | "image" | "picture" | "photo");
    if let Some(source) = source
        && (knows_place || is_web(source) || source.starts_with('/'))
    {
        let alt = first(&["alt"]).unwrap_or_default();
        let caption = first(&["caption", "title"]).unwrap_or_default();
        return Some(figure(source, alt, caption));
    }
    if let Some(text) = first(&["text", "content", "quote", "body"]).filter(|text| !text.is_empty())
    {
        let cite = first(&["cite", "author", "source"]);
        let cite = cite
            .map(|cite| format!("\n>\n> — {cite}"))
            .unwrap_or_default();
        return Some(format!("\n\n> {text}{cite}\n\n"));
    }
    let address = first(&["href", "url", "link", "src"]).or(plain.first().copied());
    let address = address.filter(|address| is_web(address))?;
    match first(&["label", "title", "name"]).or(plain.get(1).copied()) {
        Some(label) if !label.contains([']', '[']) => {
            Some(format!("[{label}]({})", spelled(address)))
        }
        _ => Some(link(address)),
    }
}

fn is_web(text: &str) -> bool {
    text.starts_with("https://") || text.starts_with("http://")
}

fn is_picture(text: &str) -> bool {
    let path = text
        .split(['?', '#'])
        .next()
        .unwrap_or(text)
        .to_ascii_lowercase();
    let endings = [".png", ".jpg", ".jpeg", ".gif", ".webp", ".svg", ".avif"];
    endings.iter().any(|ending| path.ends_with(ending))
}

/// A word that can stand in an address as it is.
fn bare(text: &str) -> Option<&str> {
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    (!text.is_empty() && text.chars().all(fits)).then_some(text)
}

fn link(url: &str) -> String {
    format!("<{}>", spelled(url))
}

/// An address that neither ends a link nor begins a tag.
fn spelled(url: &str) -> String {
    url.replace('<', "%3C")
        .replace('>', "%3E")
        .replace(' ', "%20")
        .replace('(', "%28")
        .replace(')', "%29")
}

fn figure(source: &str, alt: &str, caption: &str) -> String {
    let quoted = |text: &str| {
        text.replace('&', "&amp;")
            .replace('"', "&quot;")
            .replace('<', "&lt;")
    };
    let picture = format!("<img src=\"{}\" alt=\"{}\">", quoted(source), quoted(alt));
    let caption = caption.replace('\n', " ");
    if caption.trim().is_empty() {
        return format!("<figure>{picture}</figure>");
    }
    format!("<figure>{picture}<figcaption>{caption}</figcaption></figure>")
}
