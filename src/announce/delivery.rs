//! Sends one request to a target and classifies the response.

use std::time::{Duration, SystemTime};

use reqwest::Client;
use reqwest::header::{CONTENT_TYPE, HeaderMap, LOCATION, RETRY_AFTER};

use super::target::AnnounceRequest;
use crate::http_client::describe_error;

/// Result of a request.
#[derive(Debug)]
pub(super) enum Delivery {
    /// The target accepted it.
    Accepted,
    /// A later attempt may succeed.
    Failed(AttemptFailure),
    /// A later attempt would fail as well: reason and status.
    Rejected(String, u16),
}

/// Sends a request. The body of the response is not read.
pub(super) async fn send_request(
    client: &Client,
    request: AnnounceRequest<'_>,
    clock: fn() -> SystemTime,
) -> Delivery {
    let request = client
        .post(request.url)
        .header(CONTENT_TYPE, request.content_type)
        .body(request.body);
    let response = match request.send().await {
        Ok(response) => response,
        Err(error) => {
            return Delivery::Failed(AttemptFailure {
                reason: describe_error(&error),
                retry_after: None,
            });
        }
    };
    let (status, headers) = (response.status(), response.headers());
    let reason = match headers.get(LOCATION).and_then(|to| to.to_str().ok()) {
        Some(to) => format!("{status}, to `{to}`"),
        None => status.to_string(),
    };
    if status.is_success() {
        Delivery::Accepted
    } else if status.is_server_error() || matches!(status.as_u16(), 408 | 429) {
        let retry_after = parse_retry_after(headers, clock());
        Delivery::Failed(AttemptFailure {
            reason,
            retry_after,
        })
    } else {
        Delivery::Rejected(reason, status.as_u16())
    }
}

/// Temporary failure, with the wait that the target asks for.
#[derive(Debug)]
pub(super) struct AttemptFailure {
    pub(super) reason: String,
    pub(super) retry_after: Option<Duration>,
}

/// Parses `Retry-After`: seconds, or a date (RFC 9110 §10.2.3).
fn parse_retry_after(headers: &HeaderMap, now: SystemTime) -> Option<Duration> {
    let value = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    match value.parse() {
        Ok(seconds) => Some(Duration::from_secs(seconds)),
        Err(_) => httpdate::parse_http_date(value)
            .ok()?
            .duration_since(now)
            .ok(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn retry_after_is_seconds_or_a_date() {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_735_689_600);
        for (value, wait) in [
            ("120", Some(120)),
            ("Wed, 01 Jan 2025 00:01:00 GMT", Some(60)),
            ("Tue, 31 Dec 2024 00:00:00 GMT", None),
            ("soon", None),
            ("-1", None),
        ] {
            let headers = HeaderMap::from_iter([(RETRY_AFTER, value.parse().unwrap())]);
            assert_eq!(
                parse_retry_after(&headers, now),
                wait.map(Duration::from_secs),
                "{value}"
            );
        }
    }
}
