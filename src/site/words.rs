//! Labels and names into terms and people, each list of which exists once however many posts have it.

use std::sync::Arc;

use rustc_hash::FxHashMap as HashMap;

use super::entry::{Byline, Person, Term, find};
use crate::config;
use crate::post::{Author, Labels, Post};

/// Lists that nobody has any more are looked for when there are so many more than there were.
const ROOM: usize = 1_000;

/// The lists of one post.
#[derive(Debug)]
pub(super) struct Lists {
    pub(super) byline: Arc<Byline>,
    pub(super) categories: Arc<[Term]>,
    pub(super) tags: Arc<[Term]>,
}

/// The lists that are in use.
#[derive(Debug, Default)]
pub(super) struct Words {
    by_label: HashMap<Arc<str>, Term>,
    terms: HashMap<Labels, Arc<[Term]>>,
    bylines: HashMap<Arc<[Author]>, Arc<Byline>>,
    swept_at: usize,
}

impl Words {
    /// The lists of a post, with what the configuration knows of its authors.
    pub(super) fn lists(&mut self, post: &Post, known: &[config::Author]) -> Lists {
        Lists {
            byline: self.byline(&post.authors, known),
            categories: self.terms(&post.categories),
            tags: self.terms(&post.tags),
        }
    }

    /// The terms of labels.
    fn terms(&mut self, labels: &Labels) -> Arc<[Term]> {
        if let Some(terms) = self.terms.get(labels) {
            return Arc::clone(terms);
        }
        let terms: Arc<[Term]> = labels.iter().map(|label| self.term(label)).collect();
        self.terms.insert(Arc::clone(labels), Arc::clone(&terms));
        terms
    }

    fn term(&mut self, label: &Arc<str>) -> Term {
        let known = self.by_label.entry(Arc::clone(label));
        known
            .or_insert_with(|| Term::new(Arc::clone(label)))
            .clone()
    }

    /// What posts say of their authors, and what the configuration adds.
    fn byline(&mut self, authors: &Arc<[Author]>, known: &[config::Author]) -> Arc<Byline> {
        if let Some(byline) = self.bylines.get(authors) {
            return Arc::clone(byline);
        }
        let people: Vec<Person> = authors.iter().map(|author| person(author, known)).collect();
        let byline = Arc::new(Byline {
            terms: people
                .iter()
                .map(|person| self.term(&person.name.as_str().into()))
                .collect(),
            people,
        });
        self.bylines
            .insert(Arc::clone(authors), Arc::clone(&byline));
        byline
    }

    /// Forgets what nobody has any more.
    pub(super) fn sweep(&mut self) {
        if self.terms.len() + self.bylines.len() < self.swept_at * 2 + ROOM {
            return;
        }
        self.terms.retain(|_, terms| Arc::strong_count(terms) > 1);
        self.bylines
            .retain(|_, byline| Arc::strong_count(byline) > 1);
        self.by_label
            .retain(|_, term| Arc::strong_count(&term.slug) > 1);
        self.swept_at = self.terms.len() + self.bylines.len();
    }
}

fn person(author: &Author, known: &[config::Author]) -> Person {
    let known = find(&author.name, known);
    Person {
        name: author.name.clone(),
        url: author.url.clone().or_else(|| known?.url.clone()),
        email: known.and_then(|known| known.email.clone()),
    }
}
