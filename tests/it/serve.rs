//! Checks `courant serve` as a process: its summary, responses, reload and shutdown.

use std::io::{BufRead, BufReader, Read as _};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use crate::support::{TestSite, plain, request};

/// Starts the command and reads its whole start-up summary.
pub fn start_courant(site: &TestSite) -> (Child, String, BufReader<std::process::ChildStderr>) {
    start_courant_with(site, &["--listen", "127.0.0.1:0"], Path::new(""))
}

/// Like `start_courant`, with the arguments and the directory of programs.
fn start_courant_with(
    site: &TestSite,
    args: &[&str],
    programs: &Path,
) -> (Child, String, BufReader<std::process::ChildStderr>) {
    let config = site.write_config();
    let mut child = Command::new(env!("CARGO_BIN_EXE_courant"))
        .arg("--config")
        .arg(config)
        .args(args)
        .env_clear()
        .env("PATH", programs)
        .env("LISTEN_FDNAMES", "secret")
        .stdin(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .expect("courant runs");
    let mut stderr = BufReader::new(child.stderr.take().expect("a pipe"));
    let mut summary = String::new();
    while !summary.contains("public URL: ") {
        assert_ne!(
            stderr.read_line(&mut summary).expect("UTF-8"),
            0,
            "ended early: {summary}"
        );
    }
    (child, summary, stderr)
}

pub fn served_address(summary: &str) -> &str {
    let (_, rest) = summary.split_once("http://").expect("a URL");
    rest.split('/').next().expect("an address")
}

#[test]
fn summary_escapes_control_characters() {
    let site = TestSite::new().post(
        "\u{1b}[2J.md",
        "---\ntitle: a\ndate: 2024-01-01\ndraft: \"\\e[31mtrue\"\n---\n",
    );
    let (mut child, summary, _) = start_courant(&site);
    child.kill().expect("ended");
    child.wait().expect("ended");
    assert!(summary.contains("␛[2J.md"), "{summary}");
    assert!(
        summary.chars().all(|c| !c.is_control() || c == '\n'),
        "{summary:?}"
    );
}

#[test]
fn summary_lists_posts_by_state_with_reasons() {
    let site = TestSite::new()
        .post("public.md", plain("Public", "2024-01-01"))
        .post(
            "hidden.md",
            "---\ntitle: Hidden\ndate: 2024-01-01\nhidePost: true\n---\n",
        )
        .post("scheduled.md", plain("Scheduled", "2099-01-01"))
        .post("broken.md", "---\ntitle: a: b\n---\n")
        .post("page.md", "# no post\n");
    let (mut child, summary, _) = start_courant(&site);
    child.kill().expect("ended");
    child.wait().expect("ended");
    let masked = summary
        .replace(&site.root().display().to_string(), "[site]")
        .replace(served_address(&summary), "[address]");
    // The column width depends on the length of the address.
    let masked: Vec<String> = masked
        .lines()
        .map(|line| {
            if line.contains("http://[") {
                line.split_whitespace().collect::<Vec<_>>().join(" ")
            } else {
                line.to_owned()
            }
        })
        .collect();
    insta::assert_snapshot!(masked.join("\n"));
}

#[cfg(unix)]
#[test]
fn server_stops_gracefully_on_sigterm_and_sigint() {
    for signal in ["TERM", "INT"] {
        let site = TestSite::new().post("a.md", plain("Served", "2024-01-01"));
        let (mut child, summary, mut stderr) = start_courant(&site);
        let response = request(served_address(&summary), "GET", "/rss.xml", &[]);
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

#[test]
fn port_listens_on_the_loopback_address() {
    let site = TestSite::new().config("[server]\nlisten = \"192.0.2.1:1\"");
    let (mut child, summary, _) = start_courant_with(&site, &["--port", "0"], Path::new(""));
    child.kill().expect("ended");
    child.wait().expect("ended");
    let address = served_address(&summary);
    assert!(address.starts_with("127.0.0.1:"), "{address}");
    assert_ne!(address, "127.0.0.1:0");
}

#[cfg(target_os = "linux")]
#[test]
fn open_starts_a_browser_at_the_home_page() {
    use std::os::unix::fs::PermissionsExt as _;
    let site = TestSite::new().post("a.md", plain("Alpha", "2024-01-01"));
    let programs = site.root().join("programs");
    let opened = site.root().join("opened");
    let script = format!(
        "#!/bin/sh\necho \"$1 ${{LISTEN_FDNAMES-unset}}\" > '{0}.new'\n/bin/mv '{0}.new' '{0}'\nexit 3\n",
        opened.display()
    );
    let program = programs.join("xdg-open");
    let site = site.file("programs/xdg-open", script);
    std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).unwrap();
    let args = ["--port", "0", "--open"];
    let (mut child, summary, stderr) = start_courant_with(&site, &args, &programs);
    // The program fails after it wrote the file.
    wait_for_log(&read_lines(stderr), "`xdg-open` failed: exit status: 3");
    child.kill().expect("ended");
    child.wait().expect("ended");
    let expected = format!("http://{}/ unset\n", served_address(&summary));
    assert_eq!(std::fs::read_to_string(opened).unwrap(), expected);
}

#[cfg(target_os = "linux")]
#[test]
fn open_without_a_browser_names_the_address() {
    let site = TestSite::new().post("a.md", plain("Alpha", "2024-01-01"));
    let args = ["--port", "0", "--open"];
    let (mut child, summary, stderr) = start_courant_with(&site, &args, site.root());
    let log = wait_for_log(&read_lines(stderr), "cannot start `xdg-open`");
    child.kill().expect("ended");
    child.wait().expect("ended");
    let hint = format!("open http://{}/ yourself", served_address(&summary));
    assert!(log.contains(&hint), "{log}");
}

#[cfg(unix)]
#[test]
fn placeholder_url_warns_at_the_start() {
    for (url, warns) in [
        ("https://example.org", true),
        ("https://harbour.example", false),
    ] {
        let site = TestSite::new().url(url);
        let (mut child, _, stderr) = start_courant(&site);
        let lines = read_lines(stderr);
        // The child answers SIGTERM after the warning, which is logged with the summary.
        let log = wait_for_log(&lines, "listening addresses=");
        send_signal(&child, "TERM");
        let log = log + &wait_for_log(&lines, "stopped");
        assert_eq!(child.wait().expect("it ends").code(), Some(0));
        assert_eq!(log.contains("`site.url` is a placeholder"), warns, "{log}");
    }
}

/// Requests a path until the body is as expected.
fn wait_for_body(address: &str, path: &str, is: impl Fn(&str) -> bool) {
    let end = std::time::Instant::now() + std::time::Duration::from_secs(20);
    loop {
        let text = request(address, "GET", path, &[]).text();
        if is(&text) {
            return;
        }
        assert!(
            std::time::Instant::now() < end,
            "the body never was as expected: {text}"
        );
        std::thread::yield_now();
    }
}

#[test]
fn closed_log_pipe_does_not_block_edits() {
    let site = TestSite::new()
        .post("a.md", plain("Alpha", "2024-01-01"))
        .post("b.md", plain("Beta", "2024-01-02"));
    let (mut child, summary, stderr) = start_courant(&site);
    // From here on every write to the log fails.
    drop(stderr);
    for (text, shown) in [
        (plain("Second", "2024-01-01"), true),
        ("---\ntitle: x\nhidePost: true\n---\n".to_owned(), false),
    ] {
        std::fs::write(site.content().join("a.md"), text).unwrap();
        wait_for_body(served_address(&summary), "/rss.xml", |rss| {
            rss.contains("Second") == shown && !rss.contains("Alpha")
        });
    }
    child.kill().expect("ended");
    child.wait().expect("ended");
}

#[cfg(unix)]
fn send_signal(child: &Child, name: &str) {
    let killed = Command::new("kill")
        .args([&format!("-{name}"), &child.id().to_string()])
        .status()
        .expect("kill runs");
    assert!(killed.success());
}

/// Sends the lines of a log to a channel as they are written.
#[cfg(unix)]
pub fn read_lines(
    stderr: BufReader<std::process::ChildStderr>,
) -> std::sync::mpsc::Receiver<String> {
    let (sender, lines) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        for line in stderr.lines().map_while(Result::ok) {
            let _ = sender.send(line);
        }
    });
    lines
}

