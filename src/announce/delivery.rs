//! Sends one request to a target and classifies the response.

use std::error::Error;
use std::time::{Duration, SystemTime};

use reqwest::header::{CONTENT_TYPE, HeaderMap, LOCATION, RETRY_AFTER};
use reqwest::{Client, StatusCode};

use super::target::AnnounceRequest;

/// Sender of requests.
#[derive(Debug)]
pub(super) struct Sender {
    pub(super) client: Client,
    pub(super) clock: fn() -> SystemTime,
}

/// Result of a request.
#[derive(Debug)]
pub(super) enum Delivery {
    /// The target accepted it.
    Accepted,
    /// A later attempt may succeed: reason, and the wait that the target asks for.
    Failed(String, Option<Duration>),
    /// A later attempt would fail as well: reason and status.
    Rejected(String, u16),
}

impl Sender {
    /// Sends a request. The body of the response is not read.
    pub(super) async fn send_request(&self, request: AnnounceRequest<'_>) -> Delivery {
        let request = self
            .client
            .post(request.url)
            .header(CONTENT_TYPE, request.content_type)
            .body(request.body);
        let response = match request.send().await {
            Ok(response) => response,
            Err(error) => return Delivery::Failed(describe_error(&error), None),
        };
        let (status, headers) = (response.status(), response.headers());
        let reason = match headers.get(LOCATION).and_then(|to| to.to_str().ok()) {
            Some(to) => format!("{status}, to `{to}`"),
            None => status.to_string(),
        };
        let is_temporary = status.is_server_error()
            || matches!(
                status,
                StatusCode::TOO_MANY_REQUESTS | StatusCode::REQUEST_TIMEOUT
            );
        match status.is_success() {
            true => Delivery::Accepted,
            false if is_temporary => {
                Delivery::Failed(reason, parse_retry_after(headers, (self.clock)()))
            }
            false => Delivery::Rejected(reason, status.as_u16()),
        }
    }
}

/// Describes an error with its causes, which name the reason: a name that is unknown, a refused connection.
fn describe_error(error: &reqwest::Error) -> String {
    if error.is_timeout() {
        return "no response in time".to_owned();
    }
    let mut cause: &dyn Error = error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    cause.to_string()
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
