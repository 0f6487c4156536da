//! The bytes of one file into a post, or into what is wrong with it.

use std::borrow::Cow;
use std::sync::Arc;

use super::body::Body;
use super::broken::{Limits, read_limits};
use super::conflict::Conflict;
use super::fields::Fields;
use super::front_matter::{self, Fault, Format, Front, Split};
use super::rendering::Rendering;
use super::{Depth, dialect};
use crate::config::Config;
use crate::finding::{Finding, Rule, Severity};
use crate::post::{Marker, Post};
use crate::text::{clean, is_xml_char, may_have_forbidden, one_line};

/// More fields that stand twice are not told of one by one.
const MAX_REPEATED: usize = 10;

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
        /// Whether it has a title and a date, as posts have, and is none by `content.require` alone.
        is_like_post: bool,
    },
    /// It has no front matter.
    Plain {
        /// What the text says, without the fences, of who may see the post.
        limits: Limits,
        /// What makes it look like a post all the same.
        findings: Vec<Finding>,
    },
    /// It is not a post now, though it may have been and may be again.
    Broken {
        /// Why.
        findings: Vec<Finding>,
        /// What the text says, for all that is wrong with it, of who may see the post.
        limits: Limits,
    },
}

/// Reads one file. `path` is the file below the content directory.
pub fn parse(bytes: &[u8], path: &str, config: &Config, depth: Depth) -> Parsed {
    parse_at(bytes, path, config, depth, None)
}

/// Reads one file at [`Depth::Outline`]. `rendering` is that of the configuration, one for all posts.
pub fn parse_outline(
    bytes: &[u8],
    path: &str,
    config: &Config,
    rendering: &Arc<Rendering>,
) -> Parsed {
    parse_at(bytes, path, config, Depth::Outline, Some(rendering))
}

fn parse_at(
    bytes: &[u8],
    path: &str,
    config: &Config,
    depth: Depth,
    rendering: Option<&Arc<Rendering>>,
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
    let split = front_matter::split(&text);
    let fields_line = front_matter::looks_like_fields(&text);
    if let Some(conflict) = Conflict::find(&text)
        && (split != Split::None || fields_line.is_some())
    {
        findings.push(finding(
            path,
            Some(conflict.line),
            Severity::Error,
            Rule::MergeConflict,
            "a merge stopped here, and the file holds both sides".to_owned(),
            "keep one side and delete the lines of `<<<<<<<`, `=======` and `>>>>>>>`",
        ));
        return Parsed::Broken {
            findings,
            limits: conflict.limits(&text, config),
        };
    }
    let front = match split {
        Split::Front(front) => front,
        Split::None => {
            findings.clear();
            findings.extend(fields_line.map(|line| without_fence(path, line)));
            return Parsed::Plain {
                limits: read_limits(&text, config),
                findings,
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
    let parsed = match front_matter::parse(&front) {
        Ok(parsed) => parsed,
        Err(fault) => {
            findings.push(of_fault(path, fault));
            // The body is not asked: a post about front matter shows some. The closing fence is, as it tells that
            // no value is cut off.
            let fenced = text
                .get(..text.len() - front.body.len())
                .unwrap_or(front.text);
            return Parsed::Broken {
                findings,
                limits: read_limits(fenced, config),
            };
        }
    };
    let (line, doubtful) = doubtful_limits(&front, &parsed.doubtful, &text, config);
    if doubtful.hides {
        findings.push(finding(
            path,
            Some(line),
            Severity::Error,
            Rule::FrontMatter,
            "the front matter ends before this line, or has it within a value, and other tools may read a field here that hides the post".to_owned(),
            "move the field up, and end the front matter with a line `---`",
        ));
        return Parsed::Broken {
            findings,
            limits: doubtful,
        };
    }
    for (name, line) in parsed.repeated.iter().take(MAX_REPEATED) {
        findings.push(finding(
            path,
            Some(*line),
            Severity::Warning,
            Rule::FrontMatter,
            format!(
                "the field `{}` stands twice, and the last counts",
                one_line(name)
            ),
            "keep one of the two; if either hides the post, it is hidden",
        ));
    }
    let fields = Fields::new(path, &parsed.root, config, depth);
    if let Some(reason) = dialect::unwanted(&fields, path, config) {
        let withholds = match dialect::is_section(path) {
            true => fields.section_markers(path),
            false => Vec::new(),
        };
        return Parsed::Other {
            reason,
            withholds,
            is_like_post: !dialect::is_section(path) && dialect::is_like_post(&fields),
        };
    }
    let body = Body {
        text: front.body,
        line: line_of(&text, text.len() - front.body.len()),
        is_mdx: is_mdx(path),
        rendering,
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
                post: doubtful.applied_to(Arc::new(post)),
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

/// What other tools may read of who may see the post: behind an end of the front matter that not all of them know,
/// or within a value. And the line of it.
fn doubtful_limits(
    front: &Front<'_>,
    inside: &[(usize, String)],
    text: &str,
    config: &Config,
) -> (usize, Limits) {
    let beyond = match front.beyond {
        "" => 0,
        _ => line_of(text, text.len() - front.body.len()),
    };
    let beyond = front
        .beyond
        .lines()
        .enumerate()
        .map(|(at, line)| (beyond + at, line));
    let inside = inside.iter().map(|(line, text)| (*line, text.as_str()));
    // Prose is no field: before the sign that ends a name there is one word.
    let is_field = |line: &str| {
        let name = line.split_once([':', '=']).map(|(name, _)| name.trim());
        line.starts_with([' ', '\t'])
            || name.is_some_and(|name| !name.contains(char::is_whitespace))
    };
    let fields: Vec<(usize, &str)> = beyond
        .chain(inside)
        .filter(|(_, line)| is_field(line))
        .collect();
    let Some((first, _)) = fields.first() else {
        return (1, Limits::NONE);
    };
    let text: Vec<&str> = fields.iter().map(|(_, line)| *line).collect();
    // The text does not end in the middle of a value.
    let limits = read_limits(&format!("{}\n---", text.join("\n")), config);
    let hides = |(_, line): &&(usize, &str)| read_limits(&format!("{line}\n---"), config).hides;
    let line = fields.iter().find(hides).map(|(line, _)| *line);
    (line.unwrap_or(*first), limits)
}

/// A text that has the fields of a post, and no front matter.
fn without_fence(path: &str, line: usize) -> Finding {
    finding(
        path,
        Some(line),
        Severity::Warning,
        Rule::NotAPost,
        "looks like a post, and has no front matter that can be read".to_owned(),
        "write a line `---` before its first field and one after its last, or leave it out with `content.exclude`",
    )
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
