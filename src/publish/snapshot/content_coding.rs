//! Defines the encodings of a body: their names, their entity tags, and how each is made.

mod br;
mod gzip;
mod pieces;
mod zst;

use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;

use crate::model::artifact::{LazyBody, LazyRenderError, RenderBody, SharedHeaderValue};

/// Maximum length of an output that gets brotli and zstd; longer ones get only gzip, as compressing megabytes for each
/// edit costs too much. At their best level, brotli and zstd need some thirty times the length in memory, which the
/// allocator then keeps. Outputs above this are read by crawlers, which accept gzip.
const MAX_ALL_ENCODINGS_BYTES: usize = 512 * 1024;

/// Maximum length of an output whose plain bytes are stored; longer ones are stored only as gzip. Decompressing costs
/// one to two milliseconds a megabyte for each response, so outputs that are polled often must stay below. A feed of
/// the newest posts has some hundred kilobytes. Outputs above this hold thousands of posts and are read by crawlers,
/// which accept gzip.
pub(super) const MAX_PLAIN_BYTES: usize = 4 << 20;

/// Content coding (RFC 9110 §8.4.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ContentCoding {
    /// No coding.
    Identity,
    /// gzip (RFC 1952).
    Gzip,
    /// brotli (RFC 7932).
    Brotli,
    /// zstd (RFC 8878).
    Zstd,
}

impl ContentCoding {
    /// All content codings.
    pub const ALL: [ContentCoding; 4] = [
        ContentCoding::Identity,
        ContentCoding::Gzip,
        ContentCoding::Brotli,
        ContentCoding::Zstd,
    ];

    /// Returns the name in `Content-Encoding`; `None` for identity.
    pub fn coding_name(self) -> Option<&'static str> {
        match self {
            ContentCoding::Identity => None,
            ContentCoding::Gzip => Some("gzip"),
            ContentCoding::Brotli => Some("br"),
            ContentCoding::Zstd => Some("zstd"),
        }
    }
}

/// Content coding with its compression level.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Encoding {
    /// No coding.
    Identity,
    /// gzip.
    Gzip,
    /// brotli at level 5, made soon after an edit.
    Br5,
    /// brotli at level 11, made when idle.
    Br11,
    /// zstd at level 3, made soon after an edit.
    Zstd3,
    /// zstd at level 19, made when idle.
    Zstd19,
}

impl Encoding {
    /// All encodings.
    pub const ALL: [Encoding; 6] = [
        Encoding::Identity,
        Encoding::Gzip,
        Encoding::Br5,
        Encoding::Br11,
        Encoding::Zstd3,
        Encoding::Zstd19,
    ];
    /// Encodings of large outputs.
    const LARGE_OUTPUT: [Encoding; 2] = [Encoding::Identity, Encoding::Gzip];
    /// Encodings of lazy bodies.
    const LAZY: [Encoding; 4] = [
        Encoding::Identity,
        Encoding::Gzip,
        Encoding::Br5,
        Encoding::Zstd3,
    ];
    /// Encoding of content that is already compressed.
    const IDENTITY_ONLY: [Encoding; 1] = [Encoding::Identity];

    /// Returns the content coding.
    pub fn content_coding(self) -> ContentCoding {
        match self {
            Encoding::Identity => ContentCoding::Identity,
            Encoding::Gzip => ContentCoding::Gzip,
            Encoding::Br5 | Encoding::Br11 => ContentCoding::Brotli,
            Encoding::Zstd3 | Encoding::Zstd19 => ContentCoding::Zstd,
        }
    }

    /// Returns the encoding that takes the least effort for a coding.
    pub fn fastest_for(coding: ContentCoding) -> Encoding {
        match coding {
            ContentCoding::Identity => Encoding::Identity,
            ContentCoding::Gzip => Encoding::Gzip,
            ContentCoding::Brotli => Encoding::Br5,
            ContentCoding::Zstd => Encoding::Zstd3,
        }
    }

