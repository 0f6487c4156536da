//! Finds system fonts for characters that no other font has.
//!
//! The fonts are loaded when a text first needs them. The choice for a character depends only on the
//! installed fonts, not on the order of directories or on earlier lookups. The only file that names
//! the `fontdb` crate.

use std::cmp::Reverse;
use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use fontdb::{Database, FaceInfo, ID, Source, Stretch, Style};

use super::bundled;
use super::face::{FontFace, FontFile, has_glyph_at};

/// Maximum bytes of a system font file: a larger one is not for text.
const MAX_SYSTEM_FONT_BYTES: u64 = 64 * 1024 * 1024;

/// System fonts, with a cache of lookups and files.
#[derive(Debug)]
pub(super) struct SystemFonts {
    fonts: Database,
    families: Vec<FontFamily>,
    faces_by_character: Mutex<HashMap<(char, HanVariant), Vec<FontFace>>>,
    files: Mutex<HashMap<PathBuf, Option<Arc<FontFile>>>>,
}

/// Upright faces of one family.
#[derive(Debug)]
struct FontFamily {
    name: String,
    monospaced: bool,
    /// Weights and ids, the lightest first.
    faces: Vec<(u16, ID)>,
}

/// Regional variant of Han characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum HanVariant {
    Japanese,
    Korean,
    Taiwan,
    HongKong,
    Mainland,
}

impl HanVariant {
    /// Returns the variant for a language. Kana, hangul and bopomofo have their own.
    fn from_language(language: &str, character: char) -> HanVariant {
        let language = language.to_ascii_lowercase();
        let has = |part: &str| language.split('-').any(|subtag| subtag == part);
        match u32::from(character) {
            0x3040..=0x30ff => return HanVariant::Japanese,
            0x1100..=0x11ff | 0x3130..=0x318f | 0xac00..=0xd7af => return HanVariant::Korean,
            0x3100..=0x312f => return HanVariant::Taiwan,
            _ => {}
        }
        if has("ja") {
            HanVariant::Japanese
        } else if has("ko") {
            HanVariant::Korean
        } else if has("hk") || has("yue") {
            HanVariant::HongKong
        } else if has("hant") || has("tw") || has("mo") {
            HanVariant::Taiwan
        } else {
            HanVariant::Mainland
        }
    }

    /// Returns the suffix of font families that exist once for each variant.
    fn family_suffix(self) -> &'static str {
        match self {
            HanVariant::Japanese => "JP",
            HanVariant::Korean => "KR",
            HanVariant::Taiwan => "TC",
            HanVariant::HongKong => "HK",
            HanVariant::Mainland => "SC",
        }
    }
}

impl SystemFonts {
    /// Loads the system fonts.
    pub(super) fn load() -> SystemFonts {
        let mut fonts = Database::new();
        fonts.load_system_fonts();
        SystemFonts::from_database(fonts)
    }

    fn from_database(fonts: Database) -> SystemFonts {
        let mut families: HashMap<String, FontFamily> = HashMap::new();
        for face in fonts.faces().filter(|face| is_text_face(face)) {
            let Some((name, _)) = face.families.first() else {
                continue;
            };
            if bundled::is_bundled_family(name) {
                continue;
            }
            let family = families.entry(name.clone()).or_insert_with(|| FontFamily {
                name: name.clone(),
                monospaced: face.monospaced,
                faces: Vec::new(),
            });
            family.faces.push((face.weight.0, face.id));
        }
        let mut families: Vec<FontFamily> = families.into_values().collect();
        for family in &mut families {
            // Of two files with the same face, the first by path.
            family
                .faces
                .sort_by_cached_key(|(weight, id)| (*weight, face_position(&fonts, *id)));
        }
        families.sort_by(|a, b| a.name.cmp(&b.name));
        SystemFonts {
            fonts,
            families,
            faces_by_character: Mutex::default(),
            files: Mutex::default(),
        }
    }

    /// Finds the faces for a character: the regular and the bold one of a family. Empty if no font
    /// has it.
    pub(super) fn find_faces(&self, character: char, language: &str) -> Vec<FontFace> {
        let lean = HanVariant::from_language(language, character);
        let mut found = self
            .faces_by_character
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        found
            .entry((character, lean))
            .or_insert_with(|| self.search_families(character, lean))
            .clone()
    }

