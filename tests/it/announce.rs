//! Checks that hubs and search engines are told of each change once, whatever they answer.

use std::collections::BTreeSet;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use courant::announce::{
    AnnounceStatus, AnnounceTimings, AnnouncedStore, Announcer, FileStore, StateFuture,
    TargetStatus,
};
use courant::config::{AnnounceConfig, Config};

use crate::support::{PATIENCE, Served, TestSite, clock, format_findings, plain};

const ACCEPTED: &str = "HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
const FAILED: &str = "HTTP/1.1 500 Oops\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
const NOT_FOUND: &str = "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
const LIMITED: &str =
    "HTTP/1.1 429 Slow Down\r\nRetry-After: 3600\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
/// Leaves the request without a response.
const SILENT: &str = "";
const KEY: &str = "0123456789abcdef";

/// Hub or search engine of a test.
struct Endpoint {
    url: String,
    bodies: Receiver<String>,
}

impl Endpoint {
    /// Answers with each response in turn, and with the last one from then on.
    fn start(responses: &[&str]) -> Endpoint {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/", listener.local_addr().unwrap());
        let (sender, bodies) = channel();
        let responses: Vec<String> = responses.iter().map(|one| (*one).to_owned()).collect();
        thread::spawn(move || {
            let mut held = Vec::new();
            for number in 0.. {
                let Ok((socket, _)) = listener.accept() else {
                    return;
                };
                let response = &responses[number.min(responses.len() - 1)];
                if answer(&socket, response, &sender).is_none() {
                    return;
                }
                if response.is_empty() {
                    held.push(socket);
                }
            }
        });
        Endpoint { url, bodies }
    }

    fn redirecting(status: u16, to: &Endpoint) -> Endpoint {
        let head = format!("HTTP/1.1 {status} Moved\r\nLocation: {}\r\n", to.url);
        Endpoint::start(&[&format!(
            "{head}Content-Length: 0\r\nConnection: close\r\n\r\n"
        )])
    }

    fn next_body(&self) -> String {
        self.bodies.recv_timeout(PATIENCE).expect("a request")
    }

    /// Receives as many pings, and returns the file names of their topics.
    fn next_topics(&self, count: usize) -> BTreeSet<String> {
        let topic = |body: String| {
            let pairs: Vec<(String, String)> = url::form_urlencoded::parse(body.as_bytes())
                .into_owned()
                .collect();
            let values: Vec<&str> = pairs.iter().map(|(_, value)| value.as_str()).collect();
            let names: Vec<&str> = pairs.iter().map(|(name, _)| name.as_str()).collect();
            assert_eq!(names, ["hub.mode", "hub.url", "hub.topic"]);
            assert_eq!((values[0], values[1]), ("publish", values[2]));
            let path = values[1]
                .strip_prefix("https://example.org/")
                .expect("an absolute URL");
            path.to_owned()
        };
        (0..count).map(|_| topic(self.next_body())).collect()
    }

    fn received_count(&self) -> usize {
        self.bodies.try_iter().count()
    }
}

/// Reads a POST request, reports its body and answers it; `None` if the test is over.
fn answer(mut socket: &TcpStream, response: &str, bodies: &Sender<String>) -> Option<()> {
    let mut reader = BufReader::new(socket);
    let mut length = 0;
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        let line = line.trim().to_ascii_lowercase();
        if let Some(value) = line.strip_prefix("content-length: ") {
            length = value.parse().unwrap();
        }
        if line.is_empty() {
            break;
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    bodies.send(String::from_utf8(body).unwrap()).ok()?;
    let _ = socket.write_all(response.as_bytes());
    Some(())
}

/// Site with one post, and an announcer of its changes.
struct Announced {
    served: Served,
    config: AnnounceConfig,
    status: AnnounceStatus,
    announcer: Option<Announcer>,
    saved: Receiver<()>,
}

/// Store that reports each save.
struct ObservedStore {
    store: Box<dyn AnnouncedStore>,
    saves: Sender<()>,
}

impl AnnouncedStore for ObservedStore {
    fn load(&self) -> StateFuture<'_, Option<Vec<u8>>> {
        self.store.load()
    }

    fn save(&self, bytes: Vec<u8>) -> StateFuture<'_, ()> {
        Box::pin(async move {
            let saved = self.store.save(bytes).await;
            let _ = self.saves.send(());
            saved
        })
    }

    fn location(&self) -> String {
        self.store.location()
    }
}

