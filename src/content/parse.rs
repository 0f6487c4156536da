//! The bytes of one file into a post, or into what is wrong with it.

use std::borrow::Cow;
use std::path::Path;
use std::sync::Arc;

use super::body::Body;
use super::broken::{Limits, read_limits};
use super::fields::Fields;
use super::front_matter::{self, Fault, Format, Split};
use super::later::Origin;
use super::rendering::Rendering;
use super::{Depth, dialect};
use crate::config::Config;
use crate::finding::{Finding, Rule, Severity};
use crate::post::{Marker, Post};
use crate::text::{clean, is_xml_char, may_have_forbidden};

/// What became of one file.
#[derive(Debug)]
pub enum Parsed {
    /// It is a post.
    Post {
        /// The post.
        post: Arc<Post>,
        /// What could be better.
        findings: Vec<Finding>,
    },
    /// It has front matter, and not the one that posts have.
    Other {
        /// Why it is no post.
        reason: String,
        /// Markers that hide all posts below its directory.
        withholds: Vec<Marker>,
    },
    /// It has no front matter.
    Plain {
        /// What the text says, without the fences, of who may see the post.
        limits: Limits,
    },
    /// It is not a post now, though it may have been and may be again.
    Broken {
        /// Why.
        findings: Vec<Finding>,
        /// What the text says, for all that is wrong with it, of who may see the post.
        limits: Limits,
    },
}

/// Reads one file. `path` is the file below the content directory. At [`Depth::Outline`] the body
/// keeps its text for good, as nothing tells where it can be read again.
pub fn parse(bytes: &[u8], path: &str, config: &Config, depth: Depth) -> Parsed {
    parse_at(bytes, path, config, depth, None)
}

/// Reads one file at [`Depth::Outline`]. The body `keeps_text` until it is to forget it, or reads `file`
/// again, which need not be the path as it is written. `rendering` is that of the configuration, one for
/// all posts.
pub fn parse_outline(
    bytes: &[u8],
    path: &str,
    file: &Path,
    config: &Config,
    rendering: &Arc<Rendering>,
    keeps_text: bool,
) -> Parsed {
    let origin = Origin {
        file,
        rendering,
        keeps_text,
    };
    parse_at(bytes, path, config, Depth::Outline, Some(origin))
}

fn parse_at(
    bytes: &[u8],
    path: &str,
    config: &Config,
    depth: Depth,
    origin: Option<Origin<'_>>,
) -> Parsed {
    let text = match std::str::from_utf8(bytes) {
        Ok(text) => text,
        Err(error) => {
            let before = bytes.get(..error.valid_up_to()).unwrap_or_default();
            let line = before.iter().filter(|byte| **byte == b'\n').count() + 1;
            let byte = bytes.get(error.valid_up_to()).copied().unwrap_or_default();
            let finding = finding(
                path,
                Some(line),
                Severity::Error,
                Rule::NotUtf8,
                format!("the file is not UTF-8: byte 0x{byte:02X}"),
                "save the file as UTF-8",
            );
            return Parsed::Broken {
                findings: vec![finding],
                limits: read_limits(&String::from_utf8_lossy(bytes), config),
            };
        }
    };
    let mut findings = Vec::new();
    findings.extend(forbidden_character(text, path));
    let text = tidied(text);
    let (format, front, body) = match front_matter::split(&text) {
        Split::Front {
            format,
            front,
            body,
        } => (format, front, body),
        Split::None => {
            return Parsed::Plain {
                limits: read_limits(&text, config),
            };
        }
        Split::Open(format) => {
            let hint = match format {
                Format::Yaml => "write a line `---` after its last field",
                Format::Toml => "write a line `+++` after its last field",
                Format::Json => "close every brace, bracket and quote that it opens",
            };
            findings.push(finding(
                path,
                Some(1),
                Severity::Error,
                Rule::FrontMatter,
                "the front matter is opened and never closed".to_owned(),
                hint,
            ));
            return Parsed::Broken {
                findings,
                limits: read_limits(&text, config),
            };
        }
    };
    let root = match front_matter::parse(format, front) {
        Ok(root) => root,
        Err(fault) => {
            findings.push(of_fault(path, fault));
            // The body is not asked: a post about front matter shows some. The closing fence is, as it tells that
            // no value is cut off.
            let fenced = text.get(..text.len() - body.len()).unwrap_or(front);
            return Parsed::Broken {
                findings,
                limits: read_limits(fenced, config),
            };
        }
    };
    let fields = Fields::new(path, &root, config, depth);
    if let Some(reason) = dialect::unwanted(&fields, path, config) {
        let withholds = match dialect::is_section(path) {
            true => fields.section_markers(path),
            false => Vec::new(),
        };
        return Parsed::Other { reason, withholds };
    }
    let body = Body {
        text: body,
        line: line_of(&text, text.len() - body.len()),
        is_mdx: is_mdx(path),
        origin,
    };
    let post = dialect::post(&fields, body, path, config);
    // Asked only where there is no post: it knows its limits itself.
    let limits = match post {
        Some(_) => Limits::NONE,
        None => dialect::limits(&fields),
    };
    findings.extend(fields.into_findings());
    match post {
        Some(post) => {
            findings.extend(inline_image(&text, path));
            Parsed::Post {
                post: Arc::new(post),
                findings,
            }
        }
        None => {
            // Its dates were read twice.
            findings.sort();
            findings.dedup();
            Parsed::Broken { findings, limits }
        }
    }
}

