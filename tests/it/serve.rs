//! `courant serve` as a process: its summary, its answers, its end.

use std::io::{BufRead, BufReader, Read as _};
use std::process::{Child, Command, Stdio};

use crate::support::{TestSite, plain, request};

/// Starts the command and reads its summary up to the last line of it.
pub fn start(site: &TestSite) -> (Child, String, BufReader<std::process::ChildStderr>) {
    let config = site.write_config();
    let mut child = Command::new(env!("CARGO_BIN_EXE_courant"))
        .arg("--config")
        .arg(config)
        .args(["--listen", "127.0.0.1:0"])
        .env_clear()
        .stdin(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .expect("courant runs");
    let mut stderr = BufReader::new(child.stderr.take().expect("a pipe"));
    let mut summary = String::new();
    while !summary.contains("seen from outside as") {
        assert_ne!(
            stderr.read_line(&mut summary).expect("UTF-8"),
            0,
            "ended early: {summary}"
        );
    }
    (child, summary, stderr)
}

pub fn address(summary: &str) -> &str {
    let (_, rest) = summary.split_once("http://").expect("a URL");
    rest.split('/').next().expect("an address")
}

#[test]
fn no_character_of_a_post_steers_the_terminal_through_the_summary() {
    let site = TestSite::new().post(
        "\u{1b}[2J.md",
        "---\ntitle: a\ndate: 2024-01-01\ndraft: \"\\e[31mtrue\"\n---\n",
    );
    let (mut child, summary, _) = start(&site);
    child.kill().expect("ended");
    child.wait().expect("ended");
    assert!(summary.contains("␛[2J.md"), "{summary}");
    assert!(
        summary.chars().all(|c| !c.is_control() || c == '\n'),
        "{summary:?}"
    );
}

#[test]
fn the_summary_says_what_is_served_and_what_is_not_and_why() {
    let site = TestSite::new()
        .post("public.md", plain("Public", "2024-01-01"))
        .post(
            "hidden.md",
            "---\ntitle: Hidden\ndate: 2024-01-01\nhidePost: true\n---\n",
        )
        .post("scheduled.md", plain("Scheduled", "2099-01-01"))
        .post("broken.md", "---\ntitle: a: b\n---\n")
        .post("page.md", "# no post\n");
    let (mut child, summary, _) = start(&site);
    child.kill().expect("ended");
    child.wait().expect("ended");
    let said = summary
        .replace(&site.root().display().to_string(), "[site]")
        .replace(address(&summary), "[address]");
    // The columns are set by the length of the address.
    let said: Vec<String> = said
        .lines()
        .map(|line| {
            if line.contains("http://[") {
                line.split_whitespace().collect::<Vec<_>>().join(" ")
            } else {
                line.to_owned()
            }
        })
        .collect();
    insta::assert_snapshot!(said.join("\n"));
}

#[cfg(unix)]
#[test]
fn it_answers_and_stops_gracefully_on_each_signal() {
    for signal in ["TERM", "INT"] {
        let site = TestSite::new().post("a.md", plain("Served", "2024-01-01"));
        let (mut child, summary, mut stderr) = start(&site);
        let response = request(address(&summary), "GET", "/rss.xml", &[]);
        assert_eq!(response.status, 200);
        assert!(response.text().contains("Served"));
        let killed = Command::new("kill")
            .args([&format!("-{signal}"), &child.id().to_string()])
            .status()
            .expect("kill runs");
        assert!(killed.success());
        assert_eq!(child.wait().expect("it ends").code(), Some(0));
        let mut rest = String::new();
        stderr.read_to_string(&mut rest).expect("UTF-8");
        assert!(
            rest.contains(&format!("stopping on SIG{signal}")) && rest.contains("stopped"),
            "{rest}"
        );
        assert!(
            !rest.contains('\u{1b}'),
            "no colour where there is no terminal"
        );
    }
}

/// Asks until the answer is as expected.
fn until(address: &str, path: &str, is: impl Fn(&str) -> bool) {
    let end = std::time::Instant::now() + std::time::Duration::from_secs(20);
    loop {
        let text = request(address, "GET", path, &[]).text();
        if is(&text) {
            return;
        }
        assert!(std::time::Instant::now() < end, "in vain: {text}");
        std::thread::yield_now();
    }
}

#[test]
fn a_log_that_nobody_reads_holds_no_edit_up() {
    let site = TestSite::new()
        .post("a.md", plain("Alpha", "2024-01-01"))
        .post("b.md", plain("Beta", "2024-01-02"));
    let (mut child, summary, stderr) = start(&site);
    // What is logged from here on fails to be written.
    drop(stderr);
    for (text, shown) in [
        (plain("Second", "2024-01-01"), true),
        ("---\ntitle: x\nhidePost: true\n---\n".to_owned(), false),
    ] {
        std::fs::write(site.content().join("a.md"), text).unwrap();
        until(address(&summary), "/rss.xml", |rss| {
            rss.contains("Second") == shown && !rss.contains("Alpha")
        });
    }
    child.kill().expect("ended");
    child.wait().expect("ended");
}

/// Sends a signal.
#[cfg(unix)]
fn signal(child: &Child, name: &str) {
    let killed = Command::new("kill")
        .args([&format!("-{name}"), &child.id().to_string()])
        .status()
        .expect("kill runs");
    assert!(killed.success());
}

/// The lines of a log as they come.
#[cfg(unix)]
pub fn lines(stderr: BufReader<std::process::ChildStderr>) -> std::sync::mpsc::Receiver<String> {
    let (sender, lines) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        for line in stderr.lines().map_while(Result::ok) {
            let _ = sender.send(line);
        }
    });
    lines
}

/// Reads the log up to a line that holds the text.
#[cfg(unix)]
pub fn logged(lines: &std::sync::mpsc::Receiver<String>, text: &str) -> String {
    let mut log = String::new();
    while !log.contains(text) {
        let line = lines.recv_timeout(std::time::Duration::from_secs(20));
        log.push_str(&line.unwrap_or_else(|_| panic!("no `{text}` in: {log}")));
        log.push('\n');
    }
    log
}

#[cfg(unix)]
#[test]
fn a_configuration_is_reloaded_when_it_is_saved_and_on_sighup_and_its_faults_are_logged() {
    let site = TestSite::new().post("a.md", plain("Alpha", "2024-01-01"));
    let (mut child, summary, stderr) = start(&site);
    let log = lines(stderr);
    let file = site.root().join("config.toml");
    let good = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, good.replace("\"Example\"", "\"Renamed site\"")).unwrap();
    logged(&log, "configuration reloaded");
    until(address(&summary), "/rss.xml", |rss| {
        rss.contains("Renamed site")
    });
    std::fs::write(&file, good.replace("title =", "titel =")).unwrap();
    let told = logged(&log, "unknown key `site.titel`");
    for part in [
        "configuration has faults, nothing was changed",
        "`site.title` is missing",
        "config.toml:3",
        "hint=",
    ] {
        assert!(told.contains(part), "no {part} in: {told}");
    }
    let limited = format!("{good}\n[server]\nmax_connections = 7\n");
    std::fs::write(&file, limited).unwrap();
    logged(&log, "keys=\"server.max_connections\"");
    signal(&child, "HUP");
    logged(&log, "reloading on SIGHUP");
    logged(&log, "configuration reloaded");
    until(address(&summary), "/rss.xml", |rss| {
        !rss.contains("Renamed")
    });
    signal(&child, "TERM");
    assert_eq!(child.wait().expect("it ends").code(), Some(0));
}
