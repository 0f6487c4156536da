//! Tells a cache in front of the store which paths changed.
//!
//! One mechanism serves all: a request per path, or requests with a JSON list of URLs. A path that the cache did not take
//! stays listed, and is sent again later. A path that it took is sent once more after some seconds: a fetch that began
//! before the object was replaced may end after the first purge, and bring the old body back.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::RangeInclusive;
use std::time::Duration;

use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use reqwest::redirect::Policy;
use reqwest::{Client, Method, StatusCode};
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until};
use tracing::warn;

use super::export_status::ExportStatus;
use super::touched_keys::TouchedKeys;
use crate::backoff::compute_backoff;
use crate::config::PurgeConfig;
use crate::http_client::{build_http_client, describe_error};
use crate::url_path::{encode_normalized_segment, encode_segment};

/// Waits after failures: an operator who repaired the cache does not wait for long.
const PURGE_BACKOFF: RangeInclusive<Duration> =
    Duration::from_millis(500)..=Duration::from_secs(30);
/// Maximum time for a response. A cache drops an object within milliseconds.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(10);
/// Maximum requests at a time.
const MAX_CONCURRENT_REQUESTS: usize = 8;
/// Maximum URLs of one JSON list. Cloudflare takes at least 30 on all plans.
const MAX_LISTED_URLS: usize = 30;
/// Wait before the second purge of a path. A cache fetches an object from a store within this time.
const REPEAT_DELAY: Duration = Duration::from_secs(5);
/// Failures in a row after which the cache counts as down, and the rest waits.
const MAX_FAILURES_IN_ROW: usize = 16;
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
    /// Purges that are to be sent, by path.
    pending: BTreeMap<String, PendingPurge>,
}

