//! The operator's listener: what it tells, whom, and that nothing of it is at the public one.

use std::io::{BufRead as _, BufReader, Read as _};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use std::{fs, thread};

use crate::support::{Response, TestSite, plain, request};

/// The longest that anything may take before the test fails.
const PATIENCE: Duration = Duration::from_secs(30);
const TOKEN: &str = "a token that nobody guesses";
const PATHS: [&str; 9] = [
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

struct Running {
    child: Child,
    public: String,
    admin: String,
}

impl Running {
    fn start(site: &TestSite, admin: &str, more: &str) -> Running {
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
        let mut said = String::new();
        while !said.contains("for you alone") {
            let read = stderr.read_line(&mut said).expect("UTF-8");
            assert_ne!(read, 0, "ended early: {said}");
        }
        // Whatever else it says is not waited for.
        thread::spawn(move || stderr.read_to_end(&mut Vec::new()));
        let after = |text: &str| {
            let (_, rest) = said.split_once(text).expect("it is said");
            let (_, rest) = rest.split_once("http://").expect("an address");
            rest.split('/').next().expect("an address").to_owned()
        };
        Running {
            child,
            public: after("broken"),
            admin: after("for you alone"),
        }
    }

    fn ask(&self, path: &str, headers: &[(&str, &str)]) -> Response {
        ask(&self.admin, "GET", path, headers)
    }

    /// Asks until that is told.
    fn until(&self, path: &str, text: &str) -> String {
        let end = Instant::now() + PATIENCE;
        loop {
            let body = self.ask(path, &[]).text();
            if body.contains(text) {
                return body;
            }
            assert!(Instant::now() < end, "no `{text}` in {body}");
            thread::yield_now();
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn site() -> TestSite {
    TestSite::new()
        .post("public.md", plain("Public boat", "2024-01-01"))
        .post(
            "hidden.md",
            "---\ntitle: Secret boat\ndate: 2024-01-02\nhidePost: true\n---\n",
        )
}

fn ask(address: &str, method: &str, path: &str, headers: &[(&str, &str)]) -> Response {
    crate::support::request_of(address, "localhost", method, path, headers)
}

#[test]
fn nothing_of_it_is_at_the_public_address() {
    let site = site();
    let running = Running::start(&site, "127.0.0.1:0", "");
    for path in PATHS {
        let public = request(&*running.public, "GET", path, &[]);
        assert_eq!(public.status, 404, "{path}");
        assert!(!public.text().contains("boat"), "{path}");
    }
    for path in ["/healthz", "/readyz", "/metrics", "/posts", "/readers", "/"] {
        assert_eq!(running.ask(path, &[]).status, 200, "{path}");
    }
}

#[test]
fn a_forged_host_or_origin_is_refused_whatever_it_asks_for() {
    let site = site();
    let running = Running::start(&site, "127.0.0.1:0", "hosts = [\"courant.internal\"]\n");
    let by = |host: &str, path: &str, headers: &[(&str, &str)]| {
        crate::support::request_of(&*running.admin, host, "GET", path, headers).status
    };
    for path in PATHS.into_iter().chain(["/", "/card.png?path=/public/"]) {
        assert_eq!(by("evil.example", path, &[]), 421, "{path}");
        let origin = [("Origin", "http://evil.example")];
        assert_eq!(by("localhost", path, &origin), 403, "{path}");
        let embedded = [
            ("Sec-Fetch-Site", "cross-site"),
            ("Sec-Fetch-Mode", "no-cors"),
        ];
        assert_eq!(by("localhost", path, &embedded), 403, "{path}");
    }
    assert_eq!(by("courant.internal:8081", "/posts", &[]), 200);
}

#[test]
fn with_a_token_nothing_is_told_to_who_has_another_or_none() {
    let token = format!("token = \"{TOKEN}\"\n");
    let site = site();
    let running = Running::start(&site, "127.0.0.1:0", &token);
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
            let answer = running.ask(path, &headers);
            assert_eq!(answer.status, 401, "{path}");
            assert!(!answer.text().contains("boat"), "{path}");
        }
    }
    let right = bearer(TOKEN);
    let right: Vec<(&str, &str)> = right.iter().map(|(n, v)| (*n, v.as_str())).collect();
    assert!(running.ask("/posts", &right).text().contains("Secret boat"));
    // Supervisors have no token, and are told that much.
    assert_eq!(running.ask("/healthz", &[]).status, 200);
    assert_eq!(
        running.ask("/readyz", &[]).text(),
        "{\"status\":\"ready\"}\n"
    );
}

#[test]
fn it_is_ready_and_stays_so_when_the_content_goes_and_says_what_is_wrong() {
    let site = site();
    let running = Running::start(&site, "127.0.0.1:0", "");
    assert!(
        running
            .until("/readyz", "\"status\":\"ready\"")
            .contains("\"degraded\":[]")
    );
    let (content, aside) = (site.content(), site.root().join("aside"));
    fs::rename(&content, &aside).expect("moved");
    let body = running.until("/readyz", "\"status\":\"degraded\"");
    assert!(body.contains("cannot be looked at"), "{body}");
    assert_eq!(running.ask("/readyz", &[]).status, 200);
    running.until("/", "What is served is not what is on disk");
    running.until("/metrics", "courant_degraded{reason=\"content\"} 1");
    let feed = request(&*running.public, "GET", "/rss.xml", &[]);
    assert!(feed.text().contains("Public boat"));
    fs::rename(&aside, &content).expect("moved back");
    running.until("/readyz", "\"status\":\"ready\"");
}

#[test]
fn metrics_count_what_is_asked_and_what_there_is() {
    let site = site();
    let running = Running::start(&site, "127.0.0.1:0", "");
    let feed = request(
        &*running.public,
        "GET",
        "/rss.xml",
        &[("User-Agent", "Feedly/1.0 (12 subscribers)")],
    );
    let etag = feed.header("etag").expect("one").to_owned();
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
    let text = running.ask("/metrics", &[]).text();
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
            text.lines().any(|said| said == line),
            "no `{line}` in\n{text}"
        );
    }
    assert!(!text.contains("boat"));
}

