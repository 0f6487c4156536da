//! Holds the fonts that are part of the binary, so that a card has the same bytes on every machine.
//!
//! Each is unpacked when a text first needs it, and then kept. A site in Latin letters unpacks only
//! one.

use std::sync::{Arc, OnceLock};

use super::face::{FontFace, FontFile};

/// Font that is part of the binary.
#[derive(Debug)]
pub(super) struct BundledFont {
    family: &'static str,
    woff2: &'static [u8],
    /// Code points of its script, so that it is not unpacked for other scripts.
    ranges: &'static [(u32, u32)],
    unpacked: OnceLock<Option<Arc<FontFile>>>,
}

/// Bundled fonts in order of preference. The first is the text font, the last is for emoji.
static BUNDLED_FONTS: [BundledFont; 5] = [
    BundledFont {
        family: "Inter",
        woff2: include_bytes!("../../../assets/fonts/InterVariable.woff2"),
        ranges: &[(0, 0x10_ffff)],
        unpacked: OnceLock::new(),
    },
    BundledFont {
        family: "Noto Sans Arabic",
        woff2: include_bytes!("../../../assets/fonts/NotoSansArabic.woff2"),
        ranges: &[
            (0x600, 0x8ff),
            (0xfb50, 0xfdff),
            (0xfe70, 0xfefc),
            (0x1_ee00, 0x1_eeff),
        ],
        unpacked: OnceLock::new(),
    },
    BundledFont {
        family: "Noto Sans Hebrew",
        woff2: include_bytes!("../../../assets/fonts/NotoSansHebrew.woff2"),
        ranges: &[(0x590, 0x5ff), (0xfb1d, 0xfb4f)],
        unpacked: OnceLock::new(),
    },
    BundledFont {
        family: "Noto Sans Devanagari",
        woff2: include_bytes!("../../../assets/fonts/NotoSansDevanagari.woff2"),
        ranges: &[
            (0x900, 0x97f),
            (0x1cd0, 0x1cff),
            (0xa830, 0xa839),
            (0xa8e0, 0xa8ff),
        ],
        unpacked: OnceLock::new(),
    },
    BundledFont {
        family: "Twemoji",
        woff2: include_bytes!("../../../assets/fonts/Twemoji.woff2"),
        ranges: &[
            (0x203c, 0x20e2),
            (0x20e4, 0x3299),
            (0x1_f000, 0x1_faff),
            (0xe_0020, 0xe_007f),
        ],
        unpacked: OnceLock::new(),
    },
];

impl BundledFont {
    fn unpack_face(&self) -> Option<FontFace> {
        let file = self.unpacked.get_or_init(|| {
            // A test unpacks every font. If one failed, the rest would still work.
            FontFile::parse(self.family, self.woff2.to_vec())
                .ok()
                .map(Arc::new)
        });
        Some(FontFace {
            file: Arc::clone(file.as_ref()?),
            index: 0,
            family: Some(self.family),
        })
    }

    fn has_code_point(&self, character: char) -> bool {
        let code = u32::from(character);
        self.ranges
            .iter()
            .any(|(first, last)| (*first..=*last).contains(&code))
    }
}

/// Returns the text face.
pub(super) fn text_face() -> Option<FontFace> {
    BUNDLED_FONTS.first().and_then(BundledFont::unpack_face)
}

/// Returns the emoji face.
pub(super) fn emoji_face() -> Option<FontFace> {
    BUNDLED_FONTS.last().and_then(BundledFont::unpack_face)
}

/// Returns the first face that has the character.
pub(super) fn find_face(character: char) -> Option<FontFace> {
    BUNDLED_FONTS
        .iter()
        .filter(|font| font.has_code_point(character))
        .filter_map(BundledFont::unpack_face)
        .find(|face| face.has_glyph(character))
}

/// Returns the index of a face among the bundled fonts.
pub(super) fn bundled_index(face: &FontFace) -> Option<usize> {
    BUNDLED_FONTS
        .iter()
        .position(|font| Some(font.family) == face.family)
}

/// Returns true if a bundled font has this family name.
pub(super) fn is_bundled_family(name: &str) -> bool {
    BUNDLED_FONTS
        .iter()
        .any(|font| font.family.eq_ignore_ascii_case(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_bundled_font_covers_its_script() {
        for (font, characters) in BUNDLED_FONTS
            .iter()
            .zip(["aéЯΩ—→", "مکﷺ", "שׁ", "नक्ष", "🎉🇩1"])
        {
            let face = font
                .unpack_face()
                .unwrap_or_else(|| panic!("{} does not unpack", font.family));
            for character in characters.chars() {
                assert!(
                    face.has_glyph(character),
                    "{} lacks {character}",
                    font.family
                );
            }
        }
    }
}