pub(super) fn is_mdx(path: &str) -> bool {
    let extension = path.rsplit_once('.').map(|(_, extension)| extension);
    extension.is_some_and(|extension| extension.eq_ignore_ascii_case("mdx"))
}

/// The text of a file without what XML forbids, each line ended by LF.
pub(super) fn tidied(text: &str) -> Cow<'_, str> {
    let text = match may_have_forbidden(text) {
        true => Cow::Owned(clean(text.to_owned())),
        false => Cow::Borrowed(text),
    };
    if memchr::memchr(b'\r', text.as_bytes()).is_none() {
        return text;
    }
    // Lines that end with CR alone are lines all the same, or a marker among them would not be one.
    Cow::Owned(text.replace("\r\n", "\n").replace('\r', "\n"))
}

/// The first character of a text that XML forbids.
fn forbidden_character(text: &str, path: &str) -> Option<Finding> {
    if !may_have_forbidden(text) {
        return None;
    }
    let (at, character) = text.char_indices().find(|(_, c)| !is_xml_char(*c))?;
    Some(finding(
        path,
        Some(line_of(text, at)),
        Severity::Warning,
        Rule::ForbiddenCharacter,
        format!(
            "the character U+{:04X} is dropped, as no feed can hold it",
            u32::from(character)
        ),
        "delete it; most editors can show invisible characters",
    ))
}

fn inline_image(text: &str, path: &str) -> Option<Finding> {
    let forms = ["](", "src=\"", "src='"];
    let mut found = memchr::memmem::find_iter(text.as_bytes(), b"data:image");
    let at = found.find_map(|at| {
        let before = text.get(..at)?;
        let form = forms.iter().find(|form| before.ends_with(*form))?;
        Some(at - form.len())
    })?;
    Some(finding(
        path,
        Some(line_of(text, at)),
        Severity::Warning,
        Rule::InlineImage,
        "a picture is inlined as `data:` and left out".to_owned(),
        "upload the picture and write its path, such as `![…](/img/a.jpg)`",
    ))
}

fn line_of(text: &str, at: usize) -> usize {
    text.as_bytes()
        .get(..at)
        .unwrap_or_default()
        .iter()
        .filter(|byte| **byte == b'\n')
        .count()
        + 1
}

fn of_fault(path: &str, fault: Fault) -> Finding {
    let rule = if fault.over_budget {
        Rule::FrontMatterBudget
    } else {
        Rule::FrontMatter
    };
    finding(
        path,
        Some(fault.line),
        Severity::Error,
        rule,
        format!("the front matter {}", fault.message),
        fault.hint,
    )
}

fn finding(
    path: &str,
    line: Option<usize>,
    severity: Severity,
    rule: Rule,
    message: String,
    hint: &str,
) -> Finding {
    Finding {
        file: path.to_owned(),
        line,
        mark: None,
        severity,
        rule,
        message,
        hint: hint.to_owned(),
    }
}