/// Waits for a log line that contains the text, and returns the log up to it.
#[cfg(unix)]
pub fn wait_for_log(lines: &std::sync::mpsc::Receiver<String>, text: &str) -> String {
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
fn configuration_is_reloaded_on_save_and_sighup() {
    let site = TestSite::new().post("a.md", plain("Alpha", "2024-01-01"));
    let (mut child, summary, stderr) = start_courant(&site);
    let log = read_lines(stderr);
    let file = site.root().join("config.toml");
    let good = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, good.replace("\"Example\"", "\"Renamed site\"")).unwrap();
    wait_for_log(&log, "configuration reloaded");
    wait_for_body(served_address(&summary), "/rss.xml", |rss| {
        rss.contains("Renamed site")
    });
    std::fs::write(&file, good.replace("title =", "titel =")).unwrap();
    let log_text = wait_for_log(&log, "unknown key `site.titel`");
    for part in [
        "invalid configuration rejected, the previous one stays active",
        "`site.title` is missing",
        "config.toml:3",
        "hint=",
    ] {
        assert!(log_text.contains(part), "no {part} in: {log_text}");
    }
    let limited = format!("{good}\n[server]\nmax_connections = 7\n");
    std::fs::write(&file, limited).unwrap();
    wait_for_log(&log, "keys=\"server.max_connections\"");
    send_signal(&child, "HUP");
    wait_for_log(&log, "reloading on SIGHUP");
    wait_for_log(&log, "configuration reloaded");
    wait_for_body(served_address(&summary), "/rss.xml", |rss| {
        !rss.contains("Renamed")
    });
    send_signal(&child, "TERM");
    assert_eq!(child.wait().expect("it ends").code(), Some(0));
}
