//! The access log: a line for each answer, which no client can forge, and which holds nobody up.

use std::path::Path;
use std::process::{Command, Stdio};

use courant::access_log::AccessLog;
use courant::config::TrustedProxies;

use crate::serve::{address, start};
use crate::server_room::{Running, field};
use crate::support::{TestSite, plain, request};

/// What was written once the server has stopped and all is written.
async fn logged(trusted: &[&str], client: impl AsyncFnOnce(&Running)) -> Vec<String> {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("access.log");
    let (log, writing) = AccessLog::to_file(&path).unwrap();
    let trusted: Vec<String> = trusted.iter().map(|proxy| (*proxy).to_owned()).collect();
    let server = Running::logging(Some(log), |config| {
        config.trusted_proxies = TrustedProxies::parse(&trusted).unwrap();
    })
    .await;
    client(&server).await;
    server.stop().await;
    drop(writing);
    let text = std::fs::read_to_string(&path).unwrap();
    text.lines().map(str::to_owned).collect()
}

const TIME: &str = "[06/Nov/1994:08:49:37 +0000]";

#[tokio::test]
async fn each_answer_is_a_line_with_its_status_and_the_bytes_of_its_body() {
    let lines = logged(&[], async |server| {
        let full = server
            .get(
                "/rss.xml?x=1",
                "User-Agent: Reader/1.0\r\nReferer: https://a.example/\r\n",
            )
            .await;
        let tag = field(&full, "etag").unwrap();
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
    let expected = expected.map(|line| format!("127.0.0.1 - - {TIME} {line}"));
    assert_eq!(lines, expected);
}

#[tokio::test]
async fn no_client_can_forge_a_line() {
    let forged = "User-Agent: a\" 200 1 \"-\" \"b\\\x09\u{9b}\r\n";
    let lines = logged(&[], async |server| {
        server.get("/robots.txt", forged).await;
    })
    .await;
    let agent = "\"a\\\" 200 1 \\\"-\\\" \\\"b\\\\\\x09\\xc2\\x9b\"";
    let expected = format!("127.0.0.1 - - {TIME} \"GET /robots.txt HTTP/1.1\" 200 8 \"-\" {agent}");
    assert_eq!(lines, [expected]);
}

#[tokio::test]
async fn the_address_is_the_one_that_a_trusted_proxy_names_and_no_other() {
    let fields = "X-Forwarded-For: 192.0.2.9, 2001:db8:1:2::5\r\n";
    let proxy = &["127.0.0.1"][..];
    for (trusted, fields, named) in [
        (proxy, fields, "2001:db8:1:2::5"),
        (proxy, "", "127.0.0.1"),
        (&[], fields, "127.0.0.1"),
    ] {
        let lines = logged(trusted, async |server| {
            server.get("/robots.txt", fields).await;
        })
        .await;
        assert!(lines[0].starts_with(&format!("{named} - - ")), "{lines:?}");
    }
}

fn wait_for(path: &Path, is: impl Fn(&str) -> bool) {
    let end = std::time::Instant::now() + std::time::Duration::from_secs(20);
    loop {
        let text = std::fs::read_to_string(path).unwrap_or_default();
        if is(&text) {
            return;
        }
        assert!(std::time::Instant::now() < end, "in vain: {text}");
        std::thread::yield_now();
    }
}

#[cfg(unix)]
#[test]
fn the_file_is_opened_anew_on_sighup() {
    let site = TestSite::new()
        .post("a.md", plain("Alpha", "2024-01-01"))
        .config("[server]\naccess_log = \"access.log\"");
    let (mut child, summary, _stderr) = start(&site);
    let (path, moved) = (
        site.root().join("access.log"),
        site.root().join("access.log.1"),
    );
    request(address(&summary), "GET", "/first", &[]);
    wait_for(&path, |text| text.contains("GET /first HTTP/1.1\" 404 "));
    std::fs::rename(&path, &moved).unwrap();
    let signal = |name: &str| {
        let killed = Command::new("kill")
            .args([name, &child.id().to_string()])
            .status();
        assert!(killed.expect("kill runs").success());
    };
    signal("-HUP");
    wait_for(&path, |_| path.exists());
    request(address(&summary), "GET", "/second", &[]);
    signal("-TERM");
    assert_eq!(child.wait().expect("it ends").code(), Some(0));
    let text = std::fs::read_to_string(&path).unwrap();
    assert!(
        text.contains("/second") && !text.contains("/first"),
        "{text}"
    );
    assert!(!std::fs::read_to_string(&moved).unwrap().contains("/second"));
}

#[test]
fn a_file_that_cannot_be_written_is_an_error_with_a_hint_at_the_start() {
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
    let said = String::from_utf8(ended.stderr).unwrap();
    assert!(
        said.contains("error: cannot write the access log `"),
        "{said}"
    );
    assert!(said.contains("hint: `server.access_log`"), "{said}");
}
