//! Makes terms of labels and people of names; each list exists once, however many posts have it.

use std::sync::Arc;

use super::entry::{Byline, Person, Term, find};
use crate::config;
use crate::interner::Interner;
use crate::post::{Author, Labels, Post};

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
    slugs: Interner<str>,
    terms: Interner<[Arc<str>], [Term]>,
    bylines: Interner<[Author], Byline>,
}

impl Words {
    /// The lists of a post, with what the configuration knows of its authors.
    pub(super) fn lists(&self, post: &Post, known: &[config::Author]) -> Lists {
        Lists {
            byline: self.byline(&post.authors, known),
            categories: self.terms(&post.categories),
            tags: self.terms(&post.tags),
        }
    }

    /// The terms of labels.
    fn terms(&self, labels: &Labels) -> Arc<[Term]> {
        let make = || labels.iter().map(|label| self.term(label)).collect();
        self.terms.get_or_insert(labels, make)
    }

    fn term(&self, label: &Arc<str>) -> Term {
        let term = Term::new(Arc::clone(label));
        Term {
            slug: self.slugs.intern(&term.slug),
            ..term
        }
    }

    /// What posts say of their authors, and what the configuration adds.
    fn byline(&self, authors: &Arc<[Author]>, known: &[config::Author]) -> Arc<Byline> {
        self.bylines.get_or_insert(authors, || {
            let people: Vec<Person> = authors.iter().map(|author| person(author, known)).collect();
            Arc::new(Byline {
                terms: people
                    .iter()
                    .map(|person| self.term(&person.name.as_str().into()))
                    .collect(),
                people,
            })
        })
    }

    /// Forgets what nobody has any more.
    pub(super) fn sweep(&mut self) {
        self.terms.sweep();
        self.bylines.sweep();
        self.slugs.sweep();
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
