//! Nothing that happens outside makes the service lose an edit: neither lost events, nor limits, nor
//! links, nor mounts, nor a clock that is set.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant, SystemTime};

use courant::config::Config;
use courant::finding::Rule;
use courant::pipeline::{Pipeline, Status};
use courant::snapshot::Current;
use courant::watch::{
    Happening, Load, MakeSource, NoEvents, Refused, Source, Stop, Teller, Turn, Watch,
};

use crate::support::{TestSite, clock, everything, plain};

/// The longest that anything may take before the test fails.
const PATIENCE: Duration = Duration::from_secs(20);
/// With this no edit is found by a rescan.
const NO_RESCAN: &str = "[watch]\nrescan = \"1h\"\n";

/// A turn of the watch, to be kept.
#[derive(Debug)]
enum Said {
    Looked(Box<Status>),
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

/// A site that is watched, and not served.
struct Watched {
    site: TestSite,
    current: Current,
    turns: Receiver<Said>,
    stop: Option<Stop>,
    thread: Option<JoinHandle<()>>,
}

impl Watched {
    fn by_the_system(site: TestSite) -> Watched {
        let (watch, stop, current) = {
            let current = Current::default();
            let pipeline = Pipeline::new(site.parsed_config(), current.clone());
            let (watch, stop) = Watch::new(pipeline);
            (watch, stop, current)
        };
        Watched::run(site, watch, stop, current, clock)
    }

    fn by(site: TestSite, fake: &Fake) -> Watched {
        let current = Current::default();
        let pipeline = Pipeline::new(site.parsed_config(), current.clone());
        let (watch, stop) = Watch::with(pipeline, None, fake.make());
        Watched::run(site, watch, stop, current, clock)
    }

    /// Its configuration is on disk, and read again.
    fn reloading(site: TestSite) -> Watched {
        let file = site.write_config();
        let load: Load = {
            let file = file.clone();
            Box::new(move || Config::load(&file))
        };
        let current = Current::default();
        let config = Config::load(&file).expect("the test's configuration is right");
        let (watch, stop) = Watch::reloading(Pipeline::new(config, current.clone()), file, load);
        Watched::run(site, watch, stop, current, clock)
    }

    fn run(
        site: TestSite,
        mut watch: Watch,
        stop: Stop,
        current: Current,
        clock: fn() -> SystemTime,
    ) -> Watched {
        watch.look(clock()).expect("the content can be read");
        let (sender, turns) = channel();
        let thread = std::thread::spawn(move || {
            watch.run(clock, |turn| {
                let said = match turn {
                    Turn::Advised(_) | Turn::Awake | Turn::Rereading => return,
                    Turn::Looked(_, status) => Said::Looked(Box::new(status.clone())),
                    Turn::Recovered => Said::Recovered,
                    Turn::Failed(_) => Said::Failed,
                    Turn::InDoubt(_) => Said::InDoubt,
                    Turn::NoEvents(why, _) => Said::NoEvents(why.reason.clone(), why.hint),
                    Turn::Shared(..) => Said::Shared,
                    Turn::Events => Said::Events,
                    Turn::Missed(files, status) => Said::Missed(files, status.missed_by_events),
                    Turn::Reloaded { needs_restart, .. } => Said::Reloaded(needs_restart.to_vec()),
                    Turn::Refused(error) => Said::Refused(format!("{error:?}")),
                    Turn::Unusable(error) => Said::Unusable(error.to_string()),
                };
                let _ = sender.send(said);
            });
        });
        Watched {
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
        everything(&self.current.load()).contains(text)
    }

    fn next(&self, what: &str) -> Said {
        self.turns
            .recv_timeout(PATIENCE)
            .unwrap_or_else(|_| panic!("waited in vain until {what}"))
    }

    /// Waits until the text is served.
    fn until_served(&self, text: &str) {
        while !self.serves(text) {
            self.next(text);
        }
    }

    /// Waits until something is said.
    fn until_said<T>(&self, what: &str, mut is: impl FnMut(Said) -> Option<T>) -> T {
        loop {
            if let Some(found) = is(self.next(what)) {
                return found;
            }
        }
    }

    fn stop(&self) -> &Stop {
        self.stop.as_ref().expect("it runs")
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            thread.join().expect("the watch did not break down");
        }
    }
}

/// A source of events that says what the test says.
#[derive(Clone, Default)]
struct Fake(Arc<Mutex<Inner>>);

#[derive(Default)]
struct Inner {
    teller: Option<Teller>,
    /// How many directories it can watch; `None` is any number.
    limit: Option<usize>,
    watched: usize,
}

impl Fake {
    fn make(&self) -> MakeSource {
        let fake = self.clone();
        Box::new(move |teller| {
            let mut inner = fake.0.lock().unwrap();
            inner.teller = Some(teller);
            inner.watched = 0;
            Ok(Box::new(fake.clone()))
        })
    }

