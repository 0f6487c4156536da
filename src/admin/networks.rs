//! A card into what each network draws of it: by its rules for pictures, and by where it cuts texts.
//!
//! The rules are those that the networks document, or are known to have. Where one cuts a text by the room
//! that a screen has, the preview cuts it at so many lines.

use crate::picture::Found;
use crate::site::card::{Card, Preview};
use crate::text::cut;

/// How a network lays a preview out. The name is a class of the style sheet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Layout {
    /// The title lies on the picture, the host below.
    Over,
    /// Picture, then texts on a ground.
    Below,
    /// Texts behind a bar, then the picture.
    Quote,
    /// A small picture beside the texts where it is small, else above.
    Chat,
}

/// A network, and what it does with a link.
#[derive(Debug)]
pub(super) struct Network {
    pub(super) name: &'static str,
    pub(super) layout: Layout,
    /// In graphemes.
    title: usize,
    /// In graphemes; 0 where none is drawn.
    description: usize,
    /// Whether it names the site, and not its host.
    names_site: bool,
    /// Pictures below this size are not drawn, in pixels.
    least: (usize, usize),
    /// Pictures below this size are drawn small.
    large: (usize, usize),
    /// Larger files are not drawn, in bytes.
    most_bytes: u64,
    /// How much longer one side may be than the other.
    ratio: Option<usize>,
}

/// All of them, in the order in which people ask.
pub(super) const ALL: [Network; 7] = [
    Network {
        name: "X",
        layout: Layout::Over,
        title: 70,
        description: 0,
        names_site: false,
        least: (300, 157),
        large: (300, 157),
        most_bytes: 5_000_000,
        ratio: None,
    },
    Network {
        name: "LinkedIn",
        layout: Layout::Below,
        title: 120,
        description: 0,
        names_site: false,
        least: (200, 200),
        large: (401, 200),
        most_bytes: 5_000_000,
        ratio: None,
    },
    Network {
        name: "Facebook",
        layout: Layout::Below,
        title: 100,
        description: 110,
        names_site: false,
        least: (200, 200),
        large: (600, 315),
        most_bytes: 8_000_000,
        ratio: None,
    },
    Network {
        name: "Slack",
        layout: Layout::Quote,
        title: 300,
        description: 300,
        names_site: true,
        least: (1, 1),
        large: (1, 1),
        most_bytes: 5_000_000,
        ratio: None,
    },
    Network {
        name: "Discord",
        layout: Layout::Quote,
        title: 256,
        description: 350,
        names_site: true,
        least: (1, 1),
        large: (1, 1),
        most_bytes: 8_000_000,
        ratio: None,
    },
    Network {
        name: "Mastodon",
        layout: Layout::Below,
        title: 150,
        description: 0,
        names_site: true,
        least: (1, 1),
        large: (1, 1),
        most_bytes: 8_000_000,
        ratio: None,
    },
    Network {
        name: "WhatsApp",
        layout: Layout::Chat,
        title: 80,
        description: 120,
        names_site: false,
        least: (100, 100),
        large: (300, 157),
        most_bytes: 600_000,
        ratio: Some(4),
    },
];

/// Discord draws nothing for a site with a longer name, in bytes.
const DISCORD_SITE: usize = 253;

/// What a network draws.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Drawn {
    pub(super) title: String,
    pub(super) description: Option<String>,
    /// The site's name, or its host.
    pub(super) site: String,
    pub(super) picture: Shown,
    /// What is not as it was meant.
    pub(super) notes: Vec<String>,
    /// It draws nothing at all.
    pub(super) is_nothing: bool,
}

/// How the picture is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shown {
    Large,
    Small,
    Not,
}

/// What is known of the picture that the card has.
pub(super) enum Pictured<'a> {
    /// The one that courant draws, which all networks take.
    Drawn,
    /// One of its own.
    Own(&'a str, Option<&'a Found>),
}

impl<'a> Pictured<'a> {
    pub(super) fn of(
        card: &'a Card,
        found: impl FnOnce(&str) -> Option<&'a Found>,
    ) -> Pictured<'a> {
        match (card.preview, &card.image) {
            (Preview::Own, Some(image)) => Pictured::Own(&image.url, found(&image.url)),
            _ => Pictured::Drawn,
        }
    }
}

impl Network {
    pub(super) fn draws(&self, card: &Card, site: &str, pictured: &Pictured<'_>) -> Drawn {
        let title = cut(&card.title, self.title);
        let description = cut(&card.description, self.description);
        let mut notes = Vec::new();
        if title != card.title {
            notes.push(format!("the title is cut after {} characters", self.title));
        }
        if self.description > 0 && description != card.description {
            notes.push(format!(
                "the description is cut after {} characters",
                self.description
            ));
        }
        let picture = match self.shows(pictured) {
            Ok(shown) => {
                if shown == Shown::Small {
                    let (width, height) = self.large;
                    notes.push(format!(
                        "the picture is drawn small: it is below {width} × {height} pixels"
                    ));
                }
                shown
            }
            Err(why) => {
                notes.push(format!("no picture: {why}"));
                Shown::Not
            }
        };
        let is_nothing = self.name == "Discord" && site.len() > DISCORD_SITE;
        if is_nothing {
            notes.push(format!(
                "nothing is drawn, as the site's name is longer than {DISCORD_SITE} bytes"
            ));
        }
        Drawn {
            title,
            description: (self.description > 0 && !description.is_empty()).then_some(description),
            site: match self.names_site {
                true => site.to_owned(),
                false => host(&card.url),
            },
            picture,
            notes,
            is_nothing,
        }
    }