impl Announced {
    /// Starts both, and waits until the first versions are recorded.
    /// The state is in a directory of the site unless a store is given.
    fn start(toml: &str, store: Option<Box<dyn AnnouncedStore>>) -> Announced {
        let site = TestSite::new()
            .config(toml)
            .post("a.md", plain("First", "2024-01-01"))
            .post("b.md", plain("Second", "2024-01-02"));
        let config = site.parsed_config().announce;
        let mut announced = Announced {
            served: site.serve(),
            config,
            status: AnnounceStatus::default(),
            announcer: None,
            saved: channel().1,
        };
        let dir = announced.served.dir.join("state");
        announced.restart(store.unwrap_or_else(|| Box::new(FileStore::open(&dir).unwrap())));
        let targets =
            announced.config.hubs.len() + usize::from(announced.config.indexnow.is_some());
        announced.wait_for_saves(targets);
        announced
    }

    fn with_hub(hub: &Endpoint) -> Announced {
        let toml = format!("[websub]\nhubs = [{:?}]", hub.url);
        Announced::start(&toml, None)
    }

    /// Replaces the announcer, and hands it the current generation.
    fn restart(&mut self, store: Box<dyn AnnouncedStore>) {
        self.announcer = None;
        self.status = AnnounceStatus::default();
        let timings = AnnounceTimings {
            hub_delay: Duration::from_millis(1),
            replica_delay: Duration::from_millis(1),
            request_timeout: Duration::from_secs(2),
            min_backoff: Duration::from_millis(1),
            max_attempts: 3,
            ..AnnounceTimings::default()
        };
        let (saves, saved) = channel();
        self.saved = saved;
        let store: Box<dyn AnnouncedStore> = Box::new(ObservedStore { store, saves });
        let status = self.status.clone();
        let started = Announcer::start(&self.config, timings, Some(store), status, clock);
        self.announcer = Some(started.unwrap().expect("enabled"));
        self.announce();
    }

    /// Waits until the state is saved this many times.
    fn wait_for_saves(&self, count: usize) {
        for _ in 0..count {
            self.saved.recv_timeout(PATIENCE).expect("a save");
        }
    }

    fn announce(&self) {
        let announcer = self.announcer.as_ref().unwrap();
        announcer.announce_snapshot(self.served.current.load_snapshot());
    }

    fn edit(&self, path: &str, text: &str, is: impl Fn(&Served) -> bool) {
        self.served.save(path, text);
        self.served.until("the edit is served", |served| is(served));
        self.announce();
    }

    fn edit_title(&self, title: &str) {
        self.edit("a.md", &plain(title, "2024-01-01"), |served| {
            served.serves(title)
        });
    }

    fn target(&self, name: &str) -> TargetStatus {
        self.status.current_targets()[name].clone()
    }

    /// Waits until the status of a target fulfils the condition.
    fn wait_for(&self, name: &str, is: impl Fn(&TargetStatus) -> bool) -> TargetStatus {
        let end = Instant::now() + PATIENCE;
        loop {
            let targets = self.status.current_targets();
            if let Some(status) = targets.get(name).filter(|status| is(status)) {
                return status.clone();
            }
            assert!(Instant::now() < end, "timed out: {targets:?}");
            thread::yield_now();
        }
    }
}

#[test]
fn changed_feeds_are_pinged_once() {
    let hub = Endpoint::start(&[ACCEPTED]);
    let site = Announced::with_hub(&hub);
    let feeds = BTreeSet::from(["rss.xml", "atom.xml", "feed.json"].map(str::to_owned));
    // The first start pings nobody, and each edit each feed once.
    for title in ["One edit", "Another edit"] {
        site.edit_title(title);
        assert_eq!(hub.next_topics(3), feeds);
        site.wait_for_saves(1);
    }
    assert_eq!(hub.received_count(), 0);
    assert_eq!(site.target(&hub.url).accepted, 6);
}

#[test]
fn generation_without_a_changed_feed_pings_nobody() {
    let hub = Endpoint::start(&[ACCEPTED]);
    let site = Announced::with_hub(&hub);
    let unlisted = "---\ntitle: Quiet\ndate: 2024-01-03\nunlisted: true\n---\nText.\n";
    site.edit("c.md", unlisted, |served| served.serves("Quiet"));
    site.edit_title("Loud");
    assert_eq!(hub.next_topics(3).len(), 3);
    site.wait_for_saves(1);
    assert_eq!(hub.received_count(), 0);
}