    /// Returns the possible encodings of a lazy body.
    pub fn possible_for_lazy(deferred: &LazyBody, is_text: bool) -> &'static [Encoding] {
        match deferred.renderer.max_rendered_len() {
            _ if !is_text => &Encoding::IDENTITY_ONLY,
            Some(length) if length > MAX_ALL_ENCODINGS_BYTES => &Encoding::LARGE_OUTPUT,
            _ => &Encoding::LAZY,
        }
    }

    /// Returns the possible encodings of an eager body of `length` bytes. One of more than `gzip_only_above` bytes is kept
    /// only as gzip.
    pub(super) fn possible_for_eager(
        length: usize,
        gzip_only_above: usize,
        is_text: bool,
    ) -> &'static [Encoding] {
        match length {
            _ if !is_text => &Encoding::IDENTITY_ONLY,
            length if length > gzip_only_above.min(MAX_ALL_ENCODINGS_BYTES) => {
                &Encoding::LARGE_OUTPUT
            }
            _ => &Encoding::ALL,
        }
    }

    /// Wraps a lazy body so that it renders in this encoding, with a fingerprint of its own. A large one is cached only
    /// as gzip.
    pub fn wrap_lazy_body(self, identity: LazyBody) -> LazyBody {
        let is_kept_in_gzip = identity.renderer.max_rendered_len() > Some(MAX_PLAIN_BYTES);
        let kept = match self {
            Encoding::Identity if !is_kept_in_gzip => return identity,
            Encoding::Identity => Encoding::Gzip,
            _ => self,
        };
        LazyBody {
            fingerprint: format!("{}{}", identity.fingerprint, kept.entity_tag_suffix()),
            renderer: Arc::new(EncodingRenderer {
                identity,
                cached: kept,
                sent: self,
            }),
        }
    }

    /// Encodes bytes on the caller's thread; `None` if that makes nothing smaller.
    pub fn encode_fully(self, bytes: &[u8]) -> Option<Vec<u8>> {
        encode_bytes(bytes, self, &mut || false).filter(|encoded| encoded.len() < bytes.len())
    }

    /// Returns the suffix of the entity tag after the fingerprint.
    fn entity_tag_suffix(self) -> &'static str {
        match self {
            Encoding::Identity => "",
            Encoding::Gzip => "-gzip",
            Encoding::Br5 => "-br5",
            Encoding::Br11 => "-br11",
            Encoding::Zstd3 => "-zstd3",
            Encoding::Zstd19 => "-zstd19",
        }
    }
}

/// Entity tags of all possible encodings of one content.
///
/// They depend only on the content, not on which encodings exist yet. So they are the same on every replica and after a
/// restart.
#[derive(Debug, Clone)]
pub struct EntityTags {
    /// All tags, concatenated.
    all: Bytes,
    /// Length of the fingerprint in each tag.
    fingerprint_len: usize,
    encodings: &'static [Encoding],
}

impl EntityTags {
    /// Builds the tags from a fingerprint, which must be visible ASCII without quotes.
    pub fn new(fingerprint: &str, encodings: &'static [Encoding]) -> EntityTags {
        let mut all = String::with_capacity(encodings.len() * (fingerprint.len() + 9));
        for form in encodings {
            all.extend(["\"", fingerprint, form.entity_tag_suffix(), "\""]);
        }
        EntityTags {
            all: all.into(),
            fingerprint_len: fingerprint.len(),
            encodings,
        }
    }

    /// Returns the tag of an encoding, with quotes; that of identity if the encoding is not possible.
    pub fn get(&self, form: Encoding) -> SharedHeaderValue {
        self.all.slice(self.tag_range(form)).into()
    }

    fn tag_range(&self, form: Encoding) -> Range<usize> {
        let mut start = 0;
        for &other in self.encodings {
            let end = start + self.fingerprint_len + other.entity_tag_suffix().len() + 2;
            if other == form {
                return start..end;
            }
            start = end;
        }
        0..self.fingerprint_len + 2
    }

    /// Returns true if `tag`, with quotes, is that of the encoding.
    pub fn is_tag_of(&self, tag: &[u8], form: Encoding) -> bool {
        self.encodings.contains(&form) && self.all.get(self.tag_range(form)) == Some(tag)
    }

