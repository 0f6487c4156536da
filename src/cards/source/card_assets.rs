//! Loads the files that all cards share: the template, the fonts and the logo.

use std::fs::{self, File};
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use super::new_finding::new_warning;
use crate::cards::card_image::{self, CardTemplate};
use crate::cards::font::FontLibrary;
use crate::cards::local_image::{self, ImageReadMode, LocalImage};
use crate::config::{CardConfig, CardTheme};
use crate::file_stamp::FileStamp;
use crate::model::finding::{Finding, Rule, Severity};
use crate::text::truncate_graphemes;

/// Maximum bytes of a template: a larger one is a mistake, as the built-in ones have 3 KB.
const MAX_TEMPLATE_BYTES: u64 = 64 * 1024;
/// Stack of the thread that parses a template: enough for the deepest nesting in so many bytes.
const PARSER_STACK_BYTES: usize = 64 * 1024 * 1024;
const RENDERER_HINT: &str = "nest fewer elements; docs/cards.md lists what the renderer supports";

/// Template, fonts and logo of all cards.
#[derive(Debug)]
pub(super) struct CardAssets {
    config: CardConfig,
    template: Arc<CardTemplate>,
    fonts: Arc<FontLibrary>,
    logo: Option<Arc<LocalImage>>,
    findings: Vec<Finding>,
    stamps: Option<Vec<Option<FileStamp>>>,
}

impl CardAssets {
    pub(super) fn new(config: &CardConfig) -> CardAssets {
        CardAssets {
            config: config.clone(),
            template: Arc::new(clone_builtin_template(config.theme)),
            fonts: Arc::new(FontLibrary::load(&[], config.system_fonts).0),
            logo: None,
            findings: Vec::new(),
            stamps: None,
        }
    }

    /// Loads the files again if any changed, and returns true if cards can be different now.
    pub(super) fn reload_if_changed(&mut self, now: SystemTime) -> bool {
        let stamps: Vec<Option<FileStamp>> = self
            .watched_files()
            .iter()
            .map(|file| read_stamp(file))
            .collect();
        if self.stamps.as_ref() == Some(&stamps) {
            return false;
        }
        let before = self.asset_fingerprints();
        let findings_before = std::mem::take(&mut self.findings);
        self.template = Arc::new(self.load_template());
        self.logo = self.load_logo();
        self.load_fonts();
        let trusted = stamps
            .iter()
            .flatten()
            .all(|stamp| !stamp.is_too_recent(now));
        self.stamps = trusted.then_some(stamps);
        before != self.asset_fingerprints() || findings_before != self.findings
    }

    /// Returns the fingerprints of the template, logo and fonts.
    fn asset_fingerprints(&self) -> Vec<String> {
        let logo = self.logo.iter().filter_map(|logo| logo.fingerprint.clone());
        std::iter::once(self.template.fingerprint.clone())
            .chain(logo)
            .chain(font_fingerprints(&self.fonts))
            .collect()
    }

    /// Loads the configured fonts, and reports those that the renderer rejects.
    fn load_fonts(&mut self) {
        let (mut fonts, findings) = FontLibrary::load(&self.config.fonts, self.config.system_fonts);
        self.findings.extend(findings);
        for face in fonts.retain_faces(card_image::Typesetter::can_register) {
            let hint = "use a TrueType or OpenType file of the font";
            let message = "the renderer rejects the font".to_owned();
            let rejected = new_warning(&face.file.name, Rule::UnusableFont, message, hint);
            self.findings.push(rejected);
        }
        // Unchanged fonts keep their cache of looked-up characters and system fonts.
        if font_fingerprints(&fonts).ne(font_fingerprints(&self.fonts)) {
            self.fonts = Arc::new(fonts);
        }
    }

    pub(super) fn template(&self) -> Arc<CardTemplate> {
        Arc::clone(&self.template)
    }

    pub(super) fn theme(&self) -> CardTheme {
        self.config.theme
    }

    pub(super) fn fonts(&self) -> Arc<FontLibrary> {
        Arc::clone(&self.fonts)
    }

    pub(super) fn logo(&self) -> Option<&Arc<LocalImage>> {
        self.logo.as_ref()
    }

    pub(super) fn findings(&self) -> &[Finding] {
        &self.findings
    }

    /// Returns the configured files, and the contents of font directories.
    fn watched_files(&self) -> Vec<PathBuf> {
        let mut files: Vec<PathBuf> = self
            .config
            .template
            .iter()
            .chain(&self.config.logo)
            .cloned()
            .collect();
        for font in &self.config.fonts {
            files.push(font.clone());
            let inside = fs::read_dir(font).into_iter().flatten().flatten();
            files.extend(inside.map(|entry| entry.path()));
        }
        files.sort();
        files
    }

