//! Converts the permalink patterns of generators and CMSs to those of `site.permalinks`.

use super::setting::is_valid_permalink_pattern;

/// Permalink pattern that courant supports.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct PermalinkPattern {
    /// Pattern as `site.permalinks` accepts it.
    pub(crate) text: String,
    /// Parts of the original that are replaced by an approximation.
    pub(crate) approximated: Vec<String>,
}

/// Converts `/:year/:title/`. For the name of a part, `replacements` returns possible ones, the
/// best first.
///
/// # Errors
/// The part that has no replacement.
pub(crate) fn from_colon_syntax(
    pattern: &str,
    replacements: impl Fn(&str) -> Vec<&'static str>,
) -> Result<PermalinkPattern, String> {
    let mut made = PermalinkPattern {
        text: "/".to_owned(),
        approximated: Vec::new(),
    };
    let mut rest = pattern;
    while let Some((literal, after)) = rest.split_once(':') {
        made.text.push_str(literal);
        let end = after.find(|c: char| !c.is_ascii_alphanumeric() && c != '_');
        let (name, mut next) = after.split_at(end.unwrap_or(after.len()));
        // Hugo's slices of a list, such as `:sections[1:]`, are not supported.
        if next.starts_with('[') {
            next = next.split_once(']').map_or("", |(_, next)| next);
            return Err(format!(":{}", after.strip_suffix(next).unwrap_or(after)));
        }
        made.push_part(&format!(":{name}"), &replacements(name))?;
        rest = next;
    }
    made.text.push_str(rest);
    Ok(made.collapse_slashes())
}

/// Converts `/{{ year }}/{{ slug }}/`, or a pattern with other brackets. `replacements` is called with
/// the text in the brackets.
///
/// # Errors
/// The part that has no replacement.
pub(crate) fn from_bracket_syntax<S: AsRef<str>>(
    pattern: &str,
    (open, close): (&str, &str),
    replacements: impl Fn(&str) -> Vec<S>,
) -> Result<PermalinkPattern, String> {
    let mut made = PermalinkPattern {
        text: "/".to_owned(),
        approximated: Vec::new(),
    };
    let mut rest = pattern;
    while let Some((literal, after)) = rest.split_once(open) {
        made.text.push_str(literal);
        let (inside, next) = after.split_once(close).ok_or_else(|| rest.to_owned())?;
        made.push_part(
            &format!("{open}{inside}{close}"),
            &replacements(inside.trim()),
        )?;
        rest = next;
    }
    made.text.push_str(rest);
    Ok(made.collapse_slashes())
}

/// Parts of a date that most generators name as courant does.
const DATE_PARTS: [&str; 8] = [
    ":year", ":month", ":day", ":i_month", ":i_day", ":hour", ":minute", ":second",
];

/// Returns the part of a date that has the same name here.
pub(crate) fn date_parts_named(name: &str) -> Vec<&'static str> {
    let mut parts = DATE_PARTS.to_vec();
    parts.retain(|part| part.strip_prefix(':') == Some(name));
    parts
}

/// Codes of date formats, with the part for each; longer ones come first.
const DATE_CODES: [(&str, &str); 22] = [
    ("%Y", ":year"),
    ("%y", ":short_year"),
    ("%j", ":y_day"),
    ("%H", ":hour"),
    ("%M", ":minute"),
    ("%S", ":second"),
    ("%-m", ":i_month"),
    ("%m", ":month"),
    ("%-d", ":i_day"),
    ("%d", ":day"),
    ("yyyy", ":year"),
    ("YYYY", ":year"),
    ("MM", ":month"),
    ("LL", ":month"),
    ("dd", ":day"),
    ("DD", ":day"),
    ("yy", ":short_year"),
    ("YY", ":short_year"),
    ("M", ":i_month"),
    ("L", ":i_month"),
    ("d", ":i_day"),
    ("D", ":i_day"),
];

/// Converts an expression of a script or template that every generator may have: `_.kebabCase(post.title)`,
/// `page.date | date: '%Y/%m'`, `post.data.date.getFullYear()`.
pub(crate) fn from_expression(expression: &str) -> Option<String> {
    let value = expression.split('|').next().unwrap_or_default().trim();
    let call = value
        .strip_suffix(')')
        .and_then(|call| call.split_once('('));
    let value = match call {
        Some((function, inside)) if function.contains("slug") || function.contains("Case") => {
            inside
        }
        _ => value,
    };
    if expression.contains("||") || expression.contains('?') {
        return None;
    }
    match value.rsplit('.').next() {
        Some(_) if value.contains('+') => {
            from_date_expression(&expression.replace(char::is_whitespace, ""))
        }
        Some("title") => Some(":title".to_owned()),
        Some("category") => Some(":category".to_owned()),
        Some("slug") => Some(":slug".to_owned()),
        _ => from_date_expression(&expression.replace(char::is_whitespace, "")),
    }
}

