//! Simulates how social networks show a link: by their rules for images and text lengths.
//!
//! The rules are documented by the networks, or known from experience. If a network cuts a text to
//! the width of the screen, the style sheet of the preview cuts it at a number of lines instead.

use crate::cards::local_image::ImageLookup;
use crate::site::card::{Card, PreviewSource};
use crate::text::truncate_graphemes;

/// Layout of a link preview. The style sheet has a rule for each.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PreviewLayout {
    /// Title on the image, host below.
    TitleOverImage,
    /// Image, then texts on a background.
    TextBelowImage,
    /// Texts beside a vertical bar, then the image.
    QuoteBar,
    /// Image above the texts, or beside them if it is small.
    ChatBubble,
}

/// Social network, with its rules for link previews.
#[derive(Debug)]
pub(crate) struct SocialNetwork {
    pub(crate) name: &'static str,
    pub(crate) layout: PreviewLayout,
    /// Maximum length of the title, in graphemes.
    max_title_len: usize,
    /// Maximum length of the description, in graphemes; 0 if none is shown.
    max_description_len: usize,
    /// True if the site's name is shown instead of its host.
    shows_site_name: bool,
    /// Minimum width and height of an image, in pixels. Smaller images are not shown.
    min_image_size: (usize, usize),
    /// Minimum width and height of a large image, in pixels. Smaller images are shown small.
    min_large_image_size: (usize, usize),
    /// Maximum size of an image file, in bytes.
    max_image_bytes: u64,
    /// Maximum ratio of the longer to the shorter side; `None` for no limit.
    max_aspect_ratio: Option<usize>,
}

/// All known networks, in the order of the page.
pub(crate) const NETWORKS: [SocialNetwork; 7] = [
    SocialNetwork {
        name: "X",
        layout: PreviewLayout::TitleOverImage,
        max_title_len: 70,
        max_description_len: 0,
        shows_site_name: false,
        min_image_size: (300, 157),
        min_large_image_size: (300, 157),
        max_image_bytes: 5_000_000,
        max_aspect_ratio: None,
    },
    SocialNetwork {
        name: "LinkedIn",
        layout: PreviewLayout::TextBelowImage,
        max_title_len: 120,
        max_description_len: 0,
        shows_site_name: false,
        min_image_size: (200, 200),
        min_large_image_size: (401, 200),
        max_image_bytes: 5_000_000,
        max_aspect_ratio: None,
    },
    SocialNetwork {
        name: "Facebook",
        layout: PreviewLayout::TextBelowImage,
        max_title_len: 100,
        max_description_len: 110,
        shows_site_name: false,
        min_image_size: (200, 200),
        min_large_image_size: (600, 315),
        max_image_bytes: 8_000_000,
        max_aspect_ratio: None,
    },
    SocialNetwork {
        name: "Slack",
        layout: PreviewLayout::QuoteBar,
        max_title_len: 300,
        max_description_len: 300,
        shows_site_name: true,
        min_image_size: (1, 1),
        min_large_image_size: (1, 1),
        max_image_bytes: 5_000_000,
        max_aspect_ratio: None,
    },
    SocialNetwork {
        name: "Discord",
        layout: PreviewLayout::QuoteBar,
        max_title_len: 256,
        max_description_len: 350,
        shows_site_name: true,
        min_image_size: (1, 1),
        min_large_image_size: (1, 1),
        max_image_bytes: 8_000_000,
        max_aspect_ratio: None,
    },
    SocialNetwork {
        name: "Mastodon",
        layout: PreviewLayout::TextBelowImage,
        max_title_len: 150,
        max_description_len: 0,
        shows_site_name: true,
        min_image_size: (1, 1),
        min_large_image_size: (1, 1),
        max_image_bytes: 8_000_000,
        max_aspect_ratio: None,
    },
    SocialNetwork {
        name: "WhatsApp",
        layout: PreviewLayout::ChatBubble,
        max_title_len: 80,
        max_description_len: 120,
        shows_site_name: false,
        min_image_size: (100, 100),
        min_large_image_size: (300, 157),
        max_image_bytes: 600_000,
        max_aspect_ratio: Some(4),
    },
];

/// Maximum length of a site's name, in bytes. Discord shows no preview if it is longer.
const DISCORD_MAX_SITE_NAME_BYTES: usize = 253;

/// Link preview as a network shows it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct LinkPreview {
    pub(crate) title: String,
    pub(crate) description: Option<String>,
    /// Site's name, or its host.
    pub(crate) site: String,
    pub(crate) image_size: ImageSize,
    /// Differences from the card, such as cut texts.
    pub(crate) notes: Vec<String>,
    /// True if the network shows no preview at all.
    pub(crate) is_empty: bool,
}

