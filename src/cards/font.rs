//! Finds the font faces for a text, and the characters that no font has.
//!
//! Bundled fonts come first, then the files of `cards.fonts`, then system fonts. So a text that the
//! bundled fonts cover looks the same on every machine. The result depends only on the fonts and the
//! text.

mod bundled;
mod face;
mod system;

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use unicode_normalization::UnicodeNormalization as _;
use unicode_normalization::char::is_combining_mark;

use crate::model::finding::{Finding, Rule, Severity};

pub use face::{FontFace, FontFile, FontFileError};
use system::SystemFonts;

/// Maximum bytes of a configured font file: a larger one is a mistake.
const MAX_FONT_FILE_BYTES: u64 = 64 * 1024 * 1024;

/// U+20E3, which turns the digit before it into an emoji.
const COMBINING_KEYCAP: char = '\u{20e3}';

/// Bundled, configured and system fonts.
#[derive(Debug)]
pub struct FontLibrary {
    configured: Vec<FontFace>,
    system: Option<OnceLock<SystemFonts>>,
}

/// Faces that draw a text, in order of preference.
#[derive(Debug, Clone)]
pub struct FontFallback {
    /// Faces in order of preference for a glyph.
    pub faces: Vec<FontFace>,
    /// Characters that no face has.
    pub missing: BTreeSet<char>,
}

impl FontLibrary {
    /// Reads the fonts at `paths`, files or directories of files. If `uses_system` is set, system
    /// fonts are loaded when a text first needs them.
    pub fn load(paths: &[PathBuf], uses_system: bool) -> (FontLibrary, Vec<Finding>) {
        let mut own = Vec::new();
        let mut findings = Vec::new();
        for path in paths {
            match list_font_files(path) {
                Ok(files) => {
                    for file in files {
                        match read_font(&file) {
                            Ok(face) => own.push(face),
                            Err(message) => findings.push(unusable_font(&file, message)),
                        }
                    }
                }
                Err(error) => {
                    findings.push(unusable_font(path, format!("cannot be read: {error}")))
                }
            }
        }
        let system = uses_system.then(OnceLock::new);
        (
            FontLibrary {
                configured: own,
                system,
            },
            findings,
        )
    }

    /// Finds the faces for a text in a language, a BCP 47 tag. The bundled text face and the
    /// configured faces are always included, as templates may name them.
    pub fn fallback_for(&self, text: &str, language: &str) -> FontFallback {
        let mut chain = FontFallback {
            faces: bundled::text_face().into_iter().collect(),
            missing: BTreeSet::new(),
        };
        let mut bundled = Vec::new();
        // A keycap or U+FE0F asks for the character before it to be shown as an emoji.
        let has_keycaps = text.contains(COMBINING_KEYCAP) && !has_stray_keycap(text);
        if has_keycaps || text.contains('\u{fe0f}') {
            bundled.extend(bundled::emoji_face());
        }
        // Sorted by character, so that texts with the same characters get the same faces.
        let mut needed: BTreeSet<char> = text.chars().filter(|c| !is_invisible(*c)).collect();
        if has_keycaps {
            needed.remove(&COMBINING_KEYCAP);
        }
        let mut others = Vec::new();
        for character in needed {
            if chain
                .faces
                .first()
                .is_some_and(|face| face.has_glyph(character))
            {
                continue;
            }
            if let Some(face) = bundled::find_face(character) {
                add_face(&mut bundled, face);
            } else if !self.configured.iter().any(|face| face.has_glyph(character)) {
                others.push(character);
            }
        }
        bundled.sort_by_key(bundled::bundled_index);
        for face in bundled.into_iter().chain(self.configured.iter().cloned()) {
            add_face(&mut chain.faces, face);
        }
        // Han characters first: their faces follow the language, while kana and hangul have faces of
        // their own. The first face that has a character draws it.
        others.sort_by_key(|c| !matches!(u32::from(*c), 0x3400..=0x9fff | 0x2_0000..));
        for character in others {
            let system = self.system.as_ref();
            let system = system.map(|system| system.get_or_init(SystemFonts::load));
            let faces = system.map(|system| system.find_faces(character, language));
            let faces = faces.unwrap_or_default();
            if faces.is_empty() {
                chain.missing.insert(character);
            }
            for face in faces {
                add_face(&mut chain.faces, face);
            }
        }
        find_stranded_marks(text, &mut chain);
        if has_keycaps {
            chain.missing.remove(&COMBINING_KEYCAP);
        }
        chain
    }

