//! Leaves out what templates show to some readers only: `{% private %}`, `{% if page.private %}`, `{{#private}}`.

use super::Scan;
use super::element::is_locked_name;
use super::left_out::Reason;
use super::tag::{self, Form, Tag};

impl<'a> Scan<'a, '_> {
    /// Leaves out the section that a template's tag begins; whether it locks anything.
    pub(super) fn section_of_template(&mut self, tag: &Tag<'a>, begin: usize) -> bool {
        let written = self.body.get(begin..self.at).unwrap_or_default();
        let is_comment = tag.name.eq_ignore_ascii_case("comment");
        let arguments = || {
            let at = written.find(tag.name).map(|at| at + tag.name.len());
            let arguments = at.and_then(|at| written.get(at..)).unwrap_or_default();
            arguments.trim_end_matches(['}', '%', '-', '~']).trim()
        };
        let mut name = tag.name;
        let is_locked = match (tag.form, tag.name) {
            (Form::Expression, _) => false,
            (Form::Statement, "if" | "unless") => self.begin_condition(name, arguments()),
            (Form::Statement, "else" | "elsif" | "elif" | "elseif") => {
                let locked = self.next_condition(arguments());
                name = locked.unwrap_or(name);
                locked.is_some()
            }
            (Form::Statement, "endif" | "endunless") => {
                self.conditions.pop();
                false
            }
            // What is called, defined or filtered is named behind the tag's own name.
            (Form::Statement, "call" | "filter" | "block") => {
                let mut outside_quotes = arguments().split(['"', '\'']).step_by(2);
                outside_quotes.any(has_lock)
            }
            _ => is_comment || is_locked_name(tag.name.trim_end_matches(".html")),
        };
        if !is_locked || tag.is_closing || tag.is_alone {
            return false;
        }
        match tag::section_length(name, written.contains('('), self.rest()) {
            Some(length) => {
                self.at += length;
                if !is_comment {
                    self.leave_out(tag.shown(), begin, Reason::Locked);
                }
            }
            None => self.leave_out_rest(tag.shown(), begin),
        }
        true
    }

    /// Leaves out the section that a tag of Handlebars begins; whether it locks anything.
    pub(super) fn section_of_block(&mut self, rest: &'a str) -> bool {
        let Some(tag) = tag::block_tag(rest) else {
            return false;
        };
        let mut name = tag.name;
        let is_locked = match (tag.mark, tag.name) {
            ('#', "if" | "unless") => self.begin_condition(name, tag.arguments),
            ('#', _) => is_locked_name(name),
            ('^', _) => {
                let locked = self.next_condition(tag.arguments);
                name = locked.unwrap_or(name);
                locked.is_some()
            }
            (_, "if" | "unless") => {
                self.conditions.pop();
                false
            }
            _ => false,
        };
        if !is_locked {
            return false;
        }
        let begin = self.at;
        self.at += tag.length;
        let shown = rest.get(..tag.length).unwrap_or_default();
        let shown: String = shown.chars().take(40).collect();
        match tag::block_length(name, self.rest()) {
            Some(length) => {
                self.at += length;
                self.leave_out(shown, begin, Reason::Locked);
            }
            None => self.leave_out_rest(shown, begin),
        }
        true
    }

    /// Opens a condition, unless what stands under it is for some readers only, which is told.
    fn begin_condition(&mut self, name: &'a str, condition: &str) -> bool {
        let has_lock = has_lock(condition);
        if has_lock && !is_for_all(name, condition) {
            return true;
        }
        self.conditions.push((name, has_lock));
        false
    }

    /// Goes on to the other part of the condition that is open, which has a condition of its own or none. If that
    /// is for some readers only, the condition is closed, and its name given.
    fn next_condition(&mut self, condition: &str) -> Option<&'a str> {
        let (name, is_other_locked) = self.conditions.pop()?;
        let has_lock = has_lock(condition);
        let is_locked = has_lock && !is_for_all("if", condition);
        if is_locked || is_other_locked {
            return Some(name);
        }
        self.conditions.push((name, has_lock));
        None
    }
}

/// Whether a condition has a word that locks.
fn has_lock(condition: &str) -> bool {
    condition
        .split(|c: char| !c.is_alphanumeric() && !matches!(c, '_' | '-'))
        .any(is_locked_name)
}

/// Whether all readers see what stands under a condition with a lock in it, as it asks for there being none. One
/// that is not surely so is for some.
fn is_for_all(name: &str, condition: &str) -> bool {
    let condition = condition.replace("&&", " and ").replace("||", " or ");
    let words: Vec<&str> = condition.split_whitespace().collect();
    let has_sign = condition.contains(['=', '!', '(', '<', '>']);
    if name == "unless" {
        return !has_sign && !words.contains(&"and") && !words.contains(&"not");
    }
    let mut parts = words.split(|word| *word == "and");
    !words.contains(&"or") && parts.all(|part| is_negated(part) || !has_lock(&part.join(" ")))
}

/// Whether a part of a condition asks for one thing not to be so.
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
    fn conditions_that_ask_for_no_lock_are_for_all() {
        for (name, condition) in [
            ("if", "not draft"),
            ("if", "!page.private"),
            ("if", "page.draft != true"),
            ("if", "page.draft == false and not page.hidden && site.open"),
            ("unless", "draft"),
            ("unless", "draft or page.private"),
        ] {
            assert!(has_lock(condition), "{condition}");
            assert!(is_for_all(name, condition), "{name} {condition}");
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
            assert!(has_lock(condition), "{condition}");
            assert!(!is_for_all(name, condition), "{name} {condition}");
        }
    }
}
