//! Renders the body of a post for feeds, or defers that, and reports parts that feeds cannot carry.

use std::sync::Arc;

use url::Url;

use super::body_renderer::{self, BodyRenderer};
use super::compressed_body;
use crate::fields::{FrontMatterFields, SourceSpan};
use crate::links::{LinkTarget, may_link_files};
use crate::markdown::complexity;
use crate::markdown::excerpt::{self, Excerpt, ExcerptRequest};
use crate::markdown::html_cleanup::ProcessedHtml;
use crate::markdown::url_rewrite;
use crate::model::finding::{Rule, Severity};
use crate::model::markup::Markup;
use crate::model::post::permalink::MAX_URL_BYTES;
use crate::model::post::video::MAX_VIDEOS;
use crate::model::post::{self, Image, Permalink, PostLink, ResolvedLinks, Video};
use crate::shortcodes::RemovalReason;
use crate::shortcodes::site_vars::PageVars;
use crate::text::max_encoded_len;

/// Hint for shortcodes and components that only the site's generator can render.
const SHORTCODE_HINT: &str = "write it as Markdown or HTML to show it in feeds; if it is plain text, set `content.shortcodes = \"keep\"`";

/// Body of a post, as written.
#[derive(Debug, Clone, Copy)]
pub(super) struct RawBody<'a> {
    /// The text after the front matter.
    pub(super) text: &'a str,
    /// The line of the file in which it begins.
    pub(super) line: usize,
    /// The language that it is written in.
    pub(super) markup: Markup,
    /// Renderer of the site.
    pub(super) rendering: &'a Arc<BodyRenderer>,
}

impl RawBody<'_> {
    /// Returns true if the body has no shortcodes or hidden sections.
    fn is_plain(&self) -> bool {
        self.rendering.is_plain(self.text, self.markup)
    }

    /// Collects the values of the post that the body uses; a plain one uses none.
    fn collect_page_vars(
        &self,
        fields: &FrontMatterFields<'_>,
        permalink: &Permalink,
        is_plain: bool,
    ) -> PageVars {
        PageVars {
            markup: self.markup,
            values: match is_plain {
                true => Vec::new(),
                false => fields.collect_page_values(self.text, permalink.url_path()),
            },
            summary: None,
        }
    }
}

/// Body for a post, and what else was found in it.
#[derive(Debug)]
pub(super) struct ParsedBody {
    /// The body, rendered or deferred.
    pub(super) body: post::PostBody,
    /// Images, first heading and first paragraph.
    pub(super) found: Excerpt,
    /// Links to files of the site.
    pub(super) links: Box<[PostLink]>,
}