#[test]
fn restart_announces_only_what_changed_since() {
    let dir = tempfile::tempdir().unwrap();
    let store = || -> Box<dyn AnnouncedStore> { Box::new(FileStore::open(dir.path()).unwrap()) };
    let hub = Endpoint::start(&[ACCEPTED]);
    let mut site = Announced::start(&format!("[websub]\nhubs = [{:?}]", hub.url), Some(store()));
    site.edit_title("Before");
    hub.next_topics(3);
    site.wait_for_saves(1);
    site.restart(store());
    site.edit_title("After");
    assert_eq!(hub.next_topics(3).len(), 3);
    site.wait_for_saves(1);
    // A change while no announcer runs.
    site.announcer = None;
    site.served.save("a.md", &plain("Meanwhile", "2024-01-01"));
    site.served
        .until("the edit is served", |served| served.serves("Meanwhile"));
    site.restart(store());
    assert_eq!(hub.next_topics(3).len(), 3);
    site.wait_for_saves(1);
    assert_eq!(hub.received_count(), 0);
}

#[test]
fn failing_hub_is_asked_again() {
    let hub = Endpoint::start(&[FAILED, FAILED, ACCEPTED]);
    let site = Announced::with_hub(&hub);
    site.edit_title("Edited");
    assert_eq!(hub.next_topics(5).len(), 3);
    let status = site.wait_for(&hub.url, |status| status.accepted == 3);
    assert_eq!(
        (status.failed, status.retries, status.last_error),
        (2, 2, None)
    );
}

#[test]
fn dead_hub_is_given_up_until_the_next_change() {
    let hub = Endpoint::start(&[FAILED, FAILED, FAILED, ACCEPTED]);
    let site = Announced::with_hub(&hub);
    site.edit_title("Edited");
    site.wait_for(&hub.url, |status| {
        status.failed == 3 && status.next_attempt.is_none()
    });
    assert_eq!(hub.received_count(), 3);
    site.edit_title("Edited again");
    assert_eq!(hub.next_topics(3).len(), 3);
}

#[test]
fn silent_hub_delays_no_other() {
    let (silent, hub) = (Endpoint::start(&[SILENT]), Endpoint::start(&[ACCEPTED]));
    let toml = format!("[websub]\nhubs = [{:?}, {:?}]", silent.url, hub.url);
    let site = Announced::start(&toml, None);
    site.edit_title("Edited");
    silent.next_body();
    assert_eq!(hub.next_topics(3).len(), 3);
    site.edit_title("Edited again");
    assert_eq!(hub.next_topics(3).len(), 3);
    let status = site.wait_for(&silent.url, |status| status.failed > 0);
    assert_eq!(status.last_error.as_deref(), Some("no response in time"));
}

#[test]
fn retry_after_is_respected() {
    let hub = Endpoint::start(&[LIMITED]);
    let site = Announced::with_hub(&hub);
    let start = clock();
    site.edit_title("Edited");
    let next = |status: &TargetStatus| status.next_attempt.filter(|_| status.failed > 0);
    let asked = Some(start + Duration::from_secs(3599));
    site.wait_for(&hub.url, |status| next(status) >= asked);
    // A further edit does not shorten the wait.
    site.edit_title("Edited again");
    assert_eq!(hub.received_count(), 1);
}

#[test]
fn only_redirects_that_keep_the_request_are_followed() {
    let hub = Endpoint::start(&[ACCEPTED]);
    let (moved, lost) = (
        Endpoint::redirecting(307, &hub),
        Endpoint::redirecting(301, &hub),
    );
    let toml = format!("[websub]\nhubs = [{:?}, {:?}]", moved.url, lost.url);
    let site = Announced::start(&toml, None);
    site.edit_title("Edited");
    assert_eq!(hub.next_topics(3).len(), 3);
    let status = site.wait_for(&lost.url, |status| status.failed == 3);
    let error = status.last_error.unwrap();
    assert!(error.contains("301") && error.contains(&hub.url), "{error}");
    site.wait_for(&moved.url, |status| status.accepted == 3);
    assert_eq!(hub.received_count(), 0);
}