    fn limit(&self, limit: Option<usize>) {
        self.0.lock().unwrap().limit = limit;
    }

    fn teller(&self) -> Teller {
        self.0.lock().unwrap().teller.clone().unwrap()
    }
}

impl Source for Fake {
    fn watch(&mut self, _: &Path) -> Result<(), Refused> {
        let mut inner = self.0.lock().unwrap();
        if inner.limit.is_some_and(|limit| inner.watched >= limit) {
            return Err(Refused::Everywhere(too_many()));
        }
        inner.watched += 1;
        Ok(())
    }

    fn unwatch(&mut self, _: &Path) {}
}

fn too_many() -> NoEvents {
    NoEvents {
        reason: "too many".to_owned(),
        hint: "raise the limit",
    }
}

fn site() -> TestSite {
    TestSite::new()
        .post("a.md", plain("Alpha", "2024-01-01"))
        .post("b.md", plain("Beta", "2024-01-02"))
}

#[test]
fn a_burst_of_five_hundred_files_is_a_handful_of_generations() {
    let site = Watched::by_the_system(site().config(NO_RESCAN));
    let before = site.current.load().generation();
    for number in 0..500 {
        let text = plain(&format!("Many{number}x"), "2024-02-01");
        site.write(&format!("content/{number}.md"), text);
    }
    while !(0..500).all(|number| {
        let path = format!("/cards/{number}/");
        site.current.load().get(&path).is_some()
    }) {
        site.next("all are served");
    }
    let generations = site.current.load().generation() - before;
    assert!(generations <= 12, "{generations} generations");
}

#[test]
fn a_save_is_served_without_a_wait_for_quiet() {
    // So long would an open file wait.
    let config = "[watch]\nrescan = \"1h\"\ndebounce = \"10s\"";
    let site = Watched::by_the_system(site().config(config));
    let start = Instant::now();
    site.write("content/a.md", plain("Written", "2024-01-01"));
    site.until_served("Written");
    site.write("content/.new.md", plain("Renamed", "2024-01-01"));
    fs::rename(site.path("content/.new.md"), site.path("content/a.md")).unwrap();
    site.until_served("Renamed");
    fs::remove_file(site.path("content/b.md")).unwrap();
    while site.serves("Beta") {
        site.next("the deletion is served");
    }
    assert!(start.elapsed() < Duration::from_secs(10));
}

#[test]
fn start_with_patterns_does_not_reload_the_configuration() {
    let site = TestSite::new()
        .config(
            "[content]\ninclude = [\"*/blog/**\", \"{a,b}/[0-9]*.md\"]\nexclude = [\"**/x?/*\"]",
        )
        .config(NO_RESCAN)
        .post("ja/blog/a.md", plain("Alpha", "2024-01-01"));
    let site = Watched::reloading(site);
    let generation = site.current.load().generation();
    site.write("content/ja/blog/b.md", plain("Beta", "2024-01-02"));
    while !site.serves("Beta") {
        let said = site.next("it is served");
        assert!(matches!(said, Said::Looked(_)), "{said:?}");
    }
    assert_eq!(site.current.load().generation(), generation + 1);
}

#[test]
fn doubt_does_not_say_that_the_directory_can_be_read() {
    let site = Watched::by_the_system(site().config(NO_RESCAN));
    let (content, away) = (site.path("content"), site.path("away"));
    fs::create_dir(&away).unwrap();
    for name in ["a.md", "b.md"] {
        fs::rename(content.join(name), away.join(name)).unwrap();
    }
    site.until_said("it is doubted", |said| match said {
        Said::InDoubt => Some(()),
        Said::Recovered => panic!("it could be read all the time"),
        _ => None,
    });
    for name in ["a.md", "b.md"] {
        fs::rename(away.join(name), content.join(name)).unwrap();
    }
    site.write("content/c.md", plain("Gamma", "2024-01-03"));
    site.until_said("what is new is served", |said| match said {
        Said::Recovered => panic!("it could be read all the time"),
        _ => site.serves("Gamma").then_some(()),
    });
    assert!(site.serves("Alpha") && site.serves("Beta"));
}

#[test]
fn a_save_by_way_of_a_backup_is_never_served_without_the_post() {
    let site = Watched::by_the_system(site().config(NO_RESCAN));
    let (file, backup) = (site.path("content/a.md"), site.path("content/a.md~"));
    for round in 0..20 {
        fs::rename(&file, &backup).unwrap();
        fs::write(&file, plain(&format!("Round{round}x"), "2024-01-01")).unwrap();
        fs::remove_file(&backup).unwrap();
        let text = format!("Round{round}x");
        while !site.serves(&text) {
            if let Said::Looked(status) = site.next(&text) {
                assert_eq!(
                    (status.tally.posts, status.findings.to_vec()),
                    (2, Vec::new())
                );
            }
        }
    }
}

#[test]
fn where_the_limit_of_watches_is_reached_everything_is_looked_at_until_it_is_raised() {
    for limit in [0, 3] {
        let fake = Fake::default();
        fake.limit(Some(limit));
        let config = "[watch]\nrescan = \"300ms\"\npoll = \"100ms\"";
        let site = (0..5).fold(site().config(config), |site, number| {
            site.post(&format!("{number}/c.md"), plain("Gamma", "2024-01-01"))
        });
        let site = Watched::by(site, &fake);
        let (reason, hint) = site.until_said("there are no events", |said| match said {
            Said::NoEvents(reason, hint) => Some((reason, hint)),
            _ => None,
        });
        assert_eq!((&*reason, hint), ("too many", "raise the limit"));
        site.write("content/4/c.md", plain("Polled", "2024-01-01"));
        site.until_served("Polled");
        fake.limit(None);
        site.until_said("there are events again", |said| {
            matches!(said, Said::Events).then_some(())
        });
    }
}

#[test]
fn a_limit_that_is_reached_later_leads_to_looking_at_everything_too() {
    let fake = Fake::default();
    let config = "[watch]\nrescan = \"1h\"\npoll = \"100ms\"";
    let site = Watched::by(site().config(config), &fake);
    site.write("content/a.md", plain("Between", "2024-01-01"));
    fake.teller().lost(too_many());
    site.until_said("there are no events", |said| {
        matches!(said, Said::NoEvents(..)).then_some(())
    });
    site.until_served("Between");
    site.write("content/a.md", plain("Later", "2024-01-01"));
    site.until_served("Later");
}

#[test]
fn after_an_overflow_everything_is_looked_at() {
    let fake = Fake::default();
    let site = Watched::by(site().config(NO_RESCAN), &fake);
    site.write("content/new/c.md", plain("Gamma", "2024-01-01"));
    fake.teller().tell(Happening::Anything);
    site.until_served("Gamma");
}

#[test]
fn changes_that_no_event_told_of_are_found_and_counted() {
    let fake = Fake::default();
    let site = Watched::by(site().config("[watch]\nrescan = \"200ms\""), &fake);
    site.write("content/a.md", plain("Silent", "2024-01-01"));
    let missed = |said| match said {
        Said::Missed(files, in_all) => Some((files, in_all)),
        _ => None,
    };
    assert_eq!(site.until_said("it is counted", missed), (1, 1));
    assert!(site.serves("Silent"));
    fs::remove_file(site.path("content/a.md")).unwrap();
    assert_eq!(site.until_said("it is counted", missed), (1, 2));
}

#[test]
fn another_directory_in_the_place_of_the_content_is_found_without_an_event() {
    // As a mount is: the path leads to another inode, and nobody is told.
    let fake = Fake::default();
    let site = Watched::by(site().config(NO_RESCAN), &fake);
    site.write("other/a.md", plain("Mounted", "2024-01-01"));
    fs::rename(site.path("content"), site.path("away")).unwrap();
    fs::rename(site.path("other"), site.path("content")).unwrap();
    site.until_served("Mounted");
}

#[test]
fn polling_needs_no_event() {
    let config = "[watch]\nmode = \"poll\"\npoll = \"100ms\"\nrescan = \"1h\"";
    let fake = Fake::default();
    let site = Watched::by(site().config(config), &fake);
    site.write("content/a.md", plain("Polled", "2024-01-01"));
    site.until_served("Polled");
    assert!(fake.0.lock().unwrap().teller.is_none(), "none is asked for");
}

#[test]
fn what_is_off_is_loaded_once_and_on_demand() {
    let watch = |mode: &str| {
        let intervals = "rescan = \"100ms\"\npoll = \"100ms\"";
        let config = format!("[watch]\nmode = \"{mode}\"\n{intervals}");
        Watched::by_the_system(site().config(&config))
    };
    let (off, polled) = (watch("off"), watch("poll"));
    off.write("content/a.md", plain("Edited", "2024-01-01"));
    // Several intervals pass.
    for title in ["One", "Two", "Three", "Four"] {
        polled.write("content/a.md", plain(title, "2024-01-01"));
        polled.until_served(title);
    }
    assert!(!off.serves("Edited"));
    off.stop().reloader().reload();
    off.until_served("Edited");
}

#[test]
fn what_is_due_is_published_where_the_watch_is_off() {
    let soon = clock() + Duration::from_secs(2);
    let due = chrono::DateTime::<chrono::Utc>::from(soon).format("%Y-%m-%dT%H:%M:%SZ");
    let site = site()
        .config("[watch]\nmode = \"off\"")
        .post("due.md", plain("Due", &due.to_string()));
    let site = Watched::by_the_system(site);
    assert!(!site.serves("Due"));
    site.until_served("Due");
}

#[cfg(unix)]
#[test]
fn edits_behind_links_are_served() {
    use std::os::unix::fs::symlink;
    let site = site().config(NO_RESCAN);
    let root = site.root().to_owned();
    fs::rename(root.join("content"), root.join("real")).unwrap();
    symlink("real", root.join("content")).unwrap();
    fs::create_dir_all(root.join("outside/deep")).unwrap();
    symlink("../outside", root.join("real/linked")).unwrap();
    fs::write(root.join("single.md"), plain("Single", "2024-01-01")).unwrap();
    symlink("../single.md", root.join("real/single.md")).unwrap();
    let site = Watched::by_the_system(site);
    for (path, title) in [
        ("real/a.md", "Through"),
        ("outside/x.md", "Outside"),
        ("outside/deep/y.md", "Deeper"),
        ("single.md", "Target"),
    ] {
        site.write(path, plain(title, "2024-01-01"));
        site.until_served(title);
    }
}

#[cfg(unix)]
#[test]
fn a_config_map_that_is_swapped_is_served_and_never_half() {
    use std::os::unix::fs::symlink;
    let site = TestSite::new().config(NO_RESCAN);
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
    let site = Watched::by_the_system(site);
    assert!(site.serves("First-a.md") && site.serves("First-b.md"));
    for (number, title) in [(2, "Second"), (3, "Third")] {
        generation(&format!("..{number}"), title);
        symlink(format!("..{number}"), content.join("..data_tmp")).unwrap();
        fs::rename(content.join("..data_tmp"), content.join("..data")).unwrap();
        fs::remove_dir_all(content.join(format!("..{}", number - 1))).unwrap();
        while !site.serves(&format!("{title}-a.md")) {
            match site.next(title) {
                Said::Looked(status) => assert_eq!(status.tally.posts, 2),
                other => panic!("{other:?}"),
            }
        }
        assert!(site.serves(&format!("{title}-b.md")));
    }
}

#[cfg(unix)]
#[test]
fn link_swapped_outside_the_content_is_followed() {
    use std::os::unix::fs::symlink;
    let site = site().config(NO_RESCAN);
    let root = site.root().to_owned();
    for (commit, title) in [("1", "First"), ("2", "Second")] {
        let dir = root.join("git").join(commit).join("blog");
        fs::create_dir_all(&dir).unwrap();
        fs::write(dir.join("c.md"), plain(title, "2024-01-01")).unwrap();
    }
    symlink("1", root.join("git/current")).unwrap();
    symlink("../git/current/blog", root.join("content/blog")).unwrap();
    let site = Watched::by_the_system(site);
    assert!(site.serves("First"));
    symlink("2", root.join("git/next")).unwrap();
    fs::rename(root.join("git/next"), root.join("git/current")).unwrap();
    site.until_served("Second");
    site.write("git/2/blog/c.md", plain("Third", "2024-01-01"));
    site.until_served("Third");
    fs::remove_file(root.join("content/blog")).unwrap();
    while site.serves("Third") {
        site.next("the link is gone");
    }
}

#[cfg(unix)]
#[test]
fn configuration_behind_a_swapped_link_is_read_again() {
    use std::os::unix::fs::symlink;
    let site = site().config(NO_RESCAN);
    let (root, file) = (site.root().to_owned(), site.write_config());
    let text = fs::read_to_string(&file).unwrap();
    for (generation, title) in [("..1", "Example"), ("..2", "Renamed site")] {
        fs::create_dir(root.join(generation)).unwrap();
        let text = text.replace("Example", title);
        fs::write(root.join(generation).join("config.toml"), text).unwrap();
    }
    symlink("..1", root.join("..data")).unwrap();
    let (site, link) = (Watched::reloading(site), root.join("config.toml~"));
    symlink("..data/config.toml", &link).unwrap();
    fs::rename(&link, &file).unwrap();
    symlink("..2", root.join("..data_tmp")).unwrap();
    fs::rename(root.join("..data_tmp"), root.join("..data")).unwrap();
    site.until_served("Renamed site");
    let written = text.replace("Example", "Written site");
    site.write("..2/config.toml", written);
    site.until_served("Written site");
}

#[test]
fn a_content_directory_that_goes_with_all_above_it_is_found_when_it_is_back() {
    let site = TestSite::new()
        .config("[content]\ndir = \"x/y/posts\"")
        .config(NO_RESCAN)
        .file("x/y/posts/a.md", plain("Alpha", "2024-01-01"));
    let site = Watched::by_the_system(site);
    fs::remove_dir_all(site.path("x")).unwrap();
    site.until_said("it is gone", |said| {
        matches!(said, Said::Failed | Said::InDoubt).then_some(())
    });
    assert!(site.serves("Alpha"));
    site.write("x/y/posts/a.md", plain("Back", "2024-01-01"));
    site.until_served("Back");
    site.write("x/y/posts/deep/b.md", plain("Watched", "2024-01-01"));
    site.until_served("Watched");
}

#[test]
fn a_directory_renamed_away_and_back_is_watched_still() {
    let site = site()
        .config(NO_RESCAN)
        .post("sub/deep/c.md", plain("Gamma", "2024-01-01"));
    let site = Watched::by_the_system(site);
    fs::rename(site.path("content/sub"), site.path("sub")).unwrap();
    fs::rename(site.path("sub"), site.path("content/sub")).unwrap();
    site.write("content/sub/deep/c.md", plain("Again", "2024-01-01"));
    site.until_served("Again");
    fs::rename(site.path("content/sub"), site.path("sub")).unwrap();
    while site.serves("Again") {
        site.next("it is gone");
    }
    fs::rename(site.path("sub"), site.path("content/sub")).unwrap();
    site.until_served("Again");
    site.write("content/sub/deep/c.md", plain("Finally", "2024-01-01"));
    site.until_served("Finally");
}

#[test]
fn a_clock_that_is_set_publishes_and_withdraws_what_is_due() {
    static AHEAD: AtomicU64 = AtomicU64::new(0);
    fn set() -> SystemTime {
        clock() + Duration::from_secs(AHEAD.load(Ordering::Relaxed))
    }
    const HOUR: u64 = 3600;
    let in_half_an_hour = clock() + Duration::from_secs(HOUR / 2);
    let due = chrono::DateTime::<chrono::Utc>::from(in_half_an_hour);
    let due = due.format("%Y-%m-%dT%H:%M:%SZ").to_string();
    let site = site().config(NO_RESCAN).post("due.md", plain("Due", &due));
    let current = Current::default();
    let pipeline = Pipeline::new(site.parsed_config(), current.clone());
    let (watch, stop) = Watch::new(pipeline);
    let site = Watched::run(site, watch, stop, current, set);
    for _ in 0..2 {
        assert!(!site.serves("Due"));
        AHEAD.store(HOUR, Ordering::Relaxed);
        let start = Instant::now();
        site.until_served("Due");
        assert!(
            start.elapsed() < Duration::from_secs(5),
            "a second, and a busy machine"
        );
        AHEAD.store(0, Ordering::Relaxed);
        while site.serves("Due") {
            site.next("the clock is right again");
        }
    }
}

#[test]
fn what_is_due_is_published_at_its_second() {
    let due = chrono::DateTime::<chrono::Utc>::from(clock() + Duration::from_secs(2));
    let text = due.format("%Y-%m-%dT%H:%M:%SZ").to_string();
    let site = site().config(NO_RESCAN).post("due.md", plain("Due", &text));
    let site = Watched::by_the_system(site);
    site.until_served("Due");
    let due = SystemTime::from(chrono::DateTime::parse_from_rfc3339(&text).unwrap());
    let late = clock().duration_since(due).expect("not before its second");
    assert!(late < Duration::from_millis(900), "{late:?} late");
}

fn config_with(site: &Watched, more: &str) -> String {
    let text = fs::read_to_string(site.path("config.toml")).unwrap();
    format!("{text}\n{more}\n")
}

#[test]
fn a_configuration_that_is_saved_is_gone_by_and_what_stays_keeps_its_validators() {
    let site = Watched::reloading(site().config("[watch]\nrescan = \"1h\""));
    let robots = site
        .current
        .load()
        .get("/robots.txt")
        .unwrap()
        .last_modified;
    let text = config_with(&site, "").replace("\"Example\"", "\"Renamed site\"");
    site.write("config.toml", text);
    let keys = site.until_said("it is reloaded", |said| match said {
        Said::Reloaded(keys) => Some(keys),
        _ => None,
    });
    assert!(keys.is_empty(), "{keys:?}");
    site.until_served("Renamed site");
    assert_eq!(
        site.current
            .load()
            .get("/robots.txt")
            .unwrap()
            .last_modified,
        robots
    );
    // Other directories are watched from then on.
    site.write("elsewhere/c.md", plain("Gamma", "2024-01-01"));
    let text = config_with(&site, "[content]\ndir = \"elsewhere\"");
    site.write("config.toml", text);
    site.until_served("Gamma");
    assert!(!site.serves("Alpha"));
    site.write("elsewhere/deep/d.md", plain("Delta", "2024-01-01"));
    site.until_served("Delta");
}

#[test]
fn a_configuration_with_faults_changes_nothing_and_all_of_them_are_told() {
    let site = Watched::reloading(site().config("[watch]\nrescan = \"1h\""));
    let good = config_with(&site, "");
    let bad = config_with(&site, "[feed]\nlimit = \"x\"\n[sitemaps]");
    site.write("config.toml", bad.replace("\"Example\"", "\"Bad\""));
    // A machine that is busy may see the file while it is empty, and say that first.
    let told = site.until_said("it is refused", |said| match said {
        Said::Refused(told) => Some(told).filter(|told| told.contains("feed.limit")),
        Said::Reloaded(_) => panic!("it has faults"),
        _ => None,
    });
    assert!(told.contains("sitemaps"), "{told}");
    assert!(!site.serves("Bad"));
    // Edits go on being served by the last good one.
    site.write("content/a.md", plain("Meanwhile", "2024-01-01"));
    site.until_served("Meanwhile");
    fs::remove_file(site.path("config.toml")).unwrap();
    site.until_said("it is missed", |said| match said {
        Said::Refused(told) => told.contains("Read").then_some(()),
        _ => None,
    });
    site.write("config.toml", good.replace("\"Example\"", "\"Mended\""));
    site.until_served("Mended");
}

#[test]
fn a_content_directory_that_a_new_configuration_names_is_waited_for() {
    let site = Watched::reloading(site().config("[watch]\nrescan = \"200ms\""));
    let text = config_with(&site, "[content]\ndir = \"later\"");
    site.write("config.toml", text);
    let why = site.until_said("it is refused", |said| match said {
        Said::Unusable(why) => Some(why),
        Said::Reloaded(_) => panic!("it cannot be read"),
        _ => None,
    });
    assert!(why.contains("later"), "{why}");
    assert!(site.serves("Alpha"));
    site.write("later/c.md", plain("Gamma", "2024-01-01"));
    site.until_served("Gamma");
    assert!(!site.serves("Alpha"));
}

#[test]
fn keys_that_need_a_restart_are_told_and_the_others_are_gone_by() {
    let site = Watched::reloading(site().config("[watch]\nrescan = \"1h\""));
    let more = "[server]\nlisten = \"127.0.0.1:1\"\npublic_url = \"https://example.org/news\"\nidle_timeout = \"5s\"";
    let text = config_with(&site, more).replace("\"Example\"", "\"Renamed site\"");
    site.write(
        "config.toml",
        text.replace("[cards]", "[cards]\ncache_size = 5"),
    );
    let keys = site.until_said("it is reloaded", |said| match said {
        Said::Reloaded(keys) => Some(keys),
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
    site.until_served("Renamed site");
    assert!(!site.serves("https://example.org/news"), "half of it");
}

#[test]
fn another_public_url_of_the_same_path_is_gone_by() {
    let site = Watched::reloading(site().config("[watch]\nrescan = \"1h\""));
    let more = "[server]\npublic_url = \"https://feeds.example.org\"";
    site.write("config.toml", config_with(&site, more));
    site.until_served("https://feeds.example.org/rss.xml");
}

#[test]
fn the_ledger_of_ids_is_read_again_with_the_configuration() {
    let site = Watched::reloading(site().config("[watch]\nrescan = \"1h\""));
    site.write("ids.toml", "\"a.md\" = \"tag:example.org,2020:1\"\n");
    site.until_served("tag:example.org,2020:1");
    site.write("ids.toml", "\"a.md\" = 7\n");
    site.until_said("it is refused", |said| {
        matches!(said, Said::Refused(_)).then_some(())
    });
    assert!(site.serves("tag:example.org,2020:1"));
}

#[test]
fn a_file_that_is_broken_stays_as_it_last_parsed_over_a_reload() {
    let site = Watched::reloading(site().config("[watch]\nrescan = \"1h\""));
    site.write("content/a.md", "---\ntitle: a: b\n---\n");
    site.until_said("it is found broken", |said| match said {
        Said::Looked(status) => status
            .findings
            .iter()
            .any(|finding| finding.rule == Rule::LastGoodKept)
            .then_some(()),
        _ => None,
    });
    let text = config_with(&site, "").replace("\"Example\"", "\"Renamed site\"");
    site.write("config.toml", text);
    site.until_served("Renamed site");
    assert!(site.serves("Alpha"));
}

#[test]
fn what_is_asked_for_is_answered_though_nothing_is_new() {
    let site = Watched::reloading(site().config("[watch]\nrescan = \"1h\""));
    site.stop().reloader().reload();
    site.until_said("it is reloaded", |said| {
        matches!(said, Said::Reloaded(_)).then_some(())
    });
}
