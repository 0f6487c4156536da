//! Checks that hubs and search engines are told of each change once, whatever they answer.

use std::collections::BTreeSet;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use courant::announce::{
    AnnounceStatus, AnnounceTimings, Announcer, FileStore, MemoryStore, StateStore, TargetStatus,
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
                let Ok((socket, _)) = listener.accept() else { return };
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
        Endpoint::start(&[&format!("{head}Content-Length: 0\r\nConnection: close\r\n\r\n")])
    }

    fn next_body(&self) -> String {
        self.bodies.recv_timeout(PATIENCE).expect("a request")
    }

    /// Receives as many pings, and returns the file names of their topics.
    fn next_topics(&self, count: usize) -> BTreeSet<String> {
        let topic = |body: String| {
            let pairs: Vec<(String, String)> =
                url::form_urlencoded::parse(body.as_bytes()).into_owned().collect();
            let values: Vec<&str> = pairs.iter().map(|(_, value)| value.as_str()).collect();
            let names: Vec<&str> = pairs.iter().map(|(name, _)| name.as_str()).collect();
            assert_eq!(names, ["hub.mode", "hub.url", "hub.topic"]);
            assert_eq!((values[0], values[1]), ("publish", values[2]));
            let path = values[1].strip_prefix("https://example.org/").expect("an absolute URL");
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
}

impl Announced {
    /// Starts both, and waits until the first versions are recorded.
    fn start(toml: &str, store: Box<dyn StateStore>) -> Announced {
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
        };
        announced.restart(store);
        announced
    }

    fn with_hub(hub: &Endpoint) -> Announced {
        let toml = format!("[websub]\nhubs = [{:?}]", hub.url);
        Announced::start(&toml, Box::new(MemoryStore::default()))
    }

    /// Replaces the announcer, and hands it the current generation.
    fn restart(&mut self, store: Box<dyn StateStore>) {
        self.announcer = None;
        self.status = AnnounceStatus::default();
        let timings = AnnounceTimings {
            hub_delay: Duration::from_millis(1),
            request_timeout: Duration::from_secs(2),
            min_backoff: Duration::from_millis(1),
            max_attempts: 3,
            ..AnnounceTimings::default()
        };
        let (saves, saved) = channel();
        let store = Box::new(ObservedStore { store, saves });
        let status = self.status.clone();
        let started = Announcer::start(&self.config, timings, store, status, clock);
        self.announcer = Some(started.unwrap().expect("enabled"));
        self.announce();
        // The tasks save when they record first versions, and after they sent changes.
        drop(saved);
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
        self.edit("a.md", &plain(title, "2024-01-01"), |served| served.serves(title));
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