fn from_date_expression(expression: &str) -> Option<String> {
    let is_padded = expression.contains(".padStart(2");
    let part = match expression.split("get").nth(1) {
        // Two calls in one expression are more than one part.
        _ if expression.matches(".get").count() > 1 => return None,
        Some(call) if call.contains("FullYear()") => ":year",
        Some(call) if call.contains("Month()+1") && is_padded => ":month",
        Some(call) if call.contains("Month()+1") => ":i_month",
        Some(call) if call.contains("Date()") && is_padded => ":day",
        Some(call) if call.contains("Date()") => ":i_day",
        _ => {
            let (value, format) = expression.split_once(['"', '\''])?;
            let format = format.split(['"', '\'']).next()?;
            return from_date_format(format).filter(|_| value.to_lowercase().contains("date"));
        }
    };
    Some(part.to_owned())
}

/// Converts a date format of strftime, Luxon or Day.js; `None` if it holds anything but numbers.
pub(crate) fn from_date_format(format: &str) -> Option<String> {
    let mut pattern = String::new();
    let mut rest = format;
    while let Some(first) = rest.chars().next() {
        let mut codes = DATE_CODES.iter();
        if let Some((next, part)) =
            codes.find_map(|(code, part)| Some((rest.strip_prefix(code)?, part)))
        {
            pattern.push_str(part);
            rest = next;
        } else if first.is_alphanumeric() || first == '%' {
            return None;
        } else {
            pattern.push(first);
            rest = rest.strip_prefix(first)?;
        }
    }
    Some(pattern)
}

impl PermalinkPattern {
    fn push_part<S: AsRef<str>>(&mut self, written: &str, choices: &[S]) -> Result<(), String> {
        let mut choices = choices.iter().map(AsRef::as_ref).enumerate();
        let found = choices.find(|(_, choice)| {
            !choice.contains(':') || is_valid_permalink_pattern(&format!("/{choice}/"))
        });
        let Some((at, choice)) = found else {
            return Err(written.to_owned());
        };
        if at != 0 {
            self.approximated.push(written.to_owned());
        }
        self.text.push_str(choice);
        Ok(())
    }

    /// Collapses repeated slashes, which empty parts leave.
    fn collapse_slashes(mut self) -> PermalinkPattern {
        while self.text.contains("//") {
            self.text = self.text.replace("//", "/");
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn replacements(name: &str) -> Vec<&'static str> {
        match name {
            "title" => vec![":slug"],
            "year" => vec![":year"],
            "best" => vec![":unheard", ":slug"],
            "nothing" => vec![""],
            _ => Vec::new(),
        }
    }

    #[test]
    fn parts_are_converted_and_literals_stay() {
        let made = from_colon_syntax("blog/:year/:nothing/:title.html", replacements).unwrap();
        assert_eq!(
            (made.text.as_str(), made.approximated.len()),
            ("/blog/:year/:slug.html", 0)
        );
        for (pattern, brackets) in [
            ("/b/{{ title }}/", ("{{", "}}")),
            ("b/${title}/", ("${", "}")),
            ("/b/[title]/", ("[", "]")),
        ] {
            let made = from_bracket_syntax(pattern, brackets, replacements).unwrap();
            assert_eq!(made.text, "/b/:slug/");
        }
    }

    #[test]
    fn expressions_are_converted() {
        for (expression, expected) in [
            ("title | slugify", Some(":title")),
            ("this.slugify(data.title)", Some(":title")),
            ("_.kebabCase(node.frontmatter.title)", Some(":title")),
            ("node.frontmatter.slug", Some(":slug")),
            ("post.data.category", Some(":category")),
            ("node.frontmatter.slug || name", None),
            ("page.date | date: '%Y/%m/%d'", Some(":year/:month/:day")),
            (
                "page.date | date(\"yyyy/LL/dd\")",
                Some(":year/:month/:day"),
            ),
            (
                "page.date | dateFilter('YYYY-M-D')",
                Some(":year-:i_month-:i_day"),
            ),
            ("post.data.date.getFullYear()", Some(":year")),
            (
                "String(date.getUTCMonth() + 1).padStart(2, '0')",
                Some(":month"),
            ),
            ("(d.getMonth() + 1).toString()", Some(":i_month")),
            ("d.getDate()", Some(":i_day")),
            ("String(d.getDate()).padStart(2, \"0\")", Some(":day")),
            ("page.date | date: '%B'", None),
            ("d.getMonth()", None),
            ("`${d.getFullYear()}-${d.getDate()}`", None),
            ("number", None),
        ] {
            assert_eq!(
                from_expression(expression).as_deref(),
                expected,
                "{expression}"
            );
        }
    }

    #[test]
    fn unsupported_parts_are_approximated_or_named() {
        assert_eq!(
            from_colon_syntax("/:best/", replacements)
                .unwrap()
                .approximated,
            [":best"]
        );
        assert_eq!(
            from_colon_syntax("/:year/:week/", replacements),
            Err(":week".to_owned())
        );
        assert_eq!(
            from_colon_syntax("/:year[1:]/x", replacements),
            Err(":year[1:]".to_owned())
        );
        assert_eq!(
            from_bracket_syntax("/{{ page.date }}/", ("{{", "}}"), replacements),
            Err("{{ page.date }}".to_owned())
        );
        assert!(from_bracket_syntax("/{{ title", ("{{", "}}"), replacements).is_err());
    }
}
