//! Removes template sections that are for some readers only: `{% private %}`, `{% if page.private %}`, `{{#private}}`.

use super::body_cursor::BodyCursor;
use super::element::is_locked_name;
use super::removed::RemovalReason;
use super::template_tag::{self, TagSyntax, TemplateTag};

/// Open template conditions.
#[derive(Default)]
pub(super) struct OpenConditions<'a> {
    /// Name, and true if the `else` branch is for some readers only.
    open: Vec<(&'a str, bool)>,
}

impl<'a> OpenConditions<'a> {
    /// Opens a condition. Returns true, and opens none, if its branch is for some readers only.
    fn begin_condition(&mut self, name: &'a str, condition: &str) -> bool {
        let has_lock = has_locked_name(condition);
        if has_lock && !is_for_all_readers(name, condition) {
            return true;
        }
        self.open.push((name, has_lock));
        false
    }

    /// Enters the next branch of the open condition; `condition` is empty for `else`. If that branch is for some
    /// readers only, closes the condition and returns its name.
    fn enter_next_branch(&mut self, condition: &str) -> Option<&'a str> {
        let (name, is_else_locked) = self.open.pop()?;
        let has_lock = has_locked_name(condition);
        let is_locked = has_lock && !is_for_all_readers("if", condition);
        if is_locked || is_else_locked {
            return Some(name);
        }
        self.open.push((name, has_lock));
        None
    }

    /// Returns true if a condition is open.
    pub(super) fn is_any_open(&self) -> bool {
        !self.open.is_empty()
    }

    fn end_condition(&mut self) {
        self.open.pop();
    }
}

/// Removes the section that a template tag begins if it is locked. Returns true if it was removed.
pub(super) fn remove_template_section<'a>(
    cursor: &mut BodyCursor<'_>,
    conditions: &mut OpenConditions<'a>,
    tag: &TemplateTag<'a>,
    begin: usize,
) -> bool {
    let written = cursor.body.get(begin..cursor.position).unwrap_or_default();
    let is_comment = tag.name.eq_ignore_ascii_case("comment");
    let arguments = || {
        let at = written.find(tag.name).map(|at| at + tag.name.len());
        let arguments = at.and_then(|at| written.get(at..)).unwrap_or_default();
        arguments.trim_end_matches(['}', '%', '-', '~']).trim()
    };
    let mut name = tag.name;
    let is_locked = match (tag.syntax, tag.name) {
        (TagSyntax::Expression, _) => false,
        (TagSyntax::Statement, "if" | "unless") => conditions.begin_condition(name, arguments()),
        (TagSyntax::Statement, "else" | "elsif" | "elif" | "elseif") => {
            let locked = conditions.enter_next_branch(arguments());
            name = locked.unwrap_or(name);
            locked.is_some()
        }
        (TagSyntax::Statement, "endif" | "endunless") => {
            conditions.end_condition();
            false
        }
        // The macro, filter or block has its name in the arguments.
        (TagSyntax::Statement, "call" | "filter" | "block") => {
            let mut outside_quotes = arguments().split(['"', '\'']).step_by(2);
            outside_quotes.any(has_locked_name)
        }
        _ => is_comment || is_locked_name(tag.name.trim_end_matches(".html")),
    };
    if !is_locked || tag.is_closing || tag.is_self_closing {
        return false;
    }
    match template_tag::section_length(name, written.contains('('), cursor.remaining_text()) {
        Some(length) => {
            cursor.position += length;
            if !is_comment {
                cursor.record_removal(tag.display_name(), begin, RemovalReason::Locked);
            }
        }
        None => cursor.remove_rest(tag.display_name(), begin),
    }
    true
}

/// Removes the section that a Handlebars tag begins if it is locked. Returns true if it was removed.
pub(super) fn remove_handlebars_section<'a>(
    cursor: &mut BodyCursor<'_>,
    conditions: &mut OpenConditions<'a>,
    rest: &'a str,
) -> bool {
    let tag = template_tag::parse_block_tag(rest, |end, from| cursor.find_delimiter(end, from));
    let Some(tag) = tag else {
        return false;
    };
    let mut name = tag.name;
    let is_locked = match (tag.mark, tag.name) {
        ('#', "if" | "unless") => conditions.begin_condition(name, tag.arguments),
        ('#', _) => is_locked_name(name),
        ('^', _) => {
            let locked = conditions.enter_next_branch(tag.arguments);
            name = locked.unwrap_or(name);
            locked.is_some()
        }
        (_, "if" | "unless") => {
            conditions.end_condition();
            false
        }
        _ => false,
    };
    if !is_locked {
        return false;
    }
    let begin = cursor.position;
    cursor.position += tag.length;
    let shown = rest.get(..tag.length).unwrap_or_default();
    let shown: String = shown.chars().take(40).collect();
    match template_tag::block_length(name, cursor.remaining_text()) {
        Some(length) => {
            cursor.position += length;
            cursor.record_removal(shown, begin, RemovalReason::Locked);
        }
        None => cursor.remove_rest(shown, begin),
    }
    true
}

/// Returns true if a condition has a locked name in it.
fn has_locked_name(condition: &str) -> bool {
    condition
        .split(|c: char| !c.is_alphanumeric() && !matches!(c, '_' | '-'))
        .any(is_locked_name)
}

/// Returns true if all readers see the branch of a condition with a locked name, because the name is negated.
/// Returns false in doubt.
fn is_for_all_readers(name: &str, condition: &str) -> bool {
    let condition = condition.replace("&&", " and ").replace("||", " or ");
    let words: Vec<&str> = condition.split_whitespace().collect();
    let has_sign = condition.contains(['=', '!', '(', '<', '>']);
    if name == "unless" {
        return !has_sign && !words.contains(&"and") && !words.contains(&"not");
    }
    let mut parts = words.split(|word| *word == "and");
    !words.contains(&"or")
        && parts.all(|part| is_negated(part) || !has_locked_name(&part.join(" ")))
}

/// Returns true if a part of a condition is the negation of one name.
fn is_negated(words: &[&str]) -> bool {
    let is_plain = |text: &str| !text.contains(['=', '!', '(', '<', '>']);
    match words {
        ["not", name] => is_plain(name),
        [name] => name.strip_prefix('!').is_some_and(is_plain),
        [name, "==", "false"] | [name, "!=", "true"] => is_plain(name),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn negated_conditions_are_for_all_readers() {
        for (name, condition) in [
            ("if", "not draft"),
            ("if", "!page.private"),
            ("if", "page.draft != true"),
            ("if", "page.draft == false and not page.hidden && site.open"),
            ("unless", "draft"),
            ("unless", "draft or page.private"),
        ] {
            assert!(has_locked_name(condition), "{condition}");
            assert!(is_for_all_readers(name, condition), "{name} {condition}");
        }
        for (name, condition) in [
            ("if", "draft"),
            ("if", "not draft or preview"),
            ("if", "not (draft and old)"),
            ("if", "!!draft"),
            ("if", "not draft == false"),
            ("if", "not draft and private"),
            ("unless", "not private"),
            ("unless", "draft and old"),
            ("unless", "draft == false"),
        ] {
            assert!(has_locked_name(condition), "{condition}");
            assert!(!is_for_all_readers(name, condition), "{name} {condition}");
        }
    }
}
