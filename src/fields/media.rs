//! Reads the files that come with a post: audio, video and other enclosures, in each shape that tools write them in.

use url::Url;

use super::episode::read_episode;
use super::media_values::{find_text, parse_duration_seconds, parse_media_type, resolve_media_url};
use super::{FrontMatterFields, SourceSpan};
use crate::config::Field;
use crate::front_matter::{FrontMatterValue, Node};
use crate::markdown::plain_text::to_plain_text;
use crate::model::finding::{Rule, Severity};
use crate::model::post::{Enclosure, PostMedia, type_of_extension, type_of_file};
use crate::text::{collapse_whitespace, truncate_encoded};

/// Maximum enclosures of a post. An episode in each usual format has six.
const MAX_ENCLOSURES: usize = 10;
/// Maximum depth of maps and lists in which an enclosure is looked for: `episode: {audio: [{url: …}]}`.
const MAX_ENCLOSURE_DEPTH: usize = 3;
/// Maximum bytes of a title. Players show a line.
const MAX_ENCLOSURE_TITLE_BYTES: usize = 500;

/// Names in a map whose text is the address.
const ADDRESS_NAMES: &str = "audio video file filename src source href url uri link path media";
/// Names in a map whose map or list holds the enclosures.
const NESTED_NAMES: &str = "audio video media files file enclosure enclosures sources";
/// Names of the length in bytes.
const LENGTH_NAMES: &str = "length bytes size fileSize sizeInBytes byteLength podcastBytes podcastLength audioLength \
                            audioSize enclosureLength mediaLength";
/// Names of the media type.
const TYPE_NAMES: &str = "type mimeType mime audioType enclosureType mediaType";
/// Names of the playing time.
const DURATION_NAMES: &str = "duration durationInSeconds durationSeconds podcastDuration audioDuration itunesDuration \
                              itunes.duration";

/// Enclosure as it is written.
#[derive(Clone, Copy, Default)]
struct WrittenEnclosure<'n> {
    address: &'n str,
    line: usize,
    length: Option<&'n str>,
    mime_type: Option<&'n str>,
    duration: Option<&'n str>,
    title: Option<&'n str>,
    /// Extension that is the name of the field: `audio: {mp3: a.mp3}`.
    format: Option<&'n str>,
}

/// Reads the enclosures of all names, each URL once, and the episode that they are. `base` is the URL of the post.
///
/// A word or a switch is no enclosure, and neither is the address of a page.
pub(crate) fn read_media(
    fields: &FrontMatterFields<'_>,
    post_title: &str,
    base: &Url,
) -> Option<PostMedia> {
    let mut enclosures: Vec<Enclosure> = Vec::new();
    for (name, node) in fields.field_nodes(Field::Enclosure) {
        let mut written = Vec::new();
        collect_enclosures(node, None, 0, &mut written);
        if let [one] = written.as_mut_slice()
            && enclosures.is_empty()
        {
            one.length = one.length.or_else(|| find_text(fields.root, LENGTH_NAMES));
            one.mime_type = one.mime_type.or_else(|| find_text(fields.root, TYPE_NAMES));
        }
        for one in written {
            let enclosure = build_enclosure(fields, name, one, base);
            let enclosure =
                enclosure.filter(|new| enclosures.iter().all(|known| known.url != new.url));
            if let Some(enclosure) = enclosure
                && enclosures.len() < MAX_ENCLOSURES
            {
                warn_unknown_length(fields, &enclosure, one);
                enclosures.push(enclosure);
            }
        }
    }
    (!enclosures.is_empty()).then(|| PostMedia {
        episode: read_episode(fields, &enclosures, post_title, base).unwrap_or_default(),
        enclosures,
    })
}

/// Collects what may be an enclosure.
fn collect_enclosures<'n>(
    node: &'n Node,
    format: Option<&'n str>,
    depth: usize,
    written: &mut Vec<WrittenEnclosure<'n>>,
) {
    if depth > MAX_ENCLOSURE_DEPTH || written.len() >= MAX_ENCLOSURES {
        return;
    }
    match &node.value {
        FrontMatterValue::Null => {}
        FrontMatterValue::Scalar(_) => {
            let one = node.as_text().map(split_wordpress_enclosure);
            let line = node.line;
            written.extend(one.map(|one| WrittenEnclosure {
                line,
                format,
                ..one
            }));
        }
        FrontMatterValue::List(items) => {
            for item in items {
                collect_enclosures(item, format, depth + 1, written);
            }
        }
        FrontMatterValue::Map(map) => {
            let count = written.len();
            let nested = NESTED_NAMES.split(' ').filter_map(|name| node.get(name));
            for nested in nested.filter(|nested| nested.as_text().is_none()) {
                collect_enclosures(nested, format, depth + 1, written);
            }
            if written.len() > count {
                return;
            }
            let mut addresses = ADDRESS_NAMES.split(' ').filter_map(|name| node.get(name));
            if let Some((address, line)) =
                addresses.find_map(|address| Some((address.as_text()?, address.line)))
            {
                written.push(WrittenEnclosure {
                    address,
                    line,
                    length: find_text(node, LENGTH_NAMES),
                    mime_type: find_text(node, TYPE_NAMES),
                    duration: find_text(node, DURATION_NAMES),
                    title: node.get("title").and_then(Node::as_text),
                    format,
                });
                return;
            }
            for (name, value) in map {
                if type_of_extension(name).is_some() {
                    collect_enclosures(value, Some(name), depth + 1, written);
                }
            }
        }
    }
}

