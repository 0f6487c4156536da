//! Checks what an export leaves behind if objects fail, processes are killed, and others write to the same store.

use std::fs;
use std::sync::atomic::Ordering;
use std::time::Duration;

use courant::export::ExportError;
use courant::progress::Progress;
use object_store::ObjectStoreExt as _;

use super::fault_store::{FOREIGN_BASE, Fault};
use super::{StoreTest, contains, run};
use crate::support::{TestSite, plain};

/// Runs a future whose clock skips waits.
fn run_paused<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .start_paused(true)
        .build()
        .unwrap()
        .block_on(future)
}

fn site_with_title(title: &str) -> TestSite {
    TestSite::new()
        .title(title)
        .post("a.md", plain("A", "2024-01-01"))
}

fn position(log: &[String], end: &str) -> usize {
    let found = log.iter().position(|line| line.ends_with(end));
    found.unwrap_or_else(|| panic!("no {end} in {log:?}"))
}

#[test]
fn configuration_reloaded_after_a_restart_is_exported() {
    let (before, reloaded) = (site_with_title("Before"), site_with_title("Reloaded"));
    let test = StoreTest::new();
    let mut replica = test.exporter();
    test.export(&mut replica, &before).unwrap();
    let mut restarted = test.exporter();
    test.export(&mut restarted, &before).unwrap();
    test.export(&mut restarted, &reloaded).unwrap();
    assert!(contains(&test.objects(), "Reloaded"));
    assert!(run(replica.forget_stale_manifest()).unwrap());
    let error = test.export(&mut replica, &before).unwrap_err();
    assert!(matches!(error, ExportError::ConfigReplaced { .. }));
    let report = test.export(&mut replica, &reloaded).unwrap();
    assert!(report.is_unchanged());
}

#[test]
fn replicas_with_different_content_settings_are_noticed() {
    let site = site_with_title("Site");
    let excluding = site_with_title("Site").config("[content]\nexclude = [\"private/**\"]");
    let test = StoreTest::new();
    let mut replica = test.exporter();
    test.export(&mut replica, &site).unwrap();
    test.export(&mut test.exporter(), &excluding).unwrap();
    let site = site.post("b.md", plain("B", "2024-01-02"));
    let error = test.export(&mut replica, &site).unwrap_err();
    assert!(matches!(error, ExportError::ConfigReplaced { .. }));
}

#[test]
fn outputs_older_than_another_export_are_not_written() {
    let site = TestSite::new().post("a.md", plain("Secret", "2024-01-01"));
    let test = StoreTest::new();
    test.export(&mut test.exporter(), &site).unwrap();
    let mut build = test.exporter();
    run(build.wait_for_turn()).unwrap();
    let rendered = test.outputs(&site.post("b.md", plain("B", "2024-01-02")));
    let hidden = TestSite::new().post("b.md", plain("B", "2024-01-02"));
    test.export(&mut test.exporter(), &hidden).unwrap();
    let late = run(build.export(rendered, &Progress::default(), || std::future::ready(None)));
    assert!(
        matches!(late, Err(ExportError::Superseded { .. })),
        "{late:?}"
    );
    assert!(!contains(&test.objects(), "Secret"));
}

#[test]
fn object_that_cannot_be_written_delays_no_others() {
    let site = TestSite::new()
        .post("a.md", plain("Secret", "2024-01-01"))
        .post("b.md", plain("B", "2024-01-02"));
    let test = StoreTest::new();
    let mut exporter = test.exporter();
    test.export(&mut exporter, &site).unwrap();
    fs::remove_file(site.content().join("a.md")).unwrap();
    test.store.inject("cards/a/", Fault::DenyWrite);
    test.store.inject("atom.xml", Fault::DenyWrite);
    test.export(&mut exporter, &site).unwrap_err();
    let objects = test.objects();
    let rss = String::from_utf8_lossy(&objects["pre/fix/rss.xml"]);
    assert!(!rss.contains("Secret"));
    test.store.faults.lock().unwrap().clear();
    test.export(&mut test.exporter(), &site).unwrap();
    assert!(!contains(&test.objects(), "Secret"));
}

#[test]
fn interrupted_export_waits_for_its_running_writes() {
    let mut site = TestSite::new();
    for number in 0..8 {
        site = site.post(&format!("p{number}.md"), plain("P", "2024-01-01"));
    }
    let mut test = StoreTest::new();
    test.export.concurrency = 4;
    test.store
        .inject("cards/p0", Fault::Delay(Duration::from_millis(300)));
    test.store
        .inject("cards/", Fault::Delay(Duration::from_secs(5)));
    let mut exporter = test.exporter();
    exporter.interrupt_flag().store(true, Ordering::Relaxed);
    let outputs = test.outputs(&site);
    let nothing_newer = || std::future::ready(None);
    let ended = run_paused(exporter.export(outputs, &Progress::default(), nothing_newer));
    assert!(matches!(ended, Err(ExportError::Interrupted)), "{ended:?}");
    let log = test.store.take_log();
    let count = |start: &str| {
        let lines = log.iter().filter(|line| line.starts_with(start));
        lines.filter(|line| line.contains("/cards/")).count()
    };
    assert_eq!(count("begin "), count("put "), "{log:?}");
    assert!((2..8).contains(&count("put ")), "{log:?}");
}

