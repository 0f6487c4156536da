//! Models the files that come with a post, and the details of a podcast episode.

use serde::Serialize;

/// Media types by file extension. Apple's directory names those of its own extensions.
const TYPES_BY_EXTENSION: [(&str, &str); 24] = [
    ("mp3", "audio/mpeg"),
    ("m4a", "audio/x-m4a"),
    ("m4b", "audio/x-m4b"),
    ("aac", "audio/aac"),
    ("ogg", "audio/ogg"),
    ("oga", "audio/ogg"),
    ("opus", "audio/ogg"),
    ("flac", "audio/flac"),
    ("wav", "audio/wav"),
    ("weba", "audio/webm"),
    ("mp4", "video/mp4"),
    ("m4v", "video/x-m4v"),
    ("mov", "video/quicktime"),
    ("webm", "video/webm"),
    ("ogv", "video/ogg"),
    ("mkv", "video/x-matroska"),
    ("avi", "video/x-msvideo"),
    ("pdf", "application/pdf"),
    ("epub", "application/epub+zip"),
    ("jpg", "image/jpeg"),
    ("jpeg", "image/jpeg"),
    ("png", "image/png"),
    ("gif", "image/gif"),
    ("webp", "image/webp"),
];

/// Files that come with a post.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
pub struct PostMedia {
    /// The files, at least one.
    pub enclosures: Vec<Enclosure>,
    /// Details of the podcast episode; empty if the post is none.
    pub episode: Episode,
}

/// File that comes with a post.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
pub struct Enclosure {
    /// Absolute URL.
    pub url: String,
    /// Media type, in lower case.
    pub mime_type: String,
    /// Length in bytes; `None` if the post does not give it.
    pub length: Option<u64>,
    /// Playing time; `None` if the post does not give it.
    pub duration_seconds: Option<u32>,
    /// Title, plain text.
    pub title: Option<String>,
}

/// Details of a podcast episode.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default, Serialize)]
pub struct Episode {
    /// Title without the number of the episode; `None` if it is that of the post.
    pub title: Option<String>,
    /// Number of the episode.
    pub number: Option<u32>,
    /// Number of the season.
    pub season: Option<u32>,
    /// Kind of the episode, `full`, `trailer` or `bonus`; `None` is a full one.
    pub kind: Option<&'static str>,
    /// True if it is not for children; `None` if it is as the podcast.
    pub explicit: Option<bool>,
    /// True if directories shall not show it.
    pub is_blocked: bool,
    /// Absolute URL of the artwork.
    pub image_url: Option<String>,
    /// Absolute URL of a JSON chapters file.
    pub chapters_url: Option<String>,
    /// Transcripts.
    pub transcripts: Vec<Transcript>,
    /// People who take part.
    pub persons: Vec<EpisodePerson>,
}

/// Transcript of an episode.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
pub struct Transcript {
    /// Absolute URL.
    pub url: String,
    /// Media type.
    pub mime_type: String,
    /// BCP 47 language tag; `None` if it is that of the feed.
    pub language: Option<String>,
}

/// Person who takes part in an episode.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default, Serialize)]
pub struct EpisodePerson {
    /// Name as it is shown.
    pub name: String,
    /// Role by the Podcast Taxonomy, in lower case; `None` is the host.
    pub role: Option<String>,
    /// Absolute URL of a picture.
    pub image_url: Option<String>,
    /// Absolute URL of a page about the person.
    pub url: Option<String>,
}

impl PostMedia {
    /// Returns the first audio or video file, which makes the post an episode of a podcast.
    pub fn playable(&self) -> Option<&Enclosure> {
        let mut enclosures = self.enclosures.iter();
        enclosures.find(|enclosure| enclosure.is_playable())
    }

    /// Estimates an upper bound on the encoded form in any feed format, in bytes.
    pub(crate) fn max_encoded_len(&self) -> usize {
        max_encoded_len(self)
    }
}

impl Enclosure {
    /// Returns true for audio and video, which podcast apps play.
    pub fn is_playable(&self) -> bool {
        self.medium().is_some_and(|medium| medium != "image")
    }

    /// Returns the medium by Media RSS; `None` for other files.
    pub fn medium(&self) -> Option<&str> {
        let (medium, _) = self.mime_type.split_once('/')?;
        Some(medium).filter(|medium| ["audio", "video", "image"].contains(medium))
    }
}

/// Estimates an upper bound on values as elements, of which each character takes at most six bytes. Names of keys stand
/// for those of elements.
pub(crate) fn max_encoded_len(values: &impl Serialize) -> usize {
    let bytes = serde_json::to_vec(values).unwrap_or_default();
    bytes.len() * 6 + 600
}

/// Returns the media type of an extension.
pub(crate) fn type_of_extension(extension: &str) -> Option<&'static str> {
    let mut types = TYPES_BY_EXTENSION.iter();
    let (_, mime_type) = types.find(|(known, _)| known.eq_ignore_ascii_case(extension))?;
    Some(mime_type)
}

/// Returns the media type of the file that a URL or a path names, by its extension.
pub(crate) fn type_of_file(address: &str) -> Option<&'static str> {
    let path = address.split(['?', '#']).next().unwrap_or(address);
    let name = path.rsplit('/').next().unwrap_or(path);
    type_of_extension(name.rsplit_once('.')?.1)
}
