//! A template of a card, HTML with places to fill in, into the HTML of one card.
//!
//! A template is a file that a web designer edits: Jinja's syntax for the places, CSS in `style`
//! elements. The style sheet is parsed once, so what differs from card to card reaches it as custom
//! properties. `docs/cards.md` is the reference. The only file that names the `minijinja` crate.

use minijinja::value::Serde;
use minijinja::{AutoEscape, Environment, ErrorKind, UndefinedBehavior};
use serde::Serialize;

use super::CardText;
use super::canvas::Sheet;
use crate::fingerprint;
use crate::text::cut;

/// The sizes of a title in pixels, the largest first, where the template names none.
const SIZES: [u16; 12] = [124, 110, 96, 88, 80, 72, 66, 60, 54, 48, 43, 38];
/// How much a template may compute: a thousand times what the built-in ones do.
const FUEL: u64 = 200_000;
const NAME: &str = "card.html";

/// A template that parses.
#[derive(Clone)]
pub struct Template {
    environment: Environment<'static>,
    pub(super) sheet: Sheet,
    pub(super) sizes: Vec<u16>,
    /// Changes when the text does.
    pub fingerprint: String,
}

/// What is wrong with a template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TemplateFault {
    /// The line, counted from 1, where it is known.
    pub line: Option<usize>,
    /// What is wrong.
    pub message: String,
    /// What to do about it.
    pub hint: &'static str,
}

/// What a template fills in: see `docs/cards.md`.
#[derive(Debug, Serialize)]
pub(super) struct Fields<'a> {
    #[serde(flatten)]
    pub(super) text: &'a CardText,
    /// What the cover is called in `src`, empty without one.
    pub(super) cover: &'a str,
    /// What the logo is called in `src`, empty without one.
    pub(super) logo: &'a str,
}

impl std::fmt::Debug for Template {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Template").field(&self.fingerprint).finish()
    }
}

impl Template {
    /// Parses a template and tries it.
    ///
    /// # Errors
    /// The template, or a style sheet in it, does not parse, or fills in what is not there.
    pub fn parse(text: &str) -> Result<Template, TemplateFault> {
        let (html, css) = split(text);
        let mut environment = Environment::new();
        environment.set_auto_escape_callback(|_| AutoEscape::Html);
        environment.set_undefined_behavior(UndefinedBehavior::Strict);
        environment.set_fuel(Some(FUEL));
        environment
            .add_template_owned(NAME, html)
            .map_err(|error| of_jinja(&error))?;
        let sheet = Sheet::parse(&css).map_err(|(message, at)| TemplateFault {
            // The style sheets stand on the lines that they have in the file.
            line: at.map(|at| css.get(..at).unwrap_or_default().matches('\n').count() + 1),
            message: format!("has a style sheet that does not parse: {message}"),
            hint: "docs/cards.md says what the renderer knows of CSS",
        })?;
        let template = Template {
            environment,
            sheet,
            sizes: sizes(text)?,
            fingerprint: fingerprint::hex(text.as_bytes()),
        };
        for text in [CardText::sample(true), CardText::sample(false)] {
            for name in ["", "picture"] {
                let fields = Fields {
                    text: &text,
                    cover: name,
                    logo: name,
                };
                template.fill(&fields).map_err(|error| of_jinja(&error))?;
            }
        }
        Ok(template)
    }

    /// The HTML of one card.
    pub(super) fn fill(&self, fields: &Fields<'_>) -> Result<String, minijinja::Error> {
        self.environment.get_template(NAME)?.render(Serde(fields))
    }
}

fn of_jinja(error: &minijinja::Error) -> TemplateFault {
    let detail = error
        .detail()
        .map_or_else(|| error.kind().to_string(), str::to_owned);
    let (message, hint) = match error.kind() {
        ErrorKind::UndefinedError => (
            format!("fills in what is not there: {detail}"),
            "docs/cards.md lists the names that a template can fill in",
        ),
        ErrorKind::OutOfFuel => (
            "computes without end".to_owned(),
            "a template has a few loops over a few authors or categories",
        ),
        ErrorKind::SyntaxError => (
            format!("does not parse: {detail}"),
            "places are `{{ title }}`, conditions `{% if category %}…{% endif %}`",
        ),
        _ => (
            format!("cannot be filled in: {detail}"),
            "docs/cards.md says what places hold",
        ),
    };
    TemplateFault {
        line: error.line(),
        message,
        hint,
    }
}

