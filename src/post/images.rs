//! The pictures of a post, packed: there are several of each post, and few are ever looked at.

use std::borrow::Cow;
use std::fmt;

use memchr::{memchr, memchr2};

/// A picture.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Image {
    /// The absolute URL.
    pub url: String,
    /// What it shows, where the author said.
    pub alt: Option<String>,
}

/// A picture that somebody else holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Picture<'a> {
    /// The absolute URL.
    pub url: &'a str,
    /// What it shows, where the author said.
    pub alt: Option<&'a str>,
}

/// Pictures in their order. Of the first all is known, of the others the address: nothing asks for more.
///
/// The addresses of a post's pictures mostly begin alike, so each but the first is held as how many bytes
/// it has in common with the one before, and what follows.
#[derive(Clone, PartialEq, Eq, Hash, Default)]
pub struct Images(Box<str>);

// XML forbids both, so neither stands in a text of a post.
/// Ends a picture.
const END: u8 = 0x1e;
/// Stands between the first one's address and what is said of it.
const BETWEEN: u8 = 0x1f;
/// The character that says that nothing is in common; those after it say how many bytes. Neither of the above
/// is among them.
const NOTHING: u32 = 0x20;
/// All the others of them are characters, too.
const MAX_COMMON: usize = 0x2000;

impl Images {
    /// The first, which stands for the post.
    pub fn first(&self) -> Option<Picture<'_>> {
        let (picture, _) = self.0.split_at_checked(memchr(END, self.0.as_bytes())?)?;
        let between = memchr(BETWEEN, picture.as_bytes());
        let alt = between.and_then(|at| picture.get(at + 1..));
        let url = between.and_then(|at| picture.get(..at));
        Some(Picture {
            url: url.unwrap_or(picture),
            alt,
        })
    }

    /// Gives the addresses of the first `most`, until one is refused.
    ///
    /// # Errors
    ///
    /// That of the one which is refused.
    pub fn urls<E>(&self, most: usize, mut to: impl FnMut(&str) -> Result<(), E>) -> Result<(), E> {
        let Some(first) = self.first().filter(|_| most > 0) else {
            return Ok(());
        };
        to(first.url)?;
        let mut url = first.url.to_owned();
        for held in self.0.split_terminator(char::from(END)).take(most).skip(1) {
            let mut rest = held.chars();
            let common = rest
                .next()
                .map_or(0, |c| u32::from(c).saturating_sub(NOTHING));
            let common = usize::try_from(common).unwrap_or(0);
            url.truncate(url.floor_char_boundary(common));
            url.push_str(rest.as_str());
            to(&url)?;
        }
        Ok(())
    }

    /// All of them as one text.
    pub fn packed(&self) -> &str {
        &self.0
    }

    /// Those of such a text.
    pub fn from_packed(packed: &str) -> Images {
        Images(packed.into())
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        memchr::memchr_iter(END, self.0.as_bytes()).count()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl<'a> FromIterator<&'a Image> for Images {
    fn from_iter<I: IntoIterator<Item = &'a Image>>(images: I) -> Images {
        let mut images = images.into_iter();
        let Some(first) = images.next() else {
            return Images::default();
        };
        let mut packed = String::new();
        let mut before = plain(&first.url);
        packed.push_str(&before);
        if let Some(alt) = &first.alt {
            packed.push(char::from(BETWEEN));
            packed.push_str(&plain(alt));
        }
        packed.push(char::from(END));
        for image in images {
            let url = plain(&image.url);
            let (common, rest) = url.split_at(common(&before, &url));
            packed.extend(
                u32::try_from(common.len())
                    .ok()
                    .and_then(|many| char::from_u32(NOTHING + many)),
            );
            packed.push_str(rest);
            packed.push(char::from(END));
            before = url;
        }
        // Made anew in its right size: an allocator may leave what is given back to it where it is.
        Images(packed.as_str().into())
    }
}

/// How many bytes both begin with, and characters end there.
fn common(one: &str, other: &str) -> usize {
    let pairs = one.bytes().zip(other.bytes()).take(MAX_COMMON);
    other.floor_char_boundary(pairs.take_while(|(a, b)| a == b).count())
}

/// A text without what stands between texts.
fn plain(text: &str) -> Cow<'_, str> {
    match memchr2(END, BETWEEN, text.as_bytes()) {
        None => Cow::Borrowed(text),
        Some(_) => {
            let is_between = |c: char| [END, BETWEEN].map(char::from).contains(&c);
            Cow::Owned(text.replace(is_between, ""))
        }
    }
}

