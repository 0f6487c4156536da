//! What was left out of a body, each name once.

use std::collections::HashMap;
use std::ops::Range;

/// More different names than any site has are not told apart.
pub(super) const MAX_NAMES: usize = 200;

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
    /// Whether it was an address, so that what it was the address of stays.
    pub(in crate::content) is_address: bool,
}

/// All that was left out, in the order of first sight.
#[derive(Debug, Default)]
pub(super) struct AllLeftOut {
    pub(super) list: Vec<LeftOut>,
    by_name: HashMap<String, usize>,
}

impl AllLeftOut {
    /// Adds what stood in a place of the body.
    pub(super) fn add(&mut self, name: String, body: &str, place: Range<usize>, is_address: bool) {
        let known = self
            .by_name
            .get(&name)
            .and_then(|at| self.list.get_mut(*at));
        if let Some(known) = known {
            known.times += 1;
            return;
        }
        if self.list.len() >= MAX_NAMES {
            return;
        }
        let before = body.get(..place.start).unwrap_or_default();
        let text = body.get(place).unwrap_or_default();
        self.by_name.insert(name.clone(), self.list.len());
        self.list.push(LeftOut {
            name,
            text: text.lines().next().unwrap_or_default().to_owned(),
            line: before.matches('\n').count(),
            times: 1,
            is_address,
        });
    }
}
