//! A request, read by hyper or straight from a socket, into what its answer depends on.

use hyper::{Method, Request, Uri, Version};

use super::fields::Fields;
use super::host;

/// What is asked, and how.
#[derive(Debug, Clone)]
pub(super) struct Question<'a> {
    pub(super) method: &'a Method,
    pub(super) version: Version,
    /// As it was written; `*` where that is the target.
    pub(super) path: &'a str,
    pub(super) query: Option<&'a str>,
    /// The whole target where that is no path, as CONNECT has it (RFC 9112 §3.2.3).
    pub(super) authority: Option<&'a str>,
    /// Whether the target is a path, or the URL of one over HTTP, in which nobody is named (RFC 9112 §3.2; RFC 9110
    /// §4.2.4).
    pub(super) is_of_ours: bool,
    /// Whether `:authority` and `Host` of HTTP/2 differ (RFC 9113 §8.3.1). Over HTTP/1 the target wins (RFC 9112
    /// §3.2.2).
    pub(super) names_two_hosts: bool,
    /// Whether its length is given twice, and hyper has let go of one.
    pub(super) repeats_length: bool,
    pub(super) fields: Fields<'a>,
}

impl<'a> Question<'a> {
    /// What hyper has read.
    pub(super) fn of<B>(request: &'a Request<B>) -> Question<'a> {
        let uri = request.uri();
        let authority = uri.authority().map(|authority| authority.as_str());
        let fields = Fields::of(request.headers());
        Question {
            method: request.method(),
            version: request.version(),
            path: uri.path(),
            query: uri.query(),
            authority: authority.filter(|_| uri.path_and_query().is_none()),
            is_of_ours: is_of_ours(uri),
            names_two_hosts: request.version() == Version::HTTP_2
                && host::differs(authority, uri.scheme_str(), &fields),
            repeats_length: false,
            fields,
        }
    }

    /// How long the target is, in bytes, without what stands before the path.
    pub(super) fn target_length(&self) -> usize {
        self.path.len() + self.query.map_or(0, |query| query.len() + "?".len())
    }
}

/// A host alone is for CONNECT.
fn is_of_ours(uri: &Uri) -> bool {
    match (uri.scheme_str(), uri.authority()) {
        (None, None) => true,
        (Some("http" | "https"), Some(authority)) => !authority.as_str().contains('@'),
        _ => false,
    }
}
