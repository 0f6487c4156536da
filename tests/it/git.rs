//! Checks content from a git repository: fetches, webhooks, and what a repository cannot do.

use std::fs;
use std::io::{BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use chrono::DateTime;
use courant::config::GitConfig;
use courant::git::{
    Checkout, FetchTrigger, GitError, GitStatus, GitThread, follow_commit_dates, start_fetching,
};
use courant::library::DeletionPolicy;
use courant::model::commit_dates::CommitDates;
use courant::publish::pipeline::Pipeline;
use courant::publish::snapshot::{Snapshot, SnapshotHandle};
use tempfile::TempDir;

use crate::serve::{read_lines, wait_for_log};
use crate::support::{
    PATIENCE, Response, TestSite, clock, everything, new_year_2025, plain, resource_text,
};

const SECRET: &str = "It's a Secret to Everybody";

/// A repository with a work tree, which tests push from.
pub struct Origin {
    dir: TempDir,
}

impl Origin {
    pub fn new() -> Origin {
        let origin = Origin {
            dir: TempDir::with_prefix("courant-git-").expect("a directory"),
        };
        fs::create_dir_all(origin.path("")).expect("a directory");
        origin.git(&["init", "--quiet", "--initial-branch=main"]);
        // A clone may ask for any commit and leave files out, as on a forge.
        origin.git(&["config", "uploadpack.allowFilter", "true"]);
        origin.git(&["config", "uploadpack.allowAnySHA1InWant", "true"]);
        origin
    }

    pub fn path(&self, path: &str) -> PathBuf {
        self.dir.path().join("origin").join(path)
    }

    pub fn url(&self) -> String {
        format!("file://{}", self.path("").display())
    }

    /// Runs git, and returns what it writes.
    pub fn git(&self, args: &[&str]) -> String {
        self.git_at("2024-06-01T12:00:00Z", args)
    }

    /// Runs git at a time.
    pub fn git_at(&self, time: &str, args: &[&str]) -> String {
        let output = Command::new("git")
            .args(args)
            .current_dir(self.path(""))
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .envs([
                ("GIT_AUTHOR_NAME", "A"),
                ("GIT_AUTHOR_EMAIL", "a@example.org"),
                ("GIT_COMMITTER_NAME", "A"),
                ("GIT_COMMITTER_EMAIL", "a@example.org"),
                ("GIT_AUTHOR_DATE", time),
                ("GIT_COMMITTER_DATE", time),
            ])
            .output()
            .expect("git runs");
        assert!(output.status.success(), "{args:?}: {output:?}");
        String::from_utf8_lossy(&output.stdout).trim().to_owned()
    }

    pub fn write(&self, path: &str, text: &str) {
        let path = self.path(path);
        fs::create_dir_all(path.parent().expect("a parent")).expect("a directory");
        fs::write(path, text).expect("written");
    }

    /// Commits everything with this message.
    pub fn commit(&self, message: &str) {
        self.commit_at("2024-06-01T12:00:00Z", message);
    }

    pub fn commit_at(&self, time: &str, message: &str) {
        self.git(&["add", "--all"]);
        self.git_at(time, &["commit", "--quiet", "--message", message]);
    }
}

/// A site whose content is in the repository.
fn site_of(origin: &Origin, keys: &str) -> TestSite {
    TestSite::new().config(&format!(
        "[content.git]\nurl = {:?}\n{keys}\n[state]\ndir = \"state\"",
        origin.url()
    ))
}

fn checkout_of(site: &TestSite) -> Checkout {
    let git = site.parsed_config().content.git;
    Checkout::new(&git.expect("a repository"), false)
}

fn block_on<T>(future: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    runtime.expect("a runtime").block_on(future)
}

fn update(checkout: &mut Checkout) -> Result<bool, GitError> {
    block_on(checkout.update())
}

#[test]
fn hidden_post_and_former_version_reach_no_output() {
    let origin = Origin::new();
    origin.write("content/a.md", &plain("Formertitle", "2024-01-01"));
    origin.write("content/b.md", &plain("Withdrawn", "2024-01-01"));
    origin.commit("Secretmessage one");
    origin.write("content/a.md", &plain("Newtitle", "2024-01-01"));
    let hidden = plain("Hiddentitle", "2024-01-01").replace("title:", "draft: true\ntitle:");
    origin.write("content/c.md", &hidden);
    origin.commit("Secretmessage two");
    let site = site_of(&origin, "");
    let mut checkout = checkout_of(&site);
    assert!(update(&mut checkout).expect("fetched"));
    let all = site.build().everything();
    assert!(
        all.contains("Newtitle") && all.contains("Withdrawn"),
        "{all}"
    );
    for secret in ["Formertitle", "Hiddentitle", "Secretmessage"] {
        assert!(!all.contains(secret), "{secret}");
    }
    // A force-push that rewrites the history.
    fs::remove_file(origin.path("content/b.md")).expect("removed");
    origin.git(&["add", "--all"]);
    origin.git(&["commit", "--quiet", "--amend", "--message", "Secretmessage"]);
    assert!(update(&mut checkout).expect("fetched"));
    assert!(!update(&mut checkout).expect("fetched"), "nothing changed");
    let all = site.build().everything();
    assert!(all.contains("Newtitle"), "{all}");
    for secret in ["Formertitle", "Hiddentitle", "Secretmessage", "Withdrawn"] {
        assert!(!all.contains(secret), "{secret}");
    }
}

#[test]
fn failed_fetch_keeps_the_content() {
    let origin = Origin::new();
    origin.write("content/a.md", &plain("Kept", "2024-01-01"));
    origin.commit("one");
    let site = site_of(&origin, "");
    let mut checkout = checkout_of(&site);
    update(&mut checkout).expect("fetched");
    fs::rename(origin.path(""), origin.path("../away")).expect("renamed");
    let error = update(&mut checkout).expect_err("the repository is away");
    assert!(error.message.contains("`git fetch` failed"), "{error}");
    assert!(site.build().everything().contains("Kept"));
    // A process that was killed during a checkout leaves files and locks.
    let content = site.parsed_config().content.dir;
    fs::write(content.join("b.md"), plain("Leftover", "2024-01-01")).expect("written");
    fs::write(content.join("a.md"), plain("Broken", "2024-01-01")).expect("written");
    fs::write(content.join("../.git/index.lock"), "").expect("written");
    let mut checkout = checkout_of(&site);
    assert!(checkout.exists());
    block_on(checkout.restore()).expect("restored");
    let all = site.build().everything();
    assert!(all.contains("Kept") && !all.contains("Leftover") && !all.contains("Broken"));
}

#[test]
fn only_the_directories_of_the_content_are_checked_out() {
    let origin = Origin::new();
    origin.write("blog/content/a.md", &plain("One", "2024-01-01"));
    origin.write("blog/assets/large.js", "x");
    origin.write("other/b.md", &plain("Two", "2024-01-01"));
    origin.commit("one");
    origin.git(&["branch", "live"]);
    origin.write("blog/content/a.md", &plain("Unreleased", "2024-01-01"));
    origin.commit("two");
    let site = site_of(&origin, "path = \"blog\"\nbranch = \"live\"");
    update(&mut checkout_of(&site)).expect("fetched");
    let all = site.build().everything();
    assert!(all.contains("One") && !all.contains("Unreleased"));
    let root = site.root().join("state/repository");
    assert!(!root.join("blog/assets").exists() && !root.join("other").exists());
}

#[test]
fn repository_cannot_reach_outside_its_directory() {
    let origin = Origin::new();
    origin.write("content/a.md", &plain("Inside", "2024-01-01"));
    let outside = origin.path("../outside");
    fs::create_dir_all(&outside).expect("a directory");
    fs::write(outside.join("b.md"), plain("Outside", "2024-01-01")).expect("written");
    symlink(&outside, origin.path("content/link")).expect("a link");
    symlink(outside.join("b.md"), origin.path("content/b.md")).expect("a link");
    origin.write(".gitattributes", "*.md filter=lfs\n");
    origin.commit("one");
    let site = site_of(&origin, "");
    let mut checkout = checkout_of(&site);
    update(&mut checkout).expect("fetched");
    // A hook that would run at the next checkout.
    let hook = site
        .root()
        .join("state/repository/.git/hooks/post-checkout");
    fs::create_dir_all(hook.parent().expect("a parent")).expect("a directory");
    let mark = origin.path("../hook-ran");
    fs::write(&hook, format!("#!/bin/sh\ntouch {}\n", mark.display())).expect("written");
    let executable = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    fs::set_permissions(&hook, executable).expect("executable");
    origin.write("content/c.md", &plain("Later", "2024-01-01"));
    origin.commit("two");
    update(&mut checkout).expect("fetched");
    let all = site.build().everything();
    assert!(all.contains("Inside") && all.contains("Later"), "{all}");
    assert!(!all.contains("Outside"), "{all}");
    assert!(!mark.exists(), "a hook ran");
}

#[test]
fn errors_of_git_hide_credentials() {
    let dir = TempDir::new().expect("a directory");
    // Nothing listens on port 1.
    let url = "http://someone:hunter2hunter2@127.0.0.1:1/site.git";
    let config = GitConfig::from_url(url, dir.path().join("clone")).expect("a URL");
    let error = update(&mut Checkout::new(&config, false)).expect_err("refused");
    let shown = format!("{error} {} {}", error.hint, config.shown_url());
    assert!(shown.contains("127.0.0.1:1/site.git"), "{shown}");
    assert!(!shown.contains("hunter2"), "{shown}");
}

#[test]
fn stuck_git_ends_with_the_fetcher() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let port = listener.local_addr().expect("an address").port();
    let dir = TempDir::new().expect("a directory");
    let url = format!("http://127.0.0.1:{port}/site.git");
    let config = GitConfig::from_url(&url, dir.path().join("clone")).expect("a URL");
    let trigger = FetchTrigger::default();
    trigger.request_fetch();
    let checkout = Checkout::new(&config, false);
    let hour = Duration::from_secs(3_600);
    let fetcher = start_fetching(checkout, hour, trigger, GitStatus::default(), clock);
    let (mut socket, _) = listener.accept().expect("git connects");
    socket.set_read_timeout(Some(PATIENCE)).expect("set");
    let mut request = [0; 19];
    socket.read_exact(&mut request).expect("a request");
    assert_eq!(&request, b"GET /site.git/info/");
    // The connection is that of a helper which git has started.
    drop(fetcher.expect("a thread"));
    let mut rest = Vec::new();
    socket.read_to_end(&mut rest).expect("the helper has ended");
}

