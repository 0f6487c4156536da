//! Checks the log lines of the running command, as text and as JSON.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::Receiver;
use std::time::Duration;

use courant::publish::pipeline::{
    ContentStatus, PostChange, PostChanges, PublishReason, RefreshOutcome,
};
use serde_json::Value;

use crate::serve::{read_lines, start_courant, wait_for_log};
use crate::support::{Served, TestSite, plain};

const HIDDEN_POST: &str = "---\ntitle: x\ndate: 2024-01-01\nhidePost: true\n---\n";

/// Waits for the next generation and returns its status.
fn wait_for_generation(served: &Served) -> ContentStatus {
    loop {
        if let Ok((RefreshOutcome::Published, status)) = served.next_turn() {
            return status;
        }
    }
}

fn changed_files(changed: &PostChanges) -> Vec<(&str, PostChange)> {
    let named = changed.first_changes.iter();
    named.map(|(path, fate)| (&**path, *fate)).collect()
}

#[test]
fn each_generation_records_the_fate_of_changed_posts() {
    let site = TestSite::new()
        .post("a.md", plain("Alpha", "2024-01-01"))
        .post("b.md", plain("Beta", "2024-01-02"));
    let built = site.build();
    assert_eq!(built.status.publish_reason, PublishReason::Start);
    assert_eq!(built.status.post_changes.new, 2);
    assert!(built.status.published_at.is_some());
    let served = site.serve();
    served.save("c.md", &plain("Gamma", "2024-01-03"));
    let status = wait_for_generation(&served);
    assert_eq!(status.publish_reason, PublishReason::Content);
    assert_eq!(
        changed_files(&status.post_changes),
        [("c.md", PostChange::New)]
    );
    served.save("a.md", &plain("Second", "2024-01-01"));
    assert_eq!(
        changed_files(&wait_for_generation(&served).post_changes),
        [("a.md", PostChange::Changed)]
    );
    served.save("a.md", HIDDEN_POST);
    assert_eq!(
        changed_files(&wait_for_generation(&served).post_changes),
        [("a.md", PostChange::Hidden)]
    );
    served.remove("c.md");
    let status = wait_for_generation(&served);
    assert_eq!(
        changed_files(&status.post_changes),
        [("c.md", PostChange::Gone)]
    );
    assert_eq!(status.post_changes.total_count(), 1);
}

#[cfg(unix)]
#[test]
fn text_log_describes_a_generation_in_one_line() {
    let site = TestSite::new().post("a.md", plain("Alpha", "2024-01-01"));
    let (mut child, _, stderr) = start_courant(&site);
    let log = read_lines(stderr);
    std::fs::write(site.content().join("b.md"), plain("Beta", "2024-01-02")).unwrap();
    let line = wait_for_log(&log, "published");
    for part in [
        "generation=2",
        "posts=2",
        "cause=\"content\"",
        "new=1",
        "files=\"b.md new\"",
    ] {
        assert!(line.contains(part), "no {part} in: {line}");
    }
    assert!(!line.contains("gone="), "{line}");
    child.kill().expect("ended");
    child.wait().expect("ended");
}

