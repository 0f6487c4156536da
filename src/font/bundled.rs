//! The fonts that the binary carries, so that a card has the same bytes on every machine.
//!
//! They are unpacked when a text first needs them, and then kept: a site in Latin letters pays for
//! one of them only.

use std::sync::{Arc, OnceLock};

use super::face::{Face, FontFile};

/// A font of the binary's.
#[derive(Debug)]
pub(super) struct Bundled {
    family: &'static str,
    woff2: &'static [u8],
    /// Where to look for characters of its script, so that it is not unpacked for those of others.
    ranges: &'static [(u32, u32)],
    unpacked: OnceLock<Option<Arc<FontFile>>>,
}

/// In the order in which they are asked for a character. The first is the face of all text.
static FONTS: [Bundled; 5] = [
    Bundled {
        family: "Inter",
        woff2: include_bytes!("../../assets/fonts/InterVariable.woff2"),
        ranges: &[(0, 0x10_ffff)],
        unpacked: OnceLock::new(),
    },
    Bundled {
        family: "Noto Sans Arabic",
        woff2: include_bytes!("../../assets/fonts/NotoSansArabic.woff2"),
        ranges: &[
            (0x600, 0x8ff),
            (0xfb50, 0xfdff),
            (0xfe70, 0xfefc),
            (0x1_ee00, 0x1_eeff),
        ],
        unpacked: OnceLock::new(),
    },
    Bundled {
        family: "Noto Sans Hebrew",
        woff2: include_bytes!("../../assets/fonts/NotoSansHebrew.woff2"),
        ranges: &[(0x590, 0x5ff), (0xfb1d, 0xfb4f)],
        unpacked: OnceLock::new(),
    },
    Bundled {
        family: "Noto Sans Devanagari",
        woff2: include_bytes!("../../assets/fonts/NotoSansDevanagari.woff2"),
        ranges: &[
            (0x900, 0x97f),
            (0x1cd0, 0x1cff),
            (0xa830, 0xa839),
            (0xa8e0, 0xa8ff),
        ],
        unpacked: OnceLock::new(),
    },
    Bundled {
        family: "Twemoji",
        woff2: include_bytes!("../../assets/fonts/Twemoji.woff2"),
        ranges: &[
            (0x203c, 0x20e2),
            (0x20e4, 0x3299),
            (0x1_f000, 0x1_faff),
            (0xe_0020, 0xe_007f),
        ],
        unpacked: OnceLock::new(),
    },
];

impl Bundled {
    fn face(&self) -> Option<Face> {
        let file = self.unpacked.get_or_init(|| {
            // That they unpack is tested; were one not to, the others would go on.
            FontFile::read(self.family, self.woff2.to_vec())
                .ok()
                .map(Arc::new)
        });
        Some(Face {
            file: Arc::clone(file.as_ref()?),
            index: 0,
            family: Some(self.family),
        })
    }

    fn is_for(&self, character: char) -> bool {
        let code = u32::from(character);
        self.ranges
            .iter()
            .any(|(first, last)| (*first..=*last).contains(&code))
    }
}

/// The face of all text.
pub(super) fn text() -> Option<Face> {
    FONTS.first().and_then(Bundled::face)
}

/// The face of emoji.
pub(super) fn emoji() -> Option<Face> {
    FONTS.last().and_then(Bundled::face)
}

/// The first face that has the character.
pub(super) fn find(character: char) -> Option<Face> {
    FONTS
        .iter()
        .filter(|font| font.is_for(character))
        .filter_map(Bundled::face)
        .find(|face| face.covers(character))
}

/// The place of a face among the bundled ones.
pub(super) fn place(face: &Face) -> Option<usize> {
    FONTS
        .iter()
        .position(|font| Some(font.family) == face.family)
}

/// Whether a family goes by the name of a bundled one.
pub(super) fn is_family(name: &str) -> bool {
    FONTS
        .iter()
        .any(|font| font.family.eq_ignore_ascii_case(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_bundled_font_unpacks_and_has_its_script() {
        for (font, characters) in FONTS.iter().zip(["aéЯΩ—→", "مکﷺ", "שׁ", "नक्ष", "🎉🇩1"])
        {
            let face = font
                .face()
                .unwrap_or_else(|| panic!("{} does not unpack", font.family));
            for character in characters.chars() {
                assert!(face.covers(character), "{} lacks {character}", font.family);
            }
        }
    }
}
