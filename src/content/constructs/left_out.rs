//! Collects what was left out of a body, each name once.

use std::collections::HashMap;
use std::ops::Range;

/// More different names than any site has are not told apart.
const MAX_NAMES: usize = 200;

/// Why something was left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(in crate::content) enum Reason {
    /// Only the generator knows what it shows.
    Unknown,
    /// It was an address that only the generator can resolve. What it was the address of stays.
    Address,
    /// It hides what it encloses, which is left out with it.
    Locked,
    /// It hides what it encloses and has no end, so that all after it is left out too.
    Unclosed,
}

/// A construct that was left out.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::content) struct LeftOut {
    /// How it is called: `{{< name >}}`.
    pub(in crate::content) name: String,
    /// The beginning of the first one as written.
    pub(in crate::content) text: String,
    /// The line of the first one in the body, counted from 0.
    pub(in crate::content) line: usize,
    /// How often it is there.
    pub(in crate::content) times: usize,
    pub(in crate::content) reason: Reason,
}

/// All that was left out, in the order of first sight.
#[derive(Debug, Default)]
pub(super) struct AllLeftOut {
    pub(super) list: Vec<LeftOut>,
    by_name: HashMap<(String, Reason), usize>,
    /// Where in the body lines were counted to, and the line there.
    counted: (usize, usize),
}

impl AllLeftOut {
    /// Adds what stood in a place of the body.
    pub(super) fn add(&mut self, name: String, body: &str, place: Range<usize>, reason: Reason) {
        let key = (name, reason);
        let known = self.by_name.get(&key);
        if let Some(known) = known.and_then(|at| self.list.get_mut(*at)) {
            known.times += 1;
            return;
        }
        // What hides is told of whatever else there is.
        let is_hiding = matches!(reason, Reason::Locked | Reason::Unclosed);
        if self.list.len() >= MAX_NAMES * if is_hiding { 2 } else { 1 } {
            return;
        }
        // Places come in their order, so each line is counted once.
        let (at, line) = self.counted;
        let before = body.get(at..place.start).unwrap_or_default();
        let line = line + before.matches('\n').count();
        self.counted = (place.start.max(at), line);
        let text = body.get(place).unwrap_or_default();
        self.list.push(LeftOut {
            name: key.0.clone(),
            text: text.lines().next().unwrap_or_default().to_owned(),
            line,
            times: 1,
            reason,
        });
        self.by_name.insert(key, self.list.len() - 1);
    }
}