    fn load_template(&mut self) -> CardTemplate {
        let Some(path) = self.config.template.clone() else {
            return clone_builtin_template(self.config.theme);
        };
        match read_template(&path) {
            Ok(template) => template,
            Err(finding) => {
                self.findings.push(finding);
                clone_builtin_template(self.config.theme)
            }
        }
    }

    fn load_logo(&mut self) -> Option<Arc<LocalImage>> {
        let path = self.config.logo.as_ref()?;
        let name = path.display().to_string();
        let label = path
            .file_name()
            .map(|name| name.to_string_lossy().into_owned())
            .unwrap_or_default();
        match local_image::read_image(path, &label, ImageReadMode::FullContent) {
            Ok(picture) if is_drawable(&picture) => Some(Arc::new(picture)),
            Ok(_) => {
                let hint = "save it as SVG, PNG, JPEG or WebP";
                self.findings.push(new_warning(
                    &name,
                    Rule::UnusablePicture,
                    "the logo is corrupt, or has a format or size that cards do not support"
                        .to_owned(),
                    hint,
                ));
                None
            }
            Err(reason) => {
                let rule = if path.exists() {
                    Rule::UnusablePicture
                } else {
                    Rule::MissingPicture
                };
                let hint = "`cards.logo` names it, relative to the configuration file";
                self.findings
                    .push(new_warning(&name, rule, format!("the logo {reason}"), hint));
                None
            }
        }
    }
}

/// Returns the fingerprints of the configured fonts.
fn font_fingerprints(fonts: &FontLibrary) -> impl Iterator<Item = String> {
    fonts
        .configured_faces()
        .iter()
        .map(|face| face.file.fingerprint.clone())
}

/// Returns true if the picture can be decoded and drawn.
fn is_drawable(picture: &LocalImage) -> bool {
    picture.undrawable.is_none()
        && local_image::read_unchanged_bytes(picture)
            .is_some_and(|bytes| card_image::can_decode_picture(&bytes))
}

fn clone_builtin_template(theme: CardTheme) -> CardTemplate {
    card_image::builtin_template(theme).clone()
}

fn read_stamp(file: &Path) -> Option<FileStamp> {
    fs::metadata(file)
        .ok()
        .map(|metadata| FileStamp::from_metadata(&metadata))
}

/// Reads, parses and tries a template.
fn read_template(path: &Path) -> Result<CardTemplate, Finding> {
    let name = path.display().to_string();
    let finding = |line, message: String, hint: &str| Finding {
        file: name.clone(),
        line,
        highlight: None,
        severity: Severity::Error,
        rule: Rule::CardTemplate,
        message: format!("the template {message}; the built-in theme is used instead"),
        hint: hint.to_owned(),
    };
    let unreadable = |error: std::io::Error| {
        let hint = "`cards.template` names it, relative to the configuration file";
        finding(
            None,
            format!("cannot be read: {error}").to_lowercase(),
            hint,
        )
    };
    let text = read_bounded_text(path).map_err(unreadable)?;
    let Some(text) = text else {
        let max_bytes = MAX_TEMPLATE_BYTES;
        let message = format!("has more than {max_bytes} bytes");
        return Err(finding(
            None,
            message,
            "move embedded pictures out of it, for example to `cards.logo`",
        ));
    };
    // Expressions and elements can nest as deep as the text is long.
    let parsed = std::thread::Builder::new()
        .stack_size(PARSER_STACK_BYTES)
        .spawn(move || {
            let template = CardTemplate::parse(&text)
                .map_err(|fault| (fault.line, fault.message, fault.hint))?;
            let tried =
                card_image::draw_samples(&template, &card_image::Typesetter::with_bundled_font());
            match tried {
                Ok(()) => Ok(template),
                Err(error) => Err((
                    None,
                    truncate_graphemes(&error.to_string(), 200),
                    RENDERER_HINT,
                )),
            }
        })
        .map_err(unreadable)?
        .join();
    match parsed {
        Ok(parsed) => parsed.map_err(|(line, message, hint)| finding(line, message, hint)),
        Err(_) => Err(finding(
            None,
            "makes the renderer panic".to_owned(),
            RENDERER_HINT,
        )),
    }
}

/// Reads a text file; returns `None` if it is too long.
fn read_bounded_text(path: &Path) -> io::Result<Option<String>> {
    // Reading a pipe or a device may block, or never end.
    if !fs::metadata(path)?.is_file() {
        return Err(io::Error::other("it is not a regular file"));
    }
    let mut text = String::new();
    File::open(path)?
        .take(MAX_TEMPLATE_BYTES + 1)
        .read_to_string(&mut text)?;
    Ok(Some(text).filter(|text| text.len() as u64 <= MAX_TEMPLATE_BYTES))
}