    /// Returns the encoding of a tag with quotes; `None` if the tag is not one of these.
    pub fn find_encoding(&self, tag: &[u8]) -> Option<Encoding> {
        let name = self.all.get(..self.fingerprint_len + 1)?;
        let suffix = tag.strip_prefix(name)?.strip_suffix(b"\"")?;
        let mut forms = self.encodings.iter().copied();
        forms.find(|form| form.entity_tag_suffix().as_bytes() == suffix)
    }

    /// Returns the possible encodings.
    pub fn possible_encodings(&self) -> &'static [Encoding] {
        self.encodings
    }
}

/// Encodes bytes; `None` if it was interrupted.
pub(super) fn encode_bytes(
    bytes: &[u8],
    form: Encoding,
    is_interrupted: &mut dyn FnMut() -> bool,
) -> Option<Vec<u8>> {
    match form {
        Encoding::Identity => Some(bytes.to_vec()),
        Encoding::Gzip => gzip::encode_gzip(bytes, is_interrupted),
        Encoding::Br5 => br::encode_brotli(bytes, 5, is_interrupted),
        Encoding::Br11 => br::encode_brotli(bytes, 11, is_interrupted),
        Encoding::Zstd3 => zst::encode_zstd(bytes, 3, is_interrupted),
        Encoding::Zstd19 => zst::encode_zstd(bytes, 19, is_interrupted),
    }
}

/// Renderer of a lazy body that encodes the rendered bytes.
#[derive(Debug)]
struct EncodingRenderer {
    identity: LazyBody,
    cached: Encoding,
    sent: Encoding,
}

impl RenderBody for EncodingRenderer {
    fn render_body(&self) -> Result<Vec<u8>, LazyRenderError> {
        let bytes = self.identity.renderer.render_body()?;
        // Encoded even if that does not shrink it, because the entity tag was already sent.
        encode_bytes(&bytes, self.cached, &mut || false)
            .ok_or_else(|| LazyRenderError::Failed(format!("cannot encode as {:?}", self.cached)))
    }