    fn search_families(&self, character: char, lean: HanVariant) -> Vec<FontFace> {
        let mut families: Vec<(u8, &FontFamily)> = self
            .families
            .iter()
            .filter_map(|family| Some((rank_family(family, character, lean)?, family)))
            .collect();
        families.sort_by_key(|(rank, _)| *rank);
        for (_, family) in families {
            let candidates: Vec<(u16, ID)> = family
                .faces
                .iter()
                .filter(|(_, id)| self.has_glyph(*id, character))
                .copied()
                .collect();
            let mut ids: Vec<ID> = [400_u16, 700]
                .iter()
                .filter_map(|wanted| {
                    candidates
                        .iter()
                        .min_by_key(|(weight, _)| (weight.abs_diff(*wanted), Reverse(*weight)))
                })
                .map(|(_, id)| *id)
                .collect();
            ids.dedup();
            let faces: Vec<FontFace> = ids
                .into_iter()
                .filter_map(|id| self.load_face(id))
                .collect();
            if !faces.is_empty() {
                return faces;
            }
        }
        Vec::new()
    }

    fn has_glyph(&self, id: ID, character: char) -> bool {
        self.fonts
            .with_face_data(id, |data, index| has_glyph_at(data, index, character))
            .unwrap_or(false)
    }

    fn load_face(&self, id: ID) -> Option<FontFace> {
        let info = self.fonts.face(id)?;
        let path = face_path(info)?;
        let mut files = self.files.lock().unwrap_or_else(PoisonError::into_inner);
        let file = files.entry(path.clone()).or_insert_with(|| {
            let size = std::fs::metadata(&path).ok()?.len();
            let bytes = (size <= MAX_SYSTEM_FONT_BYTES).then(|| std::fs::read(&path).ok())??;
            FontFile::parse(&path.display().to_string(), bytes)
                .ok()
                .map(Arc::new)
        });
        Some(FontFace {
            file: Arc::clone(file.as_ref()?),
            index: info.index,
            family: None,
        })
    }
}

fn is_text_face(face: &FaceInfo) -> bool {
    face.style == Style::Normal && face.stretch == Stretch::Normal && face_path(face).is_some()
}

fn face_path(face: &FaceInfo) -> Option<PathBuf> {
    match &face.source {
        Source::File(path) | Source::SharedFile(path, _) => Some(path.clone()),
        Source::Binary(_) => None,
    }
}

/// Returns path and index of a face, to order equal faces.
fn face_position(fonts: &Database, id: ID) -> Option<(PathBuf, u32)> {
    let face = fonts.face(id)?;
    Some((face_path(face)?, face.index))
}

/// Ranks a family for a character, the lowest first; `None` if it must not be used.
fn rank_family(family: &FontFamily, character: char, lean: HanVariant) -> Option<u8> {
    let name = &family.name;
    let is_emoji_font = name.contains("Emoji");
    let may_be_emoji = matches!(u32::from(character), 0x203c..=0x3299 | 0x1_f000..=0x1_faff);
    if is_emoji_font {
        // Emoji fonts have digits too, for keycaps.
        return may_be_emoji.then_some(0);
    }
    let rank = if name.starts_with("Noto Sans CJK") || name.starts_with("Source Han Sans") {
        u8::from(!name.ends_with(lean.family_suffix()))
    } else if name.starts_with("Noto Sans") {
        2
    } else if name.starts_with("DejaVu Sans") {
        3
    } else if name.contains("Sans") {
        4
    } else if name.contains("Last Resort")
        || name.contains("LastResort")
        || name.contains("Unifont")
    {
        return Some(9);
    } else {
        5
    };
    Some(rank + if family.monospaced { 3 } else { 0 })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn han_variant_follows_language_and_script() {
        for (language, character, suffix) in [
            ("ja", '骨', "JP"),
            ("zh-Hant", '骨', "TC"),
            ("zh-HK", '骨', "HK"),
            ("zh", '骨', "SC"),
            ("en", '骨', "SC"),
            ("ko-KR", '骨', "KR"),
            ("en", 'の', "JP"),
            ("ja", '한', "KR"),
        ] {
            assert_eq!(
                HanVariant::from_language(language, character).family_suffix(),
                suffix,
                "{language} {character}"
            );
        }
    }

    #[test]
    fn text_families_rank_first_and_emoji_fonts_for_emoji() {
        let family = |name: &str, monospaced| FontFamily {
            name: name.into(),
            monospaced,
            faces: Vec::new(),
        };
        let rank = |name: &str, mono, c| rank_family(&family(name, mono), c, HanVariant::Japanese);
        assert!(rank("Noto Sans CJK JP", false, '骨') < rank("Noto Sans CJK SC", false, '骨'));
        assert!(rank("Noto Sans Thai", false, 'ก') < rank("Waree", false, 'ก'));
        assert!(rank("Noto Sans Thai", false, 'ก') < rank("Noto Sans Mono", true, 'ก'));
        assert_eq!(rank("Noto Color Emoji", false, '1'), None);
        assert_eq!(rank("Noto Color Emoji", false, '🎉'), Some(0));
    }

    #[test]
    fn empty_database_finds_no_face() {
        assert!(
            SystemFonts::from_database(Database::new())
                .find_faces('ก', "th")
                .is_empty()
        );
    }
}
