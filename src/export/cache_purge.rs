//! Tells a cache in front of the store which paths changed.
//!
//! One mechanism serves all: a request per path, or requests with a JSON list of URLs. A path that the cache did not take
//! stays listed, and is sent again later.

use std::collections::BTreeSet;
use std::time::Duration;

use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use reqwest::{Client, Method, StatusCode};
use tokio::task::JoinSet;

use crate::config::PurgeConfig;
use crate::http_client::{build_http_client, describe_error};
use crate::url_path::encode_segment;

/// Maximum time for a response. A cache drops an object within milliseconds.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(10);
/// Maximum requests at a time.
const MAX_CONCURRENT_REQUESTS: usize = 8;
/// Maximum URLs of one JSON list, the least of Cloudflare's limits for all plans.
const MAX_LISTED_URLS: usize = 30;
/// Name of the object that hosts serve for a path that ends with a slash.
const INDEX_NAME: &str = "index.html";

/// Function that returns the value of an environment variable.
pub type ReadVariable = fn(&str) -> Option<String>;

/// Sends purges to one cache.
#[derive(Debug)]
pub struct CachePurger {
    client: Client,
    config: PurgeConfig,
    method: Method,
    headers: HeaderMap,
    /// Address of the outputs, without a slash at its end.
    public_url: String,
    /// Paths that the cache was not told of, or did not take.
    pending: BTreeSet<String>,
}

/// Reason why purges cannot be sent at all.
#[derive(Debug, thiserror::Error)]
pub enum PurgeError {
    /// There is no HTTP client.
    #[error("cannot set up the HTTP client for purges: {0}")]
    Client(#[from] reqwest::Error),
    /// A header needs a variable of the environment.
    #[error("`export.purge.headers` needs the environment variable `{0}`, which is not set")]
    MissingVariable(String),
    /// The method, or the header with this name, cannot be sent.
    #[error("`export.purge` has an invalid method or header: `{0}`")]
    InvalidRequest(String),
}

/// Request that purges some paths.
struct PurgeRequest {
    url: String,
    body: Option<String>,
    paths: Vec<String>,
}

impl CachePurger {
    /// Creates a purger. `public_url` is the address at which clients read the outputs.
    ///
    /// # Errors
    /// A variable of a header is not set, or the request is invalid.
    pub fn new(
        config: &PurgeConfig,
        public_url: &str,
        read_variable: ReadVariable,
    ) -> Result<CachePurger, PurgeError> {
        let mut headers = HeaderMap::new();
        for (name, value) in &config.headers {
            let invalid = || PurgeError::InvalidRequest(name.clone());
            let value = expand_variables(value, read_variable)?;
            let mut value = HeaderValue::try_from(value).map_err(|_| invalid())?;
            value.set_sensitive(true);
            headers.insert(HeaderName::try_from(name).map_err(|_| invalid())?, value);
        }
        let method = Method::from_bytes(config.method.as_bytes());
        Ok(CachePurger {
            client: build_http_client(REQUEST_TIMEOUT)?,
            method: method.map_err(|_| PurgeError::InvalidRequest(config.method.clone()))?,
            config: config.clone(),
            headers,
            public_url: public_url.trim_end_matches('/').to_owned(),
            pending: BTreeSet::new(),
        })
    }

    /// Adds objects that changed.
    pub fn add_keys(&mut self, keys: impl IntoIterator<Item = String>) {
        let paths = keys.into_iter().flat_map(|key| list_url_paths(&key));
        self.pending.extend(paths);
    }

    /// Returns true if the cache must still be told of paths.
    pub fn has_pending(&self) -> bool {
        !self.pending.is_empty()
    }

    /// Tells the cache of all pending paths. Returns how many it took, and the last error.
    pub async fn purge_pending(&mut self) -> (u64, Option<String>) {
        let mut requests = self.build_requests().into_iter();
        let (mut running, mut purged, mut error) = (JoinSet::new(), 0, None);
        loop {
            while running.len() < MAX_CONCURRENT_REQUESTS && error.is_none() {
                let Some(request) = requests.next() else {
                    break;
                };
                let message = self
                    .client
                    .request(self.method.clone(), &request.url)
                    .headers(self.headers.clone());
                running.spawn(send_purge(message, request));
            }
            match running.join_next().await {
                None => return (purged, error),
                Some(Ok(Ok(paths))) => {
                    purged += paths.len() as u64;
                    self.pending.retain(|path| !paths.contains(path));
                }
                Some(Ok(Err(reason))) => error = Some(reason),
                Some(Err(panicked)) => error = Some(panicked.to_string()),
            }
        }
    }