/// Renders the body. The result is empty, with a finding, if rendering would cost too much. `description` stands for
/// a body most of which is left out.
pub(super) fn render_body(
    fields: &FrontMatterFields<'_>,
    body: RawBody<'_>,
    permalink: &Permalink,
    base: &Url,
    description: Option<&str>,
) -> ParsedBody {
    let rendering = body.rendering;
    let is_plain = body.is_plain();
    let mut page = body.collect_page_vars(fields, permalink, is_plain);
    let reduced = rendering.strip_shortcodes(body.text, &page);
    for left_out in &reduced.removed {
        let times = match left_out.count {
            1 => String::new(),
            times => format!(" ({times} times)"),
        };
        let (what, why, hint) = match left_out.reason {
            RemovalReason::UnknownOutput => (
                "is left out",
                "only the site's generator knows what it shows",
                SHORTCODE_HINT,
            ),
            RemovalReason::UnresolvedAddress => (
                "is not an address that readers can follow",
                "only the site's generator resolves it; the text of the link stays",
                SHORTCODE_HINT,
            ),
            RemovalReason::Locked => (
                "is left out with its content",
                "its name says that not everybody may read the content",
                "rename it if everybody may read the content, and delete text that nobody should read",
            ),
            RemovalReason::Unclosed => (
                "is not closed, so everything after it is left out",
                "it hides its content",
                "close it after the text to hide; if it is an example, write it as code",
            ),
        };
        fields.report_finding(
            Severity::Warning,
            Rule::Shortcode,
            SourceSpan::at_text(body.line + left_out.line, &left_out.text),
            format!("`{}` {what}{times}: {why}", left_out.name),
            hint,
        );
    }
    let no_links = ResolvedLinks::default();
    let markup = rendering.render_reduced(&reduced.text, body.markup, base, &no_links);
    match &markup {
        Ok(markup) => lint_body(fields, body, markup),
        Err(excess) => fields.report_finding(
            Severity::Error,
            Rule::BodyTooComplex,
            Some(body.line + complexity::find_costliest_line(body.text)),
            format!(
                "the body {}, so the post is published without it",
                excess.to_message()
            ),
            "close every HTML element that is opened, nest less, and move data to a file that the post links to",
        ),
    }
    let markup = markup.unwrap_or_default();
    page.summary = summarize_body(
        reduced.is_mostly_removed,
        description,
        &markup.first_paragraph,
    );
    let links = collect_links(body, &page, markup.link_targets);
    let parsed_body = if !links.is_empty() {
        // Its HTML depends on other posts.
        compressed_body::new_deferred_body(body.text, page, permalink, rendering, is_plain)
    } else {
        let html = match &page.summary {
            Some(summary) => body_renderer::format_summary(summary, &permalink.url),
            None => markup.html,
        };
        let fingerprint = rendering.body_fingerprint(body.text, &page, &permalink.url, is_plain);
        post::PostBody::from_rendered(fingerprint, body_renderer::content_from_html(html))
    };
    ParsedBody {
        links,
        body: parsed_body,
        found: Excerpt {
            images: normalize_images(markup.images),
            videos: collect_videos(markup.videos, &reduced.text, body.text),
            heading: markup.first_heading,
            has_subheading: markup.has_subheading,
            paragraph: markup.first_paragraph,
            is_marked: markup.marked_len.is_some(),
        },
    }
}

/// Defers rendering, and reads only images, heading and paragraph as `wanted`.
pub(super) fn defer_body(
    fields: &FrontMatterFields<'_>,
    body: RawBody<'_>,
    permalink: &Permalink,
    base: &Url,
    description: Option<&str>,
    wanted: ExcerptRequest,
) -> ParsedBody {
    let rendering = body.rendering;
    let is_plain = body.is_plain();
    let mut page = body.collect_page_vars(fields, permalink, is_plain);
    let has_excerpt = is_plain && body.markup != Markup::Html && !may_link_files(body.text);
    let mut link_targets = Vec::new();
    let excerpt_result = has_excerpt.then(|| excerpt::extract_excerpt(body.text, base, wanted));
    let found = excerpt_result.flatten().unwrap_or_else(|| {
        let reduced = rendering.strip_shortcodes(body.text, &page);
        let is_mostly_removed = reduced.is_mostly_removed;
        let no_links = ResolvedLinks::default();
        let markup = rendering.render_reduced(&reduced.text, body.markup, base, &no_links);
        let markup = markup.unwrap_or_default();
        link_targets = markup.link_targets;
        page.summary = summarize_body(is_mostly_removed, description, &markup.first_paragraph);
        Excerpt {
            images: markup.images,
            videos: collect_videos(markup.videos, &reduced.text, body.text),
            heading: markup.first_heading,
            has_subheading: markup.has_subheading,
            paragraph: markup.first_paragraph,
            is_marked: markup.marked_len.is_some(),
        }
    });
    ParsedBody {
        links: collect_links(body, &page, link_targets),
        body: compressed_body::new_deferred_body(body.text, page, permalink, rendering, is_plain),
        found: Excerpt {
            images: normalize_images(found.images),
            ..found
        },
    }
}

/// Collects the links of a body to files of the site, each target once, with their lines.
fn collect_links(body: RawBody<'_>, page: &PageVars, mut targets: Vec<String>) -> Box<[PostLink]> {
    targets.sort();
    targets.dedup();
    // Where an excerpt suffices, the targets are not known.
    let has_links = page.summary.is_none() && (!body.is_plain() || may_link_files(body.text));
    let targets = targets.into_iter().filter(|_| has_links).enumerate();
    let links = targets.map(|(number, target)| {
        let path = LinkTarget::parse(&target).map(|target| target.path);
        PostLink {
            line: find_line(body, &path.unwrap_or_default(), number),
            target: target.into(),
        }
    });
    links.collect()
}

