//! A site made for a test: a content directory, a configuration, and what courant makes of them.
//!
//! `TestSite::new().post("a.md", "…").build()` renders in process; `.serve()` runs the very server
//! and watch that the command runs, on a port of the system's choice.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream, ToSocketAddrs};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, channel};
use std::thread::JoinHandle;
use std::time::{Duration, SystemTime};

use courant::artifact::{ArtifactKey, Deferred, FurtherPage, Page};
use courant::config::Config;
use courant::content::Loss;
use courant::finding::{Finding, Rule};
use courant::gallery::Gallery;
use courant::pipeline::{Outcome, Pipeline, Status};
use courant::server::{Source, Traffic};
use courant::site::visibility::Verdict;
use courant::snapshot::{Content, Current, Resource, Snapshot};
use courant::watch::{Stop, Turn, Watch};
use tempfile::TempDir;

/// The longest that anything under test may take before the test fails. Not a measure: tests
/// wait for what they expect, not for time to pass.
pub const PATIENCE: Duration = Duration::from_secs(20);

/// A site that is not yet looked at.
#[must_use]
pub struct TestSite {
    dir: TempDir,
    config: String,
    cards: String,
    check: &'static str,
    now: SystemTime,
    first: Snapshot,
}

/// What courant makes of a site.
pub struct Built {
    pub snapshot: Arc<Snapshot>,
    pub status: Status,
    pub verdicts: Vec<Verdict>,
    pub findings: Vec<Finding>,
}

/// A site being served.
pub struct Served {
    pub dir: PathBuf,
    pub address: SocketAddr,
    pub current: Current,
    pub traffic: Traffic,
    turns: Receiver<Result<(Outcome, Status), String>>,
    stop: Option<Stop>,
    threads: Vec<JoinHandle<()>>,
    shutdown: Option<tokio::sync::oneshot::Sender<()>>,
    _keep: TempDir,
}

/// An answer as it came over the wire.
#[derive(Debug)]
pub struct Response {
    pub status: u16,
    pub headers: BTreeMap<String, String>,
    pub body: Vec<u8>,
}

/// The post that most tests are not about.
pub fn plain(title: &str, date: &str) -> String {
    format!("---\ntitle: {title}\ndate: {date}\n---\nThe body of {title}.\n")
}

/// A fixed instant: 2025-01-01T00:00:00Z.
pub fn new_year_2025() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(1_735_689_600)
}

#[expect(clippy::disallowed_methods, reason = "stands for the command's clock")]
pub fn clock() -> SystemTime {
    SystemTime::now()
}

impl TestSite {
    pub fn new() -> TestSite {
        TestSite::within(&std::env::temp_dir())
    }

    /// One on a file system of which it is known that it notes every change.
    #[cfg(target_os = "linux")]
    pub fn in_memory() -> TestSite {
        TestSite::within(Path::new("/dev/shm"))
    }

    fn within(dir: &Path) -> TestSite {
        let dir = TempDir::with_prefix_in("courant-", dir).expect("a directory for the test");
        std::fs::create_dir(dir.path().join("content")).expect("a content directory");
        let config = "[site]\nurl = \"https://example.org\"\ntitle = \"Example\"\ndescription = \"About examples\"\n".to_owned();
        TestSite {
            dir,
            config,
            // What other machines have installed must not decide a test.
            cards: "system_fonts = false\n".to_owned(),
            // Most posts of tests are too short to be described.
            check: "[check]\nignore = [\"missing-description\"]\n",
            now: new_year_2025(),
            first: Snapshot::default(),
        }
    }

    /// Lets `check` speak of posts without a description too.
    pub fn check_all(mut self) -> TestSite {
        self.check = "";
        self
    }

    /// Writes a file below the content directory.
    pub fn post(self, path: &str, text: impl AsRef<[u8]>) -> TestSite {
        write(&self.content().join(path), text.as_ref());
        self
    }

    /// Writes a file beside the configuration.
    pub fn file(self, path: &str, bytes: impl AsRef<[u8]>) -> TestSite {
        write(&self.root().join(path), bytes.as_ref());
        self
    }