/// Splits a text as exports of blogs have it: the address, the length and the type, each on a line or, as YAML folds
/// them, on one.
fn split_wordpress_enclosure(text: &str) -> WrittenEnclosure<'_> {
    let mut words = text.split_whitespace();
    let (address, length, mime_type) = (words.next(), words.next(), words.next());
    let length = length.filter(|length| length.bytes().all(|byte| byte.is_ascii_digit()));
    let first_line = text.lines().next().unwrap_or(text).trim();
    WrittenEnclosure {
        address: address.filter(|_| length.is_some()).unwrap_or(first_line),
        mime_type: mime_type.filter(|_| length.is_some()),
        length,
        ..WrittenEnclosure::default()
    }
}

/// Builds one enclosure; `None` if it is none, with a finding if an address cannot be used.
fn build_enclosure(
    fields: &FrontMatterFields<'_>,
    name: &str,
    written: WrittenEnclosure<'_>,
    base: &Url,
) -> Option<Enclosure> {
    let text = written.address;
    let is_address = text.contains("://") || text.contains('/') && !text.contains(' ');
    let by_extension = type_of_file(text);
    if !is_address && by_extension.is_none() {
        return None;
    }
    let sizes = fields.root.get_in_any_spelling("fileSize");
    let by_format = || sizes?.get(written.format?)?.as_text();
    let length = written.length.or_else(by_format);
    let length = length
        .and_then(|text| text.parse().ok())
        .filter(|length| *length > 0);
    let own_type = written.mime_type.and_then(parse_media_type);
    let by_extension = by_extension.or_else(|| type_of_extension(written.format?));
    let mime_type = own_type.or_else(|| by_extension.map(str::to_owned));
    let last_name = name.rsplit('.').next().unwrap_or(name);
    // These may hold the page of a video or a picture.
    let is_vague = ["audio", "podcast", "video", "media", "episode"].contains(&last_name);
    let is_picture = mime_type
        .as_ref()
        .is_some_and(|kind| kind.starts_with("image/"));
    if is_vague && (is_picture || mime_type.is_none() && length.is_none()) {
        return None;
    }
    let place = SourceSpan::at_text(written.line, text);
    let shown = collapse_whitespace(text);
    let Some(url) = resolve_media_url(fields, text, base) else {
        fields.report_finding(
            Severity::Warning,
            Rule::FieldType,
            place,
            format!("`{name}` is not a web address and is left out: `{shown}`"),
            "write an `https` address, or a path on the site such as `/audio/a.mp3`",
        );
        return None;
    };
    let mime_type = mime_type.unwrap_or_else(|| {
        let is_video = last_name.starts_with("video");
        let assumed = if is_video { "video/mp4" } else { "audio/mpeg" };
        fields.report_finding(
            Severity::Warning,
            Rule::EnclosureLength,
            place,
            format!("the type of `{shown}` is unknown, so `{assumed}` is assumed"),
            "write its type, such as `enclosure: {url: …, length: 12345678, type: audio/mpeg}`",
        );
        assumed.to_owned()
    });
    let duration = written
        .duration
        .or_else(|| find_text(fields.root, DURATION_NAMES));
    // In these maps it is the title of the episode.
    let title = written
        .title
        .filter(|_| !["podcast", "episode"].contains(&last_name));
    let title = title.map(|text| truncate_encoded(&to_plain_text(text), MAX_ENCLOSURE_TITLE_BYTES));
    let is_timed = ["audio/", "video/"]
        .iter()
        .any(|kind| mime_type.starts_with(kind));
    Some(Enclosure {
        url,
        mime_type,
        length,
        duration_seconds: duration
            .filter(|_| is_timed)
            .and_then(parse_duration_seconds),
        title: title.filter(|title| !title.is_empty()),
    })
}

/// Reports an unknown length. That of the site's own files is known later.
fn warn_unknown_length(
    fields: &FrontMatterFields<'_>,
    enclosure: &Enclosure,
    written: WrittenEnclosure<'_>,
) {
    let config = fields.config;
    let url = Url::parse(&enclosure.url);
    let is_own = url.is_ok_and(|url| url.origin() == config.site.url.origin());
    if enclosure.length.is_none() && !(is_own && config.content.static_dir.is_some()) {
        fields.report_finding(
            Severity::Warning,
            Rule::EnclosureLength,
            SourceSpan::at_text(written.line, written.address),
            format!(
                "the length of `{}` is unknown, so RSS gets `length=\"0\"`",
                collapse_whitespace(written.address)
            ),
            "write its size in bytes: `enclosure: {url: …, length: 12345678, type: audio/mpeg}`",
        );
    }
}
