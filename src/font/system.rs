//! The fonts of the machine, for the scripts that the binary carries none for.
//!
//! Looked for when a text first needs them. Which one is taken for a character depends on the fonts
//! that are there and on nothing else: not on the order of directories, nor on what was asked
//! before. The only file that names the `fontdb` crate.

use std::cmp::Reverse;
use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use fontdb::{Database, FaceInfo, ID, Source, Stretch, Style};

use super::bundled;
use super::face::{Face, FontFile, covers};

/// A font file larger than this is not one for text.
const MAX_FILE: u64 = 64 * 1024 * 1024;

/// The fonts of the machine, and what was found in them.
#[derive(Debug)]
pub(super) struct System {
    fonts: Database,
    families: Vec<Family>,
    found: Mutex<HashMap<(char, Lean), Vec<Face>>>,
    files: Mutex<HashMap<PathBuf, Option<Arc<FontFile>>>>,
}

/// The upright faces of one name.
#[derive(Debug)]
struct Family {
    name: String,
    monospaced: bool,
    /// With their weights, the lightest first.
    faces: Vec<(u16, ID)>,
}

/// What the writing of Han characters leans towards.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Lean {
    Japanese,
    Korean,
    Taiwan,
    HongKong,
    Mainland,
}

impl Lean {
    fn of(language: &str, character: char) -> Lean {
        let language = language.to_ascii_lowercase();
        let has = |part: &str| language.split('-').any(|subtag| subtag == part);
        match u32::from(character) {
            0x3040..=0x30ff => return Lean::Japanese,
            0x1100..=0x11ff | 0x3130..=0x318f | 0xac00..=0xd7af => return Lean::Korean,
            0x3100..=0x312f => return Lean::Taiwan,
            _ => {}
        }
        if has("ja") {
            Lean::Japanese
        } else if has("ko") {
            Lean::Korean
        } else if has("hk") || has("yue") {
            Lean::HongKong
        } else if has("hant") || has("tw") || has("mo") {
            Lean::Taiwan
        } else {
            Lean::Mainland
        }
    }

    /// How the families that exist once for each are called.
    fn suffix(self) -> &'static str {
        match self {
            Lean::Japanese => "JP",
            Lean::Korean => "KR",
            Lean::Taiwan => "TC",
            Lean::HongKong => "HK",
            Lean::Mainland => "SC",
        }
    }
}

impl System {
    /// Looks for the fonts of the machine.
    pub(super) fn load() -> System {
        let mut fonts = Database::new();
        fonts.load_system_fonts();
        System::of(fonts)
    }

    fn of(fonts: Database) -> System {
        let mut families: HashMap<String, Family> = HashMap::new();
        for face in fonts.faces().filter(|face| is_for_text(face)) {
            let Some((name, _)) = face.families.first() else {
                continue;
            };
            if bundled::is_family(name) {
                continue;
            }
            let family = families.entry(name.clone()).or_insert_with(|| Family {
                name: name.clone(),
                monospaced: face.monospaced,
                faces: Vec::new(),
            });
            family.faces.push((face.weight.0, face.id));
        }
        let mut families: Vec<Family> = families.into_values().collect();
        for family in &mut families {
            // Of two files with the same face, the one that is called earlier.
            family
                .faces
                .sort_by_cached_key(|(weight, id)| (*weight, place(&fonts, *id)));
        }
        families.sort_by(|a, b| a.name.cmp(&b.name));
        System {
            fonts,
            families,
            found: Mutex::default(),
            files: Mutex::default(),
        }
    }

    /// The faces that draw a character, the regular and the bold one of a family; none where no
    /// font has it.
    pub(super) fn find(&self, character: char, language: &str) -> Vec<Face> {
        let lean = Lean::of(language, character);
        let mut found = self.found.lock().unwrap_or_else(PoisonError::into_inner);
        found
            .entry((character, lean))
            .or_insert_with(|| self.look_for(character, lean))
            .clone()
    }