/// Starts the command with JSON logs, set by the environment or by an option.
fn start_with_json_log(site: &TestSite, by_environment: bool) -> Child {
    let mut command = Command::new(env!("CARGO_BIN_EXE_courant"));
    command.env_clear();
    if by_environment {
        command.env("COURANT_LOG_FORMAT", "json");
    } else {
        command.args(["serve", "--log-format", "json"]);
    }
    command
        .arg("--config")
        .arg(site.write_config())
        .args(["--listen", "127.0.0.1:0"])
        .stdin(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .expect("courant runs")
}

/// Reads up to the line with this message, and asserts that each line is an object.
fn wait_for_json_line(log: &Receiver<String>, message: &str) -> Value {
    loop {
        let line = log.recv_timeout(Duration::from_secs(20));
        let line = line.unwrap_or_else(|_| panic!("no `{message}`"));
        let object: Value = serde_json::from_str(&line).unwrap_or_else(|_| panic!("{line}"));
        assert!(object["timestamp"].is_string() && object["level"].is_string());
        if object["message"] == message {
            return object;
        }
    }
}

#[cfg(unix)]
#[test]
fn json_log_has_one_object_per_line() {
    let site = TestSite::new()
        .title("A \"site\"")
        .post("a.md", plain("Alpha", "2024-01-01"));
    for by_environment in [false, true] {
        let mut child = start_with_json_log(&site, by_environment);
        let stderr = child.stderr.take().expect("a pipe");
        let log = read_lines(BufReader::new(stderr));
        let serving = wait_for_json_line(&log, "serving");
        assert_eq!(serving["site"], "A \"site\"");
        assert_eq!(serving["posts"], 1);
        wait_for_json_line(&log, "listening");
        let path = site.content().join("\u{1b}b\n.md");
        std::fs::write(&path, plain("Beta", "2024-01-02")).unwrap();
        let line = wait_for_json_line(&log, "published");
        assert_eq!(line["level"], "INFO");
        assert_eq!((&line["generation"], &line["new"]), (&2.into(), &1.into()));
        assert_eq!(line["files"], "\u{1b}b\n.md new");
        assert_eq!(line["gone"], Value::Null);
        std::fs::remove_file(&path).unwrap();
        let line = wait_for_json_line(&log, "published");
        assert_eq!(
            (&line["gone"], &line["cause"]),
            (&1.into(), &"content".into())
        );
        child.kill().expect("ended");
        child.wait().expect("ended");
    }
}

#[test]
fn log_has_one_line_for_a_common_finding() {
    let odd = |name| format!("---\ntitle: a\ndate: 2024-01-01\nseo: {{url: {name}}}\n---\n");
    let site = (0..7).fold(TestSite::new(), |site, number| {
        site.post(&format!("{number}.md"), odd(format!("word-{number}")))
    });
    let mut child = start_with_json_log(&site, false);
    let stderr = child.stderr.take().expect("a pipe");
    let log = read_lines(BufReader::new(stderr));
    let place = |number: u32| {
        format!(
            "{number}.md:4 (the permalink `word-{number}` is relative and is read as \
             `https://example.org/word-{number}`)"
        )
    };
    let places = [0, 1, 2].map(place).join("; ");
    let message = format!("7 × a permalink is relative [relative-permalink]: {places}");
    wait_for_json_line(&log, &message);
    // A directory that is moved into the content appears at once.
    let new = site.root().join("sub");
    std::fs::create_dir(&new).unwrap();
    for number in 0..6 {
        let text = odd(format!("other-{number}"));
        std::fs::write(new.join(format!("{number}.md")), text).unwrap();
    }
    std::fs::rename(&new, site.content().join("sub")).unwrap();
    let places = [0, 1, 2].map(|number| format!("sub/{}", place(number)));
    let message = format!(
        "6 × a permalink is relative [relative-permalink]: {}",
        places.join("; ")
    );
    wait_for_json_line(&log, &message.replace("word-", "other-"));
    child.kill().expect("ended");
    child.wait().expect("ended");
}

#[test]
fn startup_errors_are_json_objects_too() {
    let site = TestSite::new().config("title = 7");
    let ended = start_with_json_log(&site, false)
        .wait_with_output()
        .expect("the command ends");
    assert_eq!(ended.status.code(), Some(2));
    let mut count = 0;
    for line in BufReader::new(&*ended.stderr).lines() {
        let object: Value = serde_json::from_str(&line.unwrap()).unwrap();
        assert_eq!(object["level"], "ERROR");
        count += 1;
    }
    assert!(count > 0);
}

#[test]
fn libraries_log_only_if_named_in_the_filter() {
    let body = "---\ntitle: A\ndate: 2024-01-01\n---\n<table><b>a</b><tr><td>b</td></tr></table>\n";
    let site = TestSite::new().post("a.md", body);
    let config = site.write_config();
    let logs_parse_error = |filter: Option<&str>| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_courant"));
        command
            .env_clear()
            .arg("check")
            .arg("--config")
            .arg(&config);
        if let Some(filter) = filter {
            command.env("COURANT_LOG", filter);
        }
        let output = command.output().expect("courant runs");
        String::from_utf8_lossy(&output.stderr).contains("foster")
    };
    assert!(
        logs_parse_error(Some("warn,html5ever=warn")),
        "the post makes html5ever log"
    );
    for quiet in [None, Some("warn"), Some("debug"), Some("courant=debug")] {
        assert!(!logs_parse_error(quiet), "{quiet:?}");
    }
}
