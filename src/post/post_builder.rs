//! Builds a [`Post`] from front matter, body and path, with fallbacks for missing fields.

use std::sync::Arc;

use chrono::{DateTime, FixedOffset, Utc};

use super::address::{
    PostAddress, read_aliases, read_external_url, read_slug, resolve_post_address,
};
use super::body_parser::{self, RawBody};
use super::broken_visibility::VisibilityLimits;
use super::path_info::PathInfo;
use super::permalink_pattern::PermalinkParts;
use super::preview_image;
use super::title::{
    MAX_DESCRIPTION_BYTES, lint_title_and_description, title_from_file_name, truncate_description,
    truncate_title,
};
use crate::config::{Config, Field};
use crate::fields::{
    FrontMatterFields, SourceSpan, collect_visibility_markers, find_stray_dates, read_authors,
    read_dates, read_labels, read_media, read_x_account, warn_misplaced_markers,
    warn_non_map_fields,
};
use crate::front_matter::date;
use crate::front_matter::field_names::{is_address, is_slug};
use crate::markdown::asciidoc;
use crate::markdown::excerpt::ExcerptRequest;
use crate::markdown::excerpt_mark::replace_separator;
use crate::markdown::plain_text;
use crate::model::finding::{Rule, Severity};
use crate::model::markup::Markup;
use crate::model::post::{
    FlagValue, Image, Labels, Post, PostExtras, Video, VisibilityEffect, VisibilityField,
};
use crate::text::{
    collapse_whitespace, is_language_tag, truncate_encoded, truncate_graphemes, without_extension,
};

/// Maximum characters of the first paragraph that are used as a description: two or three sentences.
const MAX_EXCERPT_GRAPHEMES: usize = 300;