/// A running courant.
struct Server {
    child: Child,
    lines: Receiver<String>,
    address: String,
    /// Log lines of the start.
    start: String,
}

impl Server {
    fn start(command: &mut Command) -> Server {
        let mut child = command
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("courant runs");
        let lines = read_lines(BufReader::new(child.stderr.take().expect("a pipe")));
        let log = wait_for_log(&lines, "listening addresses");
        let address = log.split("listening addresses=\"").nth(1);
        let address = address.and_then(|rest| rest.split('"').next());
        Server {
            address: address.expect("an address").to_owned(),
            child,
            lines,
            start: log,
        }
    }

    fn request(&self, method: &str, path: &str, header: &str, body: &str) -> Response {
        let mut socket = TcpStream::connect(&self.address).expect("connected");
        socket.set_read_timeout(Some(PATIENCE)).expect("set");
        let length = body.len();
        write!(
            socket,
            "{method} {path} HTTP/1.1\r\nHost: example.org\r\nConnection: close\r\n{header}Content-Length: {length}\r\n\r\n{body}"
        )
        .expect("sent");
        let mut bytes = Vec::new();
        socket.read_to_end(&mut bytes).expect("answered");
        Response::parse(&bytes)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn courant(config: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_courant"));
    command
        .arg("--config")
        .arg(config)
        .args(["--listen", "127.0.0.1:0"])
        .env("COURANT_WEBHOOK_SECRET", SECRET);
    command
}

#[test]
fn push_is_served_after_a_signed_webhook() {
    let origin = Origin::new();
    origin.write("content/a.md", &plain("First", "2024-01-01"));
    origin.commit("one");
    let site = site_of(&origin, "interval = \"24h\"\nwebhook = \"/hooks/git\"");
    let server = Server::start(&mut courant(&site.write_config()));
    let status =
        |method, path, header: &str, body| server.request(method, path, header, body).status;
    origin.write("content/b.md", &plain("Pushed", "2024-01-02"));
    origin.commit("two");
    let signed = "X-Hub-Signature-256: sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17\r\n";
    for (method, path, header, body, expected) in [
        ("POST", "/hooks/git", "", "Hello, World!", 401),
        ("POST", "/hooks/git", signed, "Hello, World?", 403),
        ("POST", "/hooks/git", "X-Gitlab-Token: x\r\n", "", 403),
        ("POST", "/hooks/git/", signed, "Hello, World!", 405),
        ("PUT", "/hooks/git", signed, "Hello, World!", 405),
        ("GET", "/hooks/git", "", "", 404),
    ] {
        assert_eq!(
            status(method, path, header, body),
            expected,
            "{method} {path} {header}"
        );
    }
    let feed = server.request("GET", "/rss.xml", "", "").text();
    assert!(feed.contains("First") && !feed.contains("Pushed"), "{feed}");
    assert_eq!(status("POST", "/hooks/git", signed, "Hello, World!"), 202);
    wait_for_log(&server.lines, "published");
    let feed = server.request("GET", "/rss.xml", "", "").text();
    assert!(feed.contains("Pushed"), "{feed}");
}

#[test]
fn missing_secret_of_webhooks_stops_the_start() {
    let origin = Origin::new();
    let site = site_of(&origin, "webhook = \"/hooks/git\"");
    let mut command = courant(&site.write_config());
    let output = command.env("COURANT_WEBHOOK_SECRET", "short").output();
    let errors = String::from_utf8(output.expect("courant runs").stderr).expect("UTF-8");
    assert!(
        errors.contains("variable `COURANT_WEBHOOK_SECRET` is missing or too short"),
        "{errors}"
    );
}

#[test]
fn repository_is_served_with_a_proposed_configuration() {
    let origin = Origin::new();
    origin.write(
        "hugo.toml",
        "baseURL = \"https://blog.example/\"\ntitle = \"The Blog\"\n",
    );
    let post = "+++\ntitle = \"From Hugo\"\ndate = 2024-01-01\n+++\nText.\n";
    origin.write("content/posts/a.md", post);
    // Of a repository, no configuration of courant is used.
    origin.write("config.toml", "[export]\nto = \"file:///tmp/x\"\n");
    origin.commit("one");
    let mut command = Command::new(env!("CARGO_BIN_EXE_courant"));
    let temporary = TempDir::new().expect("a directory");
    command
        .args(["serve", &origin.url(), "--listen", "127.0.0.1:0"])
        .args(["--admin-listen", "off"])
        .env("TMPDIR", temporary.path());
    let mut server = Server::start(&mut command);
    let feed = server.request("GET", "/rss.xml", "", "").text();
    assert!(feed.contains("From Hugo"), "{feed}");
    assert!(
        feed.contains("<link>https://blog.example/</link>"),
        "{feed}"
    );
    assert_eq!(
        origin.git(&["status", "--porcelain"]),
        "",
        "nothing is written"
    );
    let killed = Command::new("kill")
        .arg(server.child.id().to_string())
        .status();
    assert!(killed.expect("kill runs").success());
    server.child.wait().expect("it ends");
    let left = fs::read_dir(temporary.path()).expect("listed").count();
    assert_eq!(left, 0, "the clone is removed");
}

#[test]
fn site_that_leaves_its_repository_is_refused() {
    let origin = Origin::new();
    let outside = TempDir::new().expect("a directory");
    fs::write(outside.path().join("a.md"), plain("Outside", "2024-01-01")).expect("written");
    let dir = outside.path().display();
    let config = format!(
        "baseURL = \"https://e.org/\"\ntitle = \"E\"\ncontentDir = \"{dir}\"\nstaticDir = \"{dir}\"\n"
    );
    origin.write("hugo.toml", &config);
    origin.write("content/a.md", &plain("Inside", "2024-01-01"));
    origin.commit("one");
    let mut command = Command::new(env!("CARGO_BIN_EXE_courant"));
    command.args(["serve", &origin.url(), "--listen", "127.0.0.1:0"]);
    command
        .args(["--admin-listen", "off"])
        .stderr(Stdio::piped());
    let mut child = command.spawn().expect("courant runs");
    let lines = read_lines(BufReader::new(child.stderr.take().expect("a pipe")));
    let log: Vec<String> = lines
        .iter()
        .take_while(|line| !line.contains("listening addresses"))
        .collect();
    let _ = child.kill();
    let _ = child.wait();
    let log = log.join("\n");
    assert!(!log.contains(&format!("from `{dir}")), "{log}");
}

/// Reads the dates of a directory in a thread, and returns it with the dates after each change.
fn read_dates(dir: &Path) -> (GitThread, Receiver<Arc<CommitDates>>) {
    let (sender, dates) = channel();
    let on_dates = move |dates| drop(sender.send(dates));
    let thread = follow_commit_dates(dir, None, clock, on_dates);
    (thread.expect("a thread"), dates)
}

fn date_of(dates: &CommitDates, path: &str) -> Option<String> {
    dates.get(path).map(|date| date.to_rfc3339())
}

#[test]
fn dates_are_those_of_the_last_commits_that_count() {
    let origin = Origin::new();
    origin.write("content/é b.md", "1");
    origin.write("content/sub/c.md", "1");
    origin.write("content/moved.md", "1");
    origin.commit_at("2024-01-01T00:00:00Z", "one");
    origin.write("content/é b.md", "2");
    origin.git(&["mv", "content/moved.md", "content/new.md"]);
    origin.commit_at("2024-02-01T00:00:00Z", "two");
    origin.write("content/é b.md", "2 formatted");
    origin.write("content/sub/c.md", "1 formatted");
    origin.commit_at("2024-03-01T00:00:00Z", "three");
    let formatting = origin.git(&["rev-parse", "HEAD"]);
    let ignored = format!("# formatting\n{formatting} # all\n");
    origin.write(".git-blame-ignore-revs", &ignored);
    origin.commit_at("2024-03-02T00:00:00Z", "four");
    let (_thread, changes) = read_dates(&origin.path("content"));
    let dates = changes.recv_timeout(PATIENCE).expect("dates");
    let february = Some("2024-02-01T00:00:00+00:00".to_owned());
    assert_eq!(date_of(&dates, "é b.md"), february);
    assert_eq!(date_of(&dates, "new.md"), february);
    let january = Some("2024-01-01T00:00:00+00:00".to_owned());
    assert_eq!(date_of(&dates, "sub/c.md"), january);
    assert_eq!(date_of(&dates, "none.md"), None);
    // Only the new commit is read, and the rest stays.
    origin.write("content/sub/c.md", "2");
    origin.commit_at("2024-04-01T00:00:00Z", "five");
    let dates = changes.recv_timeout(PATIENCE).expect("dates");
    let april = Some("2024-04-01T00:00:00+00:00".to_owned());
    assert_eq!(date_of(&dates, "sub/c.md"), april);
    assert_eq!(date_of(&dates, "é b.md"), february);
    // A rewritten history is read again.
    origin.git(&["reset", "--quiet", "--hard", "HEAD~1"]);
    let dates = changes.recv_timeout(PATIENCE).expect("dates");
    assert_eq!(date_of(&dates, "sub/c.md"), january);
}

#[test]
fn commit_date_reaches_sitemap_and_cards_but_no_feed() {
    let site = TestSite::new()
        .post("a.md", plain("One", "2024-01-01"))
        .post("b.md", plain("Later", "2024-11-01"))
        .post(
            "c.md",
            plain("Hidden", "2024-01-01").replace("title:", "draft: true\ntitle:"),
        );
    let current = SnapshotHandle::default();
    let mut pipeline = Pipeline::new(site.parsed_config(), current.clone());
    let refresh = |pipeline: &mut Pipeline| {
        let refreshed = pipeline.refresh_all(new_year_2025(), DeletionPolicy::Immediate);
        refreshed.expect("the content can be read");
        current.load_snapshot()
    };
    let text = |snapshot: &Snapshot, path: &str| resource_text(&snapshot.get(path).expect(path));
    let versions = |snapshot: &Snapshot| {
        let pages = snapshot.public_urls().into_iter();
        let pages: Vec<_> = pages.map(|page| (page.url, page.content_hash)).collect();
        (pages, snapshot.feed_versions())
    };
    let before = refresh(&mut pipeline);
    let date = |text: &str| DateTime::parse_from_rfc3339(text).expect("a date").to_utc();
    let dates = [
        ("a.md", date("2024-05-06T07:08:09Z")),
        // Committed before its publication.
        ("b.md", date("2024-05-06T07:08:10Z")),
        ("c.md", date("2024-05-06T07:08:11Z")),
    ];
    let dates = dates
        .into_iter()
        .map(|(path, date)| (path.to_owned(), date));
    pipeline.replace_commit_dates(Arc::new(dates.collect()));
    let after = refresh(&mut pipeline);
    let sitemap = text(&after, "/sitemap.xml");
    assert!(
        sitemap.contains("<lastmod>2024-05-06T07:08:09Z</lastmod>"),
        "{sitemap}"
    );
    assert!(
        sitemap.contains("<lastmod>2024-11-01T00:00:00Z</lastmod>"),
        "{sitemap}"
    );
    let card = text(&after, "/cards/a/");
    assert!(
        card.contains("\"dateModified\":\"2024-05-06T07:08:09Z\""),
        "{card}"
    );
    let time = "property=\"article:modified_time\" content=\"2024-05-06T07:08:09Z\"";
    assert!(card.contains(time), "{card}");
    let all = everything(&after);
    assert!(
        !all.contains("07:08:10") && !all.contains("07:08:11"),
        "{all}"
    );
    // Announcements compare these.
    assert_eq!(versions(&after), versions(&before));
    for path in ["/rss.xml", "/atom.xml", "/feed.json", "/"] {
        assert_eq!(text(&after, path), text(&before, path), "{path}");
    }
    assert!(pipeline.content_status().findings.to_vec().is_empty());
    pipeline.replace_commit_dates(Arc::default());
    let reverted = refresh(&mut pipeline);
    assert_eq!(
        text(&reverted, "/sitemap.xml"),
        text(&before, "/sitemap.xml")
    );
}

#[test]
fn shallow_clone_is_reported_and_keeps_the_posts_dates() {
    let origin = Origin::new();
    origin.write("content/a.md", &plain("One", "2024-01-01"));
    origin.commit("one");
    origin.write("content/b.md", &plain("Two", "2024-01-01"));
    origin.commit("two");
    let site = TestSite::new().config("[sitemap]\nlastmod = \"git\"");
    let clone = site.root().join("clone");
    let url = origin.url();
    let clone = clone.to_str().expect("UTF-8");
    origin.git(&["clone", "--quiet", "--depth=1", &url, clone]);
    fs::remove_dir(site.content()).expect("removed");
    symlink("clone/content", site.content()).expect("a link");
    let server = Server::start(&mut courant(&site.write_config()));
    // Threads log in any order.
    let log = match server.start.contains("shallow") {
        true => server.start.clone(),
        false => wait_for_log(&server.lines, "shallow"),
    };
    assert!(log.contains("fetch-depth: 0"), "{log}");
    let sitemap = server.request("GET", "/sitemap.xml", "", "").text();
    assert!(
        sitemap.contains("<lastmod>2024-01-01T00:00:00Z</lastmod>"),
        "{sitemap}"
    );
    // `[content.git]` fetches the history that is missing.
    let git = GitConfig::from_url(&url, site.root().join("clone")).expect("a URL");
    block_on(Checkout::new(&git, true).update()).expect("fetched");
    wait_for_log(&server.lines, "published");
    let sitemap = server.request("GET", "/sitemap.xml", "", "").text();
    assert!(
        sitemap.contains("<lastmod>2024-06-01T12:00:00Z</lastmod>"),
        "{sitemap}"
    );
}
