//! A feed that was served by others, as a file, into its items, whatever format it has.
//!
//! Of an item only what tells which post it is: its id as it is written, link, title and dates.

mod evidence;
pub mod import;
mod json;
pub mod matching;
mod xml;

use std::io::{self, Read};

use chrono::{DateTime, FixedOffset};
use diligent_date_parser::parse_date;
use flate2::read::MultiGzDecoder;

use crate::text::{clean, one_line};

/// The most that is read of one feed, in bytes, before and after it is unpacked.
pub const MOST: u64 = 256 * 1024 * 1024;

/// The items of a feed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Archive {
    /// The name of the format.
    pub format: &'static str,
    /// In the order of the file.
    pub items: Vec<Item>,
    /// How many items have neither an id nor a link, so that no reader can know them again.
    pub without_id: usize,
}

/// One item, as its former feed has it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Item {
    /// What readers know it by, as it is written, without blanks at its ends; without one, the link.
    pub id: String,
    /// Where it is read; absolute where the feed says against what.
    pub link: Option<String>,
    /// On one line. It may be plain text or HTML: feeds disagree.
    pub title: String,
    /// When it was published.
    pub published: Option<DateTime<FixedOffset>>,
    /// When it was last changed.
    pub updated: Option<DateTime<FixedOffset>>,
}

/// Why a feed could not be read.
#[derive(Debug, thiserror::Error)]
pub enum ArchiveError {
    /// The file cannot be read.
    #[error(transparent)]
    Read(#[from] io::Error),
    /// It is larger than so many bytes, packed or unpacked.
    #[error("it is larger than {} MiB", _0 / 1024 / 1024)]
    TooLarge(u64),
    /// What it holds is no feed that can be read.
    #[error("{}{message}", line.map(|line| format!("line {line}: ")).unwrap_or_default())]
    Fault {
        /// The line, counted from 1, where it is known.
        line: Option<usize>,
        /// What is wrong.
        message: String,
        /// What to do about it.
        hint: &'static str,
    },
}

impl ArchiveError {
    fn fault(line: Option<usize>, message: impl Into<String>, hint: &'static str) -> ArchiveError {
        ArchiveError::Fault {
            line,
            message: message.into(),
            hint,
        }
    }

    /// What to do about it.
    pub fn hint(&self) -> &'static str {
        match self {
            ArchiveError::Read(_) => {
                "name a file that can be read, or `-` for what comes in on stdin"
            }
            ArchiveError::TooLarge(_) => "cut the feed into several files, and name them all",
            ArchiveError::Fault { hint, .. } => hint,
        }
    }
}

const NOT_A_FEED: &str = "save the feed itself, in RSS, Atom or JSON Feed, such as with `curl -o old-feed https://old.example/feed`";

/// Reads a feed: RSS 0.9 to 2.0, Atom 0.3 and 1.0, JSON Feed, each gzip'd or not.
///
/// # Errors
/// It cannot be read, is too large, or is no feed.
pub fn read(source: impl Read) -> Result<Archive, ArchiveError> {
    read_at_most(MOST, source)
}

fn read_at_most(most: u64, source: impl Read) -> Result<Archive, ArchiveError> {
    let mut bytes = bytes(most, source)?;
    if bytes.starts_with(&[0x1f, 0x8b]) {
        bytes =
            self::bytes(most, MultiGzDecoder::new(bytes.as_slice())).map_err(
                |error| match error {
                    ArchiveError::Read(error) => ArchiveError::fault(
                        None,
                        format!("its gzip coding is broken: {error}"),
                        "save it again",
                    ),
                    other => other,
                },
            )?;
    }
    if bytes.starts_with(&[0xfe, 0xff]) || bytes.starts_with(&[0xff, 0xfe]) {
        return Err(ArchiveError::fault(
            None,
            "it is UTF-16",
            "save the file as UTF-8",
        ));
    }
    let text = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&bytes);
    match text.trim_ascii_start().first() {
        Some(b'<') => xml::read(text),
        Some(b'{') => json::read(text),
        Some(_) => Err(ArchiveError::fault(
            None,
            "it is neither XML nor a JSON object",
            NOT_A_FEED,
        )),
        None => Err(ArchiveError::fault(None, "it is empty", NOT_A_FEED)),
    }
}

