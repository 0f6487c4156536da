//! Builds the JSON bodies of the liveness and readiness checks.

use serde_json::{Value, json};

use super::watch_status::WatchStatus;

/// Builds the body of `/healthz`. A response at all means that the process is alive.
pub(super) fn report_liveness() -> Value {
    json!({ "status": "alive" })
}

/// Builds the result of `/readyz`: true once a first snapshot is published, and the body.
///
/// Later problems are reported but do not change readiness: the last good snapshot stays up, on this
/// replica as on any other. `details` adds counts and problems, for clients with access.
pub(super) fn report_readiness(watch_status: &WatchStatus, details: bool) -> (bool, Value) {
    let is_ready = watch_status.is_ready();
    let problems = watch_status.degradations.to_messages();
    let status = match (is_ready, problems.is_empty()) {
        (false, _) => "starting",
        (true, true) => "ready",
        (true, false) => "degraded",
    };
    if !details {
        return (is_ready, json!({ "status": status }));
    }
    let tally = watch_status.content.file_counts;
    let body = json!({
        "status": status,
        "generation": watch_status.content.generation,
        "posts": tally.posts + tally.last_good,
        "broken": tally.broken,
        "served_as_they_last_parsed": tally.last_good,
        "findings": watch_status.content.findings.iter().count(),
        "degraded": problems,
    });
    (is_ready, body)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::admin::watch_status::Degradations;

    fn test_status(generation: u64, content: Option<&str>) -> WatchStatus {
        let mut now = WatchStatus::default();
        now.content.generation = generation;
        now.degradations = Degradations {
            content: content.map(str::to_owned),
            ..Degradations::default()
        };
        now
    }

    #[test]
    fn readiness_starts_with_the_first_generation_and_stays() {
        let status = |now: &WatchStatus| {
            let (is_ready, body) = report_readiness(now, true);
            (is_ready, body["status"].as_str().unwrap().to_owned())
        };
        assert_eq!(
            status(&test_status(0, None)),
            (false, "starting".to_owned())
        );
        assert_eq!(status(&test_status(1, None)), (true, "ready".to_owned()));
        assert_eq!(
            status(&test_status(1, Some("gone"))),
            (true, "degraded".to_owned())
        );
    }

    #[test]
    fn reasons_are_reported_only_with_details() {
        let now = test_status(1, Some("/srv/secret is gone"));
        assert!(
            report_readiness(&now, true)
                .1
                .to_string()
                .contains("secret")
        );
        assert!(
            !report_readiness(&now, false)
                .1
                .to_string()
                .contains("secret")
        );
    }
}
