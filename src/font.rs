//! Text into the faces that can draw it, and the characters that none can.
//!
//! The faces that the binary carries come first, then the files of `cards.fonts`, then the fonts of
//! the machine: so a text that the bundled ones can draw is drawn alike everywhere. What is found
//! depends on the fonts and the text alone.

mod bundled;
mod face;
mod system;

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use crate::finding::{Finding, Rule, Severity};

pub use face::{Face, FaceError, FontFile};
use system::System;

/// A font file larger than this is a mistake.
const MAX_FILE: u64 = 64 * 1024 * 1024;

/// U+20E3, which makes a digit before it a picture.
const KEYCAP: char = '\u{20e3}';

/// All fonts that cards can be drawn with.
#[derive(Debug)]
pub struct FontBook {
    own: Vec<Face>,
    system: Option<OnceLock<System>>,
}

/// The faces that draw a text.
#[derive(Debug, Clone)]
pub struct Chain {
    /// In the order in which they are asked for a glyph.
    pub faces: Vec<Face>,
    /// The characters that no face has.
    pub missing: BTreeSet<char>,
}

impl FontBook {
    /// Reads the fonts at `paths`, files or directories of files. Where `uses_system` is set, the
    /// machine's fonts are looked for when a text first needs them.
    pub fn load(paths: &[PathBuf], uses_system: bool) -> (FontBook, Vec<Finding>) {
        let mut own = Vec::new();
        let mut findings = Vec::new();
        for path in paths {
            match files(path) {
                Ok(files) => {
                    for file in files {
                        match read(&file) {
                            Ok(face) => own.push(face),
                            Err(message) => findings.push(unusable(&file, message)),
                        }
                    }
                }
                Err(error) => findings.push(unusable(path, format!("cannot be read: {error}"))),
            }
        }
        let system = uses_system.then(OnceLock::new);
        (FontBook { own, system }, findings)
    }

    /// The faces that draw a text in a language, a BCP 47 tag. The bundled face of text and the
    /// configured ones are always among them: templates name those.
    pub fn chain(&self, text: &str, language: &str) -> Chain {
        let mut chain = Chain {
            faces: bundled::text().into_iter().collect(),
            missing: BTreeSet::new(),
        };
        let mut bundled = Vec::new();
        // What asks for a picture in place of the character before it.
        let has_keycaps = text.contains(KEYCAP) && !has_stray_keycap(text);
        if has_keycaps || text.contains('\u{fe0f}') {
            bundled.extend(bundled::emoji());
        }
        // In the order of the characters, not of the text: the same characters have the same chain.
        let mut needed: BTreeSet<char> = text.chars().filter(|c| !needs_no_glyph(*c)).collect();
        if has_keycaps {
            needed.remove(&KEYCAP);
        }
        let mut others = Vec::new();
        for character in needed {
            if chain
                .faces
                .first()
                .is_some_and(|face| face.covers(character))
            {
                continue;
            }
            if let Some(face) = bundled::find(character) {
                add(&mut bundled, face);
            } else if !self.own.iter().any(|face| face.covers(character)) {
                others.push(character);
            }
        }
        bundled.sort_by_key(bundled::place);
        for face in bundled.into_iter().chain(self.own.iter().cloned()) {
            add(&mut chain.faces, face);
        }
        // Han first: it leans towards the language, kana and hangul towards their own, and of the
        // faces that have it the first draws it.
        others.sort_by_key(|c| !matches!(u32::from(*c), 0x3400..=0x9fff | 0x2_0000..));
        for character in others {
            let system = self.system.as_ref();
            let system = system.map(|system| system.get_or_init(System::load));
            let faces = system.map(|system| system.find(character, language));
            let faces = faces.unwrap_or_default();
            if faces.is_empty() {
                chain.missing.insert(character);
            }
            for face in faces {
                add(&mut chain.faces, face);
            }
        }
        chain
    }

    /// The configured faces.
    pub fn own(&self) -> &[Face] {
        &self.own
    }

    /// Keeps the configured faces that are wanted, and returns the others.
    pub fn retain(&mut self, is_wanted: fn(&Face) -> bool) -> Vec<Face> {
        let (wanted, others) = std::mem::take(&mut self.own)
            .into_iter()
            .partition(is_wanted);
        self.own = wanted;
        others
    }
}