    /// Adds to the configuration, which begins inside `[site]`.
    pub fn config(mut self, toml: &str) -> TestSite {
        let _ = writeln!(self.config, "{toml}");
        self
    }

    /// Names the site.
    pub fn title(mut self, title: &str) -> TestSite {
        self.config = self.config.replace("\"Example\"", &format!("{title:?}"));
        self
    }

    /// Adds to the configuration's section of cards.
    pub fn cards(mut self, toml: &str) -> TestSite {
        let _ = writeln!(self.cards, "{toml}");
        self
    }

    /// Judges as of another instant than 2025-01-01T00:00:00Z.
    pub fn now(mut self, now: SystemTime) -> TestSite {
        self.now = now;
        self
    }

    /// Serves an output that is longer, in bytes, as one that is large.
    pub fn packing_above(mut self, length: usize) -> TestSite {
        self.first = Snapshot::packing_above(length);
        self
    }

    pub fn content(&self) -> PathBuf {
        self.dir.path().join("content")
    }

    /// The directory that holds the configuration.
    pub fn root(&self) -> &Path {
        self.dir.path()
    }

    pub fn parsed_config(&self) -> Config {
        Config::parse(&self.toml(), "config.toml", self.dir.path())
            .expect("the test's configuration is right")
    }

    /// Writes the configuration beside the content and returns where.
    pub fn write_config(&self) -> PathBuf {
        let path = self.dir.path().join("config.toml");
        write(&path, self.toml().as_bytes());
        path
    }

    fn toml(&self) -> String {
        // Tests run beside each other, and each would want the same address.
        let admin = "[admin]\nlisten = \"\"\n";
        format!(
            "{}\n[cards]\n{}\n{}\n{admin}",
            self.config, self.cards, self.check
        )
    }

    pub fn pipeline(&self) -> Pipeline {
        Pipeline::new(self.parsed_config(), Current::default())
    }

    /// Renders everything once.
    pub fn build(&self) -> Built {
        let current = Current::default();
        let mut pipeline = Pipeline::new(self.parsed_config(), current.clone());
        pipeline
            .run(self.now, Loss::IsBelieved)
            .expect("the content can be read");
        while pipeline.advise(100) {}
        let snapshot = current.load();
        snapshot.compress();
        Built {
            snapshot,
            status: pipeline.status().clone(),
            verdicts: pipeline.verdicts(),
            findings: pipeline.status().findings.to_vec(),
        }
    }

    /// Serves it, and every edit of it.
    pub fn serve(self) -> Served {
        let config = self.parsed_config();
        let current = Current::default();
        current.publish(self.first);
        let (mut watch, stop) = Watch::new(Pipeline::new(config.clone(), current.clone()));
        watch.look(clock()).expect("the content can be read");
        let (sender, turns) = channel();
        let watching = std::thread::spawn(move || {
            watch.run(clock, |turn| {
                let turn = match turn {
                    Turn::Looked(outcome, status) => Ok((outcome, status.clone())),
                    Turn::Failed(error) => Err(error.to_string()),
                    Turn::InDoubt(_) => Err("in doubt".to_owned()),
                    _ => return,
                };
                let _ = sender.send(turn);
            });
        });
        let (shutdown, stopped) = tokio::sync::oneshot::channel();
        let (tell_address, address) = channel();
        let gallery = Gallery::new(config.cards.cache_size, config.cards.queue).expect("threads");
        let traffic = Traffic::default();
        let source = Source {
            current: current.clone(),
            gallery,
            traffic: traffic.clone(),
            access_log: None,
        };
        let serving = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .expect("a runtime");
            runtime.block_on(async {
                let listener = tokio::net::TcpListener::bind("127.0.0.1:0")
                    .await
                    .expect("a free port");
                tell_address
                    .send(listener.local_addr().expect("an address"))
                    .expect("the test waits for it");
                let stopped = async {
                    let _ = stopped.await;
                };
                courant::server::serve(listener, source, &config.server, clock, stopped).await;
            });
        });
        Served {
            dir: self.dir.path().to_owned(),
            address: address.recv_timeout(PATIENCE).expect("the server listens"),
            current,
            traffic,
            turns,
            stop: Some(stop),
            threads: vec![watching, serving],
            shutdown: Some(shutdown),
            _keep: self.dir,
        }
    }
}

