//! Checks the admin listener: its pages, its access control, and its separation from public paths.

use std::io::{BufRead as _, BufReader, Read as _};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use std::{fs, thread};

use crate::support::{Response, TestSite, plain, request};

/// Timeout of every wait.
const PATIENCE: Duration = Duration::from_secs(30);
const TOKEN: &str = "a token that nobody guesses";
const ADMIN_PATHS: [&str; 9] = [
    "/healthz",
    "/readyz",
    "/metrics",
    "/events",
    "/posts",
    "/post?path=hidden.md",
    "/entry?path=public.md",
    "/readers",
    "/login",
];

struct AdminProcess {
    child: Child,
    public: String,
    admin: String,
}

impl AdminProcess {
    fn start(site: &TestSite, admin: &str, more: &str) -> AdminProcess {
        let config = site.write_config();
        let text = fs::read_to_string(&config).expect("written");
        let text = text.replace("listen = \"\"\n", more);
        fs::write(&config, text).expect("written");
        let mut child = Command::new(env!("CARGO_BIN_EXE_courant"))
            .arg("--config")
            .arg(&config)
            .args(["--listen", "127.0.0.1:0", "--admin-listen", admin])
            .env_clear()
            .stdin(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("courant runs");
        let mut stderr = BufReader::new(child.stderr.take().expect("a pipe"));
        let mut log = String::new();
        while !log.contains("admin page: ") {
            let read = stderr.read_line(&mut log).expect("UTF-8");
            assert_ne!(read, 0, "courant ended early: {log}");
        }
        // Drain the pipe, so that courant never blocks on writing to it.
        thread::spawn(move || stderr.read_to_end(&mut Vec::new()));
        let address_after = |text: &str| {
            let (_, rest) = log.split_once(text).expect("the text is in the log");
            let (_, rest) = rest.split_once("http://").expect("an address");
            rest.split('/').next().expect("an address").to_owned()
        };
        AdminProcess {
            child,
            public: address_after("broken"),
            admin: address_after("admin page: "),
        }
    }

    fn get(&self, path: &str, headers: &[(&str, &str)]) -> Response {
        request_admin(&self.admin, "GET", path, headers)
    }

    /// Repeats a request until its body contains the text, and returns the body.
    fn wait_for_text(&self, path: &str, text: &str) -> String {
        let end = Instant::now() + PATIENCE;
        loop {
            let body = self.get(path, &[]).text();
            if body.contains(text) {
                return body;
            }
            assert!(
                Instant::now() < end,
                "timed out waiting for `{text}` in {body}"
            );
            thread::yield_now();
        }
    }
}

impl Drop for AdminProcess {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn site_with_hidden_post() -> TestSite {
    TestSite::new()
        .post("public.md", plain("Public boat", "2024-01-01"))
        .post(
            "hidden.md",
            "---\ntitle: Secret boat\ndate: 2024-01-02\nhidePost: true\n---\n",
        )
}

fn request_admin(address: &str, method: &str, path: &str, headers: &[(&str, &str)]) -> Response {
    crate::support::request_with_host(address, "localhost", method, path, headers)
}

#[test]
fn admin_pages_are_not_on_the_public_address() {
    let site = site_with_hidden_post();
    let running = AdminProcess::start(&site, "127.0.0.1:0", "");
    for path in ADMIN_PATHS {
        let public = request(&*running.public, "GET", path, &[]);
        assert_eq!(public.status, 404, "{path}");
        assert!(!public.text().contains("boat"), "{path}");
    }
    for path in ["/healthz", "/readyz", "/metrics", "/posts", "/readers", "/"] {
        assert_eq!(running.get(path, &[]).status, 200, "{path}");
    }
}

#[test]
fn forged_host_or_origin_is_rejected_on_every_path() {
    let site = site_with_hidden_post();
    let running = AdminProcess::start(&site, "127.0.0.1:0", "hosts = [\"courant.internal\"]\n");
    let status_for = |host: &str, path: &str, headers: &[(&str, &str)]| {
        crate::support::request_with_host(&*running.admin, host, "GET", path, headers).status
    };
    for path in ADMIN_PATHS
        .into_iter()
        .chain(["/", "/card.png?path=/public/"])
    {
        assert_eq!(status_for("evil.example", path, &[]), 421, "{path}");
        let origin = [("Origin", "http://evil.example")];
        assert_eq!(status_for("localhost", path, &origin), 403, "{path}");
        let embedded = [
            ("Sec-Fetch-Site", "cross-site"),
            ("Sec-Fetch-Mode", "no-cors"),
        ];
        assert_eq!(status_for("localhost", path, &embedded), 403, "{path}");
    }
    assert_eq!(status_for("courant.internal:8081", "/posts", &[]), 200);
}

#[test]
fn wrong_or_missing_token_is_rejected() {
    let token = format!("token = \"{TOKEN}\"\n");
    let site = site_with_hidden_post();
    let running = AdminProcess::start(&site, "127.0.0.1:0", &token);
    let bearer = |token: &str| [("Authorization", format!("Bearer {token}"))];
    for path in [
        "/",
        "/metrics",
        "/events",
        "/posts",
        "/post?path=hidden.md",
        "/entry?path=public.md",
        "/readers",
        "/card.png?path=/public/",
    ] {
        for headers in [
            vec![],
            bearer("another").to_vec(),
            bearer(&TOKEN[1..]).to_vec(),
        ] {
            let headers: Vec<(&str, &str)> =
                headers.iter().map(|(n, v)| (*n, v.as_str())).collect();
            let answer = running.get(path, &headers);
            assert_eq!(answer.status, 401, "{path}");
            assert!(!answer.text().contains("boat"), "{path}");
        }
    }
    let right = bearer(TOKEN);
    let right: Vec<(&str, &str)> = right.iter().map(|(n, v)| (*n, v.as_str())).collect();
    assert!(running.get("/posts", &right).text().contains("Secret boat"));
    // Health checks need no token and reveal only the state.
    assert_eq!(running.get("/healthz", &[]).status, 200);
    assert_eq!(
        running.get("/readyz", &[]).text(),
        "{\"status\":\"ready\"}\n"
    );
}

#[test]
fn missing_content_is_degraded_but_still_ready() {
    let site = site_with_hidden_post();
    let running = AdminProcess::start(&site, "127.0.0.1:0", "");
    assert!(
        running
            .wait_for_text("/readyz", "\"status\":\"ready\"")
            .contains("\"degraded\":[]")
    );
    let (content, aside) = (site.content(), site.root().join("aside"));
    fs::rename(&content, &aside).expect("moved");
    let body = running.wait_for_text("/readyz", "\"status\":\"degraded\"");
    assert!(body.contains("the content cannot be read"), "{body}");
    assert_eq!(running.get("/readyz", &[]).status, 200);
    running.wait_for_text("/", "The site differs from the files on disk");
    running.wait_for_text("/metrics", "courant_degraded{reason=\"content\"} 1");
    let feed = request(&*running.public, "GET", "/rss.xml", &[]);
    assert!(feed.text().contains("Public boat"));
    fs::rename(&aside, &content).expect("moved back");
    running.wait_for_text("/readyz", "\"status\":\"ready\"");
}

#[test]
fn export_is_on_the_page_and_in_the_metrics() {
    let site = site_with_hidden_post();
    let store = site.root().join("out");
    let site = site.config(&format!("[export]\nto = \"file://{}\"", store.display()));
    let running = AdminProcess::start(&site, "127.0.0.1:0", "");
    running.wait_for_text("/", "<strong data-severity=\"none\">up to date</strong>");
    let text = running.get("/metrics", &[]).text();
    let value = |name: &str| {
        let line = text.lines().find(|line| line.starts_with(name));
        let (_, value) = line
            .unwrap_or_else(|| panic!("no {name}"))
            .split_once(' ')?;
        value.parse::<u64>().ok()
    };
    assert!(store.join("rss.xml").exists());
    assert_eq!(value("courant_export_lag_generations"), Some(0));
    assert_eq!(value("courant_export_failures_total"), Some(0));
    assert!(value("courant_export_written_total") > Some(0));
    assert!(value("courant_export_last_success_timestamp_seconds") > Some(0));
    fs::write(store.join(".courant/manifest.json"), "garbage").expect("written");
    let post = plain("Second boat", "2024-01-03");
    fs::write(site.content().join("second.md"), post).expect("written");
    running.wait_for_text("/", "is not a manifest of courant");
    running.wait_for_text("/metrics", "courant_export_lag_generations 1");
}

#[test]
fn metrics_count_requests_and_posts() {
    let site = site_with_hidden_post();
    let running = AdminProcess::start(&site, "127.0.0.1:0", "");
    let feed = request(
        &*running.public,
        "GET",
        "/rss.xml",
        &[("User-Agent", "Feedly/1.0 (12 subscribers)")],
    );
    let etag = feed.header("etag").expect("an ETag").to_owned();
    assert_eq!(
        request(
            &*running.public,
            "GET",
            "/rss.xml",
            &[("If-None-Match", &etag)]
        )
        .status,
        304
    );
    let text = running.get("/metrics", &[]).text();
    for line in [
        "courant_requests_total{class=\"feed\",status=\"200\"} 1",
        "courant_requests_total{class=\"feed\",status=\"304\"} 1",
        "courant_conditional_requests_total{class=\"feed\"} 1",
        "courant_response_time_seconds_count{class=\"feed\"} 2",
        "courant_feed_subscribers{feed=\"/rss.xml\"} 12",
        "courant_posts{state=\"public\"} 1",
        "courant_posts{state=\"hidden\"} 1",
        "courant_generation 1",
        "# EOF",
    ] {
        assert!(
            text.lines().any(|found| found == line),
            "no `{line}` in\n{text}"
        );
    }
    assert!(!text.contains("boat"));
}

#[test]
fn event_stream_reports_an_edit() {
    use std::io::Write as _;
    let site = site_with_hidden_post();
    let running = AdminProcess::start(&site, "127.0.0.1:0", "");
    let mut socket = std::net::TcpStream::connect(&running.admin).expect("connected");
    socket
        .set_read_timeout(Some(PATIENCE))
        .expect("the timeout is set");
    socket
        .write_all(b"GET /events HTTP/1.1\r\nHost: localhost\r\n\r\n")
        .expect("sent");
    let mut lines = BufReader::new(socket)
        .lines()
        .map(|line| line.expect("UTF-8"));
    let mut wait_for_line = |text: &str| {
        lines
            .find(|line| line.contains(text))
            .expect("the stream has the line")
    };
    wait_for_line("text/event-stream");
    wait_for_line("\"generation\":1");
    let file = site.content().join("public.md");
    fs::write(file, plain("Another boat", "2024-01-01")).expect("saved");
    wait_for_line("\"generation\":2");
}

#[test]
fn forgotten_event_streams_do_not_block_health_checks() {
    use std::io::Write as _;
    let site = site_with_hidden_post();
    let running = AdminProcess::start(&site, "127.0.0.1:0", "");
    let listen = || {
        let mut socket = std::net::TcpStream::connect(&running.admin).expect("connected");
        socket
            .set_read_timeout(Some(PATIENCE))
            .expect("the timeout is set");
        socket
            .write_all(b"GET /events HTTP/1.1\r\nHost: localhost\r\n\r\n")
            .expect("sent");
        let mut reader = BufReader::new(socket);
        let mut line = String::new();
        reader.read_line(&mut line).expect("answered");
        (line, reader)
    };
    let forgotten: Vec<_> = (0..40).map(|_| listen()).collect();
    let accepted = forgotten.iter().filter(|(line, _)| line.contains("200"));
    assert_eq!(accepted.count(), 32);
    assert!(forgotten[39].0.contains("503"), "{}", forgotten[39].0);
    assert_eq!(running.get("/healthz", &[]).status, 200);
    drop(forgotten);
    let end = Instant::now() + PATIENCE;
    while !listen().0.contains("200") {
        assert!(Instant::now() < end, "closed streams free their slots");
        thread::yield_now();
    }
}

#[test]
fn non_loopback_admin_listener_needs_a_token() {
    let site = site_with_hidden_post();
    let config = site.write_config();
    let mut child = Command::new(env!("CARGO_BIN_EXE_courant"))
        .arg("--config")
        .arg(&config)
        .args(["--listen", "127.0.0.1:0", "--admin-listen", "0.0.0.0:0"])
        .stderr(Stdio::piped())
        .spawn()
        .expect("courant runs");
    let mut stderr = BufReader::new(child.stderr.take().expect("a pipe"));
    let mut log = String::new();
    while stderr.read_line(&mut log).expect("UTF-8") > 0 {
        if log.contains("admin page: ") {
            // It started against the rule, and would run forever.
            let _ = child.kill();
        }
    }
    let status = child.wait().expect("ended");
    assert_eq!(status.code(), Some(1), "{log}");
    assert!(log.contains("would be open to anyone"), "{log}");
    assert!(log.contains("hint:") && log.contains("token"), "{log}");
}

#[test]
fn posts_are_paged_by_hundred_and_searchable() {
    let mut site = TestSite::new();
    for number in 0..300 {
        site = site.post(
            &format!("post-{number:03}.md"),
            plain(&format!("Boat {number:03}"), "2024-01-01"),
        );
    }
    let running = AdminProcess::start(&site, "127.0.0.1:0", "");
    let count_posts = |path: &str| {
        running
            .get(path, &[])
            .text()
            .matches("href=\"/post?")
            .count()
    };
    assert_eq!(count_posts("/posts"), 100);
    assert_eq!(count_posts("/posts?page=3"), 100);
    assert_eq!(count_posts("/posts?page=99"), 100);
    assert_eq!(count_posts("/posts?q=boat+299"), 1);
    assert_eq!(count_posts("/posts?state=hidden"), 0);
    assert_eq!(running.get("/post?path=../config.toml", &[]).status, 404);
    assert_eq!(running.get("/nothing", &[]).status, 404);
    assert_eq!(
        request_admin(&running.admin, "POST", "/posts", &[]).status,
        405
    );
}

#[test]
fn rule_with_many_findings_is_one_entry_with_three_places() {
    let site = (0..7).fold(TestSite::new(), |site, number| {
        let url = format!("seo: {{url: word-{number}}}");
        let post = format!("---\ntitle: a\ndate: 2024-01-01\n{url}\n---\n");
        site.post(&format!("{number}.md"), post)
    });
    let running = AdminProcess::start(&site, "127.0.0.1:0", "");
    let page = running.wait_for_text("/", "7 × a permalink is relative");
    let page = page.split_once("<h2 id=\"findings\">").expect("findings").1;
    assert_eq!(page.matches("<li class=\"finding\"").count(), 1, "{page}");
    assert_eq!(page.matches("class=\"place\"").count(), 3, "{page}");
    assert!(page.contains("<a href=\"/post?path=2.md\">2.md</a>, line 4: the permalink"));
}
