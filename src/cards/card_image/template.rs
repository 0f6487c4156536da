//! Parses card templates, and renders the HTML of a card from one.
//!
//! A template is a file that a web designer edits: HTML with Jinja syntax, and CSS in `style`
//! elements. The style sheet is parsed once, so values that differ between cards reach it as custom
//! properties. `docs/cards.md` is the reference. The only file that names the `minijinja` crate.

use minijinja::value::Serde;
use minijinja::{AutoEscape, Environment, ErrorKind, UndefinedBehavior};
use serde::Serialize;

use super::CardText;
use super::canvas::CardStyleSheet;
use crate::hash;
use crate::text::truncate_graphemes;

/// Sizes of a title in pixels, the largest first, if the template sets none.
const DEFAULT_TITLE_SIZES: [u16; 12] = [124, 110, 96, 88, 80, 72, 66, 60, 54, 48, 43, 38];
/// Maximum instructions of a template (minijinja's fuel): a thousand times what the built-in ones take.
const MAX_TEMPLATE_FUEL: u64 = 200_000;
const TEMPLATE_NAME: &str = "card.html";

/// Parsed template.
#[derive(Clone)]
pub struct CardTemplate {
    environment: Environment<'static>,
    pub(super) style_sheet: CardStyleSheet,
    pub(super) title_sizes: Vec<u16>,
    /// Changes when the text does.
    pub fingerprint: String,
}

/// Error in a template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TemplateError {
    /// Line, counted from 1; `None` if unknown.
    pub line: Option<usize>,
    /// Message, to follow "the template".
    pub message: String,
    /// Advice on how to fix it.
    pub hint: &'static str,
}

/// Fields that a template can use: see `docs/cards.md`.
#[derive(Debug, Serialize)]
pub(super) struct TemplateFields<'a> {
    #[serde(flatten)]
    pub(super) text: &'a CardText,
    /// Name of the cover for `src`; empty without one.
    pub(super) cover: &'a str,
    /// Name of the logo for `src`; empty without one.
    pub(super) logo: &'a str,
}

impl std::fmt::Debug for CardTemplate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Template").field(&self.fingerprint).finish()
    }
}

impl CardTemplate {
    /// Parses a template and renders it once with sample texts.
    ///
    /// # Errors
    /// Returns an error if the template or its style sheet does not parse, or if it uses an undefined name.
    pub fn parse(text: &str) -> Result<CardTemplate, TemplateError> {
        let (html, css) = split_style_sheets(text);
        let mut environment = Environment::new();
        environment.set_auto_escape_callback(|_| AutoEscape::Html);
        environment.set_undefined_behavior(UndefinedBehavior::Strict);
        environment.set_fuel(Some(MAX_TEMPLATE_FUEL));
        environment
            .add_template_owned(TEMPLATE_NAME, html)
            .map_err(|error| to_template_error(&error))?;
        let sheet = CardStyleSheet::parse(&css).map_err(|(message, at)| TemplateError {
            // The split keeps line numbers, so lines of the CSS are lines of the file.
            line: at.map(|at| css.get(..at).unwrap_or_default().matches('\n').count() + 1),
            message: format!("has a style sheet that does not parse: {message}"),
            hint: "docs/cards.md lists the CSS that the renderer supports",
        })?;
        let template = CardTemplate {
            environment,
            style_sheet: sheet,
            title_sizes: parse_title_sizes(text)?,
            fingerprint: hash::blake3_hex(text.as_bytes()),
        };
        for text in [CardText::sample_text(true), CardText::sample_text(false)] {
            for name in ["", "picture"] {
                let fields = TemplateFields {
                    text: &text,
                    cover: name,
                    logo: name,
                };
                template
                    .render_html(&fields)
                    .map_err(|error| to_template_error(&error))?;
            }
        }
        Ok(template)
    }

    /// Renders the HTML of one card.
    pub(super) fn render_html(
        &self,
        fields: &TemplateFields<'_>,
    ) -> Result<String, minijinja::Error> {
        self.environment
            .get_template(TEMPLATE_NAME)?
            .render(Serde(fields))
    }
}

/// Converts an error of the template engine.
fn to_template_error(error: &minijinja::Error) -> TemplateError {
    let detail = error
        .detail()
        .map_or_else(|| error.kind().to_string(), str::to_owned);
    let (message, hint) = match error.kind() {
        ErrorKind::UndefinedError => (
            format!("uses an undefined name: {detail}"),
            "docs/cards.md lists the names that a template can use",
        ),
        ErrorKind::OutOfFuel => (
            "takes too many steps to render".to_owned(),
            "loop only over the authors or categories of a card",
        ),
        ErrorKind::SyntaxError => (
            format!("does not parse: {detail}"),
            "fields are written `{{ title }}`, conditions `{% if category %}…{% endif %}`",
        ),
        _ => (
            format!("cannot be rendered: {detail}"),
            "docs/cards.md describes the fields",
        ),
    };
    TemplateError {
        line: error.line(),
        message,
        hint,
    }
}

