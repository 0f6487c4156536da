//! The forms that a content is sent in: what they are called, what their entity tags are, and how each
//! is made.

mod br;
mod gzip;
mod zst;

use std::io::Write;
use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;

use crate::artifact::{Deferred, Draw, DrawError, FieldValue};

/// How many bytes are coded before somebody may say that it is enough.
const PIECE: usize = 32 * 1024;

/// An output that is longer, in bytes, has no other coding than gzip: nobody compresses megabytes anew for one
/// edit. The best efforts of brotli and zstd take some thirty times its length in memory, which the allocator
/// keeps, and what is longer than this is read by crawlers, which take gzip.
pub(super) const MAX_BYTES_OF_ALL_FORMS: usize = 512 * 1024;

/// An output that is longer than this, in bytes, is kept in its gzip form only. To decompress it costs
/// a millisecond or two a megabyte each time, so what is polled all day must be below, and is: a feed of the
/// newest posts has some hundred kilobytes. What is above has thousands of posts in it, and is asked for
/// by crawlers, which take gzip.
pub(super) const MAX_PLAIN_BYTES: usize = 4 << 20;

/// A content coding, RFC 9110 §8.4.1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Coding {
    /// The bytes as they are.
    Identity,
    /// RFC 1952.
    Gzip,
    /// RFC 7932.
    Brotli,
    /// RFC 8878.
    Zstd,
}

impl Coding {
    /// All of them.
    pub const ALL: [Coding; 4] = [Coding::Identity, Coding::Gzip, Coding::Brotli, Coding::Zstd];

    /// Its name in `Content-Encoding`; the bytes as they are have none.
    pub fn name(self) -> Option<&'static str> {
        match self {
            Coding::Identity => None,
            Coding::Gzip => Some("gzip"),
            Coding::Brotli => Some("br"),
            Coding::Zstd => Some("zstd"),
        }
    }
}

/// A content coding, and the effort that it was made with: what there can be of one content.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Form {
    /// The bytes as they are.
    Identity,
    /// gzip.
    Gzip,
    /// brotli, at once.
    Br5,
    /// brotli, as small as can be.
    Br11,
    /// zstd, at once.
    Zstd3,
    /// zstd, as small as can be.
    Zstd19,
}

impl Form {
    /// All of them.
    pub const ALL: [Form; 6] = [
        Form::Identity,
        Form::Gzip,
        Form::Br5,
        Form::Br11,
        Form::Zstd3,
        Form::Zstd19,
    ];
    /// Those of what is large.
    pub const OF_LARGE: [Form; 2] = [Form::Identity, Form::Gzip];
    /// Those of what is made when it is asked for.
    pub const LATE: [Form; 4] = [Form::Identity, Form::Gzip, Form::Br5, Form::Zstd3];
    /// That of what is coded already.
    pub const AS_IT_IS: [Form; 1] = [Form::Identity];

    /// What a client has to understand for it.
    pub fn coding(self) -> Coding {
        match self {
            Form::Identity => Coding::Identity,
            Form::Gzip => Coding::Gzip,
            Form::Br5 | Form::Br11 => Coding::Brotli,
            Form::Zstd3 | Form::Zstd19 => Coding::Zstd,
        }
    }

    /// The form in which a coding is made at once.
    pub fn at_once(coding: Coding) -> Form {
        match coding {
            Coding::Identity => Form::Identity,
            Coding::Gzip => Form::Gzip,
            Coding::Brotli => Form::Br5,
            Coding::Zstd => Form::Zstd3,
        }
    }

    /// The forms that there can be of a text that is made late.
    pub fn of_late(deferred: &Deferred) -> &'static [Form] {
        match deferred.draw.max_len() {
            Some(length) if length > MAX_BYTES_OF_ALL_FORMS => &Form::OF_LARGE,
            _ => &Form::LATE,
        }
    }

    /// A content that is made late, in this form and under a name of its own. A large one is kept in gzip only.
    pub fn of(self, identity: Deferred) -> Deferred {
        let is_kept_in_gzip = identity.draw.max_len() > Some(MAX_PLAIN_BYTES);
        let kept = match self {
            Form::Identity if !is_kept_in_gzip => return identity,
            Form::Identity => Form::Gzip,
            _ => self,
        };
        Deferred {
            fingerprint: format!("{}{}", identity.fingerprint, kept.suffix()),
            draw: Arc::new(Coded {
                identity,
                kept,
                sent: self,
            }),
        }
    }

    /// What its entity tag has behind the name of the content.
    fn suffix(self) -> &'static str {
        match self {
            Form::Identity => "",
            Form::Gzip => "-gzip",
            Form::Br5 => "-br5",
            Form::Br11 => "-br11",
            Form::Zstd3 => "-zstd3",
            Form::Zstd19 => "-zstd19",
        }
    }
}

