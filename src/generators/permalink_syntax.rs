//! Converts the permalink patterns of generators and CMSs to those of `site.permalinks`.

use super::setting::is_valid_permalink_pattern;

/// Permalink pattern that courant supports.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct PermalinkPattern {
    /// Pattern as `site.permalinks` accepts it.
    pub(super) text: String,
    /// Parts of the original that are replaced by an approximation.
    pub(super) approximated: Vec<String>,
}

/// Converts `/:year/:title/`. For the name of a part, `replacements` returns possible ones, the
/// best first.
///
/// # Errors
/// The part that has no replacement.
pub(super) fn from_colon_syntax(
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

/// Converts `/{{ year }}/{{ slug }}/`. Filters after `|` are ignored.
///
/// # Errors
/// The part that has no replacement.
pub(super) fn from_brace_syntax(
    pattern: &str,
    replacements: impl Fn(&str) -> Vec<&'static str>,
) -> Result<PermalinkPattern, String> {
    let mut made = PermalinkPattern {
        text: "/".to_owned(),
        approximated: Vec::new(),
    };
    let mut rest = pattern;
    while let Some((literal, after)) = rest.split_once("{{") {
        made.text.push_str(literal);
        let (inside, next) = after.split_once("}}").ok_or_else(|| rest.to_owned())?;
        let name = inside.split('|').next().unwrap_or_default().trim();
        made.push_part(&format!("{{{{{inside}}}}}"), &replacements(name))?;
        rest = next;
    }
    made.text.push_str(rest);
    Ok(made.collapse_slashes())
}

impl PermalinkPattern {
    fn push_part(&mut self, written: &str, choices: &[&'static str]) -> Result<(), String> {
        let at = choices.iter().position(|choice| {
            !choice.contains(':') || is_valid_permalink_pattern(&format!("/{choice}/"))
        });
        let Some(choice) = at.and_then(|at| choices.get(at)) else {
            return Err(written.to_owned());
        };
        if at != Some(0) {
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
        let made = from_brace_syntax("/b/{{ title | slugify }}/", replacements).unwrap();
        assert_eq!(made.text, "/b/:slug/");
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
            from_brace_syntax("/{{ page.date }}/", replacements),
            Err("{{ page.date }}".to_owned())
        );
        assert!(from_brace_syntax("/{{ title", replacements).is_err());
    }
}