    fn is_sent_decompressed(&self) -> bool {
        self.cached != self.sent
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use flate2::read::GzDecoder;
    use proptest::prelude::*;

    use super::pieces::ENCODER_CHUNK_BYTES;
    use super::*;

    fn decoded(coded: &[u8], form: Encoding) -> Vec<u8> {
        let mut bytes = Vec::new();
        match form.content_coding() {
            ContentCoding::Identity => bytes.extend(coded),
            ContentCoding::Gzip => drop(GzDecoder::new(coded).read_to_end(&mut bytes).unwrap()),
            ContentCoding::Brotli => {
                let mut decoder = brotli::Decompressor::new(coded, 4096);
                decoder.read_to_end(&mut bytes).unwrap();
            }
            ContentCoding::Zstd => {
                let mut decoder = zstd::Decoder::new(coded).unwrap();
                // RFC 9659: clients need not support windows above 8 MiB.
                decoder.window_log_max(23).unwrap();
                decoder.read_to_end(&mut bytes).unwrap();
            }
        }
        bytes
    }

    fn text() -> impl Strategy<Value = Vec<u8>> {
        let words = prop::collection::vec(
            prop::sample::select(vec!["a", "<p>", "word ", "ö"]),
            0..9_000,
        );
        let words = words.prop_map(|words| words.concat().into_bytes());
        prop_oneof![words, prop::collection::vec(any::<u8>(), 0..3_000)]
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(48))]
        #[test]
        fn each_encoding_decodes_to_the_original_bytes(bytes in text()) {
            for form in Encoding::ALL {
                let coded = encode_bytes(&bytes, form, &mut || false).unwrap();
                prop_assert!(decoded(&coded, form) == bytes, "{form:?}");
                prop_assert!(encode_bytes(&bytes, form, &mut || false).unwrap() == coded, "{form:?}");
            }
        }
    }

    #[test]
    fn input_beyond_the_window_is_decodable_by_every_client() {
        let mut bytes = b"one line of many\n".repeat(100);
        bytes.resize(9 << 20, 0);
        bytes.extend_from_within(..1_000);
        for form in [Encoding::Br5, Encoding::Zstd3] {
            let coded = encode_bytes(&bytes, form, &mut || false).unwrap();
            assert!(decoded(&coded, form) == bytes, "{form:?}");
        }
    }

    #[test]
    fn interrupted_encoder_stops_at_the_next_chunk() {
        let bytes = vec![b'x'; 4 * ENCODER_CHUNK_BYTES];
        for form in [
            Encoding::Gzip,
            Encoding::Br5,
            Encoding::Br11,
            Encoding::Zstd3,
            Encoding::Zstd19,
        ] {
            let mut asked = 0;
            let given_up = encode_bytes(&bytes, form, &mut || {
                asked += 1;
                asked == 3
            });
            assert_eq!((given_up, asked), (None, 3));
        }
    }

    #[test]
    fn tag_is_found_only_for_its_content_and_encoding() {
        let tags = EntityTags::new("c0ffee", &Encoding::ALL);
        let cases = [
            ("\"c0ffee\"", Some(Encoding::Identity)),
            ("\"c0ffee-gzip\"", Some(Encoding::Gzip)),
            ("\"c0ffee-br5\"", Some(Encoding::Br5)),
            ("\"c0ffee-br11\"", Some(Encoding::Br11)),
            ("\"c0ffee-zstd3\"", Some(Encoding::Zstd3)),
            ("\"c0ffee-zstd19\"", Some(Encoding::Zstd19)),
            ("\"c0ffee-br\"", None),
            ("\"c0ffee-br5x\"", None),
            ("\"c0ffee-GZIP\"", None),
            ("\"c0ffe\"", None),
            ("\"c0ffee", None),
            ("\"c0ffeebr5\"", None),
            ("\"decaf-br5\"", None),
            ("\"\"", None),
            ("\"", None),
            ("", None),
        ];
        for (tag, form) in cases {
            assert_eq!(tags.find_encoding(tag.as_bytes()), form, "{tag}");
            if let Some(form) = form {
                assert_eq!(&*tags.get(form), tag);
            }
        }
        let tags = EntityTags::new("c0ffee", &Encoding::IDENTITY_ONLY);
        assert_eq!(tags.find_encoding(b"\"c0ffee-gzip\""), None);
        assert_eq!(&*tags.get(Encoding::Gzip), "\"c0ffee\"");
    }

    /// Lazy text that may be long.
    #[derive(Debug)]
    struct Text(Vec<u8>);

    impl RenderBody for Text {
        fn render_body(&self) -> Result<Vec<u8>, LazyRenderError> {
            Ok(self.0.clone())
        }

        fn max_rendered_len(&self) -> Option<usize> {
            Some(self.0.len())
        }
    }

    #[test]
    fn large_lazy_text_is_cached_only_as_gzip() {
        for (length, forms) in [
            (MAX_ALL_ENCODINGS_BYTES, &Encoding::LAZY[..]),
            (MAX_PLAIN_BYTES, &Encoding::LARGE_OUTPUT),
            (MAX_PLAIN_BYTES + 1, &Encoding::LARGE_OUTPUT),
        ] {
            let text = b"one line of many\n".iter().copied().cycle();
            let text: Vec<u8> = text.take(length).collect();
            let late = LazyBody {
                fingerprint: "c0ffee".to_owned(),
                renderer: Arc::new(Text(text.clone())),
            };
            assert_eq!(Encoding::possible_for_lazy(&late, true), forms);
            let plain = Encoding::Identity.wrap_lazy_body(late.clone());
            let gzip = Encoding::Gzip.wrap_lazy_body(late);
            let is_kept_in_gzip = length > MAX_PLAIN_BYTES;
            assert_eq!(plain.fingerprint == gzip.fingerprint, is_kept_in_gzip);
            let drawn = plain.renderer.render_body().unwrap();
            assert_eq!(drawn == text, !is_kept_in_gzip);
            assert!(plain.make_payload(drawn.into()).to_vec().unwrap() == text);
            let drawn = gzip.renderer.render_body().unwrap();
            let sent = gzip.make_payload(drawn.into()).to_vec().unwrap();
            assert!(decoded(&sent, Encoding::Gzip) == text);
        }
    }
}
