//! Parses the bytes of one file: a post, or findings that say why there is none.

use std::borrow::Cow;
use std::sync::Arc;

use super::body_parser::RawBody;
use super::body_renderer::BodyRenderer;
use super::broken_visibility::{VisibilityLimits, scan_for_limits};
use super::merge_conflict::MergeConflict;
use super::post_builder;
use crate::config::Config;
use crate::fields::{FrontMatterFields, collect_section_markers};
use crate::front_matter::{
    self, FrontMatter, FrontMatterError, FrontMatterFormat, FrontMatterSplit,
};
use crate::markdown::asciidoc;
use crate::model::finding::{Finding, Rule, Severity};
use crate::model::markup::Markup;
use crate::model::parse_mode::ParseMode;
use crate::model::post::{Post, VisibilityField};
use crate::text::{
    collapse_whitespace, is_xml_char, may_have_forbidden_chars, strip_forbidden_chars,
};

/// Maximum findings about repeated fields in one file.
const MAX_REPEATED_FIELD_FINDINGS: usize = 10;

/// Result of parsing one file.
#[derive(Debug)]
pub enum ParsedFile {
    /// The file is a post.
    Post {
        /// The post.
        post: Arc<Post>,
        /// Warnings and suggestions.
        findings: Vec<Finding>,
    },
    /// The file has front matter but is not a post: a section, or excluded by `content.require`.
    NotAPost {
        /// Why it is not a post.
        reason: String,
        /// Markers that hide all posts below the file's directory.
        section_markers: Vec<VisibilityField>,
        /// True if it has a title and a date, so that only `content.require` excludes it.
        has_title_and_date: bool,
    },
    /// The file has no front matter.
    NoFrontMatter {
        /// Limits on visibility that the text states without fences.
        limits: VisibilityLimits,
        /// Warnings about text that looks like a post's fields.
        findings: Vec<Finding>,
    },
    /// The file does not parse. An earlier version may have been a post, and a later one may be.
    Broken {
        /// Why it does not parse.
        findings: Vec<Finding>,
        /// Limits on visibility that can still be read from the text.
        limits: VisibilityLimits,
    },
}

/// Parses one file that uses no other files of the site. `path` is relative to the content directory.
pub fn parse_file(bytes: &[u8], path: &str, config: &Config, depth: ParseMode) -> ParsedFile {
    let rendering = Arc::new(BodyRenderer::new(config));
    parse_with_renderer(bytes, path, config, depth, &rendering)
}

