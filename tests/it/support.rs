//! Builds a site for a test: a content directory, a configuration, and their output.
//!
//! `TestSite::new().post("a.md", "…").build()` renders in process. `.serve()` runs the same
//! server and watch as the command, on a free port.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream, ToSocketAddrs};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, channel};
use std::thread::JoinHandle;
use std::time::{Duration, SystemTime};

use courant::config::Config;
use courant::library::DeletionPolicy;
use courant::model::artifact::{ArtifactKey, FeedPageId, LazyBody};
use courant::model::finding::{Finding, Rule};
use courant::publish::pipeline::{ContentStatus, Pipeline, RefreshOutcome};
use courant::publish::render_cache::RenderCache;
use courant::publish::snapshot::{Resource, ResourceContent, Snapshot, SnapshotHandle};
use courant::server::ServerContext;
use courant::stats::TrafficStats;
use courant::visibility::PostEvaluation;
use courant::watch::{StopHandle, Watch, WatchEvent};
use tempfile::TempDir;

/// Timeout of every wait. Generous, because tests wait for a condition and never for time to pass.
pub const PATIENCE: Duration = Duration::from_secs(20);

/// A site that has not been scanned yet.
#[must_use]
pub struct TestSite {
    dir: TempDir,
    config: String,
    cards: String,
    check: &'static str,
    now: SystemTime,
    first: Snapshot,
}

/// The output of one run over a site.
pub struct Built {
    pub snapshot: Arc<Snapshot>,
    pub status: ContentStatus,
    pub verdicts: Vec<PostEvaluation>,
    pub findings: Vec<Finding>,
}

/// A running server, with the watch over its site.
pub struct Served {
    pub dir: PathBuf,
    pub address: SocketAddr,
    pub current: SnapshotHandle,
    pub traffic: TrafficStats,
    turns: Receiver<Result<(RefreshOutcome, ContentStatus), String>>,
    stop: Option<StopHandle>,
    threads: Vec<JoinHandle<()>>,
    shutdown: Option<tokio::sync::oneshot::Sender<()>>,
    _keep: TempDir,
}

/// A response as received over the wire.
#[derive(Debug)]
pub struct Response {
    pub status: u16,
    pub headers: BTreeMap<String, String>,
    pub body: Vec<u8>,
}

/// Returns a minimal public post.
pub fn plain(title: &str, date: &str) -> String {
    format!("---\ntitle: {title}\ndate: {date}\n---\nThe body of {title}.\n")
}

