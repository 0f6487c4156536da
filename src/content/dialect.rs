//! Front matter fields into a [`Post`]: which names mean what, and what stands in for what is missing.

mod image;
mod names;

use std::sync::Arc;

use chrono::{DateTime, Utc};
use unicode_segmentation::UnicodeSegmentation as _;

use super::address::{Address, MAX_URL, address, aliases};
use super::body::{self, Body};
use super::broken::Limits;
use super::fields::{Fields, Place};
use super::glance::Wanted;
use super::location::Location;
use super::permalink::{Parts, without_date};
use super::{date, plain_text};
use crate::config::{Config, Field};
use crate::finding::{Rule, Severity};
use crate::post::{Labels, Marker, MarkerKind, Post, Rare};
use crate::text::{bounded, cut, is_language_tag, one_line};

pub(super) use names::built_in;

/// A long title has a hundred.
const TITLE_GRAPHEMES: usize = 1000;
/// For letters with hundreds of marks.
const TITLE_BYTES: usize = 12_000;
/// Of a first paragraph that stands for a description: two or three sentences.
const EXCERPT_GRAPHEMES: usize = 300;
/// Of a description as HTML writes it: a hundred times what is usual. Feeds carry it whole.
const MAX_DESCRIPTION_BYTES: usize = 20_000;
/// X shows no more of a title.
const SHOWN_TITLE: usize = 70;
/// X shows no more of a description.
const SHOWN_DESCRIPTION: usize = 200;

/// Reads the post of one file; `None`, with findings, where it cannot be one.
pub(super) fn post(
    fields: &Fields<'_>,
    body: Body<'_>,
    path: &str,
    config: &Config,
) -> Option<Post> {
    let location = Location::of(path, config);
    let mut doubts = Vec::new();
    let Dates {
        published,
        publish_after,
        expires,
    } = dates(fields, path, config, &mut doubts)?;
    let mut categories = location.categories.clone();
    for label in fields.labels(Field::Category, location.is_in_posts) {
        if !categories.contains(&label) {
            categories.push(label);
        }
    }
    let language = language(fields, config).or_else(|| location.language.clone());
    let slug = fields.line(Field::Slug).map(|slug| bounded(&slug, MAX_URL));
    // Of the title as it is written addresses are made.
    let written_title = fields.line(Field::Title);
    let title = fields.plain_text(Field::Title);
    let parts = Parts {
        location: &location,
        slug: slug.as_deref(),
        title: written_title.as_deref(),
        language: language
            .as_deref()
            .filter(|_| !config.site.languages.is_empty())
            .filter(|language| *language != config.site.language),
        published,
        categories: &categories,
    };
    let Address {
        permalink,
        url,
        id,
        id_from,
    } = address(fields, &parts, &config.site);
    let description = description(fields);
    let body::Published { body, found } = if fields.is_outlined() {
        let wanted = Wanted {
            heading: title.is_none(),
            paragraph: description.is_none(),
        };
        body::outline(body, (&permalink, &url), config, wanted)
    } else {
        body::read(fields, body, (&permalink, &url), config)
    };

    let title = title
        .or(found.heading)
        .or_else(|| title_of_name(fields, &location));
    let Some(title) = title else {
        fields.note(
            Severity::Error,
            Rule::MissingTitle,
            None,
            "there is no title, so the post is not published",
            "write `title: …` in the front matter",
        );
        return None;
    };
    let title = bounded_title(fields, title);
    let preview_title = fields
        .plain_text(Field::PreviewTitle)
        .filter(|other| *other != title);
    advise_on_texts(fields, preview_title.as_ref().unwrap_or(&title));
    fields.warn_of_shapes();
    let image = image::of(fields, &url);
    let markers: Vec<Marker> = markers(fields, path).into_iter().chain(doubts).collect();
    fields.warn_misplaced_markers(&markers);
    let rare = Rare {
        id,
        preview_title: preview_title.map(Into::into),
        publish_after: publish_after.filter(|date| *date != published),
        expires,
        language: language.map(Into::into),
        twitter: fields.x_account().map(Into::into),
        aliases: aliases(fields, (&permalink, &url), &config.site.url).into(),
        translation_key: translation_key(fields, &location, config).map(Into::into),
        stray_dates: fields.stray_dates().into(),
    };
    Some(Post {
        path: path.into(),
        description: description
            .map(|text| bounded_description(fields, text))
            .or_else(|| Some(cut(&found.paragraph?, EXCERPT_GRAPHEMES)))
            .unwrap_or_default()
            .into(),
        title: title.into(),
        id_from,
        permalink,
        published,
        updated: fields
            .dates(Field::Updated)
            .into_iter()
            .find_map(|dated| dated.or_doubt(&mut Vec::new())),
        authors: fields.authors(Field::Author).into(),
        tags: shareable(fields.labels(Field::Tags, location.is_in_posts)),
        categories: shareable(categories),
        images: image::all(image.as_ref(), &found.images),
        body,
        markers: markers.into(),
        rare: rare.some(),
    })
}

