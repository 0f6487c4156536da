//! Checks that the watch loses no edit to missed events, limits, links, mounts or clock changes.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant, SystemTime};

use courant::config::Config;
use courant::model::finding::Rule;
use courant::publish::pipeline::{ContentStatus, Pipeline};
use courant::publish::snapshot::SnapshotHandle;
use courant::watch::{
    EventSender, EventSource, EventsUnavailable, FsEvent, LoadConfig, OpenEventSource, StopHandle,
    Watch, WatchError, WatchEvent,
};

use crate::support::{TestSite, clock, everything, plain};

/// Longest wait before a test fails. Tests wait for an effect, not for time to pass.
const TEST_TIMEOUT: Duration = Duration::from_secs(20);
/// Configuration under which no edit is found by a rescan.
const NO_RESCAN_CONFIG: &str = "[watch]\nrescan = \"1h\"\n";

/// An owned copy of one turn of the watch.
#[derive(Debug)]
enum WatchReport {
    Looked(Box<ContentStatus>),
    Recovered,
    Failed,
    InDoubt,
    NoEvents(String, &'static str),
    Shared,
    Events,
    Missed(usize, u64),
    Reloaded(Vec<&'static str>),
    Refused(String),
    Unusable(String),
}

/// A site that is watched, but not served over HTTP.
struct WatchedSite {
    site: TestSite,
    current: SnapshotHandle,
    turns: Receiver<WatchReport>,
    stop: Option<StopHandle>,
    thread: Option<JoinHandle<()>>,
}

impl WatchedSite {
    fn with_system_events(site: TestSite) -> WatchedSite {
        let (watch, stop, current) = {
            let current = SnapshotHandle::default();
            let pipeline = Pipeline::new(site.parsed_config(), current.clone());
            let (watch, stop) = Watch::new(pipeline);
            (watch, stop, current)
        };
        WatchedSite::start(site, watch, stop, current, clock)
    }

    fn with_fake_events(site: TestSite, fake: &FakeEvents) -> WatchedSite {
        let current = SnapshotHandle::default();
        let pipeline = Pipeline::new(site.parsed_config(), current.clone());
        let (watch, stop) = Watch::with_event_source(pipeline, None, fake.source_maker());
        WatchedSite::start(site, watch, stop, current, clock)
    }

    /// Watches a site whose configuration is on disk and reloaded on changes.
    fn with_reload(site: TestSite) -> WatchedSite {
        let file = site.write_config();
        let load: LoadConfig = {
            let file = file.clone();
            Box::new(move || Config::load(&file))
        };
        let current = SnapshotHandle::default();
        let config = Config::load(&file).expect("the test's configuration is right");
        let (watch, stop) =
            Watch::with_config_reload(Pipeline::new(config, current.clone()), file, load);
        WatchedSite::start(site, watch, stop, current, clock)
    }

    fn start(
        site: TestSite,
        mut watch: Watch,
        stop: StopHandle,
        current: SnapshotHandle,
        clock: fn() -> SystemTime,
    ) -> WatchedSite {
        watch.refresh_all(clock()).expect("the content can be read");
        let (sender, turns) = channel();
        let thread = std::thread::spawn(move || {
            watch.run(clock, |turn| {
                let report = match turn {
                    WatchEvent::LintsFinished(_)
                    | WatchEvent::TurnStarted
                    | WatchEvent::Reloading => return,
                    WatchEvent::Scanned(_, status) => WatchReport::Looked(Box::new(status.clone())),
                    WatchEvent::Recovered => WatchReport::Recovered,
                    WatchEvent::ScanFailed(_) => WatchReport::Failed,
                    WatchEvent::MassDeletionHeld(_) => WatchReport::InDoubt,
                    WatchEvent::EventsUnavailable(why, _) => {
                        WatchReport::NoEvents(why.reason.clone(), why.hint)
                    }
                    WatchEvent::SharedFilesystem(..) => WatchReport::Shared,
                    WatchEvent::EventsAvailable => WatchReport::Events,
                    WatchEvent::MissedEvents(files, status) => {
                        WatchReport::Missed(files, status.missed_change_count)
                    }
                    WatchEvent::Reloaded { needs_restart, .. } => {
                        WatchReport::Reloaded(needs_restart.to_vec())
                    }
                    WatchEvent::ConfigRejected(error) => WatchReport::Refused(format!("{error:?}")),
                    WatchEvent::ConfigUnusable(error) => WatchReport::Unusable(error.to_string()),
                };
                let _ = sender.send(report);
            });
        });
        WatchedSite {
            site,
            current,
            turns,
            stop: Some(stop),
            thread: Some(thread),
        }
    }

    fn path(&self, path: &str) -> PathBuf {
        self.site.root().join(path)
    }

    fn write(&self, path: &str, text: impl AsRef<[u8]>) {
        let path = self.path(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    fn serves(&self, text: &str) -> bool {
        everything(&self.current.load_snapshot()).contains(text)
    }

    fn next_report(&self, what: &str) -> WatchReport {
        self.turns
            .recv_timeout(TEST_TIMEOUT)
            .unwrap_or_else(|_| panic!("waited in vain until {what}"))
    }

    /// Waits until the text is served.
    fn wait_until_served(&self, text: &str) {
        while !self.serves(text) {
            self.next_report(text);
        }
    }

    /// Waits for a report for which `is` returns a value.
    fn wait_for_report<T>(&self, what: &str, mut is: impl FnMut(WatchReport) -> Option<T>) -> T {
        loop {
            if let Some(found) = is(self.next_report(what)) {
                return found;
            }
        }
    }

    fn stop_handle(&self) -> &StopHandle {
        self.stop.as_ref().expect("it runs")
    }
}

impl Drop for WatchedSite {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            thread.join().expect("the watch thread did not panic");
        }
    }
}

/// A source of file events that the test controls.
#[derive(Clone, Default)]
struct FakeEvents(Arc<Mutex<FakeState>>);

#[derive(Default)]
struct FakeState {
    teller: Option<EventSender>,
    /// Maximum number of watched directories; `None` for no limit.
    limit: Option<usize>,
    watched: usize,
}

impl FakeEvents {
    fn source_maker(&self) -> OpenEventSource {
        let fake = self.clone();
        Box::new(move |teller| {
            let mut inner = fake.0.lock().unwrap();
            inner.teller = Some(teller);
            inner.watched = 0;
            Ok(Box::new(fake.clone()))
        })
    }

    fn set_limit(&self, limit: Option<usize>) {
        self.0.lock().unwrap().limit = limit;
    }

    fn event_sender(&self) -> EventSender {
        self.0.lock().unwrap().teller.clone().unwrap()
    }
}

impl EventSource for FakeEvents {
    fn watch_directory(&mut self, _: &Path) -> Result<(), WatchError> {
        let mut inner = self.0.lock().unwrap();
        if inner.limit.is_some_and(|limit| inner.watched >= limit) {
            return Err(WatchError::EventsUnavailable(limit_reached()));
        }
        inner.watched += 1;
        Ok(())
    }

    fn unwatch_directory(&mut self, _: &Path) {}
}

fn limit_reached() -> EventsUnavailable {
    EventsUnavailable {
        reason: "too many".to_owned(),
        hint: "raise the limit",
    }
}

fn site_of_two_posts() -> TestSite {
    TestSite::new()
        .post("a.md", plain("Alpha", "2024-01-01"))
        .post("b.md", plain("Beta", "2024-01-02"))
}

#[test]
fn burst_of_500_files_makes_few_generations() {
    let site = WatchedSite::with_system_events(site_of_two_posts().config(NO_RESCAN_CONFIG));
    let before = site.current.load_snapshot().generation();
    for number in 0..500 {
        let text = plain(&format!("Many{number}x"), "2024-02-01");
        site.write(&format!("content/{number}.md"), text);
    }
    while !(0..500).all(|number| {
        let path = format!("/cards/{number}/");
        site.current.load_snapshot().get(&path).is_some()
    }) {
        site.next_report("all are served");
    }
    let generations = site.current.load_snapshot().generation() - before;
    assert!(generations <= 12, "{generations} generations");
}

#[test]
fn save_is_served_without_waiting_for_the_debounce() {
    // Only a file that is still open waits this long.
    let config = "[watch]\nrescan = \"1h\"\ndebounce = \"10s\"";
    let site = WatchedSite::with_system_events(site_of_two_posts().config(config));
    let start = Instant::now();
    site.write("content/a.md", plain("Written", "2024-01-01"));
    site.wait_until_served("Written");
    site.write("content/.new.md", plain("Renamed", "2024-01-01"));
    fs::rename(site.path("content/.new.md"), site.path("content/a.md")).unwrap();
    site.wait_until_served("Renamed");
    fs::remove_file(site.path("content/b.md")).unwrap();
    while site.serves("Beta") {
        site.next_report("the deletion is served");
    }
    assert!(start.elapsed() < Duration::from_secs(10));
}

#[test]
fn start_with_patterns_does_not_reload_the_configuration() {
    let site = TestSite::new()
        .config(
            "[content]\ninclude = [\"*/blog/**\", \"{a,b}/[0-9]*.md\"]\nexclude = [\"**/x?/*\"]",
        )
        .config(NO_RESCAN_CONFIG)
        .post("ja/blog/a.md", plain("Alpha", "2024-01-01"));
    let site = WatchedSite::with_reload(site);
    let generation = site.current.load_snapshot().generation();
    site.write("content/ja/blog/b.md", plain("Beta", "2024-01-02"));
    while !site.serves("Beta") {
        let report = site.next_report("it is served");
        assert!(matches!(report, WatchReport::Looked(_)), "{report:?}");
    }
    assert_eq!(site.current.load_snapshot().generation(), generation + 1);
}

#[test]
fn doubted_loss_does_not_report_a_recovery() {
    let site = WatchedSite::with_system_events(site_of_two_posts().config(NO_RESCAN_CONFIG));
    let (content, away) = (site.path("content"), site.path("away"));
    fs::create_dir(&away).unwrap();
    for name in ["a.md", "b.md"] {
        fs::rename(content.join(name), away.join(name)).unwrap();
    }
    site.wait_for_report("it is doubted", |report| match report {
        WatchReport::InDoubt => Some(()),
        WatchReport::Recovered => panic!("the directory was readable all the time"),
        _ => None,
    });
    for name in ["a.md", "b.md"] {
        fs::rename(away.join(name), content.join(name)).unwrap();
    }
    site.write("content/c.md", plain("Gamma", "2024-01-03"));
    site.wait_for_report("what is new is served", |report| match report {
        WatchReport::Recovered => panic!("the directory was readable all the time"),
        _ => site.serves("Gamma").then_some(()),
    });
    assert!(site.serves("Alpha") && site.serves("Beta"));
}

#[test]
fn save_through_a_backup_file_never_drops_the_post() {
    let site = WatchedSite::with_system_events(site_of_two_posts().config(NO_RESCAN_CONFIG));
    let (file, backup) = (site.path("content/a.md"), site.path("content/a.md~"));
    for round in 0..20 {
        fs::rename(&file, &backup).unwrap();
        fs::write(&file, plain(&format!("Round{round}x"), "2024-01-01")).unwrap();
        fs::remove_file(&backup).unwrap();
        let text = format!("Round{round}x");
        while !site.serves(&text) {
            if let WatchReport::Looked(status) = site.next_report(&text) {
                assert_eq!(
                    (status.file_counts.posts, status.findings.to_vec()),
                    (2, Vec::new())
                );
            }
        }
    }
}

#[test]
fn watch_limit_falls_back_to_polling_until_it_is_raised() {
    for limit in [0, 3] {
        let fake = FakeEvents::default();
        fake.set_limit(Some(limit));
        let config = "[watch]\nrescan = \"300ms\"\npoll = \"100ms\"";
        let site = (0..5).fold(site_of_two_posts().config(config), |site, number| {
            site.post(&format!("{number}/c.md"), plain("Gamma", "2024-01-01"))
        });
        let site = WatchedSite::with_fake_events(site, &fake);
        let (reason, hint) = site.wait_for_report("there are no events", |report| match report {
            WatchReport::NoEvents(reason, hint) => Some((reason, hint)),
            _ => None,
        });
        assert_eq!((&*reason, hint), ("too many", "raise the limit"));
        site.write("content/4/c.md", plain("Polled", "2024-01-01"));
        site.wait_until_served("Polled");
        fake.set_limit(None);
        site.wait_for_report("there are events again", |report| {
            matches!(report, WatchReport::Events).then_some(())
        });
    }
}

#[test]
fn watch_limit_reached_later_falls_back_to_polling() {
    let fake = FakeEvents::default();
    let config = "[watch]\nrescan = \"1h\"\npoll = \"100ms\"";
    let site = WatchedSite::with_fake_events(site_of_two_posts().config(config), &fake);
    site.write("content/a.md", plain("Between", "2024-01-01"));
    fake.event_sender().send_unavailable(limit_reached());
    site.wait_for_report("there are no events", |report| {
        matches!(report, WatchReport::NoEvents(..)).then_some(())
    });
    site.wait_until_served("Between");
    site.write("content/a.md", plain("Later", "2024-01-01"));
    site.wait_until_served("Later");
}

#[test]
fn event_overflow_triggers_a_full_scan() {
    let fake = FakeEvents::default();
    let site = WatchedSite::with_fake_events(site_of_two_posts().config(NO_RESCAN_CONFIG), &fake);
    site.write("content/new/c.md", plain("Gamma", "2024-01-01"));
    fake.event_sender().send_event(FsEvent::RescanNeeded);
    site.wait_until_served("Gamma");
}

#[test]
fn changes_without_an_event_are_found_and_counted() {
    let fake = FakeEvents::default();
    let site = WatchedSite::with_fake_events(
        site_of_two_posts().config("[watch]\nrescan = \"200ms\""),
        &fake,
    );
    site.write("content/a.md", plain("Silent", "2024-01-01"));
    let missed = |report| match report {
        WatchReport::Missed(files, in_all) => Some((files, in_all)),
        _ => None,
    };
    assert_eq!(site.wait_for_report("it is counted", missed), (1, 1));
    assert!(site.serves("Silent"));
    fs::remove_file(site.path("content/a.md")).unwrap();
    assert_eq!(site.wait_for_report("it is counted", missed), (1, 2));
}

#[test]
fn replaced_content_directory_is_found_without_an_event() {
    // As with a mount: the path leads to a different inode, without an event.
    let fake = FakeEvents::default();
    let site = WatchedSite::with_fake_events(site_of_two_posts().config(NO_RESCAN_CONFIG), &fake);
    site.write("other/a.md", plain("Mounted", "2024-01-01"));
    fs::rename(site.path("content"), site.path("away")).unwrap();
    fs::rename(site.path("other"), site.path("content")).unwrap();
    site.wait_until_served("Mounted");
}

#[test]
fn polling_needs_no_event() {
    let config = "[watch]\nmode = \"poll\"\npoll = \"100ms\"\nrescan = \"1h\"";
    let fake = FakeEvents::default();
    let site = WatchedSite::with_fake_events(site_of_two_posts().config(config), &fake);
    site.write("content/a.md", plain("Polled", "2024-01-01"));
    site.wait_until_served("Polled");
    assert!(
        fake.0.lock().unwrap().teller.is_none(),
        "no event source is created"
    );
}

#[test]
fn watch_mode_off_loads_once_and_on_demand() {
    let watch = |mode: &str| {
        let intervals = "rescan = \"100ms\"\npoll = \"100ms\"";
        let config = format!("[watch]\nmode = \"{mode}\"\n{intervals}");
        WatchedSite::with_system_events(site_of_two_posts().config(&config))
    };
    let (off, polled) = (watch("off"), watch("poll"));
    off.write("content/a.md", plain("Edited", "2024-01-01"));
    // Each of these edits takes one poll interval at least.
    for title in ["One", "Two", "Three", "Four"] {
        polled.write("content/a.md", plain(title, "2024-01-01"));
        polled.wait_until_served(title);
    }
    assert!(!off.serves("Edited"));
    off.stop_handle().reload_handle().request_reload();
    off.wait_until_served("Edited");
}

#[test]
fn scheduled_post_is_published_with_the_watch_off() {
    let soon = clock() + Duration::from_secs(2);
    let due = chrono::DateTime::<chrono::Utc>::from(soon).format("%Y-%m-%dT%H:%M:%SZ");
    let site = site_of_two_posts()
        .config("[watch]\nmode = \"off\"")
        .post("due.md", plain("Due", &due.to_string()));
    let site = WatchedSite::with_system_events(site);
    assert!(!site.serves("Due"));
    site.wait_until_served("Due");
}

#[cfg(unix)]
#[test]
fn edits_behind_symlinks_are_served() {
    use std::os::unix::fs::symlink;
    let site = site_of_two_posts().config(NO_RESCAN_CONFIG);
    let root = site.root().to_owned();
    fs::rename(root.join("content"), root.join("real")).unwrap();
    symlink("real", root.join("content")).unwrap();
    fs::create_dir_all(root.join("outside/deep")).unwrap();
    symlink("../outside", root.join("real/linked")).unwrap();
    fs::write(root.join("single.md"), plain("Single", "2024-01-01")).unwrap();
    symlink("../single.md", root.join("real/single.md")).unwrap();
    let site = WatchedSite::with_system_events(site);
    for (path, title) in [
        ("real/a.md", "Through"),
        ("outside/x.md", "Outside"),
        ("outside/deep/y.md", "Deeper"),
        ("single.md", "Target"),
    ] {
        site.write(path, plain(title, "2024-01-01"));
        site.wait_until_served(title);
    }
}

#[cfg(unix)]
#[test]
fn swapped_config_map_is_never_served_half() {
    use std::os::unix::fs::symlink;
    let site = TestSite::new().config(NO_RESCAN_CONFIG);
    let content = site.content();
    let generation = |name: &str, title: &str| {
        fs::create_dir(content.join(name)).unwrap();
        for file in ["a.md", "b.md"] {
            let text = plain(&format!("{title}-{file}"), "2024-01-01");
            fs::write(content.join(name).join(file), text).unwrap();
        }
    };
    generation("..1", "First");
    symlink("..1", content.join("..data")).unwrap();
    symlink("..data/a.md", content.join("a.md")).unwrap();
    symlink("..data/b.md", content.join("b.md")).unwrap();
    let site = WatchedSite::with_system_events(site);
    assert!(site.serves("First-a.md") && site.serves("First-b.md"));
    for (number, title) in [(2, "Second"), (3, "Third")] {
        generation(&format!("..{number}"), title);
        symlink(format!("..{number}"), content.join("..data_tmp")).unwrap();
        fs::rename(content.join("..data_tmp"), content.join("..data")).unwrap();
        fs::remove_dir_all(content.join(format!("..{}", number - 1))).unwrap();
        while !site.serves(&format!("{title}-a.md")) {
            match site.next_report(title) {
                WatchReport::Looked(status) => assert_eq!(status.file_counts.posts, 2),
                other => panic!("{other:?}"),
            }
        }
        assert!(site.serves(&format!("{title}-b.md")));
    }
}

#[cfg(unix)]
#[test]
fn symlink_swapped_outside_the_content_is_followed() {
    use std::os::unix::fs::symlink;
    let site = site_of_two_posts().config(NO_RESCAN_CONFIG);
    let root = site.root().to_owned();
    for (commit, title) in [("1", "First"), ("2", "Second")] {
        let dir = root.join("git").join(commit).join("blog");
        fs::create_dir_all(&dir).unwrap();
        fs::write(dir.join("c.md"), plain(title, "2024-01-01")).unwrap();
    }
    symlink("1", root.join("git/current")).unwrap();
    symlink("../git/current/blog", root.join("content/blog")).unwrap();
    let site = WatchedSite::with_system_events(site);
    assert!(site.serves("First"));
    symlink("2", root.join("git/next")).unwrap();
    fs::rename(root.join("git/next"), root.join("git/current")).unwrap();
    site.wait_until_served("Second");
    site.write("git/2/blog/c.md", plain("Third", "2024-01-01"));
    site.wait_until_served("Third");
    fs::remove_file(root.join("content/blog")).unwrap();
    while site.serves("Third") {
        site.next_report("the link is gone");
    }
}

#[cfg(unix)]
#[test]
fn configuration_behind_a_swapped_symlink_is_reloaded() {
    use std::os::unix::fs::symlink;
    let site = site_of_two_posts().config(NO_RESCAN_CONFIG);
    let (root, file) = (site.root().to_owned(), site.write_config());
    let text = fs::read_to_string(&file).unwrap();
    for (generation, title) in [("..1", "Example"), ("..2", "Renamed site")] {
        fs::create_dir(root.join(generation)).unwrap();
        let text = text.replace("Example", title);
        fs::write(root.join(generation).join("config.toml"), text).unwrap();
    }
    symlink("..1", root.join("..data")).unwrap();
    let (site, link) = (WatchedSite::with_reload(site), root.join("config.toml~"));
    symlink("..data/config.toml", &link).unwrap();
    fs::rename(&link, &file).unwrap();
    symlink("..2", root.join("..data_tmp")).unwrap();
    fs::rename(root.join("..data_tmp"), root.join("..data")).unwrap();
    site.wait_until_served("Renamed site");
    let written = text.replace("Example", "Written site");
    site.write("..2/config.toml", written);
    site.wait_until_served("Written site");
}

#[test]
fn content_directory_removed_with_its_parents_is_found_again() {
    let site = TestSite::new()
        .config("[content]\ndir = \"x/y/posts\"")
        .config(NO_RESCAN_CONFIG)
        .file("x/y/posts/a.md", plain("Alpha", "2024-01-01"));
    let site = WatchedSite::with_system_events(site);
    fs::remove_dir_all(site.path("x")).unwrap();
    site.wait_for_report("it is gone", |report| {
        matches!(report, WatchReport::Failed | WatchReport::InDoubt).then_some(())
    });
    assert!(site.serves("Alpha"));
    site.write("x/y/posts/a.md", plain("Back", "2024-01-01"));
    site.wait_until_served("Back");
    site.write("x/y/posts/deep/b.md", plain("Watched", "2024-01-01"));
    site.wait_until_served("Watched");
}

#[test]
fn directory_renamed_away_and_back_stays_watched() {
    let site = site_of_two_posts()
        .config(NO_RESCAN_CONFIG)
        .post("sub/deep/c.md", plain("Gamma", "2024-01-01"));
    let site = WatchedSite::with_system_events(site);
    fs::rename(site.path("content/sub"), site.path("sub")).unwrap();
    fs::rename(site.path("sub"), site.path("content/sub")).unwrap();
    site.write("content/sub/deep/c.md", plain("Again", "2024-01-01"));
    site.wait_until_served("Again");
    fs::rename(site.path("content/sub"), site.path("sub")).unwrap();
    while site.serves("Again") {
        site.next_report("it is gone");
    }
    fs::rename(site.path("sub"), site.path("content/sub")).unwrap();
    site.wait_until_served("Again");
    site.write("content/sub/deep/c.md", plain("Finally", "2024-01-01"));
    site.wait_until_served("Finally");
}

#[test]
fn clock_change_publishes_and_withdraws_scheduled_posts() {
    static AHEAD: AtomicU64 = AtomicU64::new(0);
    fn set() -> SystemTime {
        clock() + Duration::from_secs(AHEAD.load(Ordering::Relaxed))
    }
    const HOUR: u64 = 3600;
    let in_half_an_hour = clock() + Duration::from_secs(HOUR / 2);
    let due = chrono::DateTime::<chrono::Utc>::from(in_half_an_hour);
    let due = due.format("%Y-%m-%dT%H:%M:%SZ").to_string();
    let site = site_of_two_posts()
        .config(NO_RESCAN_CONFIG)
        .post("due.md", plain("Due", &due));
    let current = SnapshotHandle::default();
    let pipeline = Pipeline::new(site.parsed_config(), current.clone());
    let (watch, stop) = Watch::new(pipeline);
    let site = WatchedSite::start(site, watch, stop, current, set);
    for _ in 0..2 {
        assert!(!site.serves("Due"));
        AHEAD.store(HOUR, Ordering::Relaxed);
        let start = Instant::now();
        site.wait_until_served("Due");
        assert!(
            start.elapsed() < Duration::from_secs(5),
            "one second, with a margin for a busy machine"
        );
        AHEAD.store(0, Ordering::Relaxed);
        while site.serves("Due") {
            site.next_report("the clock is right again");
        }
    }
}

#[test]
fn scheduled_post_is_published_at_its_second() {
    let due = chrono::DateTime::<chrono::Utc>::from(clock() + Duration::from_secs(2));
    let text = due.format("%Y-%m-%dT%H:%M:%SZ").to_string();
    let site = site_of_two_posts()
        .config(NO_RESCAN_CONFIG)
        .post("due.md", plain("Due", &text));
    let site = WatchedSite::with_system_events(site);
    site.wait_until_served("Due");
    let due = SystemTime::from(chrono::DateTime::parse_from_rfc3339(&text).unwrap());
    let late = clock().duration_since(due).expect("not before its second");
    assert!(late < Duration::from_millis(900), "{late:?} late");
}

fn config_with_section(site: &WatchedSite, more: &str) -> String {
    let text = fs::read_to_string(site.path("config.toml")).unwrap();
    format!("{text}\n{more}\n")
}

#[test]
fn saved_configuration_is_applied_and_unchanged_outputs_keep_validators() {
    let site = WatchedSite::with_reload(site_of_two_posts().config("[watch]\nrescan = \"1h\""));
    let robots = site
        .current
        .load_snapshot()
        .get("/robots.txt")
        .unwrap()
        .last_modified;
    let text = config_with_section(&site, "").replace("\"Example\"", "\"Renamed site\"");
    site.write("config.toml", text);
    let keys = site.wait_for_report("it is reloaded", |report| match report {
        WatchReport::Reloaded(keys) => Some(keys),
        _ => None,
    });
    assert!(keys.is_empty(), "{keys:?}");
    site.wait_until_served("Renamed site");
    assert_eq!(
        site.current
            .load_snapshot()
            .get("/robots.txt")
            .unwrap()
            .last_modified,
        robots
    );
    // The new content directory is watched from then on.
    site.write("elsewhere/c.md", plain("Gamma", "2024-01-01"));
    let text = config_with_section(&site, "[content]\ndir = \"elsewhere\"");
    site.write("config.toml", text);
    site.wait_until_served("Gamma");
    assert!(!site.serves("Alpha"));
    site.write("elsewhere/deep/d.md", plain("Delta", "2024-01-01"));
    site.wait_until_served("Delta");
}

#[test]
fn invalid_configuration_changes_nothing_and_all_faults_are_reported() {
    let site = WatchedSite::with_reload(site_of_two_posts().config("[watch]\nrescan = \"1h\""));
    let good = config_with_section(&site, "");
    let bad = config_with_section(&site, "[feed]\nlimit = \"x\"\n[sitemaps]");
    site.write("config.toml", bad.replace("\"Example\"", "\"Bad\""));
    // A busy machine may read the file while it is empty, and report that first.
    let error = site.wait_for_report("it is refused", |report| match report {
        WatchReport::Refused(error) => Some(error).filter(|error| error.contains("feed.limit")),
        WatchReport::Reloaded(_) => panic!("the configuration has faults"),
        _ => None,
    });
    assert!(error.contains("sitemaps"), "{error}");
    assert!(!site.serves("Bad"));
    // Edits are still served under the last good configuration.
    site.write("content/a.md", plain("Meanwhile", "2024-01-01"));
    site.wait_until_served("Meanwhile");
    fs::remove_file(site.path("config.toml")).unwrap();
    site.wait_for_report("it is missed", |report| match report {
        WatchReport::Refused(error) => error.contains("Read").then_some(()),
        _ => None,
    });
    site.write("config.toml", good.replace("\"Example\"", "\"Mended\""));
    site.wait_until_served("Mended");
}

#[test]
fn reload_waits_for_the_new_content_directory() {
    let site = WatchedSite::with_reload(site_of_two_posts().config("[watch]\nrescan = \"200ms\""));
    let text = config_with_section(&site, "[content]\ndir = \"later\"");
    site.write("config.toml", text);
    let why = site.wait_for_report("it is refused", |report| match report {
        WatchReport::Unusable(why) => Some(why),
        WatchReport::Reloaded(_) => panic!("the content directory is missing"),
        _ => None,
    });
    assert!(why.contains("later"), "{why}");
    assert!(site.serves("Alpha"));
    site.write("later/c.md", plain("Gamma", "2024-01-01"));
    site.wait_until_served("Gamma");
    assert!(!site.serves("Alpha"));
}

#[test]
fn reload_lists_keys_that_need_a_restart() {
    let site = WatchedSite::with_reload(site_of_two_posts().config("[watch]\nrescan = \"1h\""));
    let more = "[server]\nlisten = \"127.0.0.1:1\"\npublic_url = \"https://example.org/news\"\nidle_timeout = \"5s\"";
    let text = config_with_section(&site, more).replace("\"Example\"", "\"Renamed site\"");
    site.write(
        "config.toml",
        text.replace("[cards]", "[cards]\ncache_size = 5"),
    );
    let keys = site.wait_for_report("it is reloaded", |report| match report {
        WatchReport::Reloaded(keys) => Some(keys),
        _ => None,
    });
    assert_eq!(
        keys,
        [
            "server.listen",
            "server.public_url",
            "server.idle_timeout",
            "cards.cache_size"
        ]
    );
    site.wait_until_served("Renamed site");
    assert!(
        !site.serves("https://example.org/news"),
        "a key that needs a restart was applied"
    );
}

#[test]
fn changed_public_url_with_the_same_path_is_applied() {
    let site = WatchedSite::with_reload(site_of_two_posts().config("[watch]\nrescan = \"1h\""));
    let more = "[server]\npublic_url = \"https://feeds.example.org\"";
    site.write("config.toml", config_with_section(&site, more));
    site.wait_until_served("https://feeds.example.org/rss.xml");
}

#[test]
fn id_map_is_reloaded_with_the_configuration() {
    let site = WatchedSite::with_reload(site_of_two_posts().config("[watch]\nrescan = \"1h\""));
    site.write("ids.toml", "\"a.md\" = \"tag:example.org,2020:1\"\n");
    site.wait_until_served("tag:example.org,2020:1");
    site.write("ids.toml", "\"a.md\" = 7\n");
    site.wait_for_report("it is refused", |report| {
        matches!(report, WatchReport::Refused(_)).then_some(())
    });
    assert!(site.serves("tag:example.org,2020:1"));
}

#[test]
fn broken_file_keeps_its_last_good_text_across_a_reload() {
    let site = WatchedSite::with_reload(site_of_two_posts().config("[watch]\nrescan = \"1h\""));
    site.write("content/a.md", "---\ntitle: a: b\n---\n");
    site.wait_for_report("it is found broken", |report| match report {
        WatchReport::Looked(status) => status
            .findings
            .iter()
            .any(|finding| finding.rule == Rule::LastGoodKept)
            .then_some(()),
        _ => None,
    });
    let text = config_with_section(&site, "").replace("\"Example\"", "\"Renamed site\"");
    site.write("config.toml", text);
    site.wait_until_served("Renamed site");
    assert!(site.serves("Alpha"));
}

#[test]
fn requested_reload_is_reported_without_changes() {
    let site = WatchedSite::with_reload(site_of_two_posts().config("[watch]\nrescan = \"1h\""));
    site.stop_handle().reload_handle().request_reload();
    site.wait_for_report("it is reloaded", |report| {
        matches!(report, WatchReport::Reloaded(_)).then_some(())
    });
}