/// Size at which an image is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ImageSize {
    Large,
    Small,
    /// The image is not shown.
    Omitted,
}

/// Image of a link preview.
pub(crate) enum LinkImage<'a> {
    /// Card image rendered by courant, which fits all networks.
    Rendered,
    /// Image that the post names: its URL, and the lookup of its file.
    Custom(&'a str, Option<&'a ImageLookup>),
}

impl<'a> LinkImage<'a> {
    /// Chooses the image of a card, and looks it up by URL if the post names it.
    pub(crate) fn from_card(
        card: &'a Card,
        lookup: impl Fn(&str) -> Option<&'a ImageLookup>,
    ) -> LinkImage<'a> {
        let is_missing = |found: Option<&ImageLookup>| {
            matches!(
                found,
                Some(ImageLookup::Missing(_) | ImageLookup::Unusable(..))
            )
        };
        // A missing image is replaced by the next one, or by the rendered one.
        let mut images = card.images.iter();
        let own = images.find(|image| !is_missing(lookup(&image.url)));
        match (card.preview_source, own) {
            (PreviewSource::Own, Some(image)) => LinkImage::Custom(&image.url, lookup(&image.url)),
            _ => LinkImage::Rendered,
        }
    }
}

impl SocialNetwork {
    /// Builds the preview of a link to the page of `card` on `site`.
    pub(crate) fn build_preview(
        &self,
        card: &Card,
        site: &str,
        image: &LinkImage<'_>,
    ) -> LinkPreview {
        let title = truncate_graphemes(&card.title, self.max_title_len);
        let description = truncate_graphemes(&card.description, self.max_description_len);
        let mut notes = Vec::new();
        if title != card.title {
            notes.push(format!(
                "the title is cut after {} characters",
                self.max_title_len
            ));
        }
        if self.max_description_len > 0 && description != card.description {
            notes.push(format!(
                "the description is cut after {} characters",
                self.max_description_len
            ));
        }
        let image_size = match self.choose_image_size(image) {
            Ok(size) => {
                if size == ImageSize::Small {
                    let (width, height) = self.min_large_image_size;
                    notes.push(format!(
                        "the image is shown small: it is below {width} × {height} pixels"
                    ));
                }
                size
            }
            Err(reason) => {
                notes.push(format!("no image: {reason}"));
                ImageSize::Omitted
            }
        };
        let is_empty = self.name == "Discord" && site.len() > DISCORD_MAX_SITE_NAME_BYTES;
        if is_empty {
            notes.push(format!(
                "no preview: the site's name is longer than {DISCORD_MAX_SITE_NAME_BYTES} bytes"
            ));
        }
        LinkPreview {
            title,
            description: (self.max_description_len > 0 && !description.is_empty())
                .then_some(description),
            site: match self.shows_site_name {
                true => site.to_owned(),
                false => display_host(&card.url),
            },
            image_size,
            notes,
            is_empty,
        }
    }

    /// Chooses the size at which the image is shown.
    ///
    /// # Errors
    /// The reason, if the network does not show the image.
    fn choose_image_size(&self, image: &LinkImage<'_>) -> Result<ImageSize, String> {
        let lookup = match image {
            LinkImage::Rendered => return Ok(ImageSize::Large),
            LinkImage::Custom(url, _) if !url.starts_with("http") => {
                return Err("its URL is not an HTTP URL".to_owned());
            }
            LinkImage::Custom(_, lookup) => lookup,
        };
        let picture = match lookup {
            // The file is not on this site, so its size is unknown.
            None | Some(ImageLookup::External | ImageLookup::OtherMedia(_)) => {
                return Ok(ImageSize::Large);
            }
            Some(ImageLookup::Missing(name)) => return Err(format!("`{name}` does not exist")),
            Some(ImageLookup::Unusable(name, reason)) => return Err(format!("`{name}`: {reason}")),
            Some(ImageLookup::Found(picture)) => picture,
        };
        if picture.is_svg() {
            return Err("no network shows SVG".to_owned());
        }
        if picture.file_bytes > self.max_image_bytes {
            return Err(format!(
                "its size is {} KB, and at most {} KB are accepted",
                picture.file_bytes / 1_000,
                self.max_image_bytes / 1_000
            ));
        }
        let (width, height) = (picture.width, picture.height);
        if width < self.min_image_size.0 || height < self.min_image_size.1 {
            return Err(format!(
                "it has {width} × {height} pixels, and at least {} × {} are required",
                self.min_image_size.0, self.min_image_size.1
            ));
        }
        if let Some(ratio) = self.max_aspect_ratio
            && (width > height * ratio || height > width * ratio)
        {
            return Err(format!(
                "one side is more than {ratio} times as long as the other"
            ));
        }
        Ok(
            match width < self.min_large_image_size.0 || height < self.min_large_image_size.1 {
                true => ImageSize::Small,
                false => ImageSize::Large,
            },
        )
    }
}