fn shareable(labels: Vec<String>) -> Labels {
    labels.into_iter().map(Arc::from).collect()
}

struct Dates {
    published: DateTime<Utc>,
    publish_after: Option<DateTime<Utc>>,
    expires: Option<DateTime<Utc>>,
}

/// When a post begins and ends; `None`, with a finding, where it cannot be told.
fn dates(
    fields: &Fields<'_>,
    path: &str,
    config: &Config,
    doubts: &mut Vec<Marker>,
) -> Option<Dates> {
    // Of several dates the latest begins and the earliest ends: a leak cannot be recalled.
    let (starts, ends) = starts_and_ends(fields, doubts);
    let expires = ends.into_iter().min();
    let stem = path.rsplit_once('.').map_or(path, |(stem, _)| stem);
    // A field that cannot be read is no reason to take another date for it.
    let in_path = || {
        let address = || fields.first(Field::Permalink)?.text();
        date::in_path(stem, config.site.timezone)
            .or_else(|| date::in_path(address()?, config.site.timezone))
    };
    let published = starts
        .first()
        .copied()
        .or_else(|| doubts.is_empty().then(in_path)?);
    if published.is_none() && doubts.is_empty() {
        fields.note(
            Severity::Error,
            Rule::MissingDate,
            None,
            "there is no date, so the post is not published",
            "write `date: 2024-05-01T10:00:00Z` in the front matter",
        );
    }
    Some(Dates {
        published: published?,
        publish_after: starts.iter().max().copied(),
        expires,
    })
}

/// Reads every date before which, and every date from which on, a post is not shown.
fn starts_and_ends(
    fields: &Fields<'_>,
    doubts: &mut Vec<Marker>,
) -> (Vec<DateTime<Utc>>, Vec<DateTime<Utc>>) {
    let mut read = |field| -> Vec<DateTime<Utc>> {
        let dates = fields.dates(field).into_iter();
        dates.filter_map(|dated| dated.or_doubt(doubts)).collect()
    };
    let starts = [read(Field::Date), read(Field::PublishDate)].concat();
    (starts, read(Field::Expires))
}

/// Reads the limits of front matter that makes no post.
pub(super) fn limits(fields: &Fields<'_>) -> Limits {
    let mut markers = fields.markers();
    let (starts, ends) = starts_and_ends(fields, &mut markers);
    let mut limits = Limits {
        hides: markers.iter().any(Marker::withdraws_or_is_in_doubt),
        ..Limits::NONE
    };
    starts.into_iter().for_each(|start| limits.add_start(start));
    ends.into_iter().for_each(|end| limits.add_end(end));
    limits
}

/// The title that Jekyll gives a post without one: the name of its file.
fn title_of_name(fields: &Fields<'_>, location: &Location) -> Option<String> {
    let name = Some(&location.name).filter(|_| location.is_in_posts)?;
    let words: Vec<String> = without_date(name)
        .split(['-', '_', ' '])
        .filter(|word| !word.is_empty())
        .map(|word| {
            let mut letters = word.chars();
            let first = letters.next().into_iter().flat_map(char::to_uppercase);
            first.chain(letters).collect()
        })
        .collect();
    let title = words.join(" ");
    if title.is_empty() || date::in_name(&title).is_some() {
        return None;
    }
    fields.note(
        Severity::Warning,
        Rule::MissingTitle,
        None,
        format!("there is no title, so the name of the file is taken for one: `{title}`"),
        "write `title: …` in the front matter",
    );
    Some(title)
}

fn bounded_title(fields: &Fields<'_>, title: String) -> String {
    let short = bounded(&cut(&title, TITLE_GRAPHEMES), TITLE_BYTES);
    if short != title {
        fields.note(
            Severity::Warning,
            Rule::FieldType,
            None,
            format!("the title is longer than {TITLE_GRAPHEMES} characters and is cut"),
            "move the text into the body; no reader or preview shows more than a line or two",
        );
    }
    short
}

fn bounded_description(fields: &Fields<'_>, description: String) -> String {
    let short = bounded(&description, MAX_DESCRIPTION_BYTES);
    if short != description {
        fields.note(
            Severity::Warning,
            Rule::FieldType,
            None,
            format!("the description is longer than {MAX_DESCRIPTION_BYTES} bytes and is cut"),
            "move the text into the body; a description is a sentence or two",
        );
    }
    short
}