/// Parses one file with the renderer of the site, which all posts share.
pub fn parse_with_renderer(
    bytes: &[u8],
    path: &str,
    config: &Config,
    depth: ParseMode,
    rendering: &Arc<BodyRenderer>,
) -> ParsedFile {
    let text = match std::str::from_utf8(bytes) {
        Ok(text) => text,
        Err(error) => {
            let before = bytes.get(..error.valid_up_to()).unwrap_or_default();
            let line = before.iter().filter(|byte| **byte == b'\n').count() + 1;
            let byte = bytes.get(error.valid_up_to()).copied().unwrap_or_default();
            let finding = new_finding(
                path,
                Some(line),
                Severity::Error,
                Rule::NotUtf8,
                format!("the file is not UTF-8: byte 0x{byte:02X}"),
                "save the file as UTF-8",
            );
            return ParsedFile::Broken {
                findings: vec![finding],
                limits: scan_for_limits(&String::from_utf8_lossy(bytes), config),
            };
        }
    };
    let mut findings = Vec::new();
    findings.extend(find_forbidden_character(text, path));
    let text = normalize_text(text);
    let markup = Markup::from_path(path).unwrap_or(Markup::Markdown);
    let has_field_lines = config.content.field_lines && !markup.is_rarely_post();
    let split = front_matter::split_with_field_lines(&text, has_field_lines);
    let fields_line = front_matter::find_unfenced_field(&text);
    if let Some(conflict) = MergeConflict::find_markers(&text)
        && (split != FrontMatterSplit::None || fields_line.is_some())
    {
        findings.push(new_finding(
            path,
            Some(conflict.line),
            Severity::Error,
            Rule::MergeConflict,
            "unresolved merge conflict: the file holds both sides".to_owned(),
            "keep one side and delete the lines of `<<<<<<<`, `=======` and `>>>>>>>`",
        ));
        return ParsedFile::Broken {
            findings,
            limits: conflict.read_visibility(&text, config),
        };
    }
    let front = match split {
        FrontMatterSplit::Present(front) => front,
        FrontMatterSplit::None => {
            findings.clear();
            findings.extend(fields_line.map(|line| missing_fence_finding(path, line)));
            return ParsedFile::NoFrontMatter {
                limits: scan_for_limits(&text, config),
                findings,
            };
        }
        FrontMatterSplit::Unclosed(format) => {
            let hint = match format {
                FrontMatterFormat::Yaml | FrontMatterFormat::FieldLines => {
                    "write a line `---` after its last field"
                }
                FrontMatterFormat::Toml => "write a line `+++` after its last field",
                FrontMatterFormat::Json => "close every brace, bracket and quote that it opens",
            };
            findings.push(new_finding(
                path,
                Some(1),
                Severity::Error,
                Rule::FrontMatter,
                "the front matter is opened but never closed".to_owned(),
                hint,
            ));
            return ParsedFile::Broken {
                findings,
                limits: scan_for_limits(&text, config),
            };
        }
    };
    let mut parsed = match front_matter::parse_with_field_lines(&front, has_field_lines) {
        Ok(parsed) => parsed,
        Err(fault) => {
            findings.push(finding_from_error(path, fault));
            // The body is left out, because a post about front matter may quote some. The closing fence is
            // included: it shows that no value is cut off.
            let fenced = text
                .get(..text.len() - front.body.len())
                .unwrap_or(front.text);
            return ParsedFile::Broken {
                findings,
                limits: scan_for_limits(fenced, config),
            };
        }
    };
    let body_line = line_number_at(&text, text.len() - front.body.len());
    if markup == Markup::AsciiDoc {
        let attributes = asciidoc::read_page_attributes(front.body);
        let attributes = attributes.map(|(at, field)| (body_line + at, field));
        parsed.ambiguous_lines.extend(attributes);
    }
    let (line, ambiguous) = read_ambiguous_limits(&front, &parsed.ambiguous_lines, &text, config);
    if ambiguous.hides {
        findings.push(new_finding(
            path,
            Some(line),
            Severity::Error,
            Rule::FrontMatter,
            "other tools may read a field here that hides the post: the front matter ends before this line, or the line is inside a value".to_owned(),
            "move the field up, and end the front matter with a line `---`",
        ));
        return ParsedFile::Broken {
            findings,
            limits: ambiguous,
        };
    }
    for (name, line) in parsed
        .repeated_fields
        .iter()
        .take(MAX_REPEATED_FIELD_FINDINGS)
    {
        findings.push(new_finding(
            path,
            Some(*line),
            Severity::Warning,
            Rule::FrontMatter,
            format!(
                "the field `{}` appears twice, and the last one counts",
                collapse_whitespace(name)
            ),
            "keep one of the two; if either hides the post, it is hidden",
        ));
    }
    let fields = FrontMatterFields::new(path, &parsed.root, config, depth);
    if let Some(reason) = post_builder::exclusion_reason(&fields, path, config) {
        let section_markers = match post_builder::is_section_file(path) {
            true => collect_section_markers(&fields, path),
            false => Vec::new(),
        };
        return ParsedFile::NotAPost {
            reason,
            section_markers,
            has_title_and_date: !post_builder::is_section_file(path)
                && post_builder::has_title_and_date(&fields),
        };
    }
    let body = RawBody {
        text: front.body,
        line: body_line,
        markup,
        rendering,
    };
    let post = post_builder::build_post(&fields, body, path, config);
    // Read only if there is no post: a post holds its limits itself.
    let limits = match post {
        Some(_) => VisibilityLimits::NONE,
        None => post_builder::read_visibility_limits(&fields),
    };
    findings.extend(fields.into_findings());
    match post {
        Some(post) => {
            findings.extend(find_inline_image(&text, path));
            ParsedFile::Post {
                post: ambiguous.apply_to(Arc::new(post)),
                findings,
            }
        }
        None => {
            // The dates were read twice, so their findings are there twice.
            findings.sort();
            findings.dedup();
            ParsedFile::Broken { findings, limits }
        }
    }
}

/// Reads limits on visibility from lines that only some tools take for fields, and the line of the first one that
/// hides the post.
///
/// Such lines stand after an end of the front matter that not all tools know, or inside a value.
fn read_ambiguous_limits(
    front: &FrontMatter<'_>,
    inside: &[(usize, String)],
    text: &str,
    config: &Config,
) -> (usize, VisibilityLimits) {
    let first_line = match front.ambiguous {
        "" => 0,
        _ => line_number_at(text, text.len() - front.body.len()),
    };
    let beyond = front
        .ambiguous
        .lines()
        .enumerate()
        .map(|(at, line)| (first_line + at, line));
    let inside = inside.iter().map(|(line, text)| (*line, text.as_str()));
    let fields: Vec<(usize, &str)> = beyond
        .chain(inside)
        .filter(|(_, line)| {
            // The name of a field is one word; prose before a colon is not.
            let name = line.split_once([':', '=']).map(|(name, _)| name.trim());
            line.starts_with([' ', '\t'])
                || name.is_some_and(|name| !name.contains(char::is_whitespace))
        })
        .collect();
    let Some((first, _)) = fields.first() else {
        return (1, VisibilityLimits::NONE);
    };
    let text: Vec<&str> = fields.iter().map(|(_, line)| *line).collect();
    // The added fence says that the text does not end in the middle of a value.
    let limits = scan_for_limits(&format!("{}\n---", text.join("\n")), config);
    let line = fields
        .iter()
        .find(|(_, line)| scan_for_limits(&format!("{line}\n---"), config).hides)
        .map(|(line, _)| *line);
    (line.unwrap_or(*first), limits)
}