impl Built {
    /// The text at a path.
    pub fn text(&self, path: &str) -> String {
        let resource = self
            .snapshot
            .get(path)
            .unwrap_or_else(|| panic!("nothing at {path}; there is {:?}", self.paths()));
        said(&resource)
    }

    pub fn paths(&self) -> Vec<String> {
        let mut paths = self.snapshot.paths();
        paths.sort();
        paths
    }

    /// All resources with their paths.
    pub fn resources(&self) -> Vec<(String, Arc<Resource>)> {
        let resource =
            |path: String| (path.clone(), self.snapshot.get(&path).expect("it is there"));
        self.paths().into_iter().map(resource).collect()
    }

    /// Every path, header and byte that could be served, as one text.
    pub fn everything(&self) -> String {
        everything(&self.snapshot)
    }

    pub fn rules(&self) -> Vec<Rule> {
        self.findings.iter().map(|finding| finding.rule).collect()
    }

    /// The only finding there is.
    pub fn finding(&self) -> &Finding {
        match self.findings.as_slice() {
            [finding] => finding,
            other => panic!("one finding was expected: {other:#?}"),
        }
    }
}

/// Findings of a configuration, each on three lines.
pub fn listed(findings: &[Finding]) -> String {
    let one = |finding: &Finding| {
        let line = finding.line.expect("a line");
        format!(
            "{}: {} [{}]\n  --> {}:{line}\n  hint: {}\n",
            finding.severity, finding.message, finding.rule, finding.file, finding.hint
        )
    };
    findings.iter().map(one).collect::<Vec<_>>().join("\n")
}

/// What a resource holds, or what it would be drawn of if it is a picture.
pub fn said(resource: &Resource) -> String {
    match &resource.content {
        Content::Ready(ready) => {
            let bytes = ready.identity().body.to_vec().expect("sound");
            String::from_utf8_lossy(&bytes).into_owned()
        }
        Content::Deferred { deferred, .. } => match resource.key {
            ArtifactKey::CardImage(_) => format!("{deferred:?}"),
            _ => drawn(deferred),
        },
        Content::Moved(url) => format!("moved to {url}"),
        Content::Gone => "gone".to_owned(),
    }
}

fn drawn(deferred: &Deferred) -> String {
    let bytes = deferred.draw.draw().expect("rendered");
    String::from_utf8(bytes).expect("UTF-8")
}

/// The further pages of a feed, and its archive.
pub fn pages(snapshot: &Snapshot, key: &ArtifactKey) -> Vec<String> {
    let kinds: [fn(usize) -> Page; 2] = [Page::Number, Page::Archive];
    let numbers = kinds.map(|kind| {
        let first = usize::from(matches!(kind(0), Page::Number(_)));
        (first + 1..).map_while(move |number| snapshot.page(key, kind(number)))
    });
    let bytes = |page: FurtherPage| page.deferred.draw.draw().expect("rendered");
    let text = |bytes| String::from_utf8(bytes).expect("UTF-8");
    numbers.into_iter().flatten().map(bytes).map(text).collect()
}

/// The page for people at the address of a feed, with its name and its links.
pub fn for_people(snapshot: &Snapshot, key: &ArtifactKey) -> Option<String> {
    let page = snapshot.for_people(key)?;
    let FurtherPage { deferred, links } = &page;
    Some(format!(
        "{}\n{links:?}\n{}",
        deferred.fingerprint,
        drawn(deferred)
    ))
}

/// Every path, header and byte that a snapshot could serve, as one text, in the order of paths.
pub fn everything(snapshot: &Snapshot) -> String {
    let mut all = snapshot.paths();
    all.sort();
    let mut text = String::new();
    for path in all {
        let resource = snapshot.get(&path).expect("what is named is there");
        let _ = writeln!(
            text,
            "{path}\n{}\n{}",
            resource.key.media_type(),
            resource.link.as_deref().unwrap_or_default()
        );
        text.push_str(&said(&resource));
        text.push('\n');
        for page in pages(snapshot, &resource.key) {
            text.push_str(&page);
        }
        text.push_str(&for_people(snapshot, &resource.key).unwrap_or_default());
    }
    text
}

