//! What is logged, by the command as it runs: for people, and for programs.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::Receiver;
use std::time::Duration;

use courant::pipeline::{Cause, Changed, Fate, Outcome, Status};
use serde_json::Value;

use crate::serve::{lines, logged, start};
use crate::support::{Served, TestSite, plain};

const HIDDEN: &str = "---\ntitle: x\ndate: 2024-01-01\nhidePost: true\n---\n";

/// The next generation.
fn published(served: &Served) -> Status {
    loop {
        if let Ok((Outcome::Published, status)) = served.next_turn() {
            return status;
        }
    }
}

fn named(changed: &Changed) -> Vec<(&str, Fate)> {
    let named = changed.named.iter();
    named.map(|(path, fate)| (&**path, *fate)).collect()
}

#[test]
fn each_generation_is_known_with_what_became_of_posts() {
    let site = TestSite::new()
        .post("a.md", plain("Alpha", "2024-01-01"))
        .post("b.md", plain("Beta", "2024-01-02"));
    let built = site.build();
    assert_eq!(built.status.cause, Cause::Start);
    assert_eq!(built.status.changed.new, 2);
    assert!(built.status.published.is_some());
    let served = site.serve();
    served.save("c.md", &plain("Gamma", "2024-01-03"));
    let status = published(&served);
    assert_eq!(status.cause, Cause::Content);
    assert_eq!(named(&status.changed), [("c.md", Fate::New)]);
    served.save("a.md", &plain("Second", "2024-01-01"));
    assert_eq!(
        named(&published(&served).changed),
        [("a.md", Fate::Changed)]
    );
    served.save("a.md", HIDDEN);
    assert_eq!(named(&published(&served).changed), [("a.md", Fate::Hidden)]);
    served.remove("c.md");
    let status = published(&served);
    assert_eq!(named(&status.changed), [("c.md", Fate::Gone)]);
    assert_eq!(status.changed.count(), 1);
}

#[cfg(unix)]
#[test]
fn people_are_told_what_a_generation_is_new_for_in_one_line() {
    let site = TestSite::new().post("a.md", plain("Alpha", "2024-01-01"));
    let (mut child, _, stderr) = start(&site);
    let log = lines(stderr);
    std::fs::write(site.content().join("b.md"), plain("Beta", "2024-01-02")).unwrap();
    let told = logged(&log, "published");
    for part in [
        "generation=2",
        "posts=2",
        "cause=\"content\"",
        "new=1",
        "files=\"b.md new\"",
    ] {
        assert!(told.contains(part), "no {part} in: {told}");
    }
    assert!(!told.contains("gone="), "{told}");
    child.kill().expect("ended");
    child.wait().expect("ended");
}

/// Starts the command so that it logs for programs.
fn start_json(site: &TestSite, by_environment: bool) -> Child {
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

/// Reads up to the line with this message; each line is an object.
fn object(log: &Receiver<String>, message: &str) -> Value {
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
fn programs_are_told_each_thing_as_one_object_on_a_line() {
    let site = TestSite::new()
        .title("A \"site\"")
        .post("a.md", plain("Alpha", "2024-01-01"));
    for by_environment in [false, true] {
        let mut child = start_json(&site, by_environment);
        let stderr = child.stderr.take().expect("a pipe");
        let log = lines(BufReader::new(stderr));
        let serving = object(&log, "serving");
        assert_eq!(serving["site"], "A \"site\"");
        assert_eq!(serving["posts"], 1);
        object(&log, "listening");
        let path = site.content().join("\u{1b}b\n.md");
        std::fs::write(&path, plain("Beta", "2024-01-02")).unwrap();
        let told = object(&log, "published");
        assert_eq!(told["level"], "INFO");
        assert_eq!((&told["generation"], &told["new"]), (&2.into(), &1.into()));
        assert_eq!(told["files"], "\u{1b}b\n.md new");
        assert_eq!(told["gone"], Value::Null);
        std::fs::remove_file(&path).unwrap();
        let told = object(&log, "published");
        assert_eq!(
            (&told["gone"], &told["cause"]),
            (&1.into(), &"content".into())
        );
        child.kill().expect("ended");
        child.wait().expect("ended");
    }
}

#[test]
fn programs_are_told_why_it_does_not_start_as_objects_too() {
    let site = TestSite::new().config("title = 7");
    let ended = start_json(&site, false)
        .wait_with_output()
        .expect("it ends");
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
fn libraries_log_nothing_unless_they_are_named() {
    let body = "---\ntitle: A\ndate: 2024-01-01\n---\n<table><b>a</b><tr><td>b</td></tr></table>\n";
    let site = TestSite::new().post("a.md", body);
    let config = site.write_config();
    let logged = |filter: Option<&str>| {
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
    assert!(logged(Some("warn,html5ever=warn")), "the post trips it");
    for quiet in [None, Some("warn"), Some("debug"), Some("courant=debug")] {
        assert!(!logged(quiet), "{quiet:?}");
    }
}
