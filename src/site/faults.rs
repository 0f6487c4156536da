//! What is wrong between posts into findings.

use super::contest::Loss;
use crate::finding::{Finding, Rule, Severity};
use crate::post::{Post, StrayDate};

/// The address or the id is another's.
pub(super) fn address(post: &Post, loss: &Loss) -> Finding {
    let (claim, rule, what) = match loss.claim {
        0 => (&*post.permalink.url, Rule::DuplicatePermalink, "permalink"),
        _ => (post.id(), Rule::DuplicateId, "id"),
    };
    let owner = &loss.owner;
    let message =
        format!("the {what} `{claim}` is that of `{owner}` already, so this post is not published");
    let hint = "give one of the two another address, or hide one";
    Finding {
        line: post.permalink.line(),
        ..finding(post, Severity::Error, rule, message, hint)
    }
}

/// The card's path is another's.
pub(super) fn card(post: &Post, owner: &str) -> Finding {
    let path = post.permalink.path();
    let message = format!("the card at `{path}` is that of {owner} already, so this post has none");
    let hint = "give one of the two another path";
    Finding {
        line: post.permalink.line(),
        ..finding(post, Severity::Warning, Rule::DuplicateCard, message, hint)
    }
}

/// A former address is another's.
pub(super) fn alias(post: &Post, alias: &str, owner: &str) -> Finding {
    let message = format!("the former address `{alias}` is that of {owner}");
    let hint = "take it out of the aliases of one of the two";
    finding(post, Severity::Warning, Rule::DuplicateAlias, message, hint)
}

/// The last change is dated ahead.
pub(super) fn ahead(post: &Post) -> Finding {
    let message = "the date of the last change lies ahead and counts from then on".to_owned();
    let hint = "write the date of the change";
    finding(post, Severity::Warning, Rule::FutureUpdate, message, hint)
}

/// A date that would limit the post if its field were one that does: one of a beginning ahead, or of an end past.
pub(super) fn stray_date(post: &Post, date: &StrayDate) -> Finding {
    let (is, key, example) = if date.is_end {
        ("past", "expires", "expiryDate")
    } else {
        ("ahead", "publish_date", "publishDate")
    };
    let field = &date.field;
    let message = format!("`{field}` is {is}, and does not limit when the post is shown");
    let hint =
        format!("if it should, write `{example}`, or name the field in `content.fields.{key}`");
    Finding {
        line: Some(date.line),
        ..finding(post, Severity::Warning, Rule::StrayMarker, message, &hint)
    }
}

fn finding(post: &Post, severity: Severity, rule: Rule, message: String, hint: &str) -> Finding {
    Finding {
        file: post.path.to_string(),
        line: None,
        mark: None,
        severity,
        rule,
        message,
        hint: hint.to_owned(),
    }
}
