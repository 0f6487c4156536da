//! Checks the export loop of `serve`: a store that is down, other processes, and the cache in front of the store.

use std::collections::BTreeSet;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpListener;
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Mutex, OnceLock};
use std::thread;
use std::time::{Duration, Instant};

use courant::config::{Config, ExportConfig, ExportDestination, PurgeConfig, StoreKind};
use courant::export::{
    CachePurger, ExportFigures, ExportHooks, ExportStatus, ExportTarget, ExportWorker, Exporter,
    OutputSet,
};
use courant::library::DeletionPolicy;
use courant::progress::Progress;
use courant::publish::pipeline::Pipeline;
use courant::publish::snapshot::{Encoding, ResourceContent, Snapshot, SnapshotHandle};
use futures_util::TryStreamExt as _;
use object_store::{ObjectStore, ObjectStoreExt as _};

use crate::build::fault_store::{Fault, FaultStore};
use crate::support::{PATIENCE, TestSite, clock, plain};

fn run<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap()
        .block_on(future)
}

/// A site whose edits give further generations.
struct Edited {
    site: TestSite,
    pipeline: Pipeline,
    current: SnapshotHandle,
    config: Arc<Config>,
}

impl Edited {
    fn new(site: TestSite) -> Edited {
        let (config, current) = (site.parsed_config(), SnapshotHandle::default());
        let mut edited = Edited {
            pipeline: Pipeline::new(config.clone(), current.clone()),
            site,
            current,
            config: Arc::new(config),
        };
        edited.refresh();
        edited
    }

    fn refresh(&mut self) -> Arc<Snapshot> {
        self.pipeline
            .refresh_all(clock(), DeletionPolicy::Immediate)
            .unwrap();
        self.current.load_snapshot()
    }

    /// Writes a post, and returns the next generation.
    fn save(&mut self, path: &str, text: &str) -> Arc<Snapshot> {
        std::fs::write(self.site.content().join(path), text).unwrap();
        self.refresh()
    }
}

/// A store in memory, and the worker that exports to it.
struct Exported {
    store: Arc<FaultStore>,
    export: ExportConfig,
    status: ExportStatus,
    worker: Arc<OnceLock<ExportWorker>>,
    /// Generations after each export; true if this process announces it. `None` after a failure.
    exported: Receiver<(Option<u64>, bool)>,
    /// What the next scan finds.
    rescanned: Arc<Mutex<Option<Rescanned>>>,
}

/// Snapshot and configuration after a scan.
type Rescanned = (Arc<Snapshot>, Arc<Config>);

impl Exported {
    fn new(purger: Option<CachePurger>) -> Exported {
        let mut export = ExportConfig::to_directory("unused".into());
        export.to = ExportDestination::Bucket {
            store: StoreKind::S3,
            bucket: "b".to_owned(),
            prefix: String::new(),
        };
        let (sender, exported) = channel();
        let store = Arc::new(FaultStore::new());
        let (worker, rescanned) = (Arc::new(OnceLock::<ExportWorker>::new()), Arc::default());
        let test = Exported {
            store,
            export,
            status: ExportStatus::default(),
            worker: Arc::clone(&worker),
            exported,
            rescanned: Arc::clone(&rescanned),
        };
        let hooks = ExportHooks {
            rescan: Arc::new(move || {
                let found: &Mutex<Option<(Arc<Snapshot>, Arc<Config>)>> = &rescanned;
                if let Some((snapshot, config)) = found.lock().unwrap().take() {
                    worker.wait().export_snapshot(snapshot, config);
                }
                true
            }),
            on_exported: Box::new(move |snapshot, is_announced| {
                let generation = snapshot.map(|snapshot| snapshot.generation());
                let _ = sender.send((generation, is_announced));
            }),
            clock,
        };
        let started = ExportWorker::start(test.target(), purger, test.status.clone(), hooks);
        test.worker.set(started.unwrap()).unwrap();
        test
    }

    fn target(&self) -> ExportTarget {
        let store: Arc<dyn ObjectStore> = self.store.clone();
        ExportTarget::with_store(&self.export, store)
    }