    fn look_for(&self, character: char, lean: Lean) -> Vec<Face> {
        let mut families: Vec<(u8, &Family)> = self
            .families
            .iter()
            .filter_map(|family| Some((rank(family, character, lean)?, family)))
            .collect();
        families.sort_by_key(|(rank, _)| *rank);
        for (_, family) in families {
            let having: Vec<(u16, ID)> = family
                .faces
                .iter()
                .filter(|(_, id)| self.has(*id, character))
                .copied()
                .collect();
            let mut ids: Vec<ID> = [400_u16, 700]
                .iter()
                .filter_map(|wanted| {
                    having
                        .iter()
                        .min_by_key(|(weight, _)| (weight.abs_diff(*wanted), Reverse(*weight)))
                })
                .map(|(_, id)| *id)
                .collect();
            ids.dedup();
            let faces: Vec<Face> = ids.into_iter().filter_map(|id| self.face(id)).collect();
            if !faces.is_empty() {
                return faces;
            }
        }
        Vec::new()
    }

    fn has(&self, id: ID, character: char) -> bool {
        self.fonts
            .with_face_data(id, |data, index| covers(data, index, character))
            .unwrap_or(false)
    }

    fn face(&self, id: ID) -> Option<Face> {
        let info = self.fonts.face(id)?;
        let path = path(info)?;
        let mut files = self.files.lock().unwrap_or_else(PoisonError::into_inner);
        let file = files.entry(path.clone()).or_insert_with(|| {
            let size = std::fs::metadata(&path).ok()?.len();
            let bytes = (size <= MAX_FILE).then(|| std::fs::read(&path).ok())??;
            FontFile::read(&path.display().to_string(), bytes)
                .ok()
                .map(Arc::new)
        });
        Some(Face {
            file: Arc::clone(file.as_ref()?),
            index: info.index,
            family: None,
        })
    }
}

fn is_for_text(face: &FaceInfo) -> bool {
    face.style == Style::Normal && face.stretch == Stretch::Normal && path(face).is_some()
}

fn path(face: &FaceInfo) -> Option<PathBuf> {
    match &face.source {
        Source::File(path) | Source::SharedFile(path, _) => Some(path.clone()),
        Source::Binary(_) => None,
    }
}

fn place(fonts: &Database, id: ID) -> Option<(PathBuf, u32)> {
    let face = fonts.face(id)?;
    Some((path(face)?, face.index))
}

/// How well a family suits a character, the least the best; `None` where it does not.
fn rank(family: &Family, character: char, lean: Lean) -> Option<u8> {
    let name = &family.name;
    let is_emoji_font = name.contains("Emoji");
    let may_be_emoji = matches!(u32::from(character), 0x203c..=0x3299 | 0x1_f000..=0x1_faff);
    if is_emoji_font {
        // Such fonts have digits, for keycaps.
        return may_be_emoji.then_some(0);
    }
    let rank = if name.starts_with("Noto Sans CJK") || name.starts_with("Source Han Sans") {
        u8::from(!name.ends_with(lean.suffix()))
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
    fn the_writing_of_han_follows_the_language_and_kana_and_hangul_their_own() {
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
                Lean::of(language, character).suffix(),
                suffix,
                "{language} {character}"
            );
        }
    }

    #[test]
    fn a_family_for_text_goes_before_others_and_an_emoji_font_is_for_emoji_alone() {
        let family = |name: &str, monospaced| Family {
            name: name.into(),
            monospaced,
            faces: Vec::new(),
        };
        let rank = |name: &str, mono, c| rank(&family(name, mono), c, Lean::Japanese);
        assert!(rank("Noto Sans CJK JP", false, '骨') < rank("Noto Sans CJK SC", false, '骨'));
        assert!(rank("Noto Sans Thai", false, 'ก') < rank("Waree", false, 'ก'));
        assert!(rank("Noto Sans Thai", false, 'ก') < rank("Noto Sans Mono", true, 'ก'));
        assert_eq!(rank("Noto Color Emoji", false, '1'), None);
        assert_eq!(rank("Noto Color Emoji", false, '🎉'), Some(0));
    }

    #[test]
    fn without_fonts_nothing_is_found() {
        assert!(System::of(Database::new()).find('ก', "th").is_empty());
    }
}
