//! A question, as a file or an address, into what is known of it: the state of a post, what decided
//! that, where its address and id come from, and each output that holds it.

mod outputs;
mod place;
mod question;
mod text;

use crate::config::Config;
use crate::finding::Finding;
use crate::post::Post;
use crate::site::Judged;
use crate::site::visibility::Verdict;

pub use place::{Place, place};
pub use text::answer_text;

/// What is known.
#[derive(Debug)]
pub enum Answer<'a> {
    /// A post.
    Post(Box<OfPost<'a>>),
    /// A file that is no post.
    NoPost {
        /// The file, below the content directory.
        path: String,
        /// Why.
        reason: String,
        /// What is wrong with it.
        findings: Vec<&'a Finding>,
    },
    /// An output, by its path, and what it is.
    Output(String, String),
    /// Nothing; the posts that are nearest to what was asked.
    Nothing(Vec<&'a Post>),
}

/// What is known of a post.
#[derive(Debug)]
pub struct OfPost<'a> {
    /// The post.
    pub post: &'a Post,
    /// Its state.
    pub verdict: &'a Verdict,
    /// Why it was the answer, where that is not plain: `by its id`.
    pub found: &'static str,
    /// Each output that holds it.
    pub outputs: Vec<String>,
    /// What is wrong with it.
    pub findings: Vec<&'a Finding>,
}

/// What is known of the site.
#[derive(Debug, Clone, Copy)]
pub struct Known<'a> {
    /// The settings.
    pub config: &'a Config,
    /// Every post.
    pub posts: &'a [&'a Post],
    /// What was decided on each.
    pub judged: &'a Judged,
    /// What is wrong.
    pub findings: &'a [Finding],
}

impl<'a> Known<'a> {
    /// Answers a question, which may name a file.
    pub fn answer(self, question: &str, file: Option<Place>) -> Answer<'a> {
        if let Some(Place { path, reason }) = file {
            let post = self.posts.iter().find(|post| *post.path == *path);
            return match post.filter(|_| reason.is_none()) {
                Some(post) => self.of_post(post, ""),
                None => Answer::NoPost {
                    findings: self.findings_of(&path),
                    path,
                    reason: reason.unwrap_or_else(|| "something is wrong with it".to_owned()),
                },
            };
        }
        if let Some((post, found)) = question::post(self, question) {
            return self.of_post(post, found);
        }
        if let Some((path, what)) = question::output(self, question) {
            return Answer::Output(path, what);
        }
        Answer::Nothing(question::nearest(self, question))
    }

    fn of_post(self, post: &'a Post, found: &'static str) -> Answer<'a> {
        let verdicts = &self.judged.verdicts;
        let verdict = verdicts.iter().find(|verdict| *verdict.path == *post.path);
        let Some(verdict) = verdict else {
            return Answer::Nothing(vec![post]);
        };
        Answer::Post(Box::new(OfPost {
            post,
            verdict,
            found,
            outputs: outputs::of(post, self),
            findings: self.findings_of(&post.path),
        }))
    }

    fn findings_of(self, path: &str) -> Vec<&'a Finding> {
        self.findings
            .iter()
            .filter(|finding| finding.file == path)
            .collect()
    }
}