    fn shows(&self, pictured: &Pictured<'_>) -> Result<Shown, String> {
        let found = match pictured {
            Pictured::Drawn => return Ok(Shown::Large),
            Pictured::Own(url, _) if !url.starts_with("http") => {
                return Err("its address is not one of the web".to_owned());
            }
            Pictured::Own(_, found) => found,
        };
        let picture = match found {
            // Nothing is known of it.
            None | Some(Found::Elsewhere) => return Ok(Shown::Large),
            Some(Found::Missing(name)) => return Err(format!("`{name}` is not there")),
            Some(Found::Unusable(name, why)) => return Err(format!("`{name}`: {why}")),
            Some(Found::Picture(picture)) => picture,
        };
        if picture.is_drawing() {
            return Err("no network draws SVG".to_owned());
        }
        if picture.bytes > self.most_bytes {
            return Err(format!(
                "it has {} KB, and at most {} are taken",
                picture.bytes / 1_000,
                self.most_bytes / 1_000
            ));
        }
        let (width, height) = (picture.width, picture.height);
        if width < self.least.0 || height < self.least.1 {
            return Err(format!(
                "it has {width} × {height} pixels, and at least {} × {} are taken",
                self.least.0, self.least.1
            ));
        }
        if let Some(ratio) = self.ratio
            && (width > height * ratio || height > width * ratio)
        {
            return Err(format!(
                "one side is more than {ratio} times as long as the other"
            ));
        }
        Ok(match width < self.large.0 || height < self.large.1 {
            true => Shown::Small,
            false => Shown::Large,
        })
    }
}

/// The host of an address, without `www.`.
fn host(url: &str) -> String {
    let host = url::Url::parse(url).ok();
    let host = host.as_ref().and_then(url::Url::host_str).unwrap_or(url);
    host.trim_start_matches("www.").to_owned()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::picture::Picture;
    use crate::post::Image;

    fn card(title: &str, description: &str) -> Card {
        Card {
            source: "a.md".to_owned(),
            id: String::new(),
            path: "/a".to_owned(),
            url: "https://www.e.org/a".to_owned(),
            title: title.to_owned(),
            headline: title.to_owned(),
            description: description.to_owned(),
            image: Some(Image {
                url: "https://e.org/a.png".to_owned(),
                alt: None,
            }),
            preview: Preview::Own,
            language: "en".to_owned(),
            noindex: false,
            twitter: None,
            site_twitter: None,
            fediverse: None,
            article: None,
        }
    }

    fn picture(width: usize, height: usize, bytes: u64, mime_type: &'static str) -> Found {
        Found::Picture(Arc::new(Picture {
            file: "a.png".into(),
            name: "a.png".to_owned(),
            fingerprint: None,
            bytes,
            width,
            height,
            mime_type,
            undrawable: None,
        }))
    }

    fn shown(name: &str, found: &Found) -> Shown {
        let network = ALL.iter().find(|network| network.name == name).unwrap();
        let pictured = Pictured::Own("https://e.org/a.png", Some(found));
        network.draws(&card("A", "B"), "Site", &pictured).picture
    }

    #[test]
    fn each_network_takes_the_pictures_that_it_takes() {
        let good = picture(1200, 630, 300_000, "image/png");
        for network in &ALL {
            assert_eq!(shown(network.name, &good), Shown::Large, "{}", network.name);
        }
        let heavy = picture(1200, 630, 700_000, "image/png");
        assert_eq!(shown("WhatsApp", &heavy), Shown::Not);
        assert_eq!(shown("X", &heavy), Shown::Large);
        assert_eq!(
            shown("X", &picture(1200, 630, 5_000_001, "image/png")),
            Shown::Not
        );
        assert_eq!(
            shown("Facebook", &picture(599, 400, 1, "image/png")),
            Shown::Small
        );
        assert_eq!(
            shown("Facebook", &picture(199, 400, 1, "image/png")),
            Shown::Not
        );
        assert_eq!(
            shown("WhatsApp", &picture(1201, 300, 1, "image/png")),
            Shown::Not
        );
        let drawing = picture(1200, 630, 1, "image/svg+xml");
        let missing = Found::Missing("a.png".to_owned());
        for network in &ALL {
            assert_eq!(shown(network.name, &drawing), Shown::Not);
            assert_eq!(shown(network.name, &missing), Shown::Not);
            assert_eq!(shown(network.name, &Found::Elsewhere), Shown::Large);
        }
    }

    #[test]
    fn texts_are_cut_where_the_network_cuts_them_and_it_is_said() {
        let card = card(&"t".repeat(71), &"d".repeat(400));
        let draw = |name: &str| {
            let network = ALL.iter().find(|network| network.name == name).unwrap();
            network.draws(&card, "Site", &Pictured::Drawn)
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
    fn discord_draws_nothing_for_a_site_with_a_long_name() {
        let nothing: Vec<&str> = ALL
            .iter()
            .filter(|network| {
                let pictured = Pictured::Drawn;
                network
                    .draws(&card("A", "B"), &"s".repeat(254), &pictured)
                    .is_nothing
            })
            .map(|network| network.name)
            .collect();
        assert_eq!(nothing, ["Discord"]);
    }
}