/// Builds the post of one file; `None`, with findings, if title or date is missing.
pub(super) fn build_post(
    fields: &FrontMatterFields<'_>,
    body: RawBody<'_>,
    path: &str,
    config: &Config,
) -> Option<Post> {
    let location = PathInfo::from_path(path, config);
    let mut unreadable_dates = Vec::new();
    let PublicationDates {
        published,
        publish_after,
        expires,
    } = read_publication_dates(fields, path, config, &mut unreadable_dates)?;
    let mut categories = location.categories.clone();
    // Jekyll splits a text at spaces. Hexo has `_posts`, too, and keeps it whole.
    let as_words = location.is_in_posts && !config.content.names.is_hexo();
    for label in read_labels(fields, Field::Category, as_words) {
        if !categories.contains(&label) {
            categories.push(label);
        }
    }
    if categories.is_empty() && config.content.directory_categories {
        categories.extend(location.dirs.last().cloned());
    }
    if categories.is_empty() {
        categories.extend(config.content.default_category.clone());
    }
    let language = read_language(fields, config).or_else(|| location.language.clone());
    let slug = read_slug(fields);
    // Slugs are made from the title as written, before HTML tags and character references are removed.
    let written_title = fields.one_line_text(Field::Title);
    let is_asciidoc = body.markup == Markup::AsciiDoc;
    let heading = || asciidoc::read_title(body.text).filter(|_| is_asciidoc);
    let title = fields.first_plain_text(Field::Title).or_else(heading);
    let parts = PermalinkParts {
        file: path,
        site_pattern: config.site.permalinks.pattern_for(path),
        location: &location,
        slug: slug.as_deref(),
        title: written_title.as_deref(),
        language: language
            .as_deref()
            .and_then(|language| config.site.find_further_language(language)),
        published,
        categories: &categories,
        names: config.content.names,
    };
    let PostAddress {
        permalink,
        url,
        id,
        id_source: id_from,
        canonical_url,
    } = resolve_post_address(fields, &parts, &config.site);
    let description = read_description(fields);
    let separator = fields.text_by_name("excerpt_separator");
    let separator = separator.or(config.content.excerpt_separator.as_deref());
    let marked = separator.and_then(|separator| replace_separator(body.text, separator));
    let body = RawBody {
        text: marked.as_deref().unwrap_or(body.text),
        ..body
    };
    let summary;
    let body = if is_asciidoc {
        let shown = title.as_deref().unwrap_or(&permalink.url);
        summary = asciidoc::format_summary(shown, description.as_deref(), &permalink.url);
        RawBody {
            text: &summary,
            markup: Markup::Html,
            ..body
        }
    } else {
        body
    };
    let body_parser::ParsedBody { body, found, links } = if fields.is_metadata_only() {
        let excerpt_request = ExcerptRequest {
            heading: title.is_none(),
            paragraph: description.is_none(),
            has_emoji: config.content.emoji,
        };
        let description = description.as_deref();
        body_parser::defer_body(fields, body, &permalink, &url, description, excerpt_request)
    } else {
        body_parser::render_body(fields, body, &permalink, &url, description.as_deref())
    };

    let title = title
        .or(found.heading)
        .or_else(|| title_from_file_name(fields, &location, found.has_subheading));
    let Some(title) = title else {
        fields.report_finding(
            Severity::Error,
            Rule::MissingTitle,
            None,
            "there is no title, so the post is not published",
            "write `title: …` in the front matter",
        );
        return None;
    };
    let title = truncate_title(fields, title);
    let preview_title = fields
        .first_plain_text(Field::PreviewTitle)
        .filter(|other| *other != title);
    let shown_title = preview_title.as_ref().unwrap_or(&title);
    lint_title_and_description(fields, shown_title, found.is_marked);
    warn_non_map_fields(fields);
    let image = preview_image::read_preview_image(fields, &url);
    let markers: Vec<VisibilityField> = collect_markers(fields, path)
        .into_iter()
        .chain(unreadable_dates)
        .collect();
    warn_misplaced_markers(fields, &markers);
    let media = read_media(fields, &title, &url);
    let images = preview_image::merge_images(image.as_ref(), &found.images);
    let extras = PostExtras {
        id,
        canonical_url,
        external_url: read_external_url(fields, &config.site),
        preview_title: preview_title.map(Into::into),
        publish_after: publish_after.filter(|date| *date != published.to_utc()),
        expires_at: expires,
        language: language.map(Into::into),
        twitter_handle: read_x_account(fields).map(Into::into),
        aliases: read_aliases(fields, &permalink, &url, config).into(),
        translation_key: find_translation_key(fields, &location, config).map(Into::into),
        media: media.map(Box::new),
        videos: match config.sitemap.videos {
            true => add_thumbnails(found.videos, &images),
            false => Box::default(),
        },
        stray_dates: find_stray_dates(fields).into(),
        links,
        committed_at: None,
    };
    Some(Post {
        path: path.into(),
        description: description
            .map(|text| truncate_description(fields, text))
            .or_else(|| {
                let paragraph = found.paragraph?;
                Some(match found.is_marked {
                    true => truncate_encoded(&paragraph, MAX_DESCRIPTION_BYTES),
                    false => truncate_graphemes(&paragraph, MAX_EXCERPT_GRAPHEMES),
                })
            })
            .unwrap_or_default()
            .into(),
        title: title.into(),
        id_source: id_from,
        permalink,
        published_at: published.to_utc(),
        updated_at: read_dates(fields, Field::Updated)
            .into_iter()
            .find_map(|dated| dated.date_or_push_marker(&mut Vec::new()))
            .map(|date| date.to_utc()),
        authors: read_authors(fields, Field::Author).into(),
        tags: to_shared_labels(read_labels(fields, Field::Tags, as_words)),
        categories: to_shared_labels(categories),
        images,
        body,
        visibility_fields: markers.into(),
        extras: extras.into_option(),
    })
}

/// Gives videos without a picture the post's main image. Removes those that have none: Google requires one.
fn add_thumbnails(videos: Vec<Video>, images: &[Image]) -> Box<[Video]> {
    let main = images.iter().find(|image| image.is_previewable());
    let with_thumbnail = videos.into_iter().filter_map(|video| {
        let main = main.filter(|_| video.thumbnail_url.is_empty());
        let thumbnail_url = main.map_or(video.thumbnail_url, |image| image.url.clone());
        (!thumbnail_url.is_empty()).then_some(Video {
            thumbnail_url,
            ..video
        })
    });
    with_thumbnail.collect()
}

fn to_shared_labels(labels: Vec<String>) -> Labels {
    labels.into_iter().map(Arc::from).collect()
}

