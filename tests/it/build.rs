//! Checks `courant build` and the export engine: same bytes, few writes, repaired after a kill at any point.

pub(crate) mod fault_store;
mod repair;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::{Command, Output};
use std::sync::Arc;
use std::time::SystemTime;

use courant::config::{Config, ExportConfig, ExportDestination, StoreKind};
use courant::export::{ExportError, ExportReport, ExportTarget, Exporter, OutputSet};
use courant::model::artifact::ArtifactKey;
use courant::progress::Progress;
use courant::publish::snapshot::ResourceContent;
use futures_util::TryStreamExt as _;
use object_store::{Attribute, ObjectStore, ObjectStoreExt as _};
use proptest::prelude::*;

use crate::support::{TestSite, plain};
use fault_store::FaultStore;

/// Runs `build` with a directory below the site's root.
fn build_dir(site: &TestSite, args: &[&str]) -> Output {
    let config = site.write_config();
    Command::new(env!("CARGO_BIN_EXE_courant"))
        .arg("build")
        .args(["--out", "public"])
        .args(args)
        .arg("--config")
        .arg(config)
        .current_dir(site.root())
        .env_clear()
        .output()
        .expect("courant runs")
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// Returns all files below a directory with their bytes and times; without the manifest and its lock.
fn read_tree(dir: &Path) -> BTreeMap<String, (Vec<u8>, SystemTime)> {
    let mut tree = BTreeMap::new();
    let mut dirs = vec![dir.to_owned()];
    while let Some(next) = dirs.pop() {
        for entry in fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                dirs.push(path);
                continue;
            }
            let name = path.strip_prefix(dir).unwrap().display().to_string();
            let modified = path.metadata().unwrap().modified().unwrap();
            tree.insert(name, (fs::read(&path).unwrap(), modified));
        }
    }
    tree
}

fn without_manifest<T>(mut tree: BTreeMap<String, T>) -> BTreeMap<String, T> {
    tree.retain(|name, _| !name.starts_with(".courant"));
    tree
}

/// A site with pages, languages, terms, aliases and an unusual name.
fn varied_site() -> TestSite {
    let mut site = TestSite::new();
    for number in 0..25 {
        let post = format!("2024-01-{:02}", number + 1);
        site = site.post(
            &format!("p{number}.md"),
            plain(&format!("Post {number}"), &post),
        );
    }
    site.post(
        "é #1.md",
        "---\ntitle: Odd\ndate: 2024-03-01\ncategories: [News]\ntags: [one]\naliases: [/old/, '/früher: 1/']\n---\nOdd.\n",
    )
    .post(
        "slashless.md",
        "---\ntitle: Slashless\ndate: 2024-03-02\npermalink: /no-slash\n---\nNone.\n",
    )
    .post(
        "html.md",
        "---\ntitle: Html\ndate: 2024-03-03\npermalink: /page.html\n---\nPage.\n",
    )
}

#[test]
fn built_files_have_the_bytes_that_are_served() {
    let site = varied_site().post(
        "unlisted.md",
        "---\ntitle: Hushed\ndate: 2024-03-04\nunlisted: true\naliases: [/was/]\n---\nText.\n",
    );
    let output = build_dir(&site, &[]);
    assert!(output.status.success(), "{}", stderr(&output));
    let root = site.root().join("public");
    let mut left = without_manifest(read_tree(&root));
    let snapshot = site.build().snapshot;
    let served = site.serve();
    for path in snapshot.all_paths() {
        let resource = snapshot.get(&path).unwrap();
        if let ResourceContent::Moved(_) | ResourceContent::Gone = resource.content {
            continue;
        }
        let decoded = courant::url_path::decode_path(&path).unwrap();
        let decoded = decoded.trim_start_matches('/');
        let names = match decoded {
            dir if dir.is_empty() || dir.ends_with('/') => vec![format!("{dir}index.html")],
            "cards/no-slash" => vec![
                "cards/no-slash.html".to_owned(),
                "cards/no-slash/index.html".to_owned(),
            ],
            name => vec![name.to_owned()],
        };
        let body = served.get(&path).body;
        for name in names {
            let file = left
                .remove(&name)
                .unwrap_or_else(|| panic!("no file {name} for {path}"));
            assert!(file.0 == body, "{name}");
        }
    }
    let headers = String::from_utf8(left.remove("_headers").unwrap().0).unwrap();
    assert!(headers.contains("/cards/*\n  Cache-Control: public, max-age=300, "));
    assert!(headers.contains("Content-Type: application/rss+xml; charset=utf-8"));
    // Other hosts serve the file, so it must not list unlisted posts.
    assert!(!headers.contains("noindex"), "{headers}");
    let redirects = String::from_utf8(left.remove("_redirects").unwrap().0).unwrap();
    assert!(
        redirects.contains("/cards/old/ /cards/%C3%A9%20%231/ 301\n"),
        "{redirects}"
    );
    // Netlify finds letters only as they are, and both hosts read a colon as a placeholder.
    assert!(redirects.contains("/cards/früher%3A%201/ "), "{redirects}");
    assert!(!redirects.contains("/was/"), "{redirects}");
    assert!(left.is_empty(), "{:?}", left.keys());
}