/// The entity tags of one content, of each form that there is or may come to be of it.
///
/// They follow from the content, and not from what is made of it yet: so they are the same on every
/// replica and after a restart.
#[derive(Debug, Clone)]
pub struct Tags {
    /// One behind the other.
    all: Bytes,
    /// How long the name of the content is.
    name: usize,
    forms: &'static [Form],
}

impl Tags {
    /// Those of a content of this name, which is visible ASCII without quotes.
    pub fn new(name: &str, forms: &'static [Form]) -> Tags {
        let mut all = String::with_capacity(forms.len() * (name.len() + 9));
        for form in forms {
            all.extend(["\"", name, form.suffix(), "\""]);
        }
        Tags {
            all: all.into(),
            name: name.len(),
            forms,
        }
    }

    /// That of one form, in its quotes; that of the plain one, where there is no such form.
    pub fn get(&self, form: Form) -> FieldValue {
        self.all.slice(self.place(form)).into()
    }

    fn place(&self, form: Form) -> Range<usize> {
        let mut start = 0;
        for &other in self.forms {
            let end = start + self.name + other.suffix().len() + 2;
            if other == form {
                return start..end;
            }
            start = end;
        }
        0..self.name + 2
    }

    /// Whether this is the entity tag of a form, in its quotes.
    pub fn is(&self, tag: &[u8], form: Form) -> bool {
        self.forms.contains(&form) && self.all.get(self.place(form)) == Some(tag)
    }

    /// The form whose entity tag this is, in its quotes.
    pub fn form(&self, tag: &[u8]) -> Option<Form> {
        let name = self.all.get(..self.name + 1)?;
        let suffix = tag.strip_prefix(name)?.strip_suffix(b"\"")?;
        let mut forms = self.forms.iter().copied();
        forms.find(|form| form.suffix().as_bytes() == suffix)
    }

    /// Which forms there are, or may come to be.
    pub fn forms(&self) -> &'static [Form] {
        self.forms
    }
}

/// A form of some bytes as a whole; `None` where it was given up.
pub(super) fn code(
    bytes: &[u8],
    form: Form,
    is_given_up: &mut dyn FnMut() -> bool,
) -> Option<Vec<u8>> {
    match form {
        Form::Identity => Some(bytes.to_vec()),
        Form::Gzip => gzip::code(bytes, is_given_up),
        Form::Br5 => br::code(bytes, 5, is_given_up),
        Form::Br11 => br::code(bytes, 11, is_given_up),
        Form::Zstd3 => zst::code(bytes, 3, is_given_up),
        Form::Zstd19 => zst::code(bytes, 19, is_given_up),
    }
}

/// Whether a coder goes on.
/// Writes bytes to a coder; `None` where it was given up between two pieces, or the coder failed.
fn write_in_pieces(
    coder: &mut impl Write,
    bytes: &[u8],
    is_given_up: &mut dyn FnMut() -> bool,
) -> Option<()> {
    for piece in bytes.chunks(PIECE) {
        if is_given_up() {
            return None;
        }
        coder.write_all(piece).ok()?;
    }
    Some(())
}

/// What is made late, in another form than it is rendered in.
#[derive(Debug)]
struct Coded {
    identity: Deferred,
    kept: Form,
    sent: Form,
}

impl Draw for Coded {
    fn draw(&self) -> Result<Vec<u8>, DrawError> {
        let bytes = self.identity.draw.draw()?;
        // What does not shrink is in this coding all the same, for its name is given out already.
        code(&bytes, self.kept, &mut || false)
            .ok_or_else(|| DrawError::Failed(format!("it cannot be coded as {:?}", self.kept)))
    }

