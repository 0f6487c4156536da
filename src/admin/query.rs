//! Parses the query of a request.

use hyper::Request;
use url::form_urlencoded;

/// Decoded query parameters of a request.
#[derive(Debug, Clone, Default)]
pub(super) struct QueryParams(Vec<(String, String)>);

impl QueryParams {
    pub(super) fn from_request<B>(request: &Request<B>) -> QueryParams {
        QueryParams::parse(request.uri().query().unwrap_or_default())
    }

    pub(super) fn parse(query: &str) -> QueryParams {
        let pairs = form_urlencoded::parse(query.as_bytes());
        QueryParams(pairs.into_owned().collect())
    }

    /// Returns the first value of a parameter, trimmed; empty if there is none.
    pub(super) fn get(&self, name: &str) -> &str {
        let found = self.0.iter().find(|(key, _)| key == name);
        found.map_or("", |(_, value)| value.trim())
    }

    pub(super) fn path_param(&self) -> &str {
        self.get("path")
    }
}