/// Whether a keycap stands on anything but a digit, `#` or `*`: there no font draws it.
fn has_stray_keycap(text: &str) -> bool {
    let mut before = ' ';
    for character in text.chars().filter(|c| *c != '\u{fe0f}') {
        if character == KEYCAP && !before.is_ascii_digit() && !matches!(before, '#' | '*') {
            return true;
        }
        before = character;
    }
    false
}

fn add(faces: &mut Vec<Face>, face: Face) {
    if !faces.iter().any(|known| known.is(&face)) {
        faces.push(face);
    }
}

/// Whether nothing is to be seen of a character by itself: blanks, and what Unicode calls default
/// ignorable (UAX #44), such as joiners, marks of direction and variation selectors.
pub fn needs_no_glyph(character: char) -> bool {
    character.is_whitespace()
        || character.is_control()
        || matches!(u32::from(character),
            0xad | 0x34f | 0x61c | 0x115f..=0x1160 | 0x17b4..=0x17b5 | 0x180b..=0x180f
            | 0x200b..=0x200f | 0x202a..=0x202e | 0x2060..=0x206f | 0x3164 | 0xfe00..=0xfe0f
            | 0xfeff | 0xffa0 | 0xfff0..=0xfff8 | 0x1_bca0..=0x1_bca3 | 0x1_d173..=0x1_d17a
            | 0xe_0000..=0xe_0fff)
}

/// The font files at a path, in the order of their names.
fn files(path: &Path) -> std::io::Result<Vec<PathBuf>> {
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

fn read(path: &Path) -> Result<Face, String> {
    let failed = |error: std::io::Error| format!("cannot be read: {error}");
    let metadata = fs::metadata(path).map_err(failed)?;
    // A pipe or a device has no end, and may have no beginning.
    if !metadata.is_file() || metadata.len() > MAX_FILE {
        return Err(format!("is no file of at most {MAX_FILE} bytes"));
    }
    let mut bytes = Vec::new();
    File::open(path)
        .and_then(|file| file.take(MAX_FILE).read_to_end(&mut bytes))
        .map_err(failed)?;
    let file =
        FontFile::read(&path.display().to_string(), bytes).map_err(|error| error.to_string())?;
    Ok(Face {
        file: Arc::new(file),
        index: 0,
        family: None,
    })
}

fn unusable(path: &Path, message: String) -> Finding {
    Finding {
        file: path.display().to_string(),
        line: None,
        mark: None,
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

    fn book() -> FontBook {
        FontBook::load(&[], false).0
    }

    fn families(text: &str) -> Vec<&'static str> {
        book()
            .chain(text, "en")
            .faces
            .iter()
            .filter_map(|face| face.family)
            .collect()
    }

    #[test]
    fn a_text_has_the_faces_of_its_scripts_and_no_others() {
        assert_eq!(families("Plain, “quoted” – naïve €"), ["Inter"]);
        assert_eq!(families("Ωμέγα Яблоко Đặng"), ["Inter"]);
        assert_eq!(families("שלום"), ["Inter", "Noto Sans Hebrew"]);
        assert_eq!(
            families("مرحبا नमस्ते"),
            ["Inter", "Noto Sans Arabic", "Noto Sans Devanagari"]
        );
        assert_eq!(families("party 🎉"), ["Inter", "Twemoji"]);
        assert_eq!(families("a heart ❤\u{fe0f}"), ["Inter", "Twemoji"]);
        assert_eq!(families("x\u{20e3}"), ["Inter"], "not a keycap");
        assert_eq!(book().chain("x\u{20e3}", "en").missing.len(), 1);
        assert_eq!(
            families("1\u{fe0f}\u{20e3} and 2\u{20e3}"),
            ["Inter", "Twemoji"]
        );
    }

    #[test]
    fn what_no_face_has_is_named_and_what_shows_nothing_is_not_missed() {
        let chain = book().chain("ก และ a\u{200d}\u{ad}\u{2066}b", "th");
        let missing: String = chain.missing.into_iter().collect();
        assert_eq!(missing, "กละแ");
        assert!(book().chain("1\u{fe0f}\u{20e3}", "en").missing.is_empty());
    }

    #[test]
    fn a_file_that_is_no_font_is_a_finding() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml");
        let (book, findings) = FontBook::load(&[path, "/nowhere/at/all.ttf".into()], false);
        assert!(book.own.is_empty());
        assert_eq!(findings.len(), 2);
        assert!(
            findings[0].message.contains("is no font"),
            "{:?}",
            findings[0]
        );
    }
}
