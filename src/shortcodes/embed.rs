//! Replaces template tags and components with Markdown or HTML: an image, a link, a quote, or the content between
//! start and end tag.

use super::mdx::MdxTag;
use super::template_tag::{TagSyntax, TemplateTag};
use super::variables::Variables;
use crate::links::{self, LinkAnchor};

/// Replacement of a tag.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Replacement {
    /// No output.
    Empty,
    /// Markdown or HTML.
    Text(String),
    /// The value of a variable.
    Value(String),
    /// The placeholder URL of a post.
    PostUrl(String),
    /// No output. The tag assigns a variable.
    Assignment,
    /// A value that only the site generator knows, such as the address of another page.
    Unresolved,
    /// The content up to the end tag, unchanged.
    Verbatim,
    /// The content up to the end tag, as code in this language.
    Code(String),
    /// No output for the tag and its content; true if the removal is reported.
    Removed(bool),
    /// A tag of unknown meaning.
    Unknown,
}

/// Returns the replacement of a tag.
pub(super) fn replace_tag(tag: &TemplateTag<'_>, variables: &Variables<'_>) -> Replacement {
    if tag.is_closing {
        return Replacement::Unknown;
    }
    match tag.syntax {
        TagSyntax::Expression if tag.arguments.is_empty() && !tag.name.contains('(') => {
            to_value(variables.evaluate_expression(tag.name))
        }
        TagSyntax::Statement => replace_statement(tag, variables),
        _ => replace_shortcode(tag, variables),
    }
}

fn to_value(value: Option<String>) -> Replacement {
    value.map_or(Replacement::Unresolved, Replacement::Value)
}

fn to_post_url(written: &str, anchor: LinkAnchor, language: Option<&str>) -> Replacement {
    let url = links::write_placeholder(written, anchor, language.unwrap_or_default());
    url.map_or(Replacement::Unresolved, Replacement::PostUrl)
}

fn replace_statement(tag: &TemplateTag<'_>, variables: &Variables<'_>) -> Replacement {
    match tag.name.to_ascii_lowercase().as_str() {
        "raw" | "verbatim" => Replacement::Verbatim,
        "highlight" | "codeblock" | "code" => Replacement::Code(parse_language(tag)),
        "assign" => Replacement::Assignment,
        // In Nunjucks `set` without a value has a block.
        "set" if tag.arguments.iter().any(|(name, _)| name.is_some()) => Replacement::Assignment,
        "capture" | "macro" | "set" => Replacement::Removed(false),
        "increment" | "decrement" | "layout" | "extends" | "import" | "from" => Replacement::Empty,
        "for" | "tablerow" => Replacement::Removed(true),
        "link" => {
            let file = tag.positional_arguments().next().unwrap_or_default();
            if !links::is_static_file(file) {
                return to_post_url(file, LinkAnchor::Root, None);
            }
            let url = variables.site.url.join(file.trim_start_matches('/'));
            to_value(url.ok().map(String::from))
        }
        "post_url" | "post_path" => {
            let name = tag.positional_arguments().next().unwrap_or_default();
            to_post_url(name, LinkAnchor::Name, None)
        }
        "asset" | "asset_path" => Replacement::Unresolved,
        // The site generator would output one branch; here the text of every branch is kept.
        "else" | "elsif" | "elseif" | "elif" | "when" => Replacement::Empty,
        _ => replace_shortcode(tag, variables),
    }
}

fn parse_language(tag: &TemplateTag<'_>) -> String {
    let word = tag.positional_arguments().next().unwrap_or_default();
    word.chars()
        .take_while(|c| c.is_alphanumeric() || matches!(c, '+' | '-' | '#' | '_'))
        .collect()
}