impl Served {
    pub fn content(&self) -> PathBuf {
        self.dir.join("content")
    }

    /// Saves a file the way editors do: beside it, then renamed over it.
    pub fn save(&self, path: &str, text: &str) {
        let path = self.content().join(path);
        let beside = path.with_extension("md~");
        write(&beside, text.as_bytes());
        std::fs::rename(&beside, &path).expect("renamed");
    }

    /// Writes a file in place.
    pub fn write(&self, path: &str, text: impl AsRef<[u8]>) {
        write(&self.content().join(path), text.as_ref());
    }

    pub fn remove(&self, path: &str) {
        std::fs::remove_file(self.content().join(path)).expect("removed");
    }

    /// Waits until what is served is as expected.
    pub fn until(&self, what: &str, mut is: impl FnMut(&Served) -> bool) {
        let end = std::time::Instant::now() + PATIENCE;
        while !is(self) {
            let left = end.saturating_duration_since(std::time::Instant::now());
            match self.turns.recv_timeout(left) {
                Ok(_) => {}
                Err(_) => panic!(
                    "waited in vain until {what}; served is:\n{}",
                    everything(&self.current.load())
                ),
            }
        }
    }

    /// Waits for the next turn of the watch in which something was found.
    pub fn next_turn(&self) -> Result<(Outcome, Status), String> {
        self.turns
            .recv_timeout(PATIENCE)
            .expect("a turn of the watch")
    }

    /// Waits until it is doubted that posts are gone.
    pub fn is_doubted(&self) {
        while !self.next_turn().is_err_and(|error| error == "in doubt") {}
    }

    /// Whether any served byte holds the text.
    pub fn serves(&self, text: &str) -> bool {
        everything(&self.current.load()).contains(text)
    }

    pub fn get(&self, path: &str) -> Response {
        self.request("GET", path, &[])
    }

    pub fn request(&self, method: &str, path: &str, headers: &[(&str, &str)]) -> Response {
        // What is not coded yet is served as it is; tests are about what comes then.
        self.current.load().compress();
        request(self.address, method, path, headers)
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        drop(self.shutdown.take());
        drop(self.stop.take());
        for thread in self.threads.drain(..) {
            let _ = thread.join();
        }
    }
}

/// Asks for a path on a connection of its own.
pub fn request(
    address: impl ToSocketAddrs,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
) -> Response {
    request_of(address, "example.org", method, path, headers)
}

/// The same of a server that goes by a name.
pub fn request_of(
    address: impl ToSocketAddrs,
    host: &str,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
) -> Response {
    let mut socket = TcpStream::connect(address).expect("connected");
    socket.set_read_timeout(Some(PATIENCE)).expect("a time-out");
    let mut request = format!("{method} {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n");
    for (name, value) in headers {
        let _ = write!(request, "{name}: {value}\r\n");
    }
    request.push_str("\r\n");
    socket.write_all(request.as_bytes()).expect("sent");
    let mut bytes = Vec::new();
    socket.read_to_end(&mut bytes).expect("answered");
    Response::parse(&bytes)
}

impl Response {
    pub fn parse(bytes: &[u8]) -> Response {
        let end = bytes
            .windows(4)
            .position(|window| window == b"\r\n\r\n")
            .expect("a header");
        let head = std::str::from_utf8(&bytes[..end]).expect("a header in ASCII");
        let mut lines = head.split("\r\n");
        let status = lines
            .next()
            .and_then(|line| line.split(' ').nth(1))
            .and_then(|code| code.parse().ok())
            .expect("a status");
        let headers = lines
            .map(|line| line.split_once(": ").expect("a header field"))
            .map(|(name, value)| (name.to_lowercase(), value.to_owned()))
            .collect();
        Response {
            status,
            headers,
            body: bytes[end + 4..].to_vec(),
        }
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(String::as_str)
    }

    pub fn text(&self) -> String {
        String::from_utf8(self.body.clone()).expect("UTF-8")
    }
}

fn write(path: &Path, bytes: &[u8]) {
    if let Some(parent) = path.parent() {
        std::fs::create_dir_all(parent).expect("a directory");
    }
    std::fs::write(path, bytes).expect("written");
}