#[test]
fn paths_below_a_file_are_left_out_with_a_warning() {
    let site = varied_site()
        .post(
            "news.md",
            "---\ntitle: News\ndate: 2024-03-05\ncategories: [News]\n---\nText.\n",
        )
        .config("[[feeds]]\npath = \"/podcast\"\n\n[[feeds]]\npath = \"/podcast/more.xml\"\ncategory = \"News\"");
    let output = build_dir(&site, &[]);
    let text = stderr(&output);
    assert!(site.root().join("public/podcast").is_file(), "{text}");
    let warning = "warning: no file or object can have the path `/podcast/more.xml`\n";
    assert!(text.contains(warning), "{text}");
    // The second file of this card page is left out silently.
    assert!(!text.contains("no-slash"), "{text}");
}

#[test]
fn second_build_writes_nothing() {
    let site = varied_site();
    build_dir(&site, &[]);
    let root = site.root().join("public");
    let before = read_tree(&root);
    let output = build_dir(&site, &[]);
    assert!(
        stderr(&output).starts_with("0 written, "),
        "{}",
        stderr(&output)
    );
    assert!(read_tree(&root) == before);
}

#[test]
fn edit_writes_only_the_outputs_that_it_changed() {
    let site = varied_site();
    build_dir(&site, &[]);
    let root = site.root().join("public");
    let before = read_tree(&root);
    fs::write(
        site.content().join("p3.md"),
        plain("Post 3, corrected", "2024-01-04"),
    )
    .unwrap();
    build_dir(&site, &[]);
    let after = read_tree(&root);
    for (name, (bytes, time)) in &without_manifest(after) {
        let (old, old_time) = &before[name];
        assert_eq!(bytes != old, time != old_time, "{name}");
    }
}

#[test]
fn foreign_files_are_left_and_reported() {
    let site = TestSite::new().post("a.md", plain("A", "2024-01-01"));
    let root = site.root().join("public");
    fs::create_dir_all(root.join("cards/a")).unwrap();
    fs::write(root.join("index.html"), "home of the generator").unwrap();
    fs::write(root.join("style.css"), "css").unwrap();
    fs::write(root.join("cards/a/other.html"), "other").unwrap();
    let output = build_dir(&site, &[]);
    assert!(output.status.success());
    let text = stderr(&output);
    assert!(text.contains("1 output not written"), "{text}");
    assert!(text.contains("\n  index.html\n"), "{text}");
    fs::remove_file(site.content().join("a.md")).unwrap();
    build_dir(&site, &[]);
    assert!(!root.join("cards/a/index.html").exists());
    assert_eq!(
        fs::read(root.join("index.html")).unwrap(),
        b"home of the generator"
    );
    assert_eq!(fs::read(root.join("style.css")).unwrap(), b"css");
    assert_eq!(fs::read(root.join("cards/a/other.html")).unwrap(), b"other");
}

#[test]
fn equal_foreign_files_are_adopted_without_a_write() {
    let site = varied_site();
    build_dir(&site, &[]);
    let root = site.root().join("public");
    let before = without_manifest(read_tree(&root));
    fs::remove_dir_all(root.join(".courant")).unwrap();
    let output = build_dir(&site, &[]);
    assert!(output.status.success(), "{}", stderr(&output));
    assert!(without_manifest(read_tree(&root)) == before);
    fs::remove_file(site.content().join("p1.md")).unwrap();
    build_dir(&site, &[]);
    assert!(!root.join("cards/p1/index.html").exists());
}

#[test]
fn dry_run_and_denied_findings_write_nothing() {
    let site = TestSite::new().post("a.md", plain("A", "2024-01-01"));
    let output = build_dir(&site, &["--dry-run"]);
    let listed = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(listed.contains("create index.html\n"), "{listed}");
    assert!(!site.root().join("public").exists());
    let site = site
        .post("b.md", "no front matter")
        .post("c.md", "---\ntitle: [\n---\n");
    let output = build_dir(&site, &["--deny", "warnings"]);
    assert_eq!(output.status.code(), Some(3), "{}", stderr(&output));
    assert!(stderr(&output).ends_with("; nothing was written\n"));
    assert!(!site.root().join("public").exists());
    build_dir(&site, &[]);
    let before = read_tree(&site.root().join("public"));
    fs::remove_file(site.content().join("a.md")).unwrap();
    let output = build_dir(&site, &["--dry-run"]);
    let listed = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(listed.contains("delete cards/a/index.html\n"), "{listed}");
    assert!(read_tree(&site.root().join("public")) == before);
}