#[derive(Debug, Clone, Copy)]
struct PendingPurge {
    due: Instant,
    /// True if the cache took the path once.
    is_repeated: bool,
    /// True if the object was deleted: it may be of a post that was hidden.
    is_deletion: bool,
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
            // A redirect to another host would get the secrets in the headers.
            client: build_http_client(REQUEST_TIMEOUT, Policy::none())?,
            method: method.map_err(|_| PurgeError::InvalidRequest(config.method.clone()))?,
            config: config.clone(),
            headers,
            public_url: public_url.trim_end_matches('/').to_owned(),
            pending: BTreeMap::new(),
        })
    }

    /// Purges the objects that it receives, until there are no more. Then sends what is pending once.
    pub(super) async fn run(
        mut self,
        mut changed: UnboundedReceiver<TouchedKeys>,
        status: ExportStatus,
    ) {
        let (mut failures, mut retry_at) = (0, Instant::now());
        loop {
            let next = self.pending.values().map(|purge| purge.due).min();
            tokio::select! {
                biased;
                keys = changed.recv() => match keys {
                    Some(keys) => {
                        self.add_keys(keys.written, false);
                        self.add_keys(keys.deleted, true);
                    }
                    None => break,
                },
                () = sleep_until(next.unwrap_or(retry_at).max(retry_at)), if next.is_some() => {
                    failures = match self.purge_paths(Instant::now(), &status).await {
                        None => 0,
                        Some(reason) => {
                            if failures == 0 {
                                warn!(
                                    hint = "check `export.purge`; until it works, clients get what the cache has",
                                    "the cache cannot be told of changes: {reason}; trying again"
                                );
                            }
                            failures + 1
                        }
                    };
                    if failures > 0 {
                        retry_at = Instant::now() + compute_backoff(failures, &PURGE_BACKOFF);
                    }
                }
            }
        }
        let all = Instant::now() + REPEAT_DELAY;
        self.purge_paths(all, &status).await;
    }

    /// Adds objects that changed.
    fn add_keys(&mut self, keys: impl IntoIterator<Item = String>, is_deletion: bool) {
        let purge = PendingPurge {
            due: Instant::now(),
            is_repeated: false,
            is_deletion,
        };
        let paths = keys.into_iter().flat_map(|key| list_url_paths(&key));
        self.pending.extend(paths.map(|path| (path, purge)));
    }

    /// Tells the cache of all paths that are due by a time. A path that fails is sent again after all others. Returns the
    /// last error.
    async fn purge_paths(&mut self, by: Instant, status: &ExportStatus) -> Option<String> {
        let mut requests = self.build_requests(by).into_iter();
        let (mut running, mut error, mut failures_in_row) = (JoinSet::new(), None, 0);
        loop {
            while running.len() < MAX_CONCURRENT_REQUESTS && failures_in_row < MAX_FAILURES_IN_ROW {
                let Some(request) = requests.next() else {
                    break;
                };
                let message = self
                    .client
                    .request(self.method.clone(), &request.url)
                    .headers(self.headers.clone());
                running.spawn(send_purge(message, request));
            }
            let Some(sent) = running.join_next().await else {
                break;
            };
            let Ok((paths, failure)) = sent else {
                continue;
            };
            match &failure {
                None => failures_in_row = 0,
                Some(_) => failures_in_row += 1,
            }
            let purged = self.record_result(&paths, failure.is_some());
            status.update(|figures| figures.purged += purged);
            error = failure.or(error);
        }
        status.update(|figures| figures.failed_purges += u64::from(error.is_some()));
        error
    }

    /// Records which paths the cache took. Returns how many it took for the first time.
    fn record_result(&mut self, paths: &[String], has_failed: bool) -> u64 {
        let mut purged = 0;
        for path in paths {
            match self.pending.get_mut(path) {
                Some(purge) if has_failed => {
                    purge.due = Instant::now();
                    // Else the cache would get such paths again and again, and no others.
                    purge.is_deletion = false;
                }
                Some(purge) if !purge.is_repeated => {
                    purge.due = Instant::now() + REPEAT_DELAY;
                    purge.is_repeated = true;
                    purged += 1;
                }
                _ => {
                    self.pending.remove(path);
                }
            }
        }
        purged
    }

    /// Builds the requests for all paths that are due: those of deleted objects first, then those that wait longest.
    fn build_requests(&self, by: Instant) -> Vec<PurgeRequest> {
        let due = self.pending.iter().filter(|(_, purge)| purge.due <= by);
        let mut due: Vec<_> = due.collect();
        due.sort_by_key(|(path, purge)| (!purge.is_deletion, purge.due, *path));
        let Some(list_name) = &self.config.json_list else {
            let one_by_one = due.into_iter().map(|(path, _)| PurgeRequest {
                url: self.config.url.replace("{path}", path),
                body: None,
                paths: vec![path.clone()],
            });
            return one_by_one.collect();
        };
        let paths: Vec<String> = due.into_iter().map(|(path, _)| path.clone()).collect();
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

/// Sends a purge. Returns its paths, and the error if the cache did not take them.
async fn send_purge(
    mut message: reqwest::RequestBuilder,
    request: PurgeRequest,
) -> (Vec<String>, Option<String>) {
    let is_list = request.body.is_some();
    if let Some(body) = request.body {
        message = message.header(CONTENT_TYPE, "application/json").body(body);
    }
    let status = match message.send().await {
        Ok(response) => response.status(),
        Err(error) => return (request.paths, Some(describe_error(&error))),
    };
    // A cache may answer 404 for a path that it does not have. For a list, the address is wrong.
    let is_unknown_path = !is_list && status == StatusCode::NOT_FOUND;
    let is_purged = status.is_success() || is_unknown_path;
    (request.paths, (!is_purged).then(|| status.to_string()))
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

/// Lists the URL paths at which clients may request an object. Paths hold `+` or `(` as they are, but a client may escape
/// them.
fn list_url_paths(key: &str) -> BTreeSet<String> {
    let mut paths = BTreeSet::new();
    for encode in [encode_normalized_segment, encode_segment] {
        let segments: Vec<String> = key.split('/').map(encode).collect();
        let path = format!("/{}", segments.join("/"));
        let directory = path.strip_suffix(INDEX_NAME);
        let directory = directory.filter(|path| path.ends_with('/'));
        // Static hosts serve `a.html` at `a`.
        paths.extend(directory.or(path.strip_suffix(".html")).map(str::to_owned));
        paths.insert(path);
    }
    paths
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
            ("cards/a.html", vec!["/cards/a", "/cards/a.html"]),
            (
                "cards/a+b/rss.xml",
                vec!["/cards/a%2Bb/rss.xml", "/cards/a+b/rss.xml"],
            ),
        ] {
            let listed = list_url_paths(key);
            assert!(listed.iter().eq(paths.iter()), "{key}: {listed:?}");
        }
    }

    #[test]
    fn each_path_has_a_request_or_is_listed() {
        let mut single = purger(&config(None, "k")).unwrap();
        single.add_keys(["rss.xml".to_owned(), "index.html".to_owned()], false);
        let requests = single.build_requests(Instant::now());
        let urls: Vec<&str> = requests.iter().map(|request| &*request.url).collect();
        let base = "http://127.0.0.1:6081";
        let expected = ["/", "/index.html", "/rss.xml"].map(|path| format!("{base}{path}"));
        assert_eq!(urls, expected);
        let mut listed = purger(&config(Some("files"), "k")).unwrap();
        listed.add_keys((0..40).map(|number| format!("{number:02}.xml")), false);
        let requests = listed.build_requests(Instant::now());
        assert_eq!(requests.len(), 2);
        let body = requests[0].body.as_deref().unwrap();
        assert!(
            body.starts_with("{\"files\":[\"https://e.org/00.xml\","),
            "{body}"
        );
    }

    #[tokio::test(start_paused = true)]
    async fn path_is_purged_again_once() {
        let mut purger = purger(&config(None, "k")).unwrap();
        purger.add_keys(["rss.xml".to_owned()], false);
        let paths = ["/rss.xml".to_owned()];
        assert_eq!(purger.record_result(&paths, true), 0);
        assert_eq!(purger.record_result(&paths, false), 1);
        assert!(purger.build_requests(Instant::now()).is_empty());
        tokio::time::advance(REPEAT_DELAY).await;
        assert_eq!(purger.build_requests(Instant::now()).len(), 1);
        assert_eq!(purger.record_result(&paths, false), 0);
        assert!(purger.pending.is_empty());
    }

    #[tokio::test(start_paused = true)]
    async fn failed_path_is_sent_after_all_others() {
        let mut purger = purger(&config(None, "k")).unwrap();
        purger.add_keys(["a.xml".to_owned(), "b.xml".to_owned()], false);
        tokio::time::advance(Duration::from_millis(1)).await;
        purger.record_result(&["/a.xml".to_owned()], true);
        let requests = purger.build_requests(Instant::now());
        let paths: Vec<&str> = requests.iter().map(|request| &*request.paths[0]).collect();
        assert_eq!(paths, ["/b.xml", "/a.xml"]);
    }

    #[test]
    fn deleted_objects_are_purged_first() {
        let mut purger = purger(&config(None, "k")).unwrap();
        purger.add_keys(["a.xml".to_owned()], false);
        purger.add_keys(["z.xml".to_owned()], true);
        let requests = purger.build_requests(Instant::now());
        let paths: Vec<&str> = requests.iter().map(|request| &*request.paths[0]).collect();
        assert_eq!(paths, ["/z.xml", "/a.xml"]);
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