fn replace_shortcode(tag: &TemplateTag<'_>, variables: &Variables<'_>) -> Replacement {
    let name = tag.name.trim_end_matches(".html").to_ascii_lowercase();
    // The name of `{% include video.html id="…" %}` is that of the included file.
    let (name, skip_count) = match name.as_str() {
        "include" | "include_relative" | "partial" | "render" => {
            let file = tag.positional_arguments().next().unwrap_or_default();
            let file = file.rsplit('/').next().unwrap_or(file);
            let stem = file.split('.').next().unwrap_or(file);
            (stem.to_ascii_lowercase(), 1)
        }
        _ => (name, 0),
    };
    let positional: Vec<&str> = tag.positional_arguments().skip(skip_count).collect();
    match name.as_str() {
        "ref" | "relref" => {
            let path = tag
                .named_argument(&["path"])
                .or(positional.first().copied());
            let language = tag.named_argument(&["lang"]).or(positional.get(1).copied());
            return to_post_url(path.unwrap_or_default(), LinkAnchor::Name, language);
        }
        "param" => {
            let field = positional.first();
            return to_value(field.and_then(|field| variables.page_value(field)));
        }
        "highlight" => return Replacement::Code(parse_language(tag)),
        "toc" => return Replacement::Empty,
        _ => {}
    }
    match build_replacement(
        &name,
        &|wanted: &str| tag.named_argument(&[wanted]),
        &positional,
    ) {
        Some(text) => Replacement::Text(text),
        None => Replacement::Unknown,
    }
}

/// Returns the replacement of a component without content.
pub(super) fn replace_component(component: &MdxTag<'_>) -> Option<String> {
    let name = component.name.to_ascii_lowercase();
    let replacement =
        build_replacement(&name, &|wanted: &str| component.text_attribute(wanted), &[]);
    replacement.filter(|_| component.is_self_closing)
}

/// Builds an image, a quote or a link from the arguments of a shortcode or component.
fn build_replacement<'t>(
    name: &str,
    named_argument: &dyn Fn(&str) -> Option<&'t str>,
    positional: &[&'t str],
) -> Option<String> {
    let first_named = |names: &[&str]| names.iter().find_map(|name| named_argument(name));
    let id =
        || first_named(&["id", "videoid", "video_id", "youtubeid"]).or(positional.first().copied());
    let name_contains = |words: &[&str]| words.iter().any(|word| name.contains(word));
    let name_has_word = |word: &str| name.split(['-', '_']).any(|part| part == word);
    if name_contains(&["youtube"]) || name_has_word("yt") {
        let id = as_url_safe_word(id()?)?;
        return Some(format_autolink(&format!(
            "https://www.youtube.com/watch?v={id}"
        )));
    }
    if name_contains(&["vimeo"]) {
        return Some(format_autolink(&format!(
            "https://vimeo.com/{}",
            as_url_safe_word(id()?)?
        )));
    }
    if name_contains(&["tweet", "twitter"]) || matches!(name, "x") {
        if let Some(url) = id().filter(|id| is_web_url(id)) {
            return Some(format_autolink(url));
        }
        let user = first_named(&["user", "username"]).unwrap_or("i");
        let id = as_url_safe_word(first_named(&["id"]).or(positional.last().copied())?)?;
        let user = as_url_safe_word(user)?;
        return Some(format_autolink(&format!(
            "https://x.com/{user}/status/{id}"
        )));
    }
    if name_has_word("gist") {
        let parts: Option<Vec<_>> = positional
            .iter()
            .take(2)
            .map(|part| as_url_safe_word(part))
            .collect();
        let path = parts.filter(|parts| !parts.is_empty())?.join("/");
        return Some(format_autolink(&format!("https://gist.github.com/{path}")));
    }
    if name_contains(&["instagram"]) {
        return Some(format_autolink(&format!(
            "https://www.instagram.com/p/{}/",
            as_url_safe_word(id()?)?
        )));
    }
    let source = first_named(&["src", "image", "image_path", "path", "file", "url"])
        .or_else(|| first_named(&["path_light", "path_dark"]))
        .or(positional.first().copied())
        .filter(|source| is_image_path(source));
    let image_words = ["figure", "img", "image", "picture", "photo"];
    let is_image_shortcode = image_words.contains(&name);
    let path = first_named(&["path", "path_light", "path_dark"]);
    let is_image_path_of_word =
        path == source && image_words.iter().any(|word| name_has_word(word));
    if let Some(source) = source
        && (is_image_shortcode
            || is_image_path_of_word
            || is_web_url(source)
            || source.starts_with('/'))
    {
        let caption = first_named(&["caption"]);
        let alt = first_named(&["alt"]).map(str::to_owned);
        // Hugo's figure describes the image by its caption, without Markdown.
        let alt = alt.or_else(|| caption.filter(|_| name == "figure").map(strip_marks));
        let caption = caption
            .or(first_named(&["title"]))
            .or(first_named(&["attr"]));
        // Zola's paths begin at its content: `resize_image(path="blog/a.png")`.
        let is_content_path = is_image_path_of_word
            && !is_image_shortcode
            && source.contains('/')
            && !source.starts_with(['/', '.'])
            && !is_web_url(source);
        let root = if is_content_path { "/" } else { "" };
        return Some(format_figure(
            &format!("{root}{source}"),
            &alt.unwrap_or_default(),
            caption.unwrap_or_default(),
        ));
    }
    if let Some(text) =
        first_named(&["text", "content", "quote", "body"]).filter(|text| !text.is_empty())
    {
        let cite = first_named(&["cite", "author", "source"]);
        let cite = cite
            .map(|cite| format!("\n>\n> — {cite}"))
            .unwrap_or_default();
        return Some(format!("\n\n> {text}{cite}\n\n"));
    }
    let address = first_named(&["href", "url", "link", "src"]).or(positional.first().copied());
    let address = address.filter(|address| is_web_url(address))?;
    match first_named(&["label", "title", "name"]).or(positional.get(1).copied()) {
        Some(label) if !label.contains([']', '[']) => {
            Some(format!("[{label}]({})", encode_link_url(address)))
        }
        _ => Some(format_autolink(address)),
    }
}

