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

/// Pictures in their order.
#[derive(Clone, PartialEq, Eq, Hash, Default)]
pub struct Images(Box<str>);

// XML forbids both, so neither stands in a text of a post.
/// Ends a picture.
const END: u8 = 0x1e;
/// Stands between an address and what is said of the picture.
const BETWEEN: u8 = 0x1f;

impl Images {
    /// The first, which stands for the post.
    pub fn first(&self) -> Option<Picture<'_>> {
        self.iter().next()
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = Picture<'_>> {
        let mut rest = &*self.0;
        std::iter::from_fn(move || {
            let (picture, after) = rest.split_at_checked(memchr(END, rest.as_bytes())?)?;
            rest = after.get(1..)?;
            let between = memchr(BETWEEN, picture.as_bytes());
            let alt = between.and_then(|at| picture.get(at + 1..));
            let url = between.and_then(|at| picture.get(..at));
            Some(Picture {
                url: url.unwrap_or(picture),
                alt,
            })
        })
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
        let images: Vec<&Image> = images.into_iter().collect();
        let length = |image: &&Image| {
            image.url.len() + image.alt.as_ref().map_or(0, |alt| alt.len() + 1) + 1
        };
        // No more than there is: an allocator may leave what is given back to it where it is.
        let mut packed = String::with_capacity(images.iter().map(length).sum());
        for Image { url, alt } in images {
            packed.push_str(&plain(url));
            if let Some(alt) = alt {
                packed.push(char::from(BETWEEN));
                packed.push_str(&plain(alt));
            }
            packed.push(char::from(END));
        }
        Images(packed.into())
    }
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
        f.debug_list().entries(self.iter()).finish()
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

    #[test]
    fn what_is_packed_is_what_is_there() {
        let image = |url: &str, alt: Option<&str>| Image {
            url: url.to_owned(),
            alt: alt.map(str::to_owned),
        };
        for images in [
            vec![],
            vec![image("https://e.org/a.png", None)],
            vec![
                image("https://e.org/a.png", Some("")),
                image("https://e.org/b.png", Some("vê, é")),
                image("https://e.org/c.png", None),
            ],
        ] {
            let packed: Images = images.iter().collect();
            let unpacked: Vec<Image> = packed.iter().map(Image::from).collect();
            assert_eq!(unpacked, images);
            assert_eq!(packed.len(), images.len());
            assert_eq!(packed.is_empty(), images.is_empty());
            assert_eq!(packed.first().map(Image::from).as_ref(), images.first());
        }
    }

    #[test]
    fn what_stands_between_does_not_stand_within() {
        let image = Image {
            url: "https://e.org/\u{1e}a.png".to_owned(),
            alt: Some("é\u{1f}è".to_owned()),
        };
        let packed: Images = [&image].into_iter().collect();
        let only = packed.first().unwrap();
        assert_eq!((only.url, only.alt), ("https://e.org/a.png", Some("éè")));
        assert_eq!(packed.len(), 1);
    }
}