    fn hand_over(&self, snapshot: Arc<Snapshot>, config: &Arc<Config>) {
        let worker = self.worker.get().unwrap();
        worker.export_snapshot(snapshot, Arc::clone(config));
    }

    fn wait(&self, is_reached: impl FnMut(&ExportFigures) -> bool) -> ExportFigures {
        let (mut is_reached, mut changes) = (is_reached, self.status.subscribe());
        run(async {
            let reached = changes.wait_for(|now| now.as_ref().is_some_and(&mut is_reached));
            let reached = tokio::time::timeout(PATIENCE, reached).await;
            reached.expect("in time").unwrap().clone().unwrap()
        })
    }

    fn wait_for_generation(&self, generation: u64) -> ExportFigures {
        self.wait(|figures| figures.exported_generation == generation)
    }

    /// Exports as another process with this configuration.
    fn export_as_other(&self, snapshot: Arc<Snapshot>, config: &Config) {
        let mut other = Exporter::new(self.target());
        let outputs = OutputSet::from_snapshot(snapshot, config, other.target());
        let nothing_newer = || std::future::ready(None);
        run(other.export(outputs, &Progress::default(), nothing_newer)).unwrap();
    }

    /// Returns true if any object has the text.
    fn contains(&self, text: &str) -> bool {
        run(async {
            let found: Vec<_> = self.store.objects.list(None).try_collect().await.unwrap();
            for object in found {
                let body = self.store.objects.get(&object.location).await.unwrap();
                let body = body.bytes().await.unwrap();
                if String::from_utf8_lossy(&body).contains(text) {
                    return true;
                }
            }
            false
        })
    }
}

#[test]
fn store_that_was_down_gets_only_the_newest_generation() {
    let mut site = Edited::new(TestSite::new().post("a.md", plain("One", "2024-01-01")));
    let test = Exported::new(None);
    test.store.fail_after(0);
    test.hand_over(site.refresh(), &site.config);
    let figures = test.wait(|figures| figures.failed > 0);
    assert!(figures.last_error.unwrap().contains("connection lost"));
    assert!(figures.next_attempt.is_some());
    test.hand_over(site.save("a.md", &plain("Two", "2024-01-01")), &site.config);
    let newest = site.save("a.md", &plain("Three", "2024-01-01"));
    test.hand_over(newest.clone(), &site.config);
    let figures = test.status.current_figures().unwrap();
    assert_eq!(figures.lag_generations(), newest.generation());
    test.wait(|now| now.failed > figures.failed + 1);
    test.store.fail_after(usize::MAX);
    let figures = test.wait_for_generation(newest.generation());
    assert_eq!((figures.lag_generations(), figures.last_error), (0, None));
    assert!(test.contains("Three") && !test.contains("Two"));
    let log = test.store.take_log();
    let puts = log.iter().filter(|line| *line == "put rss.xml").count();
    assert_eq!(puts, 1, "{log:?}");
    // Nothing is announced before the store has it.
    let told = || test.exported.recv_timeout(PATIENCE).unwrap();
    let last = std::iter::repeat_with(told).find(|told| *told != (None, false));
    assert_eq!(last, Some((Some(newest.generation()), true)));
}

#[test]
fn replica_is_told_of_generations_that_it_leaves_to_another() {
    let mut site = Edited::new(TestSite::new().post("a.md", plain("One", "2024-01-01")));
    let test = Exported::new(None);
    let first = site.refresh();
    test.hand_over(first.clone(), &site.config);
    test.wait_for_generation(first.generation());
    let hidden = site.save("a.md", "---\ntitle: One\ndraft: true\n---\n");
    test.export_as_other(hidden.clone(), &site.config);
    test.hand_over(hidden.clone(), &site.config);
    let told = [(); 2].map(|()| test.exported.recv_timeout(PATIENCE).unwrap());
    let generations = [first.generation(), hidden.generation()].map(Some);
    assert_eq!(told, [(generations[0], true), (generations[1], false)]);
}

