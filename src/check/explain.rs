//! Explains a file or a URL for `courant why`: whether a post is public and why, where its URL and id
//! come from, and the outputs (such as feeds and cards) that contain it.

mod inputs;
mod locate_file;
mod lookup;
mod outputs;
mod text;

use crate::model::finding::Finding;
use crate::model::post::Post;
use crate::visibility::PostEvaluation;

pub use inputs::ExplainContext;
pub use locate_file::{NamedFile, locate_file};
pub use text::format_explanation;

/// Explanation of a file or a URL.
#[derive(Debug)]
pub enum Explanation<'a> {
    /// A post.
    Post(Box<PostExplanation<'a>>),
    /// A file that is not a post.
    NotAPost {
        /// Path relative to the content directory.
        path: String,
        /// Reason.
        reason: String,
        /// Findings of the file.
        findings: Vec<&'a Finding>,
    },
    /// An output: its path and its description.
    Output(String, String),
    /// Nothing was found; the posts with the most similar names.
    NotFound(Vec<&'a Post>),
}

/// Explanation of a post.
#[derive(Debug)]
pub struct PostExplanation<'a> {
    /// The post.
    pub post: &'a Post,
    /// Visibility of the post and its reason.
    pub evaluation: &'a PostEvaluation,
    /// Way in which the post was found, such as `by its id`; empty if that is obvious.
    pub found_by: &'static str,
    /// URLs of outputs that contain the post.
    pub outputs: Vec<String>,
    /// Findings of the file.
    pub findings: Vec<&'a Finding>,
}

/// Explains a question; `file` is the file that it names, if any.
pub fn explain_question<'a>(
    context: ExplainContext<'a>,
    question: &str,
    file: Option<NamedFile>,
) -> Explanation<'a> {
    if let Some(NamedFile { path, reason }) = file {
        let post = context.posts.iter().find(|post| *post.path == *path);
        return match post.filter(|_| reason.is_none()) {
            Some(post) => explain_post(context, post, ""),
            None => Explanation::NotAPost {
                findings: context.findings_of_file(&path),
                path,
                reason: reason.unwrap_or_else(|| "it has errors".to_owned()),
            },
        };
    }
    if let Some((post, found)) = lookup::find_post(context, question) {
        return explain_post(context, post, found);
    }
    if let Some((path, what)) = lookup::find_output(context, question) {
        return Explanation::Output(path, what);
    }
    Explanation::NotFound(lookup::find_similar_posts(context, question))
}

fn explain_post<'a>(
    context: ExplainContext<'a>,
    post: &'a Post,
    found: &'static str,
) -> Explanation<'a> {
    let verdicts = &context.evaluation.post_evaluations;
    let verdict = verdicts.iter().find(|verdict| *verdict.path == *post.path);
    let Some(verdict) = verdict else {
        return Explanation::NotFound(vec![post]);
    };
    Explanation::Post(Box::new(PostExplanation {
        post,
        evaluation: verdict,
        found_by: found,
        outputs: outputs::list_outputs(post, context),
        findings: context.findings_of_file(&post.path),
    }))
}