#[test]
fn unusable_directory_and_manifest_fail_with_a_remedy() {
    let site = TestSite::new().post("a.md", plain("A", "2024-01-01"));
    let root = site.root().join("public");
    fs::write(&root, "a file").unwrap();
    let output = build_dir(&site, &[]);
    assert_eq!(output.status.code(), Some(1));
    assert!(stderr(&output).contains("cannot use the directory `public`"));
    assert_eq!(fs::read(&root).unwrap(), b"a file");
    fs::remove_file(&root).unwrap();
    fs::create_dir_all(root.join(".courant")).unwrap();
    for (manifest, expected) in [
        ("garbage", "is not a manifest of courant"),
        ("{\"version\":1}", "is not a manifest of courant"),
        ("{\"version\":2}", "was written by a newer version"),
    ] {
        fs::write(root.join(".courant/manifest.json"), manifest).unwrap();
        let output = build_dir(&site, &[]);
        let text = stderr(&output);
        assert_eq!(output.status.code(), Some(1));
        assert!(text.contains(expected) && text.contains("hint: "), "{text}");
        assert!(without_manifest(read_tree(&root)).is_empty());
    }
    let config = site.write_config();
    let output = Command::new(env!("CARGO_BIN_EXE_courant"))
        .args(["build", "--out", "content/public", "--config"])
        .arg(config)
        .current_dir(site.root())
        .output()
        .unwrap();
    assert!(stderr(&output).contains("is inside `content.dir`"));
    assert!(!site.content().join("public").exists());
}

/// A store in memory with an exporter for each run.
struct StoreTest {
    store: Arc<FaultStore>,
    export: ExportConfig,
}

impl StoreTest {
    fn new() -> StoreTest {
        let mut export = ExportConfig::to_directory("unused".into());
        export.to = ExportDestination::Bucket {
            store: StoreKind::S3,
            bucket: "b".to_owned(),
            prefix: "pre/fix".to_owned(),
        };
        // One at a time, so that the order of writes is defined.
        export.concurrency = 1;
        StoreTest {
            store: Arc::new(FaultStore::new()),
            export,
        }
    }

    fn target(&self) -> ExportTarget {
        let store: Arc<dyn ObjectStore> = self.store.clone();
        ExportTarget::with_store(&self.export, store)
    }

    fn exporter(&self) -> Exporter {
        Exporter::new(self.target())
    }

    fn outputs(&self, site: &TestSite) -> OutputSet {
        let config: Config = site.parsed_config();
        OutputSet::from_snapshot(site.build().snapshot, &config, &self.target())
    }

    fn export(
        &self,
        exporter: &mut Exporter,
        site: &TestSite,
    ) -> Result<ExportReport, ExportError> {
        let outputs = self.outputs(site);
        run(exporter.export(outputs, &Progress::default(), || std::future::ready(None)))
    }

    /// Returns all objects with their bytes, without the manifest.
    fn objects(&self) -> BTreeMap<String, Vec<u8>> {
        run(async {
            let found: Vec<_> = self.store.objects.list(None).try_collect().await.unwrap();
            let mut objects = BTreeMap::new();
            for object in found {
                let key = object.location.to_string();
                let bytes = self.store.objects.get(&object.location).await.unwrap();
                objects.insert(key, bytes.bytes().await.unwrap().to_vec());
            }
            objects.retain(|key, _| !key.contains("/.courant/"));
            objects
        })
    }
}

/// Returns true if any object has the text.
fn contains(objects: &BTreeMap<String, Vec<u8>>, text: &str) -> bool {
    let mut bodies = objects.values();
    bodies.any(|bytes| String::from_utf8_lossy(bytes).contains(text))
}

fn run<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap()
        .block_on(future)
}