/// Warns about text that has the fields of a post but no front matter.
fn missing_fence_finding(path: &str, line: usize) -> Finding {
    new_finding(
        path,
        Some(line),
        Severity::Warning,
        Rule::NotAPost,
        "looks like a post, but has no readable front matter".to_owned(),
        "write a line `---` before its first field and one after its last, or exclude the file with `content.exclude`; if your generator reads fields without fences, set `content.field_lines`",
    )
}

/// Removes characters that XML forbids, and converts line ends to LF.
pub(crate) fn normalize_text(text: &str) -> Cow<'_, str> {
    let text = match may_have_forbidden_chars(text) {
        true => Cow::Owned(strip_forbidden_chars(text.to_owned())),
        false => Cow::Borrowed(text),
    };
    if memchr::memchr(b'\r', text.as_bytes()).is_none() {
        return text;
    }
    // A CR alone also ends a line, or a marker on such a line would be missed.
    Cow::Owned(text.replace("\r\n", "\n").replace('\r', "\n"))
}

/// Reports the first character that XML forbids.
fn find_forbidden_character(text: &str, path: &str) -> Option<Finding> {
    if !may_have_forbidden_chars(text) {
        return None;
    }
    let (at, character) = text.char_indices().find(|(_, c)| !is_xml_char(*c))?;
    let finding = new_finding(
        path,
        Some(line_number_at(text, at)),
        Severity::Warning,
        Rule::ForbiddenCharacter,
        format!(
            "the character U+{:04X} is removed, because XML does not allow it",
            u32::from(character)
        ),
        "delete it; most editors can show invisible characters",
    );
    Some(Finding {
        highlight: Some(character.to_string()),
        ..finding
    })
}

/// Reports the first image that is inlined as `data:` in the body.
fn find_inline_image(text: &str, path: &str) -> Option<Finding> {
    let forms = ["](", "src=\"", "src='"];
    let mut found = memchr::memmem::find_iter(text.as_bytes(), b"data:image");
    let at = found.find_map(|at| {
        let before = text.get(..at)?;
        let form = forms.iter().find(|form| before.ends_with(*form))?;
        Some(at - form.len())
    })?;
    Some(new_finding(
        path,
        Some(line_number_at(text, at)),
        Severity::Warning,
        Rule::InlineImage,
        "an image is inlined as `data:` and left out".to_owned(),
        "upload the image and write its path, such as `![…](/img/a.jpg)`",
    ))
}

/// Number of the line that holds the byte at `at`, counted from 1.
fn line_number_at(text: &str, at: usize) -> usize {
    text.as_bytes()
        .get(..at)
        .unwrap_or_default()
        .iter()
        .filter(|byte| **byte == b'\n')
        .count()
        + 1
}

fn finding_from_error(path: &str, fault: FrontMatterError) -> Finding {
    let rule = if fault.over_budget {
        Rule::FrontMatterBudget
    } else {
        Rule::FrontMatter
    };
    new_finding(
        path,
        Some(fault.line),
        Severity::Error,
        rule,
        format!("the front matter {}", fault.message),
        fault.hint,
    )
}

fn new_finding(
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
        highlight: None,
        severity,
        rule,
        message,
        hint: hint.to_owned(),
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// Parses a post with these lines of front matter and this body.
    pub(crate) fn parse_sample(front: &str, body: &str) -> (Arc<Post>, Vec<Finding>) {
        let toml = "[site]\nurl = \"https://e.org\"\ntitle = \"E\"\n";
        let config = Config::parse(toml, "config.toml", std::path::Path::new("")).unwrap();
        let text = format!("---\ntitle: A\ndate: 2024-05-01\n{front}\n---\n{body}\n");
        match parse_file(text.as_bytes(), "blog/a.md", &config, ParseMode::Full) {
            ParsedFile::Post { post, findings } => (post, findings),
            other => panic!("{other:?}"),
        }
    }
}
