//! The address pattern of a generator or a CMS into one of `site.permalinks`.

use super::setting::is_pattern;

/// A pattern that posts' addresses can be made of.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Pattern {
    /// As `site.permalinks` takes it.
    pub(super) text: String,
    /// The parts of the original for which the nearest stands that there is.
    pub(super) near: Vec<String>,
}

/// Translates `/:year/:title/`. For each part, `of` gives what may stand for it, the best first.
///
/// # Errors
/// The part that nothing can stand for.
pub(super) fn colons(
    pattern: &str,
    of: impl Fn(&str) -> Vec<&'static str>,
) -> Result<Pattern, String> {
    let mut made = Pattern {
        text: "/".to_owned(),
        near: Vec::new(),
    };
    let mut rest = pattern;
    while let Some((literal, after)) = rest.split_once(':') {
        made.text.push_str(literal);
        let end = after.find(|c: char| !c.is_ascii_alphanumeric() && c != '_');
        let (name, mut next) = after.split_at(end.unwrap_or(after.len()));
        // Hugo takes a part of a list: `:sections[1:]`.
        if next.starts_with('[') {
            next = next.split_once(']').map_or("", |(_, next)| next);
            return Err(format!(":{}", after.strip_suffix(next).unwrap_or(after)));
        }
        made.push(&format!(":{name}"), &of(name))?;
        rest = next;
    }
    made.text.push_str(rest);
    Ok(made.tidy())
}

/// Translates `/{{ year }}/{{ slug }}/`; filters after `|` are left out.
///
/// # Errors
/// The part that nothing can stand for.
pub(super) fn braces(
    pattern: &str,
    of: impl Fn(&str) -> Vec<&'static str>,
) -> Result<Pattern, String> {
    let mut made = Pattern {
        text: "/".to_owned(),
        near: Vec::new(),
    };
    let mut rest = pattern;
    while let Some((literal, after)) = rest.split_once("{{") {
        made.text.push_str(literal);
        let (inside, next) = after.split_once("}}").ok_or_else(|| rest.to_owned())?;
        let name = inside.split('|').next().unwrap_or_default().trim();
        made.push(&format!("{{{{{inside}}}}}"), &of(name))?;
        rest = next;
    }
    made.text.push_str(rest);
    Ok(made.tidy())
}

impl Pattern {
    fn push(&mut self, written: &str, choices: &[&'static str]) -> Result<(), String> {
        let fits = |choice: &&str| !choice.contains(':') || is_pattern(&format!("/{choice}/"));
        let at = choices.iter().position(fits);
        let Some(choice) = at.and_then(|at| choices.get(at)) else {
            return Err(written.to_owned());
        };
        if at != Some(0) {
            self.near.push(written.to_owned());
        }
        self.text.push_str(choice);
        Ok(())
    }

    /// Without the slashes that parts leave which are nothing, or that stand twice.
    fn tidy(mut self) -> Pattern {
        while self.text.contains("//") {
            self.text = self.text.replace("//", "/");
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(name: &str) -> Vec<&'static str> {
        match name {
            "title" => vec![":slug"],
            "year" => vec![":year"],
            "best" => vec![":unheard", ":slug"],
            "nothing" => vec![""],
            _ => Vec::new(),
        }
    }

    #[test]
    fn parts_are_translated_and_what_is_between_them_stays() {
        let made = colons("blog/:year/:nothing/:title.html", of).unwrap();
        assert_eq!(
            (made.text.as_str(), made.near.len()),
            ("/blog/:year/:slug.html", 0)
        );
        let made = braces("/b/{{ title | slugify }}/", of).unwrap();
        assert_eq!(made.text, "/b/:slug/");
    }

    #[test]
    fn what_there_is_not_has_the_nearest_or_is_named() {
        assert_eq!(colons("/:best/", of).unwrap().near, [":best"]);
        assert_eq!(colons("/:year/:week/", of), Err(":week".to_owned()));
        assert_eq!(colons("/:year[1:]/x", of), Err(":year[1:]".to_owned()));
        assert_eq!(
            braces("/{{ page.date }}/", of),
            Err("{{ page.date }}".to_owned())
        );
        assert!(braces("/{{ title", of).is_err());
    }
}