#[test]
fn rejected_ping_is_not_repeated() {
    let hub = Endpoint::start(&[NOT_FOUND]);
    let site = Announced::with_hub(&hub);
    site.edit_title("Edited");
    let status = site.wait_for(&hub.url, |status| {
        status.failed == 3 && status.next_attempt.is_none()
    });
    assert_eq!((status.accepted, status.retries), (0, 0));
    assert_eq!(hub.received_count(), 3);
}

#[test]
fn garbage_state_counts_as_none() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("announced.json");
    let hub = Endpoint::start(&[ACCEPTED]);
    for garbage in ["{", r#"{"version":99,"announced":{}}"#] {
        std::fs::write(&file, garbage).unwrap();
        let store = Box::new(FileStore::open(dir.path()).unwrap());
        let site = Announced::start(&format!("[websub]\nhubs = [{:?}]", hub.url), Some(store));
        site.edit_title("Edited");
        assert_eq!(hub.next_topics(3).len(), 3);
        site.wait_for_saves(1);
        assert_eq!(hub.received_count(), 0);
        assert!(std::fs::read_to_string(&file).unwrap().contains("rss.xml"));
    }
}

#[test]
fn indexnow_gets_new_changed_and_withdrawn_urls_only() {
    let engine = Endpoint::start(&[ACCEPTED]);
    let toml = format!(
        "[indexnow]\nkey = {KEY:?}\nendpoint = {:?}\ndelay = \"0s\"",
        engine.url
    );
    let site = Announced::start(&toml, None);
    let next_urls = || {
        let body: serde_json::Value = serde_json::from_str(&engine.next_body()).unwrap();
        assert_eq!(
            (&body["host"], &body["key"]),
            (&"example.org".into(), &KEY.into())
        );
        assert_eq!(
            body["keyLocation"],
            format!("https://example.org/{KEY}.txt")
        );
        body["urlList"].clone()
    };
    site.edit_title("Changed");
    assert_eq!(next_urls(), serde_json::json!(["https://example.org/a/"]));
    site.wait_for_saves(1);
    // A post that was never public, and one that leaves the sitemap but not the site.
    let post = |title: &str, field: &str| {
        format!("---\ntitle: {title}\ndate: 2024-02-01\n{field}\n---\nText.\n")
    };
    site.served
        .save("secret.md", &post("Secret", "draft: true"));
    site.edit("b.md", &post("Kept", "sitemap: false"), |served| {
        served.serves("Kept")
    });
    site.wait_for_saves(1);
    site.edit("c.md", &post("New", ""), |served| served.serves("New"));
    assert_eq!(next_urls(), serde_json::json!(["https://example.org/c/"]));
    site.wait_for_saves(1);
    site.edit("a.md", &post("Withdrawn", "draft: true"), |served| {
        !served.serves("Changed")
    });
    assert_eq!(next_urls(), serde_json::json!(["https://example.org/a/"]));
    site.wait_for_saves(1);
    site.served.remove("secret.md");
    site.edit("c.md", &post("Newer", ""), |served| served.serves("Newer"));
    assert_eq!(next_urls(), serde_json::json!(["https://example.org/c/"]));
}

#[test]
fn waiting_announcement_holds_no_post_that_was_hidden() {
    let engine = Endpoint::start(&[ACCEPTED]);
    let toml = format!(
        "[indexnow]\nkey = {KEY:?}\nendpoint = {:?}\ndelay = \"1s\"",
        engine.url
    );
    let site = Announced::start(&toml, None);
    let announcer = site.announcer.as_ref().unwrap();
    let save = |path: &str, text: &str, is: &dyn Fn(&Served) -> bool| {
        site.served.save(path, text);
        site.served.until("the edit is served", |served| is(served));
        site.served.current.load_snapshot()
    };
    let public = save("c.md", &plain("Regretted", "2024-01-03"), &|served| {
        served.serves("Regretted")
    });
    let draft = "---\ntitle: Regretted\ndraft: true\n---\n";
    let hidden = save("c.md", draft, &|served| !served.serves("Regretted"));
    // Another process wrote the second generation, and announces it.
    // While an export fails, the generation in the store is unknown.
    for newest in [Some(hidden), None] {
        announcer.announce_snapshot(public.clone());
        site.wait_for("indexnow", |status| status.next_attempt.is_some());
        announcer.replace_snapshot(newest);
        site.wait_for("indexnow", |status| status.next_attempt.is_none());
        assert_eq!(engine.received_count(), 0);
    }
    announcer.announce_snapshot(public);
    assert!(engine.next_body().contains("https://example.org/c/"));
}