impl fmt::Debug for Images {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut list = f.debug_list();
        list.entries(self.first().and_then(|first| first.alt));
        self.urls(usize::MAX, |url| {
            list.entry(&url);
            Ok::<_, fmt::Error>(())
        })?;
        list.finish()
    }
}

impl From<Picture<'_>> for Image {
    fn from(picture: Picture<'_>) -> Image {
        Image {
            url: picture.url.to_owned(),
            alt: picture.alt.map(str::to_owned),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn image(url: &str, alt: Option<&str>) -> Image {
        Image {
            url: url.to_owned(),
            alt: alt.map(str::to_owned),
        }
    }

    fn urls(images: &Images, most: usize) -> Vec<String> {
        let mut urls = Vec::new();
        let Ok(()) = images.urls(most, |url| {
            urls.push(url.to_owned());
            Ok::<_, std::convert::Infallible>(())
        });
        urls
    }

    fn assert_unpacked(images: &[Image]) {
        let packed: Images = images.iter().collect();
        let packed = Images::from_packed(packed.packed());
        let all: Vec<_> = images.iter().map(|image| image.url.clone()).collect();
        assert_eq!(urls(&packed, usize::MAX), all);
        for most in [0, 1, 2] {
            assert_eq!(urls(&packed, most), all[..most.min(all.len())]);
        }
        assert_eq!(packed.len(), images.len());
        assert_eq!(packed.is_empty(), images.is_empty());
        assert_eq!(packed.first().map(Image::from).as_ref(), images.first());
    }

    #[test]
    fn what_is_packed_is_what_is_there() {
        for images in [
            vec![],
            vec![image("https://e.org/a.png", None)],
            vec![
                image("https://e.org/a.png", Some("")),
                image("https://e.org/b.png", None),
                image("https://e.org/b.png?large", None),
                image("https://e.org/b.png", None),
                image("http://f.org/c.png", None),
                image("https://e.org/a.png", None),
            ],
            vec![
                image("https://e.org/é", Some("vê, é")),
                image("https://e.org/è", None),
                image("", None),
                image("https://e.org/è", None),
            ],
        ] {
            assert_unpacked(&images);
        }
    }

    proptest::proptest! {
        #[test]
        fn whatever_is_packed_is_what_is_there(
            urls in proptest::collection::vec("[ab/é\u{20}\u{10ffff}]{0,4}(ab){0,40}[ab]{0,3}", 0..6),
            alt in proptest::option::of("[a-z é]{0,8}"),
        ) {
            let mut images: Vec<Image> = urls.iter().map(|url| image(url, None)).collect();
            if let Some(first) = images.first_mut() {
                first.alt = alt;
            }
            assert_unpacked(&images);
        }
    }

    #[test]
    fn long_ones_are_whole() {
        let long = format!("https://e.org/{}", "é".repeat(MAX_COMMON));
        assert_unpacked(&[image(&long, None), image(&format!("{long}a"), None)]);
    }

    #[test]
    fn of_those_after_the_first_only_the_address_is_held() {
        let [with, without] = [Some("a boat"), None].map(|alt| {
            let images = [
                image("https://e.org/a.png", None),
                image("https://e.org/b.png", alt),
            ];
            images.iter().collect::<Images>()
        });
        assert_eq!(with, without);
        assert_eq!(with.packed(), "https://e.org/a.png\u{1e}.b.png\u{1e}");
    }

    #[test]
    fn one_that_is_refused_is_the_last() {
        let images = [
            image("https://e.org/a.png", None),
            image("https://e.org/b.png", None),
        ];
        let images: Images = images.iter().collect();
        let mut asked = 0;
        let refused = images.urls(usize::MAX, |_| {
            asked += 1;
            Err(asked)
        });
        assert_eq!((refused, asked), (Err(1), 1));
    }

    #[test]
    fn what_is_no_packed_text_is_read_without_harm() {
        for packed in [
            "a",
            "a\u{1e}",
            "a\u{1e}\u{1e}",
            "é\u{1e}!b\u{1e}",
            "a\u{1e}\u{10ffff}b",
            "\u{1f}",
        ] {
            let _ = urls(&Images::from_packed(packed), usize::MAX);
        }
        assert_eq!(urls(&Images::from_packed("é\u{1e}!b\u{1e}"), 2), ["é", "b"]);
    }

    #[test]
    fn what_stands_between_does_not_stand_within() {
        let image = image("https://e.org/\u{1e}a.png", Some("é\u{1f}è"));
        let packed: Images = [&image].into_iter().collect();
        let only = packed.first().unwrap();
        assert_eq!((only.url, only.alt), ("https://e.org/a.png", Some("éè")));
        assert_eq!(packed.len(), 1);
    }
}