#[test]
fn objects_carry_media_type_and_cache_policy() {
    let site = TestSite::new().post("a.md", plain("A", "2024-01-01"));
    let test = StoreTest::new();
    test.export(&mut test.exporter(), &site).unwrap();
    let snapshot = site.build().snapshot;
    let paths = snapshot.all_paths();
    assert!(paths.len() > 8);
    for path in paths {
        let key = snapshot.get(&path).unwrap().key.clone();
        let name = match path.trim_start_matches('/') {
            dir if dir.is_empty() || dir.ends_with('/') => format!("{dir}index.html"),
            name => name.to_owned(),
        };
        let location = format!("pre/fix/{name}").into();
        let object = run(test.store.objects.get(&location)).expect(&name);
        let attribute = |name| object.attributes.get(&name).map(AsRef::as_ref);
        assert_eq!(attribute(Attribute::ContentType), Some(key.media_type()));
        assert!(
            attribute(Attribute::CacheControl)
                .unwrap()
                .starts_with("public, max-age=")
        );
        assert_eq!(attribute(Attribute::ContentEncoding), None::<&str>);
    }
}

#[test]
fn withdrawn_post_is_deleted_before_anything_is_written() {
    let site = TestSite::new()
        .post("a.md", plain("Secret", "2024-01-01"))
        .post("b.md", plain("B", "2024-01-02"));
    let test = StoreTest::new();
    let mut exporter = test.exporter();
    test.export(&mut exporter, &site).unwrap();
    assert!(contains(&test.objects(), "Secret"));
    let first = test.store.take_log();
    let position = |log: &[String], end: &str| log.iter().position(|line| line.ends_with(end));
    let order = [
        "/cards/a/index.html",
        "/rss.xml",
        "/opml.xml",
        "/sitemap.xml",
        "/fix/index.html",
    ];
    assert!(
        order.map(|end| position(&first, end).unwrap()).is_sorted(),
        "{first:?}"
    );

    fs::remove_file(site.content().join("a.md")).unwrap();
    let site = site.post("c.md", plain("C", "2024-01-03"));
    test.export(&mut exporter, &site).unwrap();
    let log = test.store.take_log();
    let (claim, rest) = log.split_first().unwrap();
    assert!(claim.ends_with("/.courant/manifest.json"));
    let last_delete = rest
        .iter()
        .rposition(|line| line.starts_with("delete "))
        .unwrap();
    assert!(
        rest[..=last_delete]
            .iter()
            .all(|line| line.starts_with("delete ")),
        "{rest:?}"
    );
    let new_card = position(rest, "/cards/c/index.html").unwrap();
    for overwritten in ["/rss.xml", "/sitemap.xml", "/fix/index.html"] {
        assert!(position(rest, overwritten).unwrap() < new_card, "{rest:?}");
    }
    assert!(!contains(&test.objects(), "Secret"));
}

#[test]
fn kill_at_any_write_is_repaired_by_the_next_process() {
    let site = TestSite::new()
        .post("a.md", plain("Secret", "2024-01-01"))
        .post("b.md", plain("B", "2024-01-02"));
    let edited = TestSite::new()
        .post("b.md", plain("B corrected", "2024-01-02"))
        .post("c.md", plain("C", "2024-01-03"));
    let later = TestSite::new().post("d.md", plain("D", "2024-01-04"));
    let fresh = |site: &TestSite| {
        let test = StoreTest::new();
        test.export(&mut test.exporter(), site).unwrap();
        test.objects()
    };
    let (expected, expected_later) = (fresh(&edited), fresh(&later));
    let mut kills = 0;
    for writes in 0.. {
        let test = StoreTest::new();
        test.export(&mut test.exporter(), &site).unwrap();
        test.store.fail_after(writes);
        let killed = test.export(&mut test.exporter(), &edited);
        test.store.fail_after(usize::MAX);
        if killed.is_ok() {
            break;
        }
        kills += 1;
        // The next process may find another site than the killed one.
        let (next, expected) = match writes % 2 {
            0 => (&edited, &expected),
            _ => (&later, &expected_later),
        };
        test.export(&mut test.exporter(), next).unwrap();
        assert!(test.objects() == *expected, "killed after {writes} writes");
        let again = test.export(&mut test.exporter(), next).unwrap();
        assert!(
            again.is_unchanged(),
            "killed after {writes} writes: {again:?}"
        );
    }
    assert!(kills > 10, "{kills}");
}

#[test]
fn of_two_processes_the_superseded_one_starts_again() {
    let site = TestSite::new().post("a.md", plain("A", "2024-01-01"));
    let test = StoreTest::new();
    let (mut one, mut two) = (test.exporter(), test.exporter());
    test.export(&mut one, &site).unwrap();
    let site = site.post("b.md", plain("B", "2024-01-02"));
    test.export(&mut two, &site).unwrap();
    let site = site.post("c.md", plain("C", "2024-01-03"));
    let outputs = test.outputs(&site);
    let mut calls = 0;
    let newer = || {
        calls += 1;
        std::future::ready(Some(test.outputs(&site)))
    };
    run(one.export(outputs, &Progress::default(), newer)).unwrap();
    assert_eq!(calls, 1, "the last writer was another process");
    let fresh = StoreTest::new();
    fresh.export(&mut fresh.exporter(), &site).unwrap();
    assert!(test.objects() == fresh.objects());
}