#[test]
fn key_file_has_the_key() {
    let toml = format!("[indexnow]\nkey = {KEY:?}");
    let served = TestSite::new().config(&toml).serve();
    let response = served.get(&format!("/{KEY}.txt"));
    assert_eq!((response.status, response.text().as_str()), (200, KEY));
    assert_eq!(
        response.header("content-type"),
        Some("text/plain; charset=utf-8")
    );
}

#[test]
fn first_documents_name_their_hubs() {
    let site = TestSite::new()
        .config("[websub]\nhubs = [\"https://hub.example/?a=1&b=2\"]\n[feed]\nlimit = 1")
        .post(
            "a.md",
            "---\ntitle: A\ndate: 2024-01-01\ntags: [sea]\n---\nText.\n",
        )
        .post("b.md", plain("B", "2024-01-02"))
        .build();
    let xml = "https://hub.example/?a=1&amp;b=2";
    for (path, link) in [
        (
            "/rss.xml",
            format!("<atom:link href=\"{xml}\" rel=\"hub\"/>"),
        ),
        (
            "/tag/sea/rss.xml",
            format!("<atom:link href=\"{xml}\" rel=\"hub\"/>"),
        ),
        ("/atom.xml", format!("<link href=\"{xml}\" rel=\"hub\"/>")),
        (
            "/feed.json",
            "\"type\": \"WebSub\",\n      \"url\": \"https://hub.example/?a=1&b=2\"".to_owned(),
        ),
    ] {
        let text = site.text(path);
        assert!(text.contains(&link), "{path}: {text}");
        let resource = site.snapshot.get(path).unwrap();
        let links = resource.link_header.as_deref().unwrap();
        assert!(
            links.contains("<https://hub.example/?a=1&b=2>; rel=\"hub\""),
            "{links}"
        );
        for page in crate::support::render_further_pages(&site.snapshot, &resource.key) {
            assert!(!page.contains("hub.example"), "{page}");
        }
    }
    assert!(!site.text("/").contains("hub.example"));
}

#[test]
fn disabled_announcements_start_nothing() {
    let toml = "[site]\nurl = \"https://e.org\"\ntitle = \"E\"\n[websub]\nhubs = [\"https://hub.example\"]\n[announce]\nenabled = false\n";
    let config = Config::parse(toml, "config.toml", Path::new(""))
        .unwrap()
        .announce;
    let status = AnnounceStatus::default();
    let started = Announcer::start(&config, AnnounceTimings::default(), None, status, || {
        SystemTime::UNIX_EPOCH
    });
    assert!(started.unwrap().is_none());
}

#[test]
fn wrong_hub_or_key_is_a_fault_with_a_hint() {
    let toml = "\
[site]
url = \"https://e.org\"
title = \"E\"

[[feeds]]
path = \"/0123456789abcdef.txt\"

[websub]
hubs = [
  \"hub.example\",
  \"ftp://hub.example/\",
  \"https://user:secret@hub.example/\",
  \"https://hub.example/\",
  \"https://hub.example\",
]

[indexnow]
key = \"0123456789abcdef\"
endpoint = \"api.indexnow.org\"
delay = \"3days\"
url = \"x\"

[state]
dir = \"\"

[announce]
enabled = \"yes\"
";
    let findings = Config::parse(toml, "config.toml", Path::new("")).expect_err("faults");
    insta::assert_snapshot!(format_findings(&findings));
    for key in ["short", "with space and more", &"x".repeat(129)] {
        let toml =
            format!("[site]\nurl = \"https://e.org\"\ntitle = \"E\"\n[indexnow]\nkey = {key:?}\n");
        let findings = Config::parse(&toml, "config.toml", Path::new("")).expect_err("a fault");
        assert!(
            findings[0].message.contains("is not an IndexNow key"),
            "{findings:?}"
        );
    }
}

#[test]
fn check_says_where_the_key_file_has_to_be() {
    let toml =
        format!("[server]\npublic_url = \"https://feeds.example.org\"\n[indexnow]\nkey = {KEY:?}");
    let config = TestSite::new().config(&toml).parsed_config();
    let finding = courant::check::lint::find_unserved_indexnow_key(&config).expect("a finding");
    assert!(
        finding
            .message
            .contains(&format!("https://example.org/{KEY}.txt")),
        "{finding:?}"
    );
}
