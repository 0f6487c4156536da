//! Builds findings on conflicts between posts and on dates that have no effect.

use super::KeyConflict;
use crate::model::finding::{Finding, Rule, Severity};
use crate::model::post::{Post, StrayDate};

/// Reports a permalink or id that another post uses.
pub(crate) fn report_duplicate_address(post: &Post, conflict: &KeyConflict) -> Finding {
    let (key, rule, what) = match conflict.key_index {
        0 => (&*post.permalink.url, Rule::DuplicatePermalink, "permalink"),
        _ => (post.id(), Rule::DuplicateId, "id"),
    };
    let owner = &conflict.winner_path;
    let message =
        format!("the {what} `{key}` is already used by `{owner}`, so this post is not published");
    let hint = format!("change the {what} of one of the two posts, or hide one");
    Finding {
        line: post.permalink.field_line(),
        ..build_finding(post, Severity::Error, rule, message, &hint)
    }
}

/// Reports a card path that another post or the site uses.
pub(crate) fn report_duplicate_card(post: &Post, owner: &str) -> Finding {
    let path = post.permalink.url_path();
    let message = format!("the card at `{path}` is already used by {owner}, so this post has none");
    let hint = "give one of the two a different path";
    Finding {
        line: post.permalink.field_line(),
        ..build_finding(post, Severity::Warning, Rule::DuplicateCard, message, hint)
    }
}

/// Reports an alias that is a path or alias of another post.
pub(crate) fn report_duplicate_alias(post: &Post, alias: &str, owner: &str) -> Finding {
    let message = format!("the alias `{alias}` is already used by {owner}");
    let hint = "remove it from the aliases of this post, or change the other one";
    build_finding(post, Severity::Warning, Rule::DuplicateAlias, message, hint)
}

/// Reports a modification date in the future.
pub(crate) fn report_future_update(post: &Post) -> Finding {
    let message = "the modification date is in the future and is ignored until then".to_owned();
    let hint = "write the date of the last change";
    build_finding(post, Severity::Warning, Rule::FutureUpdate, message, hint)
}

/// Reports a date that would hide the post if its field had an effect: a beginning in the future or
/// an end in the past.
pub(crate) fn report_stray_date(post: &Post, date: &StrayDate) -> Finding {
    let (tense, key, example) = if date.is_end {
        ("past", "expires", "expiryDate")
    } else {
        ("future", "publish_date", "publishDate")
    };
    let field = &date.field;
    let message = format!("`{field}` is in the {tense}, but does not limit when the post is shown");
    let hint =
        format!("if it should, use `{example}`, or list the field in `content.fields.{key}`");
    Finding {
        line: Some(date.line),
        ..build_finding(post, Severity::Warning, Rule::StrayMarker, message, &hint)
    }
}

fn build_finding(
    post: &Post,
    severity: Severity,
    rule: Rule,
    message: String,
    hint: &str,
) -> Finding {
    Finding {
        file: post.path.to_string(),
        line: None,
        highlight: None,
        severity,
        rule,
        message,
        hint: hint.to_owned(),
    }
}