struct PublicationDates {
    published: DateTime<FixedOffset>,
    publish_after: Option<DateTime<Utc>>,
    expires: Option<DateTime<Utc>>,
}

/// Reads when a post is published and when it expires; `None` if there is no usable date.
///
/// Adds a visibility marker for each date that cannot be read, which hides the post.
fn read_publication_dates(
    fields: &FrontMatterFields<'_>,
    path: &str,
    config: &Config,
    unreadable_dates: &mut Vec<VisibilityField>,
) -> Option<PublicationDates> {
    // The latest start and the earliest end apply, because a post that was shown too early or too long cannot be
    // recalled.
    let (starts, ends) = read_start_and_end_dates(fields, unreadable_dates);
    let expires = ends.into_iter().min();
    let stem = without_extension(path);
    // An unreadable date is not replaced by the one in the path.
    let parse_date_in_path = || {
        let zone = config.site.timezone;
        let permalink = || fields.first_text_where(Field::Permalink, is_address);
        let slug = || fields.first_text_where(Field::Slug, is_slug);
        let parse_date_in = |(_, text, _): (_, &str, _)| date::parse_path_date(text, zone);
        let date = date::parse_path_date(stem, zone)
            .or_else(|| permalink().and_then(parse_date_in))
            .or_else(|| slug().and_then(parse_date_in));
        Some(date?.with_timezone(&zone).fixed_offset())
    };
    let published = starts
        .first()
        .copied()
        .or_else(|| unreadable_dates.is_empty().then(parse_date_in_path)?);
    if published.is_none() && unreadable_dates.is_empty() {
        fields.report_finding(
            Severity::Error,
            Rule::MissingDate,
            None,
            "there is no date, so the post is not published",
            "write `date: 2024-05-01T10:00:00Z` in the front matter",
        );
    }
    Some(PublicationDates {
        published: published?,
        publish_after: starts.iter().max().map(DateTime::to_utc),
        expires: expires.map(|date| date.to_utc()),
    })
}

/// Reads the start dates, before which a post is not shown, and the end dates, from which on it is not shown.
fn read_start_and_end_dates(
    fields: &FrontMatterFields<'_>,
    unreadable_dates: &mut Vec<VisibilityField>,
) -> (Vec<DateTime<FixedOffset>>, Vec<DateTime<FixedOffset>>) {
    let mut read = |field| -> Vec<DateTime<FixedOffset>> {
        let dates = read_dates(fields, field).into_iter();
        dates
            .filter_map(|dated| dated.date_or_push_marker(unreadable_dates))
            .collect()
    };
    let starts = [read(Field::Date), read(Field::PublishDate)].concat();
    (starts, read(Field::Expires))
}

/// Reads the limits on visibility from front matter that no post could be built from.
pub(super) fn read_visibility_limits(fields: &FrontMatterFields<'_>) -> VisibilityLimits {
    let mut markers = collect_visibility_markers(fields);
    let (starts, ends) = read_start_and_end_dates(fields, &mut markers);
    let mut limits = VisibilityLimits {
        hides: markers.iter().any(VisibilityField::may_unpublish),
        leaves_feeds: markers.iter().any(VisibilityField::leaves_feeds),
        ..VisibilityLimits::NONE
    };
    starts
        .into_iter()
        .for_each(|start| limits.add_start_date(start.to_utc()));
    ends.into_iter()
        .for_each(|end| limits.add_end_date(end.to_utc()));
    limits
}

/// Reads the description as plain text. CMS users paste Markdown links into it, which no output renders.
fn read_description(fields: &FrontMatterFields<'_>) -> Option<String> {
    let (text, _) = fields.first_text(Field::Description)?;
    Some(plain_text::strip_markdown(text)).filter(|text| !text.is_empty())
}

fn read_language(fields: &FrontMatterFields<'_>, config: &Config) -> Option<String> {
    let (tag, line) = fields.first_text(Field::Language)?;
    let tag = tag.replace('_', "-");
    if !is_language_tag(&tag) {
        fields.report_finding(
            Severity::Warning,
            Rule::FieldType,
            SourceSpan::at_text(line, &tag),
            format!("`{}` is not a language tag", collapse_whitespace(&tag)),
            "write a BCP 47 tag, such as `en` or `pt-BR`",
        );
        return None;
    }
    // Tags are case-insensitive (RFC 5646 §2.1.1). Take the site's spelling, as later comparisons are exact.
    let site_spelling = config.site.find_language(&tag).map(str::to_owned);
    site_spelling.or(Some(tag))
}