/// Lists the versions of all outputs that have content.
fn list_versions(config: Config) -> Vec<(String, String)> {
    let current = SnapshotHandle::default();
    let mut pipeline = Pipeline::new(config, current.clone());
    pipeline
        .refresh_all(clock(), DeletionPolicy::Immediate)
        .unwrap();
    let snapshot = current.load_snapshot();
    let versions = snapshot.all_paths().into_iter().filter_map(|path| {
        let tag = match &snapshot.get(&path)?.content {
            ResourceContent::Eager(body) => body.entity_tags().get(Encoding::Identity),
            ResourceContent::Lazy { tags, .. } => tags.get(Encoding::Identity),
            ResourceContent::Moved(_) | ResourceContent::Gone => return None,
        };
        Some((path, format!("{tag:?}")))
    });
    versions.collect()
}

#[test]
fn versions_do_not_depend_on_the_path_of_the_configuration() {
    let site = TestSite::new().post("a.md", plain("One", "2024-01-01"));
    let config = site.parsed_config();
    let elsewhere = Config {
        file: "/elsewhere/other.toml".to_owned(),
        ..config.clone()
    };
    // Else replicas would overwrite each other's objects, and each announce the change.
    assert_eq!(list_versions(config), list_versions(elsewhere));
}

#[test]
fn unchanged_generation_is_neither_written_nor_announced() {
    let mut site = Edited::new(TestSite::new().post("a.md", plain("One", "2024-01-01")));
    let test = Exported::new(None);
    let first = site.refresh();
    test.hand_over(first.clone(), &site.config);
    let before = test.wait_for_generation(first.generation());
    test.store.take_log();
    test.hand_over(first, &site.config);
    // The second turn ends after the first one with the same generation, so a third shows that it is over.
    let next = site.save("b.md", &plain("B", "2024-01-02"));
    test.hand_over(next.clone(), &site.config);
    let after = test.wait_for_generation(next.generation());
    assert!(after.written > before.written);
    let mut announced = Vec::new();
    while announced.last() != Some(&Some(next.generation())) {
        let (generation, is_announced) = test.exported.recv_timeout(PATIENCE).unwrap();
        announced.extend(is_announced.then_some(generation));
    }
    assert_eq!(
        announced,
        [next.generation() - 1, next.generation()].map(Some)
    );
}

#[test]
fn lagging_replica_brings_back_no_hidden_post() {
    let mut site = Edited::new(
        TestSite::new()
            .post("a.md", plain("Secret", "2024-01-01"))
            .post("b.md", plain("B", "2024-01-02")),
    );
    let test = Exported::new(None);
    let first = site.refresh();
    test.hand_over(first.clone(), &site.config);
    test.wait_for_generation(first.generation());
    // This process saw the edit of `b.md`, but not yet that `a.md` was hidden.
    let lagging = site.save("b.md", &plain("B corrected", "2024-01-02"));
    let hidden = site.save(
        "a.md",
        "---\ntitle: Secret\ndate: 2024-01-01\ndraft: true\n---\n",
    );
    test.export_as_other(hidden.clone(), &site.config);
    assert!(!test.contains("Secret"));
    test.store.take_log();
    let newer = site.save("c.md", &plain("C", "2024-01-03"));
    *test.rescanned.lock().unwrap() = Some((newer.clone(), Arc::clone(&site.config)));
    test.hand_over(lagging, &site.config);
    test.wait_for_generation(newer.generation());
    assert!(!test.contains("Secret"));
    assert!(test.contains("B corrected"));
    let log = test.store.take_log();
    assert!(
        !log.iter().any(|line| line.starts_with("put cards/a/")),
        "{log:?}"
    );
}