    fn is_sent_decompressed(&self) -> bool {
        self.kept != self.sent
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use flate2::read::GzDecoder;
    use proptest::prelude::*;

    use super::*;

    fn decoded(coded: &[u8], form: Form) -> Vec<u8> {
        let mut bytes = Vec::new();
        match form.coding() {
            Coding::Identity => bytes.extend(coded),
            Coding::Gzip => drop(GzDecoder::new(coded).read_to_end(&mut bytes).unwrap()),
            Coding::Brotli => {
                let mut decoder = brotli::Decompressor::new(coded, 4096);
                decoder.read_to_end(&mut bytes).unwrap();
            }
            Coding::Zstd => {
                let mut decoder = zstd::Decoder::new(coded).unwrap();
                // RFC 9659: a client need not take a window of more than 8 MiB.
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
        fn each_form_is_decoded_to_what_it_was_made_of(bytes in text()) {
            for form in Form::ALL {
                let coded = code(&bytes, form, &mut || false).unwrap();
                prop_assert!(decoded(&coded, form) == bytes, "{form:?}");
                prop_assert!(code(&bytes, form, &mut || false).unwrap() == coded, "{form:?}");
            }
        }
    }

    #[test]
    fn what_is_larger_than_a_window_may_be_is_coded_for_every_client() {
        let mut bytes = b"one line of many\n".repeat(100);
        bytes.resize(9 << 20, 0);
        bytes.extend_from_within(..1_000);
        for form in [Form::Br5, Form::Zstd3] {
            let coded = code(&bytes, form, &mut || false).unwrap();
            assert!(decoded(&coded, form) == bytes, "{form:?}");
        }
    }

    #[test]
    fn what_is_given_up_stops_at_the_next_piece() {
        let bytes = vec![b'x'; 4 * PIECE];
        for form in [Form::Gzip, Form::Br5, Form::Br11, Form::Zstd3, Form::Zstd19] {
            let mut asked = 0;
            let given_up = code(&bytes, form, &mut || {
                asked += 1;
                asked == 3
            });
            assert_eq!((given_up, asked), (None, 3));
        }
    }

    #[test]
    fn tags_are_told_apart_and_are_those_of_this_content() {
        let tags = Tags::new("c0ffee", &Form::ALL);
        let cases = [
            ("\"c0ffee\"", Some(Form::Identity)),
            ("\"c0ffee-gzip\"", Some(Form::Gzip)),
            ("\"c0ffee-br5\"", Some(Form::Br5)),
            ("\"c0ffee-br11\"", Some(Form::Br11)),
            ("\"c0ffee-zstd3\"", Some(Form::Zstd3)),
            ("\"c0ffee-zstd19\"", Some(Form::Zstd19)),
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
            assert_eq!(tags.form(tag.as_bytes()), form, "{tag}");
            if let Some(form) = form {
                assert_eq!(&*tags.get(form), tag);
            }
        }
        let tags = Tags::new("c0ffee", &Form::AS_IT_IS);
        assert_eq!(tags.form(b"\"c0ffee-gzip\""), None);
        assert_eq!(&*tags.get(Form::Gzip), "\"c0ffee\"");
    }

    /// A text that is made late and may be long.
    #[derive(Debug)]
    struct Text(Vec<u8>);

    impl Draw for Text {
        fn draw(&self) -> Result<Vec<u8>, DrawError> {
            Ok(self.0.clone())
        }

        fn max_len(&self) -> Option<usize> {
            Some(self.0.len())
        }
    }

    #[test]
    fn large_late_text_is_kept_in_gzip_and_sent_in_either_form() {
        for (length, forms) in [
            (MAX_BYTES_OF_ALL_FORMS, &Form::LATE[..]),
            (MAX_PLAIN_BYTES, &Form::OF_LARGE),
            (MAX_PLAIN_BYTES + 1, &Form::OF_LARGE),
        ] {
            let text = b"one line of many\n".iter().copied().cycle();
            let text: Vec<u8> = text.take(length).collect();
            let late = Deferred {
                fingerprint: "c0ffee".to_owned(),
                draw: Arc::new(Text(text.clone())),
            };
            assert_eq!(Form::of_late(&late), forms);
            let plain = Form::Identity.of(late.clone());
            let gzip = Form::Gzip.of(late);
            let is_kept_in_gzip = length > MAX_PLAIN_BYTES;
            assert_eq!(plain.fingerprint == gzip.fingerprint, is_kept_in_gzip);
            let drawn = plain.draw.draw().unwrap();
            assert_eq!(drawn == text, !is_kept_in_gzip);
            assert!(plain.payload(drawn.into()).to_vec().unwrap() == text);
            let drawn = gzip.draw.draw().unwrap();
            let sent = gzip.payload(drawn.into()).to_vec().unwrap();
            assert!(decoded(&sent, Form::Gzip) == text);
        }
    }
}
