//! Interns the authors, categories and tags of posts, so that equal lists share one allocation.

use std::sync::Arc;

use crate::config;
use crate::interner::Interner;
use crate::model::post::{Labels, Post, PostAuthor};
use crate::model::terms::{Byline, Person, Term};

/// Interned authors, categories and tags of one post.
#[derive(Debug)]
pub(crate) struct PostTerms {
    pub(crate) byline: Arc<Byline>,
    pub(crate) categories: Arc<[Term]>,
    pub(crate) tags: Arc<[Term]>,
}

/// Interns lists of authors, categories and tags.
#[derive(Debug, Default)]
pub(crate) struct TermInterner {
    slugs: Interner<str>,
    terms: Interner<[Arc<str>], [Term]>,
    bylines: Interner<[PostAuthor], Byline>,
}

impl TermInterner {
    /// Interns the lists of a post. `configured` has the authors from the configuration.
    pub(crate) fn intern_post_terms(
        &self,
        post: &Post,
        configured: &[config::AuthorConfig],
    ) -> PostTerms {
        PostTerms {
            byline: self.intern_byline(&post.authors, configured),
            categories: self.intern_terms(&post.categories),
            tags: self.intern_terms(&post.tags),
        }
    }

    /// Interns the terms for a list of labels.
    fn intern_terms(&self, labels: &Labels) -> Arc<[Term]> {
        self.terms.get_or_insert(labels, || {
            labels.iter().map(|label| self.intern_term(label)).collect()
        })
    }

    fn intern_term(&self, label: &Arc<str>) -> Term {
        let term = Term::from_label(Arc::clone(label));
        Term {
            slug: self.slugs.intern(&term.slug),
            ..term
        }
    }

    /// Interns the authors of a post, completed from the configured authors.
    fn intern_byline(
        &self,
        authors: &Arc<[PostAuthor]>,
        configured: &[config::AuthorConfig],
    ) -> Arc<Byline> {
        self.bylines.get_or_insert(authors, || {
            let mut people: Vec<Person> = Vec::new();
            for author in authors.iter() {
                let person = complete_author(author, configured);
                // A post may write an author's name and id.
                if people.iter().all(|known| known.name != person.name) {
                    people.push(person);
                }
            }
            Arc::new(Byline {
                terms: people
                    .iter()
                    .map(|person| self.intern_term(&person.name.as_str().into()))
                    .collect(),
                persons: people,
            })
        })
    }

    /// Removes values that no post uses any more.
    pub(crate) fn remove_unused(&mut self) {
        self.terms.remove_unused();
        self.bylines.remove_unused();
        self.slugs.remove_unused();
    }
}

/// Adds the configured URL and email to an author of a post, and the name in place of an alias. A URL in the post takes
/// precedence.
fn complete_author(author: &PostAuthor, configured: &[config::AuthorConfig]) -> Person {
    let known = find_author(&author.name, configured);
    let alias_of = known.filter(|known| !is_same_name(&known.name, &author.name));
    Person {
        name: alias_of.map_or(&author.name, |known| &known.name).clone(),
        url: author.url.clone().or_else(|| known?.url.clone()),
        email: known.and_then(|known| known.email.clone()),
    }
}

/// Finds the configured author with this name or alias, ignoring case.
pub(crate) fn find_author<'a>(
    name: &str,
    authors: &'a [config::AuthorConfig],
) -> Option<&'a config::AuthorConfig> {
    authors.iter().find(|author| {
        let mut names = std::iter::once(&author.name).chain(&author.aliases);
        names.any(|known| is_same_name(known, name))
    })
}

fn is_same_name(a: &str, b: &str) -> bool {
    a.to_lowercase() == b.to_lowercase()
}
