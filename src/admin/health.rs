//! What is known into what a supervisor asks: does it live, and can it be sent readers.

use serde_json::{Value, json};

use super::told::Now;

/// `/healthz`: whoever gets it has the answer.
pub(super) fn alive() -> Value {
    json!({ "status": "alive" })
}

/// `/readyz`: whether a first snapshot is out. What goes wrong later is told, and does not unready it:
/// what was served is served on, by this replica as by any other. `details` is for who may see them.
pub(super) fn ready(now: &Now, details: bool) -> (bool, Value) {
    let is_ready = now.is_ready();
    let troubles = now.troubles.sentences();
    let status = match (is_ready, troubles.is_empty()) {
        (false, _) => "starting",
        (true, true) => "ready",
        (true, false) => "degraded",
    };
    if !details {
        return (is_ready, json!({ "status": status }));
    }
    let tally = now.status.tally;
    let body = json!({
        "status": status,
        "generation": now.status.generation,
        "posts": tally.posts + tally.kept,
        "broken": tally.broken,
        "served_as_they_last_parsed": tally.kept,
        "findings": now.status.findings.iter().count(),
        "degraded": troubles,
    });
    (is_ready, body)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::admin::told::Troubles;

    fn now(generation: u64, content: Option<&str>) -> Now {
        let mut now = Now::default();
        now.status.generation = generation;
        now.troubles = Troubles {
            content: content.map(str::to_owned),
            ..Troubles::default()
        };
        now
    }

    #[test]
    fn it_is_ready_once_something_is_served_and_stays_so() {
        let status = |now: &Now| {
            let (is_ready, body) = ready(now, true);
            (is_ready, body["status"].as_str().unwrap().to_owned())
        };
        assert_eq!(status(&now(0, None)), (false, "starting".to_owned()));
        assert_eq!(status(&now(1, None)), (true, "ready".to_owned()));
        assert_eq!(status(&now(1, Some("gone"))), (true, "degraded".to_owned()));
    }

    #[test]
    fn why_is_told_to_who_may_know() {
        let now = now(1, Some("/srv/secret is gone"));
        assert!(ready(&now, true).1.to_string().contains("secret"));
        assert!(!ready(&now, false).1.to_string().contains("secret"));
    }
}