/// What previews and search results cut, and what they would show if it were there.
fn advise_on_texts(fields: &Fields<'_>, shown_title: &str) {
    let length = |text: &str| text.graphemes(true).count();
    let of_title = [Field::PreviewTitle, Field::Title]
        .into_iter()
        .find_map(|field| fields.named_text(field));
    if fields.is_checked() && length(shown_title) > SHOWN_TITLE {
        let place = of_title.map(|(_, text, node)| Place::mark(node.line, text));
        fields.advise(
            Rule::LongTitle,
            place.unwrap_or_default(),
            format!(
                "the title has {} characters, and previews show about {SHOWN_TITLE}",
                length(shown_title)
            ),
            "write a shorter one for previews as `seo: {title: …}`",
        );
    }
    match fields.named_text(Field::Description) {
        None => fields.advise(
            Rule::MissingDescription,
            None,
            "there is no description, so the first paragraph stands for one",
            "write `description: …`, a sentence or two; previews and search results show it",
        ),
        Some((name, text, node))
            if fields.is_checked() && length(&one_line(text)) > SHOWN_DESCRIPTION =>
        {
            fields.advise(
                Rule::LongDescription,
                Place::mark(node.line, text),
                format!(
                    "`{name}` has {} characters, and previews show about {SHOWN_DESCRIPTION}",
                    length(&one_line(text))
                ),
                "say the most important first, or write less",
            )
        }
        Some(_) => {}
    }
    if fields.is_checked() {
        fields.advise_on_blanks();
    }
}

/// The description as plain text. CMS users paste Markdown links into it, which no output draws.
fn description(fields: &Fields<'_>) -> Option<String> {
    let (text, _) = fields.text(Field::Description)?;
    Some(plain_text::without_markdown(text)).filter(|text| !text.is_empty())
}

fn language(fields: &Fields<'_>, config: &Config) -> Option<String> {
    let (tag, line) = fields.text(Field::Language)?;
    let tag = tag.replace('_', "-");
    if !is_language_tag(&tag) {
        fields.note(
            Severity::Warning,
            Rule::FieldType,
            Place::mark(line, &tag),
            format!("`{}` is no language tag", one_line(&tag)),
            "write one of BCP 47, such as `en` or `pt-BR`",
        );
        return None;
    }
    // Tags are the same in any case (RFC 5646 §2.1.1), and are compared as they are from here on.
    let mut known = config.site.languages.iter().chain([&config.site.language]);
    let same = known
        .find(|known| known.eq_ignore_ascii_case(&tag))
        .cloned();
    same.or(Some(tag))
}

/// A field says it, or the file's path where that tells the language.
fn translation_key(fields: &Fields<'_>, location: &Location, config: &Config) -> Option<String> {
    let by_path = || (!config.site.languages.is_empty()).then(|| format!("/{}", location.key()));
    fields.line(Field::TranslationKey).or_else(by_path)
}

fn markers(fields: &Fields<'_>, path: &str) -> Vec<Marker> {
    let mut markers = fields.markers();
    if path
        .split('/')
        .any(|part| part.eq_ignore_ascii_case("_drafts"))
    {
        markers.push(Marker {
            field: "_drafts/".into(),
            value: "true".into(),
            line: None,
            kind: MarkerKind::Hides,
        });
    }
    for marker in markers.iter().filter(|marker| marker.is_in_doubt()) {
        fields.note(
            Severity::Error,
            Rule::UnreadableMarker,
            Place::from(marker),
            match one_line(&marker.value).as_str() {
                "" => format!("`{}` is empty, so the post is hidden", marker.field),
                value if marker.kind == MarkerKind::State => format!(
                    "`{}: {value}` is not known to mean public, so the post is hidden",
                    marker.field
                ),
                value => format!(
                    "`{}: {value}` is neither true nor false, so the post is hidden",
                    marker.field
                ),
            },
            match marker.kind {
                MarkerKind::State => format!(
                    "write `{}: published`, or name the word in `content.public_states`",
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

/// Whether a file is Hugo's or Zola's of a whole directory, by the name at the end of its path.
pub(super) fn is_section(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    let start = name.get(.."_index.".len());
    start.is_some_and(|start| start.eq_ignore_ascii_case("_index."))
}

/// Whether a file has the title and the date of a post.
pub(super) fn is_like_post(fields: &Fields<'_>) -> bool {
    fields.text(Field::Title).is_some() && fields.first(Field::Date).is_some()
}

/// Why a file is no post at all: it is the `_index.md` of a section, or another than
/// `content.require` asks for. `None` where it is one.
pub(super) fn unwanted(fields: &Fields<'_>, path: &str, config: &Config) -> Option<String> {
    if is_section(path) {
        return Some("`_index` files are sections, not posts".to_owned());
    }
    let lacks = |(name, value): &&(String, String)| !fields.holds(name, value);
    let (name, value) = config.content.require.iter().find(lacks)?;
    Some(format!(
        "`content.require` asks for `{name}: {value}`, which it does not have"
    ))
}
