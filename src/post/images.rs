//! The pictures of a post, packed: there are several of each post, and few are ever looked at.

use std::fmt;

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
const END: char = '\u{1e}';
/// Stands between an address and what is said of the picture.
const BETWEEN: char = '\u{1f}';

impl Images {
    /// The first, which stands for the post.
    pub fn first(&self) -> Option<Picture<'_>> {
        self.iter().next()
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = Picture<'_>> {
        self.0.split_terminator(END).map(|picture| {
            let (url, alt) = match picture.split_once(BETWEEN) {
                Some((url, alt)) => (url, Some(alt)),
                None => (picture, None),
            };
            Picture { url, alt }
        })
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.bytes().filter(|byte| *byte == END as u8).count()
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
        let plain = |text: &'a str| text.chars().filter(|c| ![END, BETWEEN].contains(c));
        for Image { url, alt } in images {
            packed.extend(plain(url));
            if let Some(alt) = alt {
                packed.push(BETWEEN);
                packed.extend(plain(alt));
            }
            packed.push(END);
        }
        Images(packed.into())
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
}
