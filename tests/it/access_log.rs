//! Checks that the access log has one line per response and that clients cannot forge lines.

use std::path::Path;
use std::process::{Command, Stdio};

use courant::config::TrustedProxies;
use courant::server::access_log::AccessLog;

use crate::serve::{served_address, start_courant};
use crate::server_room::{TestServer, header_value};
use crate::support::{TestSite, plain, request};

/// Runs `client` against a server, stops it and returns the lines of its access log.
async fn collect_log_lines(trusted: &[&str], client: impl AsyncFnOnce(&TestServer)) -> Vec<String> {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("access.log");
    let (log, writing) = AccessLog::to_file(&path).unwrap();
    let trusted: Vec<String> = trusted.iter().map(|proxy| (*proxy).to_owned()).collect();
    let server = TestServer::start_with_access_log(Some(log), |config| {
        config.trusted_proxies = TrustedProxies::parse(&trusted).unwrap();
    })
    .await;
    client(&server).await;
    server.stop().await;
    drop(writing);
    let text = std::fs::read_to_string(&path).unwrap();
    text.lines().map(str::to_owned).collect()
}

const CLF_TIME: &str = "[06/Nov/1994:08:49:37 +0000]";

#[tokio::test]
async fn each_response_is_logged_with_status_and_body_length() {
    let lines = collect_log_lines(&[], async |server| {
        let full = server
            .get(
                "/rss.xml?x=1",
                "User-Agent: Reader/1.0\r\nReferer: https://a.example/\r\n",
            )
            .await;
        let tag = header_value(&full, "etag").unwrap();
        server
            .get("/rss.xml", &format!("If-None-Match: {tag}\r\n"))
            .await;
        server.get("/none", "").await;
        server.exchange("HEAD /robots.txt HTTP/1.0\r\n\r\n").await;
    })
    .await;
    let expected = [
        "\"GET /rss.xml?x=1 HTTP/1.1\" 200 1900 \"https://a.example/\" \"Reader/1.0\"",
        "\"GET /rss.xml HTTP/1.1\" 304 - \"-\" \"-\"",
        "\"GET /none HTTP/1.1\" 404 10 \"-\" \"-\"",
        "\"HEAD /robots.txt HTTP/1.0\" 200 - \"-\" \"-\"",
    ];
    let expected = expected.map(|line| format!("127.0.0.1 - - {CLF_TIME} {line}"));
    assert_eq!(lines, expected);
}

#[tokio::test]
async fn client_cannot_forge_a_log_line() {
    let forged = "User-Agent: a\" 200 1 \"-\" \"b\\\x09\u{9b}\r\n";
    let lines = collect_log_lines(&[], async |server| {
        server.get("/robots.txt", forged).await;
    })
    .await;
    let agent = "\"a\\\" 200 1 \\\"-\\\" \\\"b\\\\\\x09\\xc2\\x9b\"";
    let expected =
        format!("127.0.0.1 - - {CLF_TIME} \"GET /robots.txt HTTP/1.1\" 200 8 \"-\" {agent}");
    assert_eq!(lines, [expected]);
}

#[tokio::test]
async fn only_trusted_proxies_set_the_logged_address() {
    let fields = "X-Forwarded-For: 192.0.2.9, 2001:db8:1:2::5\r\n";
    let proxy = &["127.0.0.1"][..];
    for (trusted, fields, named) in [
        (proxy, fields, "2001:db8:1:2::5"),
        (proxy, "", "127.0.0.1"),
        (&[], fields, "127.0.0.1"),
    ] {
        let lines = collect_log_lines(trusted, async |server| {
            server.get("/robots.txt", fields).await;
        })
        .await;
        assert!(lines[0].starts_with(&format!("{named} - - ")), "{lines:?}");
    }
}

fn wait_for_log(path: &Path, is: impl Fn(&str) -> bool) {
    let end = std::time::Instant::now() + std::time::Duration::from_secs(20);
    loop {
        let text = std::fs::read_to_string(path).unwrap_or_default();
        if is(&text) {
            return;
        }
        assert!(std::time::Instant::now() < end, "timed out; log: {text}");
        std::thread::yield_now();
    }
}

#[cfg(unix)]
#[test]
fn sighup_reopens_the_log_file() {
    let site = TestSite::new()
        .post("a.md", plain("Alpha", "2024-01-01"))
        .config("[server]\naccess_log = \"access.log\"");
    let (mut child, summary, _stderr) = start_courant(&site);
    let path = site.root().join("access.log");
    let moved = site.root().join("access.log.1");
    request(served_address(&summary), "GET", "/first", &[]);
    wait_for_log(&path, |text| text.contains("GET /first HTTP/1.1\" 404 "));
    std::fs::rename(&path, &moved).unwrap();
    let signal = |name: &str| {
        let killed = Command::new("kill")
            .args([name, &child.id().to_string()])
            .status();
        assert!(killed.expect("kill runs").success());
    };
    signal("-HUP");
    wait_for_log(&path, |_| path.exists());
    request(served_address(&summary), "GET", "/second", &[]);
    signal("-TERM");
    assert_eq!(child.wait().expect("courant ends").code(), Some(0));
    let text = std::fs::read_to_string(&path).unwrap();
    assert!(
        text.contains("/second") && !text.contains("/first"),
        "{text}"
    );
    assert!(!std::fs::read_to_string(&moved).unwrap().contains("/second"));
}

#[test]
fn unwritable_log_file_fails_startup_with_a_hint() {
    let site = TestSite::new()
        .post("a.md", plain("Alpha", "2024-01-01"))
        .config("[server]\naccess_log = \"none/access.log\"");
    let ended = Command::new(env!("CARGO_BIN_EXE_courant"))
        .arg("--config")
        .arg(site.write_config())
        .args(["--listen", "127.0.0.1:0"])
        .env_clear()
        .stdin(Stdio::null())
        .output()
        .expect("courant runs");
    assert_eq!(ended.status.code(), Some(1));
    let stderr = String::from_utf8(ended.stderr).unwrap();
    assert!(
        stderr.contains("error: cannot write the access log `"),
        "{stderr}"
    );
    assert!(stderr.contains("hint: `server.access_log`"), "{stderr}");
}
