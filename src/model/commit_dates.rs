//! Holds the dates of the last commits that changed files.

use std::collections::HashMap;

use chrono::{DateTime, Utc};

/// Dates by the path of the file below the content directory.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CommitDates(HashMap<String, DateTime<Utc>>);

impl CommitDates {
    /// Returns the date of a file; `None` if it is in no commit.
    pub fn get(&self, path: &str) -> Option<DateTime<Utc>> {
        self.0.get(path).copied()
    }
}

impl FromIterator<(String, DateTime<Utc>)> for CommitDates {
    fn from_iter<T: IntoIterator<Item = (String, DateTime<Utc>)>>(dates: T) -> CommitDates {
        CommitDates(dates.into_iter().collect())
    }
}