/// Finds the key that translations of a post share: a field, or the path if the site has several languages.
fn find_translation_key(
    fields: &FrontMatterFields<'_>,
    location: &PathInfo,
    config: &Config,
) -> Option<String> {
    let by_path =
        || (!config.site.languages.is_empty()).then(|| format!("/{}", location.translation_key()));
    fields.one_line_text(Field::TranslationKey).or_else(by_path)
}

/// Collects the visibility markers of a post, such as `draft: true` or a `_drafts` directory. Reports those that
/// cannot be read.
fn collect_markers(fields: &FrontMatterFields<'_>, path: &str) -> Vec<VisibilityField> {
    let mut markers = collect_visibility_markers(fields);
    if path
        .split('/')
        .any(|part| part.eq_ignore_ascii_case("_drafts"))
    {
        markers.push(VisibilityField {
            field: "_drafts/".into(),
            value: "true".into(),
            line: None,
            effect: VisibilityEffect::Hides,
        });
    }
    for marker in &markers {
        let is_of_feeds = marker.affects_feeds() && marker.parse_value() == FlagValue::Unreadable;
        if is_of_feeds {
            fields.report_finding(
                Severity::Warning,
                Rule::UnreadableMarker,
                SourceSpan::from(marker),
                format!(
                    "`{}: {}` is neither true nor false, so the post is in no feed",
                    marker.field,
                    collapse_whitespace(&marker.value)
                ),
                format!(
                    "write `{}: true` or `{}: false`",
                    marker.field, marker.field
                ),
            );
        }
    }
    for marker in markers.iter().filter(|marker| marker.is_ambiguous()) {
        fields.report_finding(
            Severity::Error,
            Rule::UnreadableMarker,
            SourceSpan::from(marker),
            match collapse_whitespace(&marker.value).as_str() {
                "" => format!("`{}` is empty, so the post is hidden", marker.field),
                value if marker.effect == VisibilityEffect::UnknownState => format!(
                    "`{}: {value}` is not known to mean public, so the post is hidden",
                    marker.field
                ),
                value => format!(
                    "`{}: {value}` is neither true nor false, so the post is hidden",
                    marker.field
                ),
            },
            match marker.effect {
                VisibilityEffect::UnknownState => format!(
                    "write `{}: published`, or add the word to `content.public_states`",
                    marker.field
                ),
                _ => format!(
                    "write `{}: true` or `{}: false`",
                    marker.field, marker.field
                ),
            },
        );
    }
    markers
}

/// Returns true if the file is an `_index` file, which Hugo and Zola use for a whole directory.
pub(crate) fn is_section_file(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    let start = name.get(.."_index.".len());
    start.is_some_and(|start| start.eq_ignore_ascii_case("_index."))
}

/// Returns true if the front matter has the title and the date of a post.
pub(super) fn has_title_and_date(fields: &FrontMatterFields<'_>) -> bool {
    fields.first_text(Field::Title).is_some() && fields.first_node(Field::Date).is_some()
}

/// Explains why a file is not a post: it is the `_index` file of a section, or `content.require` excludes it.
/// `None` if it is a post.
pub(super) fn exclusion_reason(
    fields: &FrontMatterFields<'_>,
    path: &str,
    config: &Config,
) -> Option<String> {
    if is_section_file(path) {
        return Some("`_index` files are sections, not posts".to_owned());
    }
    let mut required = config.content.require.iter();
    let Some((name, value)) = required.find(|(name, value)| !fields.has_value(name, value)) else {
        let markup = Markup::from_path(path).filter(|markup| markup.is_rarely_post())?;
        let stem = without_extension(path);
        let is_dated = [Field::Date, Field::PublishDate]
            .into_iter()
            .any(|field| fields.first_node(field).is_some())
            || date::parse_path_date(stem, config.site.timezone).is_some();
        return (!is_dated)
            .then(|| format!("{markup:?} files without a date are pages, not posts"));
    };
    Some(format!(
        "`content.require` requires `{name}: {value}`, which the file does not have"
    ))
}