/// Returns the text that feeds show in place of a body most of which is left out.
fn summarize_body(
    is_mostly_removed: bool,
    description: Option<&str>,
    first_paragraph: &Option<String>,
) -> Option<String> {
    let text = description
        .or(first_paragraph.as_deref())
        .unwrap_or_default();
    is_mostly_removed.then(|| text.to_owned())
}

/// Normalizes the URLs of images, and drops those too long for a card and a sitemap.
fn normalize_images(images: Vec<Image>) -> Vec<Image> {
    let normal = |image: Image| {
        let url = url_rewrite::normalize_url(image.url)?;
        (max_encoded_len(&url) <= MAX_URL_BYTES).then_some(Image { url, ..image })
    };
    images.into_iter().filter_map(normal).collect()
}

/// Adds the videos of shortcodes, which became links that the body as written does not have. Normalizes all URLs.
fn collect_videos(mut videos: Vec<Video>, reduced: &str, written: &str) -> Vec<Video> {
    for (at, _) in reduced.match_indices("<https://") {
        let link = reduced.get(at..).unwrap_or_default();
        let end = link
            .bytes()
            .take(MAX_URL_BYTES)
            .position(|byte| byte == b'>');
        let link = end.and_then(|end| link.get(..=end)).unwrap_or_default();
        let video = Video::from_embed_url(link.trim_matches(['<', '>']));
        if let Some(video) = video.filter(|video| !videos.contains(video))
            && videos.len() < MAX_VIDEOS
            && !written.contains(link)
        {
            videos.push(video);
        }
    }
    let normalize = |url: String| {
        let url = url_rewrite::normalize_url(url)?;
        (max_encoded_len(&url) <= MAX_URL_BYTES).then_some(url)
    };
    let normal = videos.into_iter().filter_map(|video| {
        Some(Video {
            url: normalize(video.url)?,
            thumbnail_url: normalize(video.thumbnail_url).unwrap_or_default(),
            ..video
        })
    });
    normal.collect()
}

/// Reports links to files and, as suggestions, images without alternative text.
fn lint_body(fields: &FrontMatterFields<'_>, body: RawBody<'_>, markup: &ProcessedHtml) {
    for (number, href) in markup.file_links.iter().enumerate() {
        let name = href.rsplit('/').next().unwrap_or(href);
        fields.report_finding(
            Severity::Warning,
            Rule::RelativeLink,
            locate_in_body(body, name, number),
            format!("the link to `{name}` points to a file, and becomes its text"),
            "write the URL of the post instead",
        );
    }
    if markup.has_drawing {
        fields.report_finding(
            Severity::Warning,
            Rule::InlineImage,
            locate_in_body(body, "<svg", 0),
            "a drawing, `<svg>`, is left out, and only its text stays",
            "save it as a file, and write its path, such as `![…](/img/a.svg)`",
        );
    }
    if !fields.is_lint_mode() {
        return;
    }
    let without_alt = markup.images.iter().filter(|image| image.alt.is_none());
    for (number, image) in without_alt.enumerate() {
        let name = image.url.rsplit('/').next().unwrap_or(&image.url);
        let name = name.split('?').next().unwrap_or(name);
        fields.report_suggestion(
            Rule::MissingAlt,
            locate_in_body(body, name, number),
            format!("the image `{name}` has no alternative text"),
            "describe it in a few words: `![what it shows](/img/a.jpg)`",
        );
    }
}

/// Maximum findings of one kind that get a line, as the body is searched for each.
const MAX_LOCATED_FINDINGS: usize = 50;

/// Locates the first occurrence of `text` in the file. Only the first findings of a kind get a line.
fn locate_in_body(body: RawBody<'_>, text: &str, number: usize) -> SourceSpan {
    match find_line(body, text, number) {
        Some(line) => SourceSpan::at_text(line, text),
        None => SourceSpan::default(),
    }
}

fn find_line(body: RawBody<'_>, text: &str, number: usize) -> Option<usize> {
    let at = Some(text).filter(|text| !text.is_empty() && number < MAX_LOCATED_FINDINGS);
    let before = at.and_then(|text| body.text.get(..body.text.find(text)?))?;
    Some(body.line + before.matches('\n').count())
}
