//! The files that all cards are drawn with, the template, the fonts and the logo, as they are now.

use std::fs::{self, File};
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use super::warning;
use crate::config::{Cards, Theme};
use crate::finding::{Finding, Rule, Severity};
use crate::font::FontBook;
use crate::picture::{self, Depth, Picture};
use crate::render::card_image::{self, Template};
use crate::stamp::Stamp;
use crate::text::cut;

/// A larger template is a mistake; the built-in ones have 3 KB.
const MAX_TEMPLATE: u64 = 64 * 1024;
/// Enough for the deepest expression that so many bytes can hold.
const STACK: usize = 64 * 1024 * 1024;
const DRAW_HINT: &str = "nest fewer elements; docs/cards.md says what the renderer knows";

/// What all cards are drawn with.
#[derive(Debug)]
pub(super) struct Material {
    config: Cards,
    template: Arc<Template>,
    fonts: Arc<FontBook>,
    logo: Option<Arc<Picture>>,
    findings: Vec<Finding>,
    stamps: Option<Vec<Option<Stamp>>>,
}

impl Material {
    pub(super) fn new(config: &Cards) -> Material {
        Material {
            config: config.clone(),
            template: Arc::new(built_in(config.theme)),
            fonts: Arc::new(FontBook::load(&[], config.system_fonts).0),
            logo: None,
            findings: Vec::new(),
            stamps: None,
        }
    }

    /// Looks at the files; whether any is other than it was.
    pub(super) fn look(&mut self, now: SystemTime) -> bool {
        let stamps: Vec<Option<Stamp>> = self.files().iter().map(|file| stamp(file)).collect();
        if self.stamps.as_ref() == Some(&stamps) {
            return false;
        }
        let before = self.names();
        let findings_before = std::mem::take(&mut self.findings);
        self.template = Arc::new(self.load_template());
        self.logo = self.load_logo();
        self.load_fonts();
        let trusted = stamps
            .iter()
            .flatten()
            .all(|stamp| !stamp.is_too_fresh(now));
        self.stamps = trusted.then_some(stamps);
        before != self.names() || findings_before != self.findings
    }

    /// What all is called that cards are drawn with: other bytes have another name.
    fn names(&self) -> Vec<String> {
        let logo = self.logo.iter().filter_map(|logo| logo.fingerprint.clone());
        std::iter::once(self.template.fingerprint.clone())
            .chain(logo)
            .chain(names(&self.fonts))
            .collect()
    }

    /// The fonts that are there; those that the renderer refuses are none.
    fn load_fonts(&mut self) {
        let (mut fonts, findings) = FontBook::load(&self.config.fonts, self.config.system_fonts);
        self.findings.extend(findings);
        for face in fonts.retain(card_image::Typesetter::takes) {
            let hint = "use another file of the font, in TrueType or OpenType";
            let message = "the font is refused by the renderer".to_owned();
            let refused = warning(&face.file.name, Rule::UnusableFont, message, hint);
            self.findings.push(refused);
        }
        // The same fonts keep what was looked up in them, and in those of the machine.
        if names(&fonts).ne(names(&self.fonts)) {
            self.fonts = Arc::new(fonts);
        }
    }

    pub(super) fn template(&self) -> Arc<Template> {
        Arc::clone(&self.template)
    }

    pub(super) fn theme(&self) -> Theme {
        self.config.theme
    }

    pub(super) fn fonts(&self) -> Arc<FontBook> {
        Arc::clone(&self.fonts)
    }

    pub(super) fn logo(&self) -> Option<&Arc<Picture>> {
        self.logo.as_ref()
    }

    pub(super) fn findings(&self) -> &[Finding] {
        &self.findings
    }

