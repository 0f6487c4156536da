//! Reads the items of a feed file that another program made, in any format.
//!
//! Only the fields that identify a post are kept: the id byte for byte, link, title and dates.

mod feed_item;
pub mod id_import;
mod json_feed;
mod match_keys;
pub mod matching;
mod report;
mod xml_feed;

pub use feed_item::{FeedItem, ImportedFeed, ReadFeedError};
pub use report::{format_broken_posts, format_import, format_written_file};

use std::io::Read;

use flate2::read::MultiGzDecoder;

use feed_item::NOT_A_FEED_HINT;

/// Maximum size of a feed in bytes, compressed and decompressed.
pub const MAX_FEED_BYTES: u64 = 256 * 1024 * 1024;

/// Reads a feed: RSS 0.9 to 2.0, Atom 0.3 and 1.0, or JSON Feed, optionally compressed by gzip.
///
/// # Errors
/// It cannot be read, is too large, or is not a feed.
pub fn read_feed(source: impl Read) -> Result<ImportedFeed, ReadFeedError> {
    read_feed_at_most(MAX_FEED_BYTES, source)
}

/// Reads the addresses of the pages in a sitemap; empty if it cannot be read.
pub(super) fn read_sitemap_urls(source: impl Read) -> Vec<String> {
    let bytes = read_bytes(MAX_FEED_BYTES, source).unwrap_or_default();
    xml_feed::parse_sitemap_urls(&bytes)
}

fn read_feed_at_most(max_bytes: u64, source: impl Read) -> Result<ImportedFeed, ReadFeedError> {
    let mut bytes = read_bytes(max_bytes, source)?;
    if bytes.starts_with(&[0x1f, 0x8b]) {
        bytes = self::read_bytes(max_bytes, MultiGzDecoder::new(bytes.as_slice())).map_err(
            |error| match error {
                ReadFeedError::Io(error) => ReadFeedError::malformed_at(
                    None,
                    format!("its gzip data is corrupt: {error}"),
                    "save it again",
                ),
                other => other,
            },
        )?;
    }
    if bytes.starts_with(&[0xfe, 0xff]) || bytes.starts_with(&[0xff, 0xfe]) {
        return Err(ReadFeedError::malformed_at(
            None,
            "it is UTF-16",
            "save the file as UTF-8",
        ));
    }
    let text = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&bytes);
    match text.trim_ascii_start().first() {
        Some(b'<') => xml_feed::parse_xml_feed(text),
        Some(b'{') => json_feed::parse_json_feed(text),
        Some(_) => Err(ReadFeedError::malformed_at(
            None,
            "it is neither XML nor a JSON object",
            NOT_A_FEED_HINT,
        )),
        None => Err(ReadFeedError::malformed_at(
            None,
            "it is empty",
            NOT_A_FEED_HINT,
        )),
    }
}

fn read_bytes(max_bytes: u64, source: impl Read) -> Result<Vec<u8>, ReadFeedError> {
    let mut bytes = Vec::new();
    source.take(max_bytes + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > max_bytes {
        return Err(ReadFeedError::TooLarge(max_bytes));
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::feed_item::{RawItem, build_item};
    use super::*;
    use std::io::{self, Write as _};

    fn error_message(bytes: &[u8]) -> String {
        read_feed(bytes).expect_err("a fault").to_string()
    }

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    #[test]
    fn format_is_detected_from_the_content() {
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
                let archive = read_feed(bytes.as_slice()).unwrap();
                assert_eq!((archive.format, archive.items.len()), (format, 1));
                assert_eq!(archive.items[0].id, "1");
            }
        }
    }

    #[test]
    fn sitemap_has_pages_and_an_index_has_none() {
        let map = "<urlset xmlns:image='i'><url><loc> https://e.org/a?b&amp;c\n</loc><image:image><image:loc>https://e.org/p.png</image:loc></image:image></url><url><loc>https://e.org/b</loc>";
        let urls = read_sitemap_urls(map.as_bytes());
        assert_eq!(urls, ["https://e.org/a?b&c", "https://e.org/b"]);
        let index =
            "<sitemapindex><sitemap><loc>https://e.org/s.xml</loc></sitemap></sitemapindex>";
        assert!(read_sitemap_urls(index.as_bytes()).is_empty());
    }

    #[test]
    fn invalid_feeds_are_rejected_with_a_message() {
        assert_eq!(error_message(b""), "it is empty");
        assert_eq!(error_message(b"\xef\xbb\xbf \n"), "it is empty");
        assert_eq!(
            error_message(b"---\ntitle: a\n"),
            "it is neither XML nor a JSON object"
        );
        assert_eq!(error_message(b"\xff\xfe<\0r\0"), "it is UTF-16");
        assert!(error_message(b"\x1f\x8b\x08nonsense").starts_with("its gzip data is corrupt"));
        let cut = gzip(b"<rss><channel/></rss>");
        assert!(error_message(&cut[..cut.len() - 9]).starts_with("its gzip data is corrupt"));
    }

    #[test]
    fn feeds_above_the_limit_are_rejected_also_compressed() {
        let most = 3 << 20;
        let told = |source: &mut dyn Read| {
            read_feed_at_most(most, source)
                .expect_err("a fault")
                .to_string()
        };
        assert_eq!(told(&mut io::repeat(b' ')), "it is larger than 3 MiB");
        let bomb = gzip(&vec![b' '; 4 << 20]);
        assert!(bomb.len() < 10_000);
        assert_eq!(told(&mut bomb.as_slice()), "it is larger than 3 MiB");
        let fits = gzip(&vec![b' '; 3 << 20]);
        assert_eq!(told(&mut fits.as_slice()), "it is empty");
    }

    #[test]
    fn dates_are_parsed_in_the_formats_of_feeds() {
        let day = |text: &str| {
            let item = build_item(RawItem {
                id: "1".into(),
                published: text.into(),
                ..RawItem::default()
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
