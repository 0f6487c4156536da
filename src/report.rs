//! Findings and states into text: for people, for programs, for the logs of a continuous build.
//!
//! Nothing of a post reaches a terminal but as characters that print.

pub mod bar;
pub mod github;
pub mod human;
mod import;
pub mod json;
mod place;
mod printable;
pub mod sarif;
mod summary;

use std::fmt;
use std::path::Path;

use serde::Serialize;

use crate::config::Config;
use crate::finding::{Finding, Severity};
use crate::inspection::Inspection;
use crate::site::visibility::State;
use crate::text::plural;
pub use import::{import, left_out, written};
pub use place::{Located, Places};
pub use printable::line as printable;
pub use summary::{state, summary};

/// Findings to be written, in one form or another.
#[derive(Debug)]
pub struct Report<'a> {
    findings: Vec<&'a Finding>,
    places: Places<'a>,
    /// How many findings there are, shown or not.
    pub counts: Counts,
    /// How many posts are in which state, where they were looked at.
    pub posts: Option<Posts>,
}

/// How many findings there are of each severity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Counts {
    /// Of errors.
    pub errors: usize,
    /// Of warnings.
    pub warnings: usize,
    /// Of notes.
    pub notes: usize,
}

/// How many posts are in each state. A post is in one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Posts {
    /// In every output.
    pub public: usize,
    /// Nowhere, as they say so.
    pub hidden: usize,
    /// Nowhere until their date.
    pub scheduled: usize,
    /// Nowhere since their date.
    pub expired: usize,
    /// In no list.
    pub unlisted: usize,
    /// Nowhere, as another post has their address.
    pub shadowed: usize,
    /// Nowhere, as their file is broken.
    pub broken: usize,
}

impl<'a> Report<'a> {
    /// Findings of any kind. Paths are shown relative to `base` where they are below it.
    pub fn of_findings(config: &'a Config, findings: &'a [Finding], base: &'a Path) -> Report<'a> {
        Report {
            places: Places {
                config: Some(config),
                base,
            },
            ..Report::of_config(findings, base)
        }
    }

    /// What is wrong with a configuration. Paths are shown relative to `base` where they are below it.
    pub fn of_config(findings: &'a [Finding], base: &'a Path) -> Report<'a> {
        Report {
            findings: findings.iter().collect(),
            places: Places { config: None, base },
            counts: Counts::of(findings),
            posts: None,
        }
    }

    /// What is wrong with a site's content. Paths are shown relative to `base` where they are below it.
    pub fn of_content(
        config: &'a Config,
        inspection: &'a Inspection,
        base: &'a Path,
    ) -> Report<'a> {
        Report {
            findings: inspection.findings.iter().collect(),
            places: Places {
                config: Some(config),
                base,
            },
            counts: Counts::of(&inspection.findings),
            posts: Some(Posts::of(inspection)),
        }
    }

    /// Leaves out what is less bad. The counts stay.
    pub fn only(mut self, least: Severity) -> Report<'a> {
        self.findings.retain(|finding| finding.severity <= least);
        self
    }

    /// The findings with their places, each made when it is asked for: a line may be long.
    pub fn located(&self) -> impl Iterator<Item = Located<'a>> {
        self.places.locate(&self.findings)
    }
}

impl Counts {
    fn of(findings: &[Finding]) -> Counts {
        let of = |severity| {
            findings
                .iter()
                .filter(|finding| finding.severity == severity)
                .count()
        };
        Counts {
            errors: of(Severity::Error),
            warnings: of(Severity::Warning),
            notes: of(Severity::Note),
        }
    }

    /// Whether there is anything that bad, or worse.
    pub fn any(&self, least: Severity) -> bool {
        let all = [
            (Severity::Error, self.errors),
            (Severity::Warning, self.warnings),
            (Severity::Note, self.notes),
        ];
        all.iter()
            .any(|(severity, count)| *severity <= least && *count > 0)
    }
}

/// `1 error, 2 warnings`, and the notes where there are any.
impl fmt::Display for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let errors = plural(self.errors, "error");
        write!(f, "{errors}, {}", plural(self.warnings, "warning"))?;
        match self.notes {
            0 => Ok(()),
            notes => write!(f, ", {}", plural(notes, "note")),
        }
    }
}

impl Posts {
    fn of(inspection: &Inspection) -> Posts {
        let mut posts = Posts {
            broken: inspection.library.tally().broken,
            ..Posts::default()
        };
        for verdict in &inspection.judged.verdicts {
            *match verdict.state {
                State::Public => &mut posts.public,
                State::Hidden(_) => &mut posts.hidden,
                State::Scheduled(_) => &mut posts.scheduled,
                State::Expired(_) => &mut posts.expired,
                State::Unlisted(_) => &mut posts.unlisted,
                State::Shadowed { .. } => &mut posts.shadowed,
            } += 1;
        }
        posts
    }

    /// How many there are in all.
    pub fn total(&self) -> usize {
        let nowhere = self.hidden + self.scheduled + self.expired + self.shadowed + self.broken;
        self.public + self.unlisted + nowhere
    }
}