    fn build_requests(&self) -> Vec<PurgeRequest> {
        let Some(list_name) = &self.config.json_list else {
            let one_by_one = self.pending.iter().map(|path| PurgeRequest {
                url: self.config.url.replace("{path}", path),
                body: None,
                paths: vec![path.clone()],
            });
            return one_by_one.collect();
        };
        let paths: Vec<String> = self.pending.iter().cloned().collect();
        let lists = paths.chunks(MAX_LISTED_URLS).map(|paths| {
            let urls = paths
                .iter()
                .map(|path| format!("{}{path}", self.public_url));
            let urls: Vec<String> = urls.collect();
            PurgeRequest {
                url: self.config.url.clone(),
                body: Some(serde_json::json!({ list_name: urls }).to_string()),
                paths: paths.to_vec(),
            }
        });
        lists.collect()
    }
}

/// Sends a purge, and returns the paths that the cache dropped.
async fn send_purge(
    mut message: reqwest::RequestBuilder,
    request: PurgeRequest,
) -> Result<Vec<String>, String> {
    if let Some(body) = request.body {
        message = message.header(CONTENT_TYPE, "application/json").body(body);
    }
    let response = message.send().await;
    let status = response.map_err(|error| describe_error(&error))?.status();
    // A cache may answer 404 for a path that it does not have.
    match status.is_success() || status == StatusCode::NOT_FOUND {
        true => Ok(request.paths),
        false => Err(status.to_string()),
    }
}

/// Replaces `${NAME}` by the value of the variable.
fn expand_variables(text: &str, read_variable: ReadVariable) -> Result<String, PurgeError> {
    let mut expanded = String::new();
    let mut rest = text;
    while let Some((before, (name, after))) = rest
        .split_once("${")
        .and_then(|(before, after)| Some((before, after.split_once('}')?)))
    {
        let value = read_variable(name).filter(|value| !value.is_empty());
        let value = value.ok_or_else(|| PurgeError::MissingVariable(name.to_owned()))?;
        expanded.push_str(before);
        expanded.push_str(value.trim());
        rest = after;
    }
    Ok(expanded + rest)
}

/// Lists the URL paths at which clients may request an object.
fn list_url_paths(key: &str) -> Vec<String> {
    let segments: Vec<String> = key.split('/').map(encode_segment).collect();
    let path = format!("/{}", segments.join("/"));
    let directory = path.strip_suffix(INDEX_NAME);
    let directory = directory.filter(|directory| directory.ends_with('/'));
    directory
        .map(str::to_owned)
        .into_iter()
        .chain([path.clone()])
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(json_list: Option<&str>, header: &str) -> PurgeConfig {
        PurgeConfig {
            url: "http://127.0.0.1:6081{path}".to_owned(),
            method: "PURGE".to_owned(),
            json_list: json_list.map(str::to_owned),
            headers: vec![("x-key".to_owned(), header.to_owned())],
        }
    }

    fn purger(config: &PurgeConfig) -> Result<CachePurger, PurgeError> {
        let read_variable = |name: &str| (name == "TOKEN").then(|| "secret\n".to_owned());
        CachePurger::new(config, "https://e.org/", read_variable)
    }

    #[test]
    fn keys_become_all_paths_that_clients_request() {
        for (key, paths) in [
            ("rss.xml", vec!["/rss.xml"]),
            ("index.html", vec!["/", "/index.html"]),
            (
                "cards/é a/index.html",
                vec!["/cards/%C3%A9%20a/", "/cards/%C3%A9%20a/index.html"],
            ),
            ("cards/myindex.html", vec!["/cards/myindex.html"]),
        ] {
            assert_eq!(list_url_paths(key), paths, "{key}");
        }
    }

    #[test]
    fn each_path_has_a_request_or_is_listed() {
        let mut single = purger(&config(None, "k")).unwrap();
        single.add_keys(["rss.xml".to_owned(), "index.html".to_owned()]);
        let requests = single.build_requests();
        let urls: Vec<&str> = requests.iter().map(|request| &*request.url).collect();
        let base = "http://127.0.0.1:6081";
        let expected = ["/", "/index.html", "/rss.xml"].map(|path| format!("{base}{path}"));
        assert_eq!(urls, expected);
        let mut listed = purger(&config(Some("files"), "k")).unwrap();
        listed.add_keys((0..40).map(|number| format!("{number:02}.xml")));
        let requests = listed.build_requests();
        assert_eq!(requests.len(), 2);
        let body = requests[0].body.as_deref().unwrap();
        assert!(
            body.starts_with("{\"files\":[\"https://e.org/00.xml\","),
            "{body}"
        );
    }

    #[test]
    fn header_takes_its_secret_from_the_environment() {
        let with = purger(&config(None, "Bearer ${TOKEN}!")).unwrap();
        assert_eq!(with.headers["x-key"], "Bearer secret!");
        assert!(!format!("{with:?}").contains("secret"));
        let without = purger(&config(None, "${OTHER}")).unwrap_err();
        assert!(
            without.to_string().contains("`OTHER`, which is not set"),
            "{without}"
        );
    }
}