    /// The files, and the directories of fonts with what is in them.
    fn files(&self) -> Vec<PathBuf> {
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

    fn load_template(&mut self) -> Template {
        let Some(path) = self.config.template.clone() else {
            return built_in(self.config.theme);
        };
        match read_template(&path) {
            Ok(template) => template,
            Err(finding) => {
                self.findings.push(finding);
                built_in(self.config.theme)
            }
        }
    }

    fn load_logo(&mut self) -> Option<Arc<Picture>> {
        let path = self.config.logo.as_ref()?;
        let name = path.display().to_string();
        let label = path
            .file_name()
            .map(|name| name.to_string_lossy().into_owned())
            .unwrap_or_default();
        match picture::read(path, &label, Depth::Bytes) {
            Ok(picture) if is_whole(&picture) => Some(Arc::new(picture)),
            Ok(_) => {
                let hint = "save it as SVG, PNG, JPEG or WebP";
                self.findings.push(warning(
                    &name,
                    Rule::UnusablePicture,
                    "the logo is broken, or of a kind or size that cards cannot be drawn with"
                        .to_owned(),
                    hint,
                ));
                None
            }
            Err(why) => {
                let rule = if path.exists() {
                    Rule::UnusablePicture
                } else {
                    Rule::MissingPicture
                };
                let hint = "`cards.logo` names it, relative to the configuration file";
                self.findings
                    .push(warning(&name, rule, format!("the logo {why}"), hint));
                None
            }
        }
    }
}

/// What configured fonts are called.
fn names(fonts: &FontBook) -> impl Iterator<Item = String> {
    fonts.own().iter().map(|face| face.file.fingerprint.clone())
}

fn is_whole(picture: &Picture) -> bool {
    let draws = || picture::bytes(picture).is_some_and(|bytes| card_image::is_picture(&bytes));
    picture.undrawable.is_none() && draws()
}

fn built_in(theme: Theme) -> Template {
    card_image::theme(theme).clone()
}

fn stamp(file: &Path) -> Option<Stamp> {
    fs::metadata(file).ok().map(|metadata| Stamp::of(&metadata))
}

fn read_template(path: &Path) -> Result<Template, Finding> {
    let name = path.display().to_string();
    let finding = |line, message: String, hint: &str| Finding {
        file: name.clone(),
        line,
        mark: None,
        severity: Severity::Error,
        rule: Rule::CardTemplate,
        message: format!("the template {message}; the built-in theme draws meanwhile"),
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
    let text = read_text(path).map_err(unreadable)?;
    let Some(text) = text else {
        let message = format!("has more than {MAX_TEMPLATE} bytes");
        return Err(finding(
            None,
            message,
            "move pictures out of it: `cards.logo` is one",
        ));
    };
    // Expressions and elements stand in each other as deep as the text is long.
    let parsed = std::thread::Builder::new()
        .stack_size(STACK)
        .spawn(move || {
            let template =
                Template::parse(&text).map_err(|fault| (fault.line, fault.message, fault.hint))?;
            let tried = card_image::try_out(&template, &card_image::Typesetter::bundled());
            match tried {
                Ok(()) => Ok(template),
                Err(error) => Err((None, cut(&error.to_string(), 200), DRAW_HINT)),
            }
        })
        .map_err(unreadable)?
        .join();
    match parsed {
        Ok(parsed) => parsed.map_err(|(line, message, hint)| finding(line, message, hint)),
        // It panicked.
        Err(_) => Err(finding(None, "breaks the renderer".to_owned(), DRAW_HINT)),
    }
}

/// The text of a file, unless it is too long.
fn read_text(path: &Path) -> io::Result<Option<String>> {
    // A pipe or a device has no end, and may have no beginning.
    if !fs::metadata(path)?.is_file() {
        return Err(io::Error::other("it is no file"));
    }
    let mut text = String::new();
    File::open(path)?
        .take(MAX_TEMPLATE + 1)
        .read_to_string(&mut text)?;
    Ok(Some(text).filter(|text| text.len() as u64 <= MAX_TEMPLATE))
}