#[test]
fn a_stream_of_events_tells_of_an_edit() {
    use std::io::Write as _;
    let site = site();
    let running = Running::start(&site, "127.0.0.1:0", "");
    let mut socket = std::net::TcpStream::connect(&running.admin).expect("connected");
    socket.set_read_timeout(Some(PATIENCE)).expect("a time-out");
    socket
        .write_all(b"GET /events HTTP/1.1\r\nHost: localhost\r\n\r\n")
        .expect("sent");
    let mut lines = BufReader::new(socket)
        .lines()
        .map(|line| line.expect("UTF-8"));
    let mut until = |text: &str| lines.find(|line| line.contains(text)).expect("it is told");
    until("text/event-stream");
    until("\"generation\":1");
    let file = site.content().join("public.md");
    fs::write(file, plain("Another boat", "2024-01-01")).expect("saved");
    until("\"generation\":2");
}

#[test]
fn pages_that_are_forgotten_keep_no_supervisor_away() {
    use std::io::Write as _;
    let site = site();
    let running = Running::start(&site, "127.0.0.1:0", "");
    let listen = || {
        let mut socket = std::net::TcpStream::connect(&running.admin).expect("connected");
        socket.set_read_timeout(Some(PATIENCE)).expect("a time-out");
        socket
            .write_all(b"GET /events HTTP/1.1\r\nHost: localhost\r\n\r\n")
            .expect("sent");
        let mut reader = BufReader::new(socket);
        let mut line = String::new();
        reader.read_line(&mut line).expect("answered");
        (line, reader)
    };
    let forgotten: Vec<_> = (0..40).map(|_| listen()).collect();
    let told = forgotten.iter().filter(|(line, _)| line.contains("200"));
    assert_eq!(told.count(), 32);
    assert!(forgotten[39].0.contains("503"), "{}", forgotten[39].0);
    assert_eq!(running.ask("/healthz", &[]).status, 200);
    drop(forgotten);
    let end = Instant::now() + PATIENCE;
    while !listen().0.contains("200") {
        assert!(Instant::now() < end, "places are given back");
        thread::yield_now();
    }
}

#[test]
fn beyond_this_machine_there_is_no_page_without_a_token() {
    let site = site();
    let config = site.write_config();
    let mut child = Command::new(env!("CARGO_BIN_EXE_courant"))
        .arg("--config")
        .arg(&config)
        .args(["--listen", "127.0.0.1:0", "--admin-listen", "0.0.0.0:0"])
        .stderr(Stdio::piped())
        .spawn()
        .expect("courant runs");
    let mut stderr = BufReader::new(child.stderr.take().expect("a pipe"));
    let mut said = String::new();
    while stderr.read_line(&mut said).expect("UTF-8") > 0 {
        if said.contains("for you alone") {
            // It should not have started; it would not end.
            let _ = child.kill();
        }
    }
    let status = child.wait().expect("ended");
    assert_eq!(status.code(), Some(1), "{said}");
    assert!(said.contains("could be seen by anybody"), "{said}");
    assert!(said.contains("hint:") && said.contains("token"), "{said}");
}

#[test]
fn many_posts_are_shown_a_hundred_at_a_time_and_all_are_found() {
    let mut site = TestSite::new();
    for number in 0..300 {
        site = site.post(
            &format!("post-{number:03}.md"),
            plain(&format!("Boat {number:03}"), "2024-01-01"),
        );
    }
    let running = Running::start(&site, "127.0.0.1:0", "");
    let shown = |path: &str| {
        running
            .ask(path, &[])
            .text()
            .matches("href=\"/post?")
            .count()
    };
    assert_eq!(shown("/posts"), 100);
    assert_eq!(shown("/posts?page=3"), 100);
    assert_eq!(shown("/posts?page=99"), 100);
    assert_eq!(shown("/posts?q=boat+299"), 1);
    assert_eq!(shown("/posts?state=hidden"), 0);
    assert_eq!(running.ask("/post?path=../config.toml", &[]).status, 404);
    assert_eq!(running.ask("/nothing", &[]).status, 404);
    assert_eq!(ask(&running.admin, "POST", "/posts", &[]).status, 405);
}