#[test]
fn claim_is_renewed_while_all_writes_hang() {
    let site = site_with_title("Site");
    let test = StoreTest::new();
    test.store
        .inject("rss.xml", Fault::Delay(Duration::from_secs(600)));
    let outputs = test.outputs(&site);
    let started = run_paused(async {
        let started = tokio::time::Instant::now();
        let mut exporter = test.exporter();
        let (progress, nothing_newer) = (Progress::default(), || std::future::ready(None));
        let ended = exporter.export(outputs, &progress, nothing_newer).await;
        ended.unwrap_err();
        started.elapsed()
    });
    assert!(started < Duration::from_secs(30), "{started:?}");
    let log = test.store.take_log();
    let after = &log[position(&log, "begin pre/fix/rss.xml") + 1..];
    let renewals = after
        .iter()
        .take_while(|line| line.ends_with("/manifest.json"));
    assert!(renewals.count() >= 2, "{log:?}");
}

#[test]
fn object_whose_answer_was_lost_stays_ours() {
    let site = TestSite::new().post("a.md", plain("Secret", "2024-01-01"));
    let test = StoreTest::new();
    test.store.inject("cards/a/index", Fault::LoseAnswer);
    let outputs = test.outputs(&site);
    let mut exporter = test.exporter();
    let nothing_newer = || std::future::ready(None);
    // Planning only looks the object up, so the first read is that after the lost answer.
    test.store.inject("cards/a/index", Fault::DenyRead);
    let _ = run(exporter.export(outputs, &Progress::default(), nothing_newer));
    test.store.faults.lock().unwrap().clear();
    fs::remove_file(site.content().join("a.md")).unwrap();
    test.export(&mut exporter, &site).unwrap();
    assert!(!test.objects().contains_key("pre/fix/cards/a/index.html"));
}

#[test]
fn changed_cards_follow_the_texts_that_may_name_withdrawn_posts() {
    let site = site_with_title("Before").post("b.md", plain("B", "2024-01-02"));
    let test = StoreTest::new();
    let mut exporter = test.exporter();
    test.export(&mut exporter, &site).unwrap();
    test.store.take_log();
    let site = site_with_title("After")
        .post("b.md", plain("B", "2024-01-02"))
        .post("c.md", plain("C", "2024-01-03"));
    test.export(&mut exporter, &site).unwrap();
    let log = test.store.take_log();
    let order = [
        "/cards/c/index.html",
        "/rss.xml",
        "/sitemap.xml",
        "/fix/index.html",
        "/cards/a/index.html",
    ];
    assert!(order.map(|end| position(&log, end)).is_sorted(), "{log:?}");
}

#[test]
fn base_of_the_next_process_is_not_deleted() {
    let mut site = TestSite::new();
    for name in ('a'..='z').chain('A'..='Z') {
        site = site.post(&format!("{name}.md"), plain("P", "2024-01-01"));
    }
    let test = StoreTest::new();
    let mut exporter = test.exporter();
    test.export(&mut exporter, &site).unwrap();
    test.store.inject("/manifest.json", Fault::AddForeignBase);
    fs::remove_file(site.content().join("a.md")).unwrap();
    test.export(&mut exporter, &site).unwrap();
    run(test.store.objects.head(&FOREIGN_BASE.into())).unwrap();
    test.store.faults.lock().unwrap().clear();
    fs::remove_file(site.content().join("b.md")).unwrap();
    test.export(&mut exporter, &site).unwrap();
    run(test.store.objects.head(&FOREIGN_BASE.into())).unwrap_err();
    let log = test.store.take_log();
    let bases = log
        .iter()
        .filter(|line| line.starts_with("put") && line.contains("/manifest-"));
    assert_eq!(bases.count(), 3, "{log:?}");
}

#[test]
fn object_that_a_killed_export_never_began_is_foreign() {
    let site = site_with_title("Site");
    let test = StoreTest::new();
    test.export(&mut test.exporter(), &site).unwrap();
    let home = position(&test.store.take_log(), "/fix/index.html");
    let test = StoreTest::new();
    test.store.fail_after(home - 1);
    test.export(&mut test.exporter(), &site).unwrap_err();
    test.store.fail_after(usize::MAX);
    let key = "pre/fix/index.html";
    run(test
        .store
        .objects
        .put(&key.into(), "home of the generator".into()))
    .unwrap();
    let report = test.export(&mut test.exporter(), &site).unwrap();
    assert_eq!(report.conflicts, ["index.html"]);
    assert_eq!(test.objects()[key], b"home of the generator");
}

#[test]
fn idle_process_finds_what_another_one_changed() {
    let hidden = site_with_title("Site");
    let shown = site_with_title("Site").post("b.md", plain("Secret", "2024-01-02"));
    let test = StoreTest::new();
    let mut exporter = test.exporter();
    test.export(&mut exporter, &hidden).unwrap();
    assert!(!run(exporter.forget_stale_manifest()).unwrap());
    test.export(&mut test.exporter(), &shown).unwrap();
    assert!(run(exporter.forget_stale_manifest()).unwrap());
    test.export(&mut exporter, &hidden).unwrap();
    assert!(!contains(&test.objects(), "Secret"));
}