/// Returns a fixed instant: 2025-01-01T00:00:00Z.
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

    /// Creates a site on tmpfs, which is known to report every change.
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
            // Installed fonts differ between machines.
            cards: "system_fonts = false\n".to_owned(),
            // Most posts in tests are too short to need a description.
            check: "[check]\nignore = [\"missing-description\"]\n",
            now: new_year_2025(),
            first: Snapshot::default(),
        }
    }

    /// Lets `check` report posts without a description.
    pub fn check_all(mut self) -> TestSite {
        self.check = "";
        self
    }

    /// Writes a file below the content directory.
    pub fn post(self, path: &str, text: impl AsRef<[u8]>) -> TestSite {
        write(&self.content().join(path), text.as_ref());
        self
    }

    /// Writes a file next to the configuration.
    pub fn file(self, path: &str, bytes: impl AsRef<[u8]>) -> TestSite {
        write(&self.root().join(path), bytes.as_ref());
        self
    }

    /// Adds lines to the configuration, which begins inside `[site]`.
    pub fn config(mut self, toml: &str) -> TestSite {
        let _ = writeln!(self.config, "{toml}");
        self
    }

    /// Sets the URL of the site.
    pub fn url(mut self, url: &str) -> TestSite {
        self.config = self
            .config
            .replace("\"https://example.org\"", &format!("{url:?}"));
        self
    }

    /// Sets the title of the site.
    pub fn title(mut self, title: &str) -> TestSite {
        self.config = self.config.replace("\"Example\"", &format!("{title:?}"));
        self
    }

    /// Adds lines to the `[cards]` section of the configuration.
    pub fn cards(mut self, toml: &str) -> TestSite {
        let _ = writeln!(self.cards, "{toml}");
        self
    }

    /// Sets the current time, which is 2025-01-01T00:00:00Z by default.
    pub fn now(mut self, now: SystemTime) -> TestSite {
        self.now = now;
        self
    }

    /// Treats outputs of more than `length` bytes as large.
    pub fn large_above(mut self, length: usize) -> TestSite {
        self.first = Snapshot::with_gzip_only_above(length);
        self
    }

    pub fn content(&self) -> PathBuf {
        self.dir.path().join("content")
    }

    /// Returns the directory that holds the configuration.
    pub fn root(&self) -> &Path {
        self.dir.path()
    }

    pub fn parsed_config(&self) -> Config {
        Config::parse(&self.toml(), "config.toml", self.dir.path())
            .expect("the test's configuration is valid")
    }

    /// Writes the configuration next to the content and returns its path.
    pub fn write_config(&self) -> PathBuf {
        let path = self.dir.path().join("config.toml");
        write(&path, self.toml().as_bytes());
        path
    }

    fn toml(&self) -> String {
        // Tests run in parallel and would all bind the default address.
        let admin = "[admin]\nlisten = \"\"\n";
        format!(
            "{}\n[cards]\n{}\n{}\n{admin}",
            self.config, self.cards, self.check
        )
    }

    pub fn pipeline(&self) -> Pipeline {
        Pipeline::new(self.parsed_config(), SnapshotHandle::default())
    }

    /// Runs the pipeline once and returns its output.
    pub fn build(&self) -> Built {
        let current = SnapshotHandle::default();
        let mut pipeline = Pipeline::new(self.parsed_config(), current.clone());
        pipeline
            .refresh_all(self.now, DeletionPolicy::Immediate)
            .expect("the content can be read");
        while pipeline.lint_some(100) {}
        let snapshot = current.load_snapshot();
        snapshot.compress_fast();
        Built {
            snapshot,
            status: pipeline.content_status().clone(),
            verdicts: pipeline.post_verdicts(),
            findings: pipeline.content_status().findings.to_vec(),
        }
    }

    /// Starts a server for the site and a watch that publishes its edits.
    pub fn serve(self) -> Served {
        let config = self.parsed_config();
        let current = SnapshotHandle::default();
        current.publish_snapshot(self.first);
        let (mut watch, stop) = Watch::new(Pipeline::new(config.clone(), current.clone()));
        watch.refresh_all(clock()).expect("the content can be read");
        let (sender, turns) = channel();
        let watching = std::thread::spawn(move || {
            watch.run(clock, |turn| {
                let turn = match turn {
                    WatchEvent::Scanned(outcome, status) => Ok((outcome, status.clone())),
                    WatchEvent::ScanFailed(error) => Err(error.to_string()),
                    WatchEvent::MassDeletionHeld(_) => Err("in doubt".to_owned()),
                    _ => return,
                };
                let _ = sender.send(turn);
            });
        });
        let (shutdown, stopped) = tokio::sync::oneshot::channel();
        let (tell_address, address) = channel();
        let gallery =
            RenderCache::new(config.cards.cache_size, config.cards.queue).expect("threads");
        let traffic = TrafficStats::default();
        let source = ServerContext {
            snapshot: current.clone(),
            render_cache: gallery,
            traffic: traffic.clone(),
            access_log: None,
            webhook: None,
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
                    .expect("the test receives the address");
                let stopped = async {
                    let _ = stopped.await;
                };
                courant::server::serve_sockets(listener, source, &config.server, clock, stopped)
                    .await;
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
    /// Returns the text of the resource at a path.
    pub fn text(&self, path: &str) -> String {
        let resource = self
            .snapshot
            .get(path)
            .unwrap_or_else(|| panic!("no resource at {path}; paths: {:?}", self.paths()));
        resource_text(&resource)
    }

    pub fn paths(&self) -> Vec<String> {
        let mut paths = self.snapshot.all_paths();
        paths.sort();
        paths
    }

    /// Returns all resources with their paths.
    pub fn resources(&self) -> Vec<(String, Arc<Resource>)> {
        let resource = |path: String| {
            (
                path.clone(),
                self.snapshot
                    .get(&path)
                    .expect("a listed path has a resource"),
            )
        };
        self.paths().into_iter().map(resource).collect()
    }

    /// Concatenates every path, media type, link header and body that can be served.
    pub fn everything(&self) -> String {
        everything(&self.snapshot)
    }

    pub fn rules(&self) -> Vec<Rule> {
        self.findings.iter().map(|finding| finding.rule).collect()
    }

    /// Returns the only finding, and panics if there is none or more than one.
    pub fn finding(&self) -> &Finding {
        match self.findings.as_slice() {
            [finding] => finding,
            findings => panic!("expected one finding: {findings:#?}"),
        }
    }
}

/// Formats findings of a configuration, three lines each.
pub fn format_findings(findings: &[Finding]) -> String {
    let format_one = |finding: &Finding| {
        let line = finding.line.expect("a line");
        format!(
            "{}: {} [{}]\n  --> {}:{line}\n  hint: {}\n",
            finding.severity, finding.message, finding.rule, finding.file, finding.hint
        )
    };
    findings
        .iter()
        .map(format_one)
        .collect::<Vec<_>>()
        .join("\n")
}

/// Returns the text of a resource, or the input of a card image.
pub fn resource_text(resource: &Resource) -> String {
    match &resource.content {
        ResourceContent::Eager(ready) => {
            let bytes = ready
                .identity_encoding()
                .payload
                .to_vec()
                .expect("valid bytes");
            String::from_utf8_lossy(&bytes).into_owned()
        }
        ResourceContent::Lazy { body: deferred, .. } => match resource.key {
            ArtifactKey::CardImage(_) => format!("{deferred:?}"),
            _ => draw_text(deferred),
        },
        ResourceContent::Moved(url) => format!("moved to {url}"),
        ResourceContent::Gone => "gone".to_owned(),
    }
}

fn draw_text(deferred: &LazyBody) -> String {
    let bytes = deferred.renderer.render_body().expect("rendered");
    String::from_utf8(bytes).expect("UTF-8")
}

/// Renders all pages of a feed after the first, and its archive pages.
pub fn render_further_pages(snapshot: &Snapshot, key: &ArtifactKey) -> Vec<String> {
    let kinds: [fn(usize) -> FeedPageId; 2] = [FeedPageId::Number, FeedPageId::Archive];
    let resources = kinds.map(|kind| {
        let first = usize::from(matches!(kind(0), FeedPageId::Number(_)));
        (first + 1..).map_while(move |number| {
            let page = key.page_key(kind(number));
            snapshot.get(&page.url_path())
        })
    });
    let resources = resources.into_iter().flatten();
    resources.map(|resource| resource_text(&resource)).collect()
}

/// Renders the HTML page of a feed: fingerprint, links and body.
pub fn feed_html_page(snapshot: &Snapshot, key: &ArtifactKey) -> Option<String> {
    let page = snapshot.html_variant(key)?;
    let ResourceContent::Lazy { body: deferred, .. } = &page.content else {
        return None;
    };
    Some(format!(
        "{}\n{:?}\n{}",
        deferred.fingerprint,
        page.link_header,
        draw_text(deferred)
    ))
}

/// Concatenates every path, media type, link header and body of a snapshot, sorted by path.
pub fn everything(snapshot: &Snapshot) -> String {
    let mut all = snapshot.all_paths();
    all.sort();
    let mut text = String::new();
    for path in all {
        let resource = snapshot.get(&path).expect("a listed path has a resource");
        let _ = writeln!(
            text,
            "{path}\n{}\n{}",
            resource.key.media_type(),
            resource.link_header.as_deref().unwrap_or_default()
        );
        text.push_str(&resource_text(&resource));
        text.push('\n');
        text.push_str(&feed_html_page(snapshot, &resource.key).unwrap_or_default());
    }
    text
}

impl Served {
    pub fn content(&self) -> PathBuf {
        self.dir.join("content")
    }

    /// Saves a file like editors do: writes a temporary file and renames it.
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

    /// Waits until the condition holds, and checks it after each turn of the watch.
    pub fn until(&self, what: &str, mut is: impl FnMut(&Served) -> bool) {
        let end = std::time::Instant::now() + PATIENCE;
        while !is(self) {
            let left = end.saturating_duration_since(std::time::Instant::now());
            match self.turns.recv_timeout(left) {
                Ok(_) => {}
                Err(_) => panic!(
                    "timed out waiting until {what}; served output:\n{}",
                    everything(&self.current.load_snapshot())
                ),
            }
        }
    }

    /// Waits for the next turn of the watch.
    pub fn next_turn(&self) -> Result<(RefreshOutcome, ContentStatus), String> {
        self.turns
            .recv_timeout(PATIENCE)
            .expect("a turn of the watch")
    }

    /// Waits for a turn of the watch that succeeds with such a status.
    pub fn until_status(&self, mut is: impl FnMut(&ContentStatus) -> bool) {
        while !self.next_turn().is_ok_and(|(_, status)| is(&status)) {}
    }

    /// Waits until the watch doubts the loss of most posts.
    pub fn wait_for_doubt(&self) {
        while !self.next_turn().is_err_and(|error| error == "in doubt") {}
    }

    /// Returns true if any output contains the text.
    pub fn serves(&self, text: &str) -> bool {
        everything(&self.current.load_snapshot()).contains(text)
    }

    pub fn get(&self, path: &str) -> Response {
        self.request("GET", path, &[])
    }

    pub fn request(&self, method: &str, path: &str, headers: &[(&str, &str)]) -> Response {
        // Compress first: until then, output is served without a content coding.
        self.current.load_snapshot().compress_fast();
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

/// Sends one request on a new connection, to `example.org`.
pub fn request(
    address: impl ToSocketAddrs,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
) -> Response {
    request_with_host(address, "example.org", method, path, headers)
}

/// Sends one request with the given `Host` on a new connection.
pub fn request_with_host(
    address: impl ToSocketAddrs,
    host: &str,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
) -> Response {
    let mut socket = TcpStream::connect(address).expect("connected");
    socket
        .set_read_timeout(Some(PATIENCE))
        .expect("the timeout is set");
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
            .expect("an end of the header section");
        let head = std::str::from_utf8(&bytes[..end]).expect("an ASCII header section");
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
