//! Builds the HTTP client of outgoing requests.

use std::error::Error;
use std::time::Duration;

use reqwest::redirect::{Action, Attempt, Policy};
use reqwest::{Client, ClientBuilder};

use crate::tls_provider::install_tls_provider;

/// Time after which an idle connection is not used again. Varnish closes it after five seconds, so a request on it could
/// fail.
const POOL_IDLE_TIMEOUT: Duration = Duration::from_secs(3);
/// Maximum redirects of one request.
const MAX_REDIRECTS: usize = 3;

/// Builds a client whose requests end after `timeout`, also while the body arrives.
///
/// # Errors
/// The system has no certificates of certification authorities.
pub(crate) fn build_http_client(timeout: Duration, redirects: Policy) -> reqwest::Result<Client> {
    install_tls_provider();
    ClientBuilder::new()
        .user_agent(concat!("courant/", env!("CARGO_PKG_VERSION")))
        .timeout(timeout)
        .pool_idle_timeout(POOL_IDLE_TIMEOUT)
        .redirect(redirects)
        .build()
}

/// Returns a policy that follows redirects which keep the method.
pub(crate) fn same_method_redirects() -> Policy {
    Policy::custom(follow_same_method)
}

/// Follows redirects that keep method and body (307 and 308), but never from HTTPS to HTTP. Any other redirect would
/// turn the POST into a GET, so its response is returned to the caller.
fn follow_same_method(attempt: Attempt<'_>) -> Action {
    let keeps_method = matches!(attempt.status().as_u16(), 307 | 308);
    let previous = attempt.previous();
    let is_downgrade = attempt.url().scheme() != "https"
        && previous.last().is_some_and(|url| url.scheme() == "https");
    // The requested URL is the first of the previous ones.
    if keeps_method && !is_downgrade && previous.len() <= MAX_REDIRECTS {
        attempt.follow()
    } else {
        attempt.stop()
    }
}

/// Describes an error with its causes, which name the reason: a name that is unknown, a refused connection.
pub(crate) fn describe_error(error: &reqwest::Error) -> String {
    if error.is_timeout() {
        return "no response in time".to_owned();
    }
    let mut cause: &dyn Error = error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    cause.to_string()
}