    /// Returns the configured faces.
    pub fn configured_faces(&self) -> &[FontFace] {
        &self.configured
    }

    /// Keeps the configured faces that satisfy the predicate, and returns the rest.
    pub fn retain_faces(&mut self, is_wanted: fn(&FontFace) -> bool) -> Vec<FontFace> {
        let (wanted, rejected) = std::mem::take(&mut self.configured)
            .into_iter()
            .partition(is_wanted);
        self.configured = wanted;
        rejected
    }
}

/// Adds to the missing characters each combining mark that the face of its letter lacks. The renderer takes both from one
/// face. After such a pair it draws boxes, also for later characters of other faces.
fn find_stranded_marks(text: &str, chain: &mut FontFallback) {
    let mut pairs = BTreeSet::new();
    let mut letter = ' ';
    // A letter with its mark may be one character of the face.
    for character in text.nfc() {
        if is_combining_mark(character) {
            pairs.insert((letter, character));
        } else if !is_invisible(character) && !chain.missing.contains(&character) {
            letter = character;
        }
    }
    for (letter, mark) in pairs {
        let face = chain.faces.iter().find(|face| face.has_glyph(letter));
        if !is_invisible(mark) && !face.is_some_and(|face| face.has_glyph(mark)) {
            chain.missing.insert(mark);
        }
    }
}

/// Returns true if a keycap follows anything but a digit, `#` or `*`: no font draws such a pair.
fn has_stray_keycap(text: &str) -> bool {
    let mut before = ' ';
    for character in text.chars().filter(|c| *c != '\u{fe0f}') {
        if character == COMBINING_KEYCAP && !before.is_ascii_digit() && !matches!(before, '#' | '*')
        {
            return true;
        }
        before = character;
    }
    false
}

/// Adds a face that is not in the list yet.
fn add_face(faces: &mut Vec<FontFace>, face: FontFace) {
    if !faces.iter().any(|known| known.is_same_face(&face)) {
        faces.push(face);
    }
}

/// Returns true if a character shows nothing by itself: whitespace, and default ignorable code points
/// (UAX #44), such as joiners, direction marks and variation selectors.
pub fn is_invisible(character: char) -> bool {
    character.is_whitespace()
        || character.is_control()
        || matches!(u32::from(character),
            0xad | 0x34f | 0x61c | 0x115f..=0x1160 | 0x17b4..=0x17b5 | 0x180b..=0x180f
            | 0x200b..=0x200f | 0x202a..=0x202e | 0x2060..=0x206f | 0x3164 | 0xfe00..=0xfe0f
            | 0xfeff | 0xffa0 | 0xfff0..=0xfff8 | 0x1_bca0..=0x1_bca3 | 0x1_d173..=0x1_d17a
            | 0xe_0000..=0xe_0fff)
}

/// Lists the font files at a path, sorted by name.
fn list_font_files(path: &Path) -> std::io::Result<Vec<PathBuf>> {
    if !path.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let mut files = Vec::new();
    for entry in fs::read_dir(path)? {
        let file = entry?.path();
        let extension = file
            .extension()
            .and_then(|extension| extension.to_str())
            .unwrap_or_default();
        if ["ttf", "otf", "ttc", "otc", "woff2"]
            .iter()
            .any(|known| extension.eq_ignore_ascii_case(known))
        {
            files.push(file);
        }
    }
    files.sort();
    Ok(files)
}