fn bytes(most: u64, source: impl Read) -> Result<Vec<u8>, ArchiveError> {
    let mut bytes = Vec::new();
    source.take(most + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > most {
        return Err(ArchiveError::TooLarge(most));
    }
    Ok(bytes)
}

/// What the formats write of an item, in their own words.
#[derive(Debug, Default)]
struct Written {
    id: String,
    /// Whether the id is said to be the link.
    id_is_link: bool,
    link: String,
    title: String,
    published: String,
    updated: String,
}

impl Archive {
    fn new(format: &'static str, written: impl IntoIterator<Item = Written>) -> Archive {
        let mut without_id = 0;
        let items = written.into_iter().filter_map(|written| {
            let item = item(written);
            without_id += usize::from(item.is_none());
            item
        });
        let items = items.collect();
        Archive {
            format,
            items,
            without_id,
        }
    }
}

fn item(written: Written) -> Option<Item> {
    let tidy = |text: String| Some(clean(text).trim().to_owned()).filter(|text| !text.is_empty());
    let id = tidy(written.id);
    let link = tidy(written.link).or_else(|| id.clone().filter(|_| written.id_is_link));
    Some(Item {
        // All readers fall back on the link.
        id: id.or_else(|| link.clone())?,
        link,
        title: one_line(&written.title),
        published: parse_date(&written.published),
        updated: parse_date(&written.updated),
    })
}

/// The line of a byte, counted from 1.
fn line_of(bytes: &[u8], at: usize) -> usize {
    let before = bytes.get(..at).unwrap_or(bytes);
    before.iter().filter(|byte| **byte == b'\n').count() + 1
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write as _;

    fn fault(bytes: &[u8]) -> String {
        read(bytes).expect_err("a fault").to_string()
    }

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    #[test]
    fn the_content_tells_the_format_and_not_the_name() {
        let rss = "<rss><channel><item><guid>1</guid></item></channel></rss>";
        let atom = "<feed xmlns='http://www.w3.org/2005/Atom'><entry><id>1</id></entry></feed>";
        let json = r#"{"version": "https://jsonfeed.org/version/1", "items": [{"id": "1"}]}"#;
        for (text, format) in [(rss, "RSS"), (atom, "Atom"), (json, "JSON Feed")] {
            for bytes in [
                text.as_bytes().to_vec(),
                format!("\u{feff}\r\n \t{text}\n").into_bytes(),
                gzip(text.as_bytes()),
                gzip(format!("\u{feff}{text}").as_bytes()),
            ] {
                let archive = read(bytes.as_slice()).unwrap();
                assert_eq!((archive.format, archive.items.len()), (format, 1));
                assert_eq!(archive.items[0].id, "1");
            }
        }
    }

    #[test]
    fn what_is_no_feed_is_told() {
        assert_eq!(fault(b""), "it is empty");
        assert_eq!(fault(b"\xef\xbb\xbf \n"), "it is empty");
        assert_eq!(
            fault(b"---\ntitle: a\n"),
            "it is neither XML nor a JSON object"
        );
        assert_eq!(fault(b"\xff\xfe<\0r\0"), "it is UTF-16");
        assert!(fault(b"\x1f\x8b\x08nonsense").starts_with("its gzip coding is broken"));
        let cut = gzip(b"<rss><channel/></rss>");
        assert!(fault(&cut[..cut.len() - 9]).starts_with("its gzip coding is broken"));
    }

    #[test]
    fn a_feed_that_is_too_large_is_refused_packed_or_not() {
        let most = 3 << 20;
        let told =
            |source: &mut dyn Read| read_at_most(most, source).expect_err("a fault").to_string();
        assert_eq!(told(&mut io::repeat(b' ')), "it is larger than 3 MiB");
        let bomb = gzip(&vec![b' '; 4 << 20]);
        assert!(bomb.len() < 10_000);
        assert_eq!(told(&mut bomb.as_slice()), "it is larger than 3 MiB");
        let fits = gzip(&vec![b' '; 3 << 20]);
        assert_eq!(told(&mut fits.as_slice()), "it is empty");
    }

    #[test]
    fn dates_are_read_as_feeds_write_them() {
        let day = |text: &str| {
            let item = item(Written {
                id: "1".into(),
                published: text.into(),
                ..Written::default()
            });
            item.unwrap().published.map(|date| date.to_rfc3339())
        };
        for (text, expected) in [
            (
                "Wed, 01 May 2024 10:00:00 GMT",
                Some("2024-05-01T10:00:00+00:00"),
            ),
            (
                "Wed, 1 May 2024 10:00 EST",
                Some("2024-05-01T10:00:00-05:00"),
            ),
            ("1 May 24 10:00:00 +0200", Some("2024-05-01T10:00:00+02:00")),
            (
                "2024-05-01T10:00:00.123+02:00",
                Some("2024-05-01T10:00:00.123+02:00"),
            ),
            ("2024-05-01", Some("2024-05-01T00:00:00+00:00")),
            ("2024-05-01 10:00:00", Some("2024-05-01T10:00:00+00:00")),
            ("soon", None),
            ("", None),
        ] {
            assert_eq!(day(text).as_deref(), expected, "{text}");
        }
    }
}