/// Removes emphasis, code marks and the addresses of links: `a [b](c)` is `a b`.
fn strip_marks(caption: &str) -> String {
    let mut plain = String::new();
    let mut rest = caption;
    while let Some((before, after)) = rest.split_once("](") {
        let (start, label) = before.rsplit_once('[').unwrap_or((before, ""));
        plain.extend([start, label]);
        rest = after.split_once(')').map_or("", |(_, rest)| rest);
    }
    plain.push_str(rest);
    plain.replace(['*', '`'], "")
}

fn is_web_url(text: &str) -> bool {
    text.starts_with("https://") || text.starts_with("http://")
}

fn is_image_path(text: &str) -> bool {
    let path = text
        .split(['?', '#'])
        .next()
        .unwrap_or(text)
        .to_ascii_lowercase();
    let extensions = [".png", ".jpg", ".jpeg", ".gif", ".webp", ".svg", ".avif"];
    extensions.iter().any(|ending| path.ends_with(ending))
}

/// Returns the text if it needs no escaping in a URL.
fn as_url_safe_word(text: &str) -> Option<&str> {
    let is_plain = text
        .chars()
        .all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'));
    (!text.is_empty() && is_plain).then_some(text)
}

fn format_autolink(url: &str) -> String {
    format!("<{}>", encode_link_url(url))
}

/// Percent-encodes the characters that would end a Markdown link or begin a tag.
fn encode_link_url(url: &str) -> String {
    url.replace('<', "%3C")
        .replace('>', "%3E")
        .replace(' ', "%20")
        .replace('(', "%28")
        .replace(')', "%29")
}

fn format_figure(source: &str, alt: &str, caption: &str) -> String {
    let escape_attribute = |text: &str| {
        text.replace('&', "&amp;")
            .replace('"', "&quot;")
            .replace('<', "&lt;")
    };
    let image_tag = format!(
        "<img src=\"{}\" alt=\"{}\">",
        escape_attribute(source),
        escape_attribute(alt)
    );
    let caption = caption.replace('\n', " ");
    if caption.trim().is_empty() {
        return format!("<figure>{image_tag}</figure>");
    }
    format!("<figure>{image_tag}<figcaption>{caption}</figcaption></figure>")
}