/// The template without its style sheets, and the style sheets without the template: each with
/// empty lines where the other was, so that lines keep their numbers.
fn split(text: &str) -> (String, String) {
    let lower = text.to_ascii_lowercase();
    let (mut html, mut css) = (String::new(), String::new());
    let lines = |part: &str| "\n".repeat(part.matches('\n').count());
    let mut at = 0;
    while let Some(opened) = find(&lower, at, "<style") {
        let Some(inner) = find(&lower, opened, ">").map(|end| end + 1) else {
            break;
        };
        let closed = find(&lower, inner, "</style").unwrap_or(text.len());
        let after = find(&lower, closed, ">").map_or(text.len(), |end| end + 1);
        let part = |from: usize, to: usize| text.get(from..to).unwrap_or_default();
        html.push_str(part(at, opened));
        html.push_str(&lines(part(opened, after)));
        css.push_str(&lines(part(at, inner)));
        css.push_str(part(inner, closed));
        css.push_str(&lines(part(closed, after)));
        at = after;
    }
    html.push_str(text.get(at..).unwrap_or_default());
    (html, css)
}

fn find(text: &str, from: usize, what: &str) -> Option<usize> {
    Some(from + text.get(from..)?.find(what)?)
}

/// What `<meta name="title-sizes" content="96 72 48">` says.
fn sizes(text: &str) -> Result<Vec<u16>, TemplateFault> {
    const KEY: &str = "name=\"title-sizes\"";
    let Some(at) = text.find(KEY) else {
        return Ok(SIZES.to_vec());
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
        return Err(TemplateFault {
            line: Some(text.get(..at).unwrap_or_default().matches('\n').count() + 1),
            message: format!(
                "names sizes of the title that are none: `{}`",
                cut(written, 60)
            ),
            hint: "write pixels from 8 to 400, such as `<meta name=\"title-sizes\" content=\"96 72 48\">`",
        });
    }
    Ok(sizes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fault(text: &str) -> TemplateFault {
        Template::parse(text).expect_err("a fault")
    }

    #[test]
    fn a_fault_is_told_with_its_line() {
        let broken = fault("<p>a</p>\n<p>{{ title </p>\n");
        assert_eq!(broken.line, Some(2));
        assert!(broken.message.starts_with("does not parse: "), "{broken:?}");
        let unknown = fault("<style>\np { color: red }\n</style>\n\n<p>{{ titel }}</p>\n");
        assert_eq!(unknown.line, Some(5));
        assert!(unknown.message.contains("not there"), "{unknown:?}");
        let hidden = fault("<p>{{ title }}</p>\n{% if logo %}{{ titel }}{% endif %}");
        assert_eq!(
            hidden.line,
            Some(2),
            "what only some cards have is tried too"
        );
        let css = fault(
            "<p>{{ title }}</p>\n<style>\n.a { color: red }\n.b { color: no-such-colour }\n</style>",
        );
        assert_eq!(css.line, Some(4), "{css:?}");
        assert!(css.message.starts_with("has a style sheet"), "{css:?}");
        let filter = fault("{{ title | nonsense }}");
        assert!(filter.message.len() < 300, "{filter:?}");
        let sizes = fault("\n<meta name=\"title-sizes\" content=\"96 huge\">");
        assert_eq!(sizes.line, Some(2));
        let endless =
            fault("{% for a in range(9999) %}{% for b in range(9999) %}x{% endfor %}{% endfor %}");
        assert_eq!(endless.message, "computes without end");
    }

    #[test]
    fn text_is_escaped_where_it_is_filled_in() {
        let template = Template::parse("<p>{{ title }}</p>").expect("a template");
        let text = CardText {
            title: "<b> & \"c\"".into(),
            ..CardText::sample(true)
        };
        let html = template
            .fill(&Fields {
                text: &text,
                cover: "",
                logo: "",
            })
            .expect("filled");
        assert_eq!(html, "<p>&lt;b&gt; &amp; &quot;c&quot;</p>");
    }

    #[test]
    fn style_sheets_are_taken_out_of_the_html() {
        let (html, css) = split("a<STYLE media=x>.b{}</STYLE>c\n<style>\n.d{}</style>e");
        assert_eq!(html, "ac\n\ne");
        assert_eq!(css, ".b{}\n\n.d{}");
    }

    #[test]
    fn a_template_may_name_its_sizes() {
        let template = Template::parse("<meta name=\"title-sizes\" content=\"40 90 60\">")
            .expect("a template");
        assert_eq!(template.sizes, [90, 60, 40]);
    }
}