/// Returns the host of a URL without `www.`; the whole text if it is not a URL.
fn display_host(url: &str) -> String {
    let host = url::Url::parse(url).ok();
    let host = host.as_ref().and_then(url::Url::host_str).unwrap_or(url);
    host.trim_start_matches("www.").to_owned()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::cards::local_image::LocalImage;
    use crate::model::post::Image;

    fn test_card(title: &str, description: &str) -> Card {
        Card {
            source_path: "a.md".to_owned(),
            id: String::new(),
            url_path: "/a".to_owned(),
            url: "https://www.e.org/a".to_owned(),
            canonical_url: "https://www.e.org/a".to_owned(),
            title: title.to_owned(),
            headline: title.to_owned(),
            description: description.to_owned(),
            images: vec![Image {
                url: "https://e.org/a.png".to_owned(),
                alt: None,
            }],
            preview_source: PreviewSource::Own,
            language: "en".to_owned(),
            is_noindex: false,
            twitter_handle: None,
            site_twitter_handle: None,
            fediverse_handle: None,
            article: None,
        }
    }

    fn found_picture(
        width: usize,
        height: usize,
        bytes: u64,
        mime_type: &'static str,
    ) -> ImageLookup {
        ImageLookup::Found(Arc::new(LocalImage {
            file: "a.png".into(),
            name: "a.png".to_owned(),
            fingerprint: None,
            file_bytes: bytes,
            width,
            height,
            mime_type,
            undrawable: None,
        }))
    }

    fn image_size_on(name: &str, lookup: &ImageLookup) -> ImageSize {
        let network = NETWORKS
            .iter()
            .find(|network| network.name == name)
            .unwrap();
        let image = LinkImage::Custom("https://e.org/a.png", Some(lookup));
        network
            .build_preview(&test_card("A", "B"), "Site", &image)
            .image_size
    }

    #[test]
    fn image_size_limits_apply_per_network() {
        let good = found_picture(1200, 630, 300_000, "image/png");
        for network in &NETWORKS {
            assert_eq!(
                image_size_on(network.name, &good),
                ImageSize::Large,
                "{}",
                network.name
            );
        }
        let heavy = found_picture(1200, 630, 700_000, "image/png");
        assert_eq!(image_size_on("WhatsApp", &heavy), ImageSize::Omitted);
        assert_eq!(image_size_on("X", &heavy), ImageSize::Large);
        assert_eq!(
            image_size_on("X", &found_picture(1200, 630, 5_000_001, "image/png")),
            ImageSize::Omitted
        );
        assert_eq!(
            image_size_on("Facebook", &found_picture(599, 400, 1, "image/png")),
            ImageSize::Small
        );
        assert_eq!(
            image_size_on("Facebook", &found_picture(199, 400, 1, "image/png")),
            ImageSize::Omitted
        );
        assert_eq!(
            image_size_on("WhatsApp", &found_picture(1201, 300, 1, "image/png")),
            ImageSize::Omitted
        );
        let drawing = found_picture(1200, 630, 1, "image/svg+xml");
        let missing = ImageLookup::Missing("a.png".to_owned());
        for network in &NETWORKS {
            assert_eq!(image_size_on(network.name, &drawing), ImageSize::Omitted);
            assert_eq!(image_size_on(network.name, &missing), ImageSize::Omitted);
            assert_eq!(
                image_size_on(network.name, &ImageLookup::External),
                ImageSize::Large
            );
        }
    }

    #[test]
    fn texts_are_cut_at_the_network_limit_with_a_note() {
        let card = test_card(&"t".repeat(71), &"d".repeat(400));
        let draw = |name: &str| {
            let network = NETWORKS
                .iter()
                .find(|network| network.name == name)
                .unwrap();
            network.build_preview(&card, "Site", &LinkImage::Rendered)
        };
        let x = draw("X");
        assert!(x.title.ends_with('…'));
        assert_eq!(x.description, None);
        assert_eq!(x.site, "e.org");
        assert_eq!(x.notes, ["the title is cut after 70 characters"]);
        let slack = draw("Slack");
        assert_eq!(slack.title, card.title);
        assert_eq!(slack.site, "Site");
        assert_eq!(slack.notes, ["the description is cut after 300 characters"]);
    }

    #[test]
    fn discord_shows_no_preview_for_long_site_names() {
        let nothing: Vec<&str> = NETWORKS
            .iter()
            .filter(|network| {
                let image = LinkImage::Rendered;
                network
                    .build_preview(&test_card("A", "B"), &"s".repeat(254), &image)
                    .is_empty
            })
            .map(|network| network.name)
            .collect();
        assert_eq!(nothing, ["Discord"]);
    }
}