/// Splits a template into HTML and CSS. Each has empty lines in place of the other, so that line
/// numbers stay the same.
fn split_style_sheets(text: &str) -> (String, String) {
    let lower = text.to_ascii_lowercase();
    let (mut html, mut css) = (String::new(), String::new());
    let blank_lines = |part: &str| "\n".repeat(part.matches('\n').count());
    let mut at = 0;
    while let Some(opened) = find_from(&lower, at, "<style") {
        let Some(inner) = find_from(&lower, opened, ">").map(|end| end + 1) else {
            break;
        };
        let closed = find_from(&lower, inner, "</style").unwrap_or(text.len());
        let after = find_from(&lower, closed, ">").map_or(text.len(), |end| end + 1);
        let part = |from: usize, to: usize| text.get(from..to).unwrap_or_default();
        html.push_str(part(at, opened));
        html.push_str(&blank_lines(part(opened, after)));
        css.push_str(&blank_lines(part(at, inner)));
        css.push_str(part(inner, closed));
        css.push_str(&blank_lines(part(closed, after)));
        at = after;
    }
    html.push_str(text.get(at..).unwrap_or_default());
    (html, css)
}

/// Finds a pattern in a text, from a byte offset on.
fn find_from(text: &str, from: usize, pattern: &str) -> Option<usize> {
    Some(from + text.get(from..)?.find(pattern)?)
}

/// Parses the sizes in `<meta name="title-sizes" content="96 72 48">`; without it, returns the default.
fn parse_title_sizes(text: &str) -> Result<Vec<u16>, TemplateError> {
    const KEY: &str = "name=\"title-sizes\"";
    let Some(at) = text.find(KEY) else {
        return Ok(DEFAULT_TITLE_SIZES.to_vec());
    };
    let rest = text.get(at + KEY.len()..).unwrap_or_default();
    let written = rest
        .trim_start()
        .strip_prefix("content=\"")
        .and_then(|rest| rest.split('"').next())
        .unwrap_or_default();
    let mut sizes = Vec::new();
    for word in written.split_whitespace() {
        match word.parse::<u16>() {
            Ok(size @ 8..=400) => sizes.push(size),
            _ => sizes.clear(),
        }
    }
    sizes.sort_unstable_by(|a, b| b.cmp(a));
    sizes.dedup();
    if sizes.is_empty() {
        return Err(TemplateError {
            line: Some(text.get(..at).unwrap_or_default().matches('\n').count() + 1),
            message: format!(
                "has invalid title sizes: `{}`",
                truncate_graphemes(written, 60)
            ),
            hint: "write pixels from 8 to 400, such as `<meta name=\"title-sizes\" content=\"96 72 48\">`",
        });
    }
    Ok(sizes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse_error(text: &str) -> TemplateError {
        CardTemplate::parse(text).expect_err("a fault")
    }

    #[test]
    fn errors_have_a_line_number() {
        let broken = parse_error("<p>a</p>\n<p>{{ title </p>\n");
        assert_eq!(broken.line, Some(2));
        assert!(broken.message.starts_with("does not parse: "), "{broken:?}");
        let unknown = parse_error("<style>\np { color: red }\n</style>\n\n<p>{{ titel }}</p>\n");
        assert_eq!(unknown.line, Some(5));
        assert!(unknown.message.contains("undefined name"), "{unknown:?}");
        let hidden = parse_error("<p>{{ title }}</p>\n{% if logo %}{{ titel }}{% endif %}");
        assert_eq!(hidden.line, Some(2), "optional fields are tried too");
        let css = parse_error(
            "<p>{{ title }}</p>\n<style>\n.a { color: red }\n.b { color: no-such-colour }\n</style>",
        );
        assert_eq!(css.line, Some(4), "{css:?}");
        assert!(css.message.starts_with("has a style sheet"), "{css:?}");
        let filter = parse_error("{{ title | nonsense }}");
        assert!(filter.message.len() < 300, "{filter:?}");
        let sizes = parse_error("\n<meta name=\"title-sizes\" content=\"96 huge\">");
        assert_eq!(sizes.line, Some(2));
        let endless = parse_error(
            "{% for a in range(9999) %}{% for b in range(9999) %}x{% endfor %}{% endfor %}",
        );
        assert_eq!(endless.message, "takes too many steps to render");
    }

    #[test]
    fn fields_are_escaped() {
        let template = CardTemplate::parse("<p>{{ title }}</p>").expect("a template");
        let text = CardText {
            title: "<b> & \"c\"".into(),
            ..CardText::sample_text(true)
        };
        let html = template
            .render_html(&TemplateFields {
                text: &text,
                cover: "",
                logo: "",
            })
            .expect("filled");
        assert_eq!(html, "<p>&lt;b&gt; &amp; &quot;c&quot;</p>");
    }

    #[test]
    fn style_sheets_are_split_from_html() {
        let (html, css) =
            split_style_sheets("a<STYLE media=x>.b{}</STYLE>c\n<style>\n.d{}</style>e");
        assert_eq!(html, "ac\n\ne");
        assert_eq!(css, ".b{}\n\n.d{}");
    }

    #[test]
    fn template_can_set_title_sizes() {
        let template = CardTemplate::parse("<meta name=\"title-sizes\" content=\"40 90 60\">")
            .expect("a template");
        assert_eq!(template.title_sizes, [90, 60, 40]);
    }
}