/// Reads a configured font file.
fn read_font(path: &Path) -> Result<FontFace, String> {
    let failed = |error: std::io::Error| format!("cannot be read: {error}");
    let metadata = fs::metadata(path).map_err(failed)?;
    // Reading a pipe or a device may block, or never end.
    if !metadata.is_file() || metadata.len() > MAX_FONT_FILE_BYTES {
        let max_bytes = MAX_FONT_FILE_BYTES;
        return Err(format!(
            "is not a regular file of at most {max_bytes} bytes"
        ));
    }
    let mut bytes = Vec::new();
    File::open(path)
        .and_then(|file| file.take(MAX_FONT_FILE_BYTES).read_to_end(&mut bytes))
        .map_err(failed)?;
    let file =
        FontFile::parse(&path.display().to_string(), bytes).map_err(|error| error.to_string())?;
    Ok(FontFace {
        file: Arc::new(file),
        index: 0,
        family: None,
    })
}

/// Creates a warning about a configured font.
fn unusable_font(path: &Path, message: String) -> Finding {
    Finding {
        file: path.display().to_string(),
        line: None,
        highlight: None,
        severity: Severity::Warning,
        rule: Rule::UnusableFont,
        message: format!("the font {}", message.to_lowercase()),
        hint: "name TrueType, OpenType or WOFF2 files, or directories of them, in `cards.fonts`"
            .to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bundled_library() -> FontLibrary {
        FontLibrary::load(&[], false).0
    }

    fn families_for(text: &str) -> Vec<&'static str> {
        bundled_library()
            .fallback_for(text, "en")
            .faces
            .iter()
            .filter_map(|face| face.family)
            .collect()
    }

    #[test]
    fn text_gets_only_the_faces_of_its_scripts() {
        assert_eq!(families_for("Plain, “quoted” – naïve €"), ["Inter"]);
        assert_eq!(families_for("Ωμέγα Яблоко Đặng"), ["Inter"]);
        assert_eq!(families_for("שלום"), ["Inter", "Noto Sans Hebrew"]);
        assert_eq!(
            families_for("مرحبا नमस्ते"),
            ["Inter", "Noto Sans Arabic", "Noto Sans Devanagari"]
        );
        assert_eq!(families_for("party 🎉"), ["Inter", "Twemoji"]);
        assert_eq!(families_for("a heart ❤\u{fe0f}"), ["Inter", "Twemoji"]);
        assert_eq!(families_for("x\u{20e3}"), ["Inter"], "not a keycap");
        assert_eq!(
            bundled_library()
                .fallback_for("x\u{20e3}", "en")
                .missing
                .len(),
            1
        );
        assert_eq!(
            families_for("1\u{fe0f}\u{20e3} and 2\u{20e3}"),
            ["Inter", "Twemoji"]
        );
    }

    #[test]
    fn missing_characters_are_listed_unless_invisible() {
        let chain = bundled_library().fallback_for("ก และ a\u{200d}\u{ad}\u{2066}b", "th");
        let missing: String = chain.missing.into_iter().collect();
        assert_eq!(missing, "กละแ");
        assert!(
            bundled_library()
                .fallback_for("1\u{fe0f}\u{20e3}", "en")
                .missing
                .is_empty()
        );
    }

    #[test]
    fn mark_that_the_face_of_its_letter_lacks_is_missing() {
        let missing = |text: &str| -> String {
            let chain = bundled_library().fallback_for(text, "en");
            chain.missing.into_iter().collect()
        };
        assert_eq!(missing("s\u{336}t and y\u{332}"), "\u{332}\u{336}");
        assert_eq!(missing("e\u{301} 1\u{20e3} שָׁ नि مَ ❤\u{fe0f}"), "");
        // Inter has the mark, but draws no Hebrew letter.
        let face = bundled::text_face().unwrap();
        assert!(face.has_glyph('\u{302}') && !face.has_glyph('ש'));
        assert_eq!(missing("o\u{302} x\u{302}"), "");
        assert_eq!(missing("ש\u{302}"), "\u{302}");
    }

    #[test]
    fn invalid_font_file_is_a_finding() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml");
        let (book, findings) = FontLibrary::load(&[path, "/nowhere/at/all.ttf".into()], false);
        assert!(book.configured.is_empty());
        assert_eq!(findings.len(), 2);
        assert!(
            findings[0].message.contains("is not a font"),
            "{:?}",
            findings[0]
        );
    }
}
