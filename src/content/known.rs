//! What is known of one file, and how what was read of it takes the place of what was known.

use std::sync::Arc;

use super::broken::Limits;
use super::dialect::is_section;
use super::parse::Parsed;
use super::read::Reading;
use crate::finding::{Finding, Rule, Severity};
use crate::post::{Marker, MarkerKind, Post};
use crate::stamp::Seal;

/// What is known of one file.
#[derive(Debug)]
pub(super) struct Known {
    pub(super) stamp: Option<Seal>,
    pub(super) state: State,
    /// Whether its body was looked at for what is wrong with it.
    pub(super) is_deep: bool,
    /// As it was read.
    pub(super) post: Option<Arc<Post>>,
    /// The same with what the sections above it say, where they say anything.
    pub(super) below: Option<Arc<Post>>,
    /// What the file says of all posts below its directory.
    pub(super) withholds: Box<[Marker]>,
    pub(super) findings: Box<[Finding]>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    Post,
    NoPost,
    /// It has the title and the date of a post, and `content.require` leaves it out.
    NotRequired,
    /// It has no front matter.
    Plain,
    Broken,
}

/// How many files are what.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Tally {
    /// Files that are posts now.
    pub posts: usize,
    /// Files that are broken and nowhere.
    pub broken: usize,
    /// Files that are broken and served as they last parsed.
    pub kept: usize,
    /// Files that are no posts.
    pub others: usize,
    /// Those of them that have a title and a date, and that `content.require` leaves out.
    pub not_required: usize,
}

impl Known {
    /// What is known of a file after it was read.
    pub(super) fn after(before: Option<&Known>, path: &str, reading: Reading) -> Known {
        let Reading {
            stamp,
            parsed,
            is_deep,
        } = reading;
        let last_good = before.and_then(|file| file.post.clone());
        let mut file = match parsed {
            Parsed::Post { post, findings } => {
                // The same post stays the same allocation, so that what is made of it can stay.
                let post = last_good.filter(|last| **last == *post).unwrap_or(post);
                Known {
                    stamp,
                    state: State::Post,
                    is_deep,
                    post: Some(post),
                    below: None,
                    withholds: Box::default(),
                    findings: findings.into(),
                }
            }
            Parsed::Plain { limits, .. } if is_section(path) && limits.hides => {
                broken_section(stamp, Vec::new(), before, &limits, path)
            }
            Parsed::Plain { limits, .. } if last_good.is_some() => {
                let findings = vec![error(
                    path,
                    Rule::FrontMatter,
                    "the front matter is gone".to_owned(),
                    "write it again, or delete the file to withdraw the post",
                )];
                broken_file(stamp, findings, last_good, &limits, path)
            }
            Parsed::Other {
                withholds,
                is_like_post,
                ..
            } => Known {
                withholds: withholds.into(),
                ..no_post(
                    stamp,
                    match is_like_post {
                        true => State::NotRequired,
                        false => State::NoPost,
                    },
                )
            },
            Parsed::Plain { findings, .. } => Known {
                findings: findings.into(),
                ..no_post(stamp, State::Plain)
            },
            Parsed::Broken { findings, limits } if is_section(path) => {
                broken_section(stamp, findings, before, &limits, path)
            }
            Parsed::Broken { findings, limits } => {
                broken_file(stamp, findings, last_good, &limits, path)
            }
        };
        file.findings.sort();
        if let Some(before) = before {
            file.below.clone_from(&before.below);
        }
        file
    }

    /// The post that is judged.
    pub(super) fn published(&self) -> Option<&Arc<Post>> {
        self.below.as_ref().or(self.post.as_ref())
    }
}

impl Tally {
    fn of(&mut self, known: &Known) -> &mut usize {
        match (known.state, &known.post) {
            (State::Post, _) => &mut self.posts,
            (State::NoPost | State::NotRequired | State::Plain, _) => &mut self.others,
            (State::Broken, None) => &mut self.broken,
            (State::Broken, Some(_)) => &mut self.kept,
        }
    }

    pub(super) fn add(&mut self, known: &Known) {
        *self.of(known) += 1;
        self.not_required += usize::from(known.state == State::NotRequired);
    }

    pub(super) fn subtract(&mut self, known: &Known) {
        let count = self.of(known);
        *count = count.saturating_sub(1);
        let not_required = usize::from(known.state == State::NotRequired);
        self.not_required = self.not_required.saturating_sub(not_required);
    }
}

fn broken_file(
    stamp: Option<Seal>,
    mut findings: Vec<Finding>,
    last_good: Option<Arc<Post>>,
    limits: &Limits,
    path: &str,
) -> Known {
    if last_good.is_some() {
        let (severity, rule, message, hint) = if limits.hides {
            (
                Severity::Warning,
                Rule::BrokenAndHidden,
                "the post is withdrawn, as the broken text says that it is hidden",
                "mend the text; it comes back when it parses and is not hidden",
            )
        } else {
            (
                Severity::Warning,
                Rule::LastGoodKept,
                "the post is served as it was before the text broke",
                "mend the text, or delete the file to withdraw the post",
            )
        };
        findings.push(Finding {
            file: path.to_owned(),
            line: None,
            mark: None,
            severity,
            rule,
            message: message.to_owned(),
            hint: hint.to_owned(),
        });
    }
    let post = last_good.filter(|_| !limits.hides);
    let post = post.map(|post| limits.applied_to(post));
    Known {
        stamp,
        state: State::Broken,
        is_deep: false,
        post,
        below: None,
        withholds: Box::default(),
        findings: findings.into(),
    }
}

/// Records a broken file that speaks for all posts below its directory. What it said holds until it can be
/// read; where nothing was known of it, and where the broken text may hide them, they are hidden.
fn broken_section(
    stamp: Option<Seal>,
    mut findings: Vec<Finding>,
    before: Option<&Known>,
    limits: &Limits,
    path: &str,
) -> Known {
    let mut withholds = before.map_or_else(Vec::new, |before| before.withholds.to_vec());
    if withholds.is_empty() && (limits.hides || before.is_none()) {
        withholds.push(Marker {
            field: format!("{path}: draft"),
            value: "may be true".to_owned(),
            line: None,
            kind: MarkerKind::Says,
        });
    }
    if !withholds.is_empty() {
        findings.push(Finding {
            severity: Severity::Warning,
            ..error(
                path,
                Rule::BrokenAndHidden,
                "all posts below this directory are hidden, as the broken text may say that they are"
                    .to_owned(),
                "mend the text; they come back when it parses and does not hide them",
            )
        });
    }
    Known {
        withholds: withholds.into(),
        findings: findings.into(),
        ..no_post(stamp, State::Broken)
    }
}

fn no_post(stamp: Option<Seal>, state: State) -> Known {
    Known {
        stamp,
        state,
        is_deep: false,
        post: None,
        below: None,
        withholds: Box::default(),
        findings: Box::default(),
    }
}

pub(super) fn error(path: &str, rule: Rule, message: String, hint: &str) -> Finding {
    Finding {
        file: path.to_owned(),
        line: None,
        mark: None,
        severity: Severity::Error,
        rule,
        message,
        hint: hint.to_owned(),
    }
}

pub(super) fn warning(
    path: &str,
    rule: Rule,
    line: Option<usize>,
    message: String,
    hint: &str,
) -> Finding {
    Finding {
        line,
        severity: Severity::Warning,
        ..error(path, rule, message, hint)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_known_of_a_file_is_small() {
        assert!(size_of::<Known>() <= 64, "{}", size_of::<Known>());
    }
}