#[test]
fn process_with_a_replaced_configuration_stops() {
    let mut site = Edited::new(TestSite::new().post("a.md", plain("One", "2024-01-01")));
    let other = Edited::new(
        TestSite::new()
            .title("Other")
            .post("o.md", plain("O", "2024-01-01")),
    );
    let test = Exported::new(None);
    let first = site.refresh();
    test.hand_over(first.clone(), &site.config);
    test.wait_for_generation(first.generation());
    test.export_as_other(other.current.load_snapshot(), &other.config);
    test.hand_over(
        site.save("b.md", &plain("Lateword", "2024-01-02")),
        &site.config,
    );
    let figures = test.wait(|figures| figures.failed > 0);
    assert!(
        figures
            .last_error
            .unwrap()
            .contains("different configuration")
    );
    assert!(figures.next_attempt.is_some());
    assert!(test.contains("Other") && !test.contains("Lateword"));
}

#[test]
fn reloaded_configuration_of_its_own_is_exported() {
    let mut site = Edited::new(TestSite::new().post("a.md", plain("One", "2024-01-01")));
    let reloaded = Edited::new(
        TestSite::new()
            .title("Renamed")
            .post("a.md", plain("One", "2024-01-01")),
    );
    let test = Exported::new(None);
    let first = site.refresh();
    test.hand_over(first.clone(), &site.config);
    test.wait_for_generation(first.generation());
    test.hand_over(reloaded.current.load_snapshot(), &reloaded.config);
    let figures =
        test.wait(|figures| figures.lag_generations() == 0 && figures.behind_since.is_none());
    assert_eq!(figures.failed, 0);
    assert!(test.contains("Renamed"));
}

#[test]
fn card_that_cannot_be_rendered_stops_no_announcement() {
    let mut cover = Vec::new();
    let mut encoder = png::Encoder::new(&mut cover, 900, 900);
    encoder.set_color(png::ColorType::Grayscale);
    let mut writer = encoder.write_header().unwrap();
    writer.write_image_data(&[0; 900 * 900]).unwrap();
    writer.finish().unwrap();
    let site = TestSite::new()
        .config("[content]\nstatic_dir = \"static\"")
        .cards("picture = \"framed\"")
        .file("static/cover.png", &cover)
        .post(
            "a.md",
            plain("One", "2024-01-01").replace("date:", "image: /cover.png\ndate:"),
        );
    let mut site = Edited::new(site);
    let first = site.refresh();
    std::fs::write(site.site.root().join("static/cover.png"), "changed").unwrap();
    let test = Exported::new(None);
    test.hand_over(first.clone(), &site.config);
    let figures = test.wait(|figures| figures.last_error.is_some());
    let error = figures.last_error.unwrap();
    assert!(error.contains("cards/a/card.png"), "{error}");
    assert_eq!(figures.exported_generation, first.generation());
    assert!(figures.last_success.is_some());
    assert_eq!(
        test.exported.recv_timeout(PATIENCE),
        Ok((Some(first.generation()), true))
    );
}

/// Answers with each status in turn and with the last one from then on. Returns its address and the request lines.
fn start_cache(statuses: &'static [u16]) -> (String, Receiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let (sender, requests) = channel();
    thread::spawn(move || {
        for number in 0.. {
            let Ok((mut socket, _)) = listener.accept() else {
                return;
            };
            let mut lines = BufReader::new(socket.try_clone().unwrap()).lines();
            let first = lines.next().unwrap().unwrap();
            while lines.next().is_some_and(|line| !line.unwrap().is_empty()) {}
            let status = statuses[number.min(statuses.len() - 1)];
            let head = format!(
                "HTTP/1.1 {status} X\r\nLocation: /moved\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
            );
            let _ = socket.write_all(head.as_bytes());
            if sender.send(format!("{status} {first}")).is_err() {
                return;
            }
        }
    });
    (address, requests)
}

#[test]
fn redirect_and_unknown_list_are_failed_purges() {
    for (status, json_list) in [(&[307], None), (&[404], Some("files"))] {
        let (address, requests) = start_cache(status);
        let purger = purger(&address, json_list);
        let mut site = Edited::new(TestSite::new().post("a.md", plain("One", "2024-01-01")));
        let test = Exported::new(Some(purger));
        test.hand_over(site.refresh(), &site.config);
        let figures = test.wait(|figures| figures.failed_purges > 0);
        assert_eq!(figures.purged, 0);
        // The secrets of a purge go to no other address.
        assert!(requests.try_iter().all(|line| !line.contains("/moved")));
    }
}