#[test]
fn process_with_a_replaced_configuration_stops() {
    let site = TestSite::new().post("a.md", plain("A", "2024-01-01"));
    let other = TestSite::new()
        .title("Other")
        .post("a.md", plain("A", "2024-01-01"));
    let test = StoreTest::new();
    let (mut one, mut two) = (test.exporter(), test.exporter());
    test.export(&mut one, &site).unwrap();
    test.export(&mut two, &other).unwrap();
    let site = site.post("b.md", plain("B", "2024-01-02"));
    let error = test.export(&mut one, &site).unwrap_err();
    assert!(
        matches!(error, ExportError::ConfigReplaced { .. }),
        "{error}"
    );
    assert!(!test.objects().contains_key("pre/fix/cards/b/index.html"));
}

#[test]
fn foreign_objects_stay_in_a_store_of_many() {
    let mut site = TestSite::new();
    for number in 0..40 {
        site = site.post(
            &format!("p{number}.md"),
            plain(&format!("P{number}"), "2024-01-01"),
        );
    }
    let test = StoreTest::new();
    let foreign = |key: &str| format!("pre/fix/{key}").into();
    let put = |key: &str| run(test.store.objects.put(&foreign(key), "foreign".into())).unwrap();
    put("index.html");
    put("other.txt");
    let report = test.export(&mut test.exporter(), &site).unwrap();
    assert_eq!(report.conflicts, ["index.html"]);
    let objects = test.objects();
    assert_eq!(objects["pre/fix/index.html"], b"foreign");
    assert_eq!(objects["pre/fix/other.txt"], b"foreign");
    assert!(report.created.len() > 80);
    let again = test.export(&mut test.exporter(), &site).unwrap();
    assert!(again.is_unchanged());
}

#[derive(Debug, Clone)]
enum Edit {
    Save(u8, u8),
    Hide(u8),
    Remove(u8),
}

fn edits() -> impl Strategy<Value = Vec<Vec<Edit>>> {
    let edit = prop_oneof![
        (0..5_u8, 0..3_u8).prop_map(|(post, text)| Edit::Save(post, text)),
        (0..5_u8).prop_map(Edit::Hide),
        (0..5_u8).prop_map(Edit::Remove),
    ];
    prop::collection::vec(prop::collection::vec(edit, 1..4), 1..5)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, ..ProptestConfig::default() })]

    #[test]
    fn any_edits_end_in_the_objects_of_a_fresh_export(edits in edits(), kills in prop::collection::vec(0..30_usize, 5)) {
        let site = TestSite::new();
        let test = StoreTest::new();
        for (round, kill) in edits.iter().zip(kills) {
            for edit in round {
                let file = |post: &u8| site.content().join(format!("p{post}.md"));
                match edit {
                    Edit::Save(post, text) => {
                        fs::write(file(post), plain(&format!("Title {post} {text}"), "2024-01-01")).unwrap();
                    }
                    Edit::Hide(post) => {
                        let text = plain(&format!("Secret{post}"), "2024-01-01");
                        fs::write(file(post), text.replacen("---\n", "---\ndraft: true\n", 1)).unwrap();
                    }
                    Edit::Remove(post) => {
                        let _ = fs::remove_file(file(post));
                    }
                }
            }
            test.store.fail_after(kill);
            let _ = test.export(&mut test.exporter(), &site);
            test.store.fail_after(usize::MAX);
            test.export(&mut test.exporter(), &site).unwrap();
            let fresh = StoreTest::new();
            fresh.export(&mut fresh.exporter(), &site).unwrap();
            prop_assert!(test.objects() == fresh.objects());
            prop_assert!(!contains(&test.objects(), "Secret"));
        }
    }
}

#[test]
fn every_output_of_a_site_has_one_key() {
    let site = varied_site();
    let test = StoreTest::new();
    test.export(&mut test.exporter(), &site).unwrap();
    let snapshot = site.build().snapshot;
    let paths = snapshot.all_paths();
    let served = paths.iter().filter(|path| {
        let content = &snapshot.get(path).unwrap().content;
        !matches!(content, ResourceContent::Moved(_) | ResourceContent::Gone)
    });
    assert_eq!(test.objects().len(), served.count());
    assert!(paths.contains(&ArtifactKey::Home.url_path()));
}