fn purger(address: &str, json_list: Option<&str>) -> CachePurger {
    let path = if json_list.is_some() { "" } else { "{path}" };
    let purge = PurgeConfig {
        url: format!("{address}{path}"),
        method: "PURGE".to_owned(),
        json_list: json_list.map(str::to_owned),
        headers: Vec::new(),
    };
    CachePurger::new(&purge, "https://e.org", |_| None).unwrap()
}

#[test]
fn cache_drops_changed_paths_also_if_it_failed_before() {
    let (address, requests) = start_cache(&[500, 200]);
    let purger = purger(&address, None);
    let mut site = Edited::new(TestSite::new().post("a.md", plain("One", "2024-01-01")));
    let test = Exported::new(Some(purger));
    let first = site.refresh();
    test.hand_over(first.clone(), &site.config);
    let figures = test.wait(|figures| figures.failed_purges == 1);
    assert_eq!(figures.failed, 0);
    let mut purged = BTreeSet::new();
    while !["/", "/rss.xml", "/cards/a/", "/sitemap.xml"]
        .iter()
        .all(|path| purged.contains(&format!("200 PURGE {path} HTTP/1.1")))
    {
        purged.insert(requests.recv_timeout(PATIENCE).unwrap());
    }
}

/// Answers on connections that stay open. Returns its address, and each request line with the time since the connection
/// was used last.
fn start_patient_cache() -> (String, Receiver<(String, Option<Duration>)>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let (sender, requests) = channel();
    thread::spawn(move || {
        while let Ok((mut socket, _)) = listener.accept() {
            let sender = sender.clone();
            thread::spawn(move || {
                let mut lines = BufReader::new(socket.try_clone().unwrap()).lines();
                let mut last_used: Option<Instant> = None;
                while let Some(Ok(first)) = lines.next() {
                    while lines.next().is_some_and(|line| !line.unwrap().is_empty()) {}
                    let idle = last_used.replace(Instant::now()).map(|used| used.elapsed());
                    let _ = sender.send((first, idle));
                    let _ = socket.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
                }
            });
        }
    });
    (address, requests)
}

#[test]
fn second_purge_uses_no_connection_that_may_be_closed() {
    let (address, requests) = start_patient_cache();
    let purger = purger(&address, None);
    let mut site = Edited::new(TestSite::new().post("a.md", plain("One", "2024-01-01")));
    let test = Exported::new(Some(purger));
    test.hand_over(site.refresh(), &site.config);
    let mut purges_of_feed = 0;
    while purges_of_feed < 2 {
        let (line, idle) = requests.recv_timeout(PATIENCE).unwrap();
        // Varnish closes idle connections after five seconds, when the second purge is due.
        assert!(
            idle.is_none_or(|idle| idle < Duration::from_secs(4)),
            "{line}: {idle:?}"
        );
        purges_of_feed += usize::from(line == "PURGE /rss.xml HTTP/1.1");
    }
}

#[test]
fn running_export_finishes_after_a_stop() {
    let mut site = Edited::new(TestSite::new().post("a.md", plain("One", "2024-01-01")));
    let test = Exported::new(None);
    let delay = Duration::from_millis(200);
    test.store.inject("sitemap.xml", Fault::Delay(delay));
    let first = site.refresh();
    test.hand_over(first.clone(), &site.config);
    let has_begun = || {
        let log = test.store.log.lock().unwrap();
        log.iter().any(|line| line.starts_with("begin "))
    };
    let end = Instant::now() + PATIENCE;
    while !has_begun() {
        assert!(Instant::now() < end, "the put has not begun");
        thread::yield_now();
    }
    let worker = test.worker.get().unwrap();
    worker.stop_handle().request_stop(PATIENCE);
    let figures = test.wait_for_generation(first.generation());
    assert_eq!(figures.failed, 0);
}
