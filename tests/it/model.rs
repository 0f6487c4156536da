//! Checks random edits of a content directory against a model that recomputes everything.
//!
//! After each operation the outputs must equal those of a fresh start. A hidden post must never be
//! served in between.
//!
//! `COURANT_MODEL_SEEDS=1000 cargo test --test it model -- --nocapture` runs more seeds;
//! `COURANT_MODEL_SEED=7` repeats one.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use courant::library::{DeletionPolicy, ScanScope};
use courant::model::artifact::ArtifactKey;
use courant::publish::pipeline::Pipeline;
use courant::publish::snapshot::{ResourceContent, Snapshot, SnapshotHandle};

use crate::support::{Served, TestSite, clock, feed_html_page, new_year_2025, resource_text};

const SITE_CONFIG: &str = "[feed]\nlimit = 3\n[[feeds]]\npath = '/all.xml'\nlimit = 0\n[[feeds]]\npath = '/red.json'\ntag = 'red'\n[sitemap]\npages = ['/about/', '/shared-1/']\n";
const DIRECTORIES: [&str; 4] = ["", "blog", "blog/deep", "news"];

/// The `SplitMix64` generator.
struct Random(u64);

impl Random {
    fn next_below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) % end as u64) as usize
    }

    fn pick<T: Clone>(&mut self, of: &[T]) -> T {
        of[self.next_below(of.len())].clone()
    }

    fn is_one_in(&mut self, times: usize) -> bool {
        self.next_below(times) == 0
    }
}

/// A file's text, and the version of it that is to be served.
#[derive(Debug, Clone)]
struct ModelFile {
    text: String,
    /// Last text that parsed. `None` if nothing of the file is to be served.
    last_good: Option<String>,
    /// True if that text hides the post.
    is_hidden: bool,
    /// Unique word that is in every output of that text and in no other output.
    word: String,
}

/// The expected content of the directory.
#[derive(Default)]
struct Model {
    files: BTreeMap<String, ModelFile>,
    written: usize,
    writes: u64,
}

impl Model {
    /// Generates a unique text, and returns it with its word.
    fn new_text(&mut self, random: &mut Random, is_hidden: bool) -> (String, String) {
        self.written += 1;
        let word = format!("word{}x", self.written);
        // Dates around the instants that the clock is set to.
        let day = random.pick(&[
            "2024-11-01",
            "2024-12-31",
            "2025-01-01",
            "2025-01-02",
            "2025-01-05",
        ]);
        let mut front = format!(
            "title: {word} & <more>\ndate: {day}T0{}:00:00Z\n",
            random.next_below(9)
        );
        let mut add = |line: String| {
            front.push_str(&line);
            front.push('\n');
        };
        if random.is_one_in(2) {
            add(format!("description: about {word}"));
        }
        if random.is_one_in(2) {
            add(format!(
                "tags: [{}]",
                random.pick(&["red", "red, green", "green", "Red, blue"])
            ));
        }
        if random.is_one_in(3) {
            add(format!(
                "audio: {{url: /a/{word}.mp3, title: {word}, length: {}}}",
                random.next_below(9)
            ));
        }
        if random.is_one_in(2) {
            add(format!("author: {}", random.pick(&["Mira", "Jon Ask"])));
        }
        if random.is_one_in(6) {
            add("feed: false".to_owned());
        }
        if random.is_one_in(3) {
            add(format!(
                "category: {}",
                random.pick(&["News", "news", "Stories"])
            ));
        }
        if random.is_one_in(4) {
            add(format!("permalink: /shared-{}/", random.next_below(4)));
        }
        if random.is_one_in(5) {
            add(format!("canonical_url: /shared-{}/", random.next_below(4)));
        }
        if random.is_one_in(5) {
            add(format!(
                "aliases: [/old-{}/, /shared-{}/]",
                random.next_below(4),
                random.next_below(4)
            ));
        }
        if random.is_one_in(6) {
            add(format!(
                "updated: 2025-01-0{}T12:00:00Z",
                1 + random.next_below(6)
            ));
        }
        if random.is_one_in(8) {
            add(format!(
                "expires: 2025-01-0{}T06:00:00Z",
                1 + random.next_below(6)
            ));
        }
        if random.is_one_in(8) {
            add("unlisted: true".to_owned());
        }
        if is_hidden {
            add(random
                .pick(&["hidePost: true", "draft: yes", "published: false"])
                .to_owned());
        }
        let picture = random.pick(&["", "", "![a picture](/img/a.png)\n\n"]);
        let number = random.next_below(6);
        let links = random
            .pick(&[
                "",
                "[a](pN.md) [[pN#part]] ",
                "{{< ref \"pN\" >}} [b](../pN.md) ",
                "[c]({% link blog/pN.md %}) ",
            ])
            .replace('N', &number.to_string());
        let body = format!(
            "{picture}The text of {word}.\n\n{links}More of it, *and* [a link](https://e.org/?a&b).\n"
        );
        (format!("---\n{front}---\n{body}"), word)
    }

    fn pick_path(&self, random: &mut Random) -> Option<String> {
        let paths: Vec<&String> = self.files.keys().collect();
        (!paths.is_empty()).then(|| paths[random.next_below(paths.len())].clone())
    }

    /// Returns the outputs of a fresh start on a directory with only the last good texts.
    fn expected_outputs(&self, now: SystemTime) -> BTreeMap<String, String> {
        let mut site = TestSite::new().config(SITE_CONFIG);
        for (path, file) in &self.files {
            if let Some(text) = &file.last_good {
                site = site.post(path, text);
            }
        }
        let current = SnapshotHandle::default();
        let mut pipeline = Pipeline::new(site.parsed_config(), current.clone());
        pipeline
            .refresh_all(now, DeletionPolicy::Immediate)
            .expect("the content can be read");
        outputs_by_path(&current.load_snapshot())
    }

    fn hidden_words(&self) -> Vec<String> {
        let hidden = self.files.values().filter(|file| file.is_hidden);
        hidden.map(|file| file.word.clone()).collect()
    }
}

/// Returns the outputs by path, without redirects and 410s, which a fresh start does not know.
pub fn outputs_by_path(snapshot: &Snapshot) -> BTreeMap<String, String> {
    let text = |path: String| {
        let resource = snapshot
            .get(&path)
            .expect("every listed path has a resource");
        let text = match (&resource.content, &resource.key) {
            (ResourceContent::Moved(_) | ResourceContent::Gone, _) => return None,
            (ResourceContent::Lazy { body: deferred, .. }, ArtifactKey::CardImage(_)) => {
                deferred.fingerprint.clone()
            }
            (ResourceContent::Lazy { body: deferred, .. }, _) => {
                format!("{}\n{}", deferred.fingerprint, resource_text(&resource))
            }
            _ => {
                let identity = resource.identity_encoding().expect("rendered bytes");
                format!("{}\n{}", identity.etag, resource_text(&resource))
            }
        };
        let page = feed_html_page(snapshot, &resource.key).unwrap_or_default();
        let text = format!(
            "{:?} {}\n{text}{page}",
            resource.link_header, resource.noindex
        );
        Some((path, text))
    };
    snapshot.all_paths().into_iter().filter_map(text).collect()
}

pub fn assert_same_outputs(
    is: &BTreeMap<String, String>,
    expected: &BTreeMap<String, String>,
    what: &str,
) {
    let paths: std::collections::BTreeSet<_> = is.keys().chain(expected.keys()).collect();
    for path in paths {
        let of = |served: &BTreeMap<String, String>| {
            let text = served.get(path);
            text.map_or_else(
                || vec!["nothing".to_owned()],
                |text| text.split(['\n', '>']).map(str::to_owned).collect(),
            )
        };
        let (is, expected) = (of(is), of(expected));
        let place = is.iter().zip(&expected).position(|(a, b)| a != b);
        let place =
            place.or_else(|| (is.len() != expected.len()).then_some(is.len().min(expected.len())));
        if let Some(place) = place {
            let near = |lines: &[String]| {
                lines
                    .iter()
                    .skip(place.saturating_sub(3))
                    .take(8)
                    .cloned()
                    .collect::<Vec<_>>()
            };
            panic!(
                "{what}: {path} is\n{:#?}\nand not\n{:#?}",
                near(&is),
                near(&expected)
            );
        }
    }
}

/// One change on disk. An operation takes one or more, in order.
enum DiskStep {
    Write(String, String),
    Remove(String),
    Rename(String, String),
}

/// Chooses an operation, applies it to the model, and returns its steps on disk.
fn choose_operation(model: &mut Model, random: &mut Random, name: &mut String) -> Vec<DiskStep> {
    let kind = random.next_below(14);
    let path = model.pick_path(random);
    let new_path = |model: &Model, random: &mut Random| {
        let dir = random.pick(&DIRECTORIES);
        let slash = if dir.is_empty() { "" } else { "/" };
        format!(
            "{dir}{slash}p{}.md",
            model.written % 40 + random.next_below(3)
        )
    };
    let (Some(path), true) = (path, kind > 2 || model.files.len() > 25) else {
        let path = new_path(model, random);
        let is_hidden = random.is_one_in(4);
        let (text, word) = model.new_text(random, is_hidden);
        *name = format!("write {path}, hidden: {is_hidden}");
        model.files.insert(
            path.clone(),
            ModelFile {
                text: text.clone(),
                last_good: Some(text.clone()),
                is_hidden,
                word,
            },
        );
        return vec![DiskStep::Write(path, text)];
    };
    let set = |model: &mut Model, path: &str, text: &str, is_hidden: bool, word: &str| {
        let file = ModelFile {
            text: text.to_owned(),
            last_good: Some(text.to_owned()),
            is_hidden,
            word: word.to_owned(),
        };
        model.files.insert(path.to_owned(), file);
    };
    match kind {
        3..=6 => {
            let is_hidden = random.is_one_in(3);
            let (text, word) = model.new_text(random, is_hidden);
            *name = format!("edit {path}, hidden: {is_hidden}");
            set(model, &path, &text, is_hidden, &word);
            vec![DiskStep::Write(path, text)]
        }
        7 => {
            // In pieces: neither a truncated nor an empty text parses.
            let is_hidden = random.is_one_in(2);
            let (text, word) = model.new_text(random, is_hidden);
            *name = format!("rewrite {path} in pieces, hidden: {is_hidden}");
            set(model, &path, &text, is_hidden, &word);
            let cut = 4 + random.next_below(8);
            vec![
                DiskStep::Write(path.clone(), String::new()),
                DiskStep::Write(path.clone(), text[..cut].to_owned()),
                DiskStep::Write(path, text),
            ]
        }
        8 => {
            *name = format!("break {path}");
            let file = model.files.get_mut(&path).expect("it is there");
            file.text = "---\ntitle: [never closed\n---\nbroken\n".to_owned();
            let text = file.text.clone();
            vec![DiskStep::Write(path, text)]
        }
        9 => {
            *name = format!("break {path}, and say that it is hidden");
            let file = model.files.get_mut(&path).expect("it is there");
            file.text = "---\ntitle: [never closed\nhidePost: true\n---\nbroken\n".to_owned();
            (file.last_good, file.is_hidden) = (None, true);
            let text = file.text.clone();
            vec![DiskStep::Write(path, text)]
        }
        10 => {
            *name = format!("delete {path}");
            model.files.remove(&path);
            vec![DiskStep::Remove(path)]
        }
        11 => {
            let to = new_path(model, random);
            *name = format!("rename {path} to {to}");
            if path == to {
                return Vec::new();
            }
            let mut file = model.files.remove(&path).expect("it is there");
            // A file that is broken has no last good text under its new name.
            let there = model
                .files
                .get(&to)
                .and_then(|there| there.last_good.clone());
            if file.last_good.as_ref() != Some(&file.text) {
                let says_hidden = file.text.contains("hidePost: true");
                file.last_good = there.filter(|_| !says_hidden);
                file.is_hidden = true;
                file.word = String::from("no-word-at-all");
            }
            model.files.insert(to.clone(), file);
            vec![DiskStep::Rename(path, to)]
        }
        12 => {
            let (from, to) = random.pick(&[
                ("news", "blog/moved"),
                ("blog/moved", "news"),
                ("blog", "other"),
                ("other", "blog"),
            ]);
            *name = format!("rename the directory {from} to {to}");
            let within = |path: &String, dir: &str| path.starts_with(&format!("{dir}/"));
            let is_free = !model.files.keys().any(|path| within(path, to));
            let moved: Vec<String> = model
                .files
                .keys()
                .filter(|path| within(path, from))
                .cloned()
                .collect();
            let are_good = moved.iter().all(|path| {
                let file = &model.files[path];
                file.last_good.as_ref() == Some(&file.text)
            });
            // A missing parent, or a broken file under a new name, is left to the other operations.
            if moved.is_empty() || !is_free || !are_good || to.starts_with(&format!("{from}/")) {
                return Vec::new();
            }
            for path in &moved {
                let file = model.files.remove(path).expect("it is there");
                model.files.insert(path.replacen(from, to, 1), file);
            }
            vec![DiskStep::Rename(from.to_owned(), to.to_owned())]
        }
        _ => {
            let file = model.files.get_mut(&path).expect("it is there");
            *name = format!("save {path} as it is");
            let text = file.text.clone();
            vec![DiskStep::Write(path, text)]
        }
    }
}

/// Performs one step and returns the paths that file events would name.
fn perform_step(content: &std::path::Path, step: &DiskStep) -> Vec<PathBuf> {
    let absolute = |path: &String| content.join(path);
    match step {
        DiskStep::Write(path, text) => {
            let file = absolute(path);
            fs::create_dir_all(file.parent().expect("a directory")).expect("made");
            fs::write(&file, text).expect("written");
            vec![file]
        }
        DiskStep::Remove(path) => {
            fs::remove_file(absolute(path)).expect("removed");
            vec![absolute(path)]
        }
        DiskStep::Rename(from, to) => {
            let (from, to) = (absolute(from), absolute(to));
            fs::create_dir_all(to.parent().expect("a directory")).expect("made");
            if to.is_dir() {
                let _ = fs::remove_dir_all(&to);
            }
            fs::rename(&from, &to).expect("renamed");
            vec![from, to]
        }
    }
}

fn selected_seeds(usual: u64) -> Vec<u64> {
    let number = |name| {
        std::env::var(name)
            .ok()
            .and_then(|value: String| value.parse().ok())
    };
    match number("COURANT_MODEL_SEED") {
        Some(seed) => vec![seed],
        None => (1..=number("COURANT_MODEL_SEEDS").unwrap_or(usual)).collect(),
    }
}

#[test]
fn random_edits_give_the_outputs_of_a_fresh_start() {
    for seed in selected_seeds(20) {
        println!("seed {seed}");
        let mut random = Random(seed);
        let site = TestSite::new().config(SITE_CONFIG);
        let content = site.content();
        let current = SnapshotHandle::default();
        let mut pipeline = Pipeline::new(site.parsed_config(), current.clone());
        let mut model = Model::default();
        let mut now = new_year_2025();
        pipeline
            .refresh_all(now, DeletionPolicy::Immediate)
            .expect("read");
        for number in 0..60 {
            let mut name = String::from("nothing");
            let mut scope = ScanScope::default();
            if random.is_one_in(6) {
                // The clock advances, or is set back.
                let hours = Duration::from_secs(3600 * random.next_below(40) as u64);
                now = if random.is_one_in(3) {
                    now - hours
                } else {
                    now + hours
                };
                pipeline.request_reevaluation();
            }
            let steps = choose_operation(&mut model, &mut random, &mut name);
            let last = steps.len();
            for (place, step) in steps.iter().enumerate() {
                scope.merge(ScanScope::Paths(
                    perform_step(&content, step).into_iter().collect(),
                ));
                let is_last = place + 1 == last;
                if is_last || random.is_one_in(2) {
                    let seen = if random.is_one_in(8) {
                        ScanScope::All
                    } else {
                        std::mem::take(&mut scope)
                    };
                    let then = if random.is_one_in(2) {
                        pipeline
                            .refresh_withdrawals(&seen, now, DeletionPolicy::Immediate)
                            .expect("read");
                        is_last.then(ScanScope::default)
                    } else {
                        Some(seen)
                    };
                    if let Some(seen) = then {
                        pipeline
                            .refresh_scope(&seen, now, DeletionPolicy::Immediate)
                            .expect("read");
                    }
                }
                let all = outputs_by_path(&current.load_snapshot())
                    .into_values()
                    .collect::<String>();
                for word in model.hidden_words() {
                    assert!(
                        !all.contains(&word),
                        "seed {seed}, {number}: {name}: {word} is served"
                    );
                }
            }
            if last == 0 {
                pipeline
                    .refresh_scope(&scope, now, DeletionPolicy::Immediate)
                    .expect("read");
            }
            let what = format!("seed {seed}, operation {number}: {name}");
            assert_same_outputs(
                &outputs_by_path(&current.load_snapshot()),
                &model.expected_outputs(now),
                &what,
            );
        }
    }
}

#[cfg(target_os = "linux")]
#[test]
fn edits_across_restarts_give_the_outputs_of_a_fresh_start() {
    for seed in selected_seeds(10) {
        println!("seed {seed}");
        let mut random = Random(seed ^ 0x0ca_c4e);
        let site = TestSite::in_memory().config(SITE_CONFIG);
        let content = site.content();
        let start = || {
            let current = SnapshotHandle::default();
            (
                Pipeline::new(site.parsed_config(), current.clone()),
                current,
            )
        };
        let (mut pipeline, mut current) = start();
        let mut model = Model::default();
        // An hour ahead, so that every file's mtime is old enough to be trusted.
        let now = clock() + Duration::from_secs(3600);
        for number in 0..60 {
            let mut name = String::from("nothing");
            for step in choose_operation(&mut model, &mut random, &mut name) {
                for file in perform_step(&content, &step)
                    .iter()
                    .filter(|file| file.is_file())
                {
                    // A distinct mtime in the past, so that it is trusted.
                    let written = fs::File::options().write(true).open(file).expect("there");
                    let since = Duration::from_secs(model.writes);
                    model.writes += 1;
                    let modified = SystemTime::UNIX_EPOCH + Duration::from_secs(1 << 30) + since;
                    written.set_modified(modified).expect("set");
                }
            }
            if random.is_one_in(2) {
                // The edit is made while no process runs.
                drop(std::mem::replace(&mut pipeline, start().0));
                (pipeline, current) = start();
                // A restart forgets the last good text of a broken file.
                for file in model.files.values_mut() {
                    file.last_good.take_if(|good| *good != file.text);
                }
            }
            pipeline
                .refresh_all(now, DeletionPolicy::Immediate)
                .expect("read");
            let what = format!("seed {seed}, operation {number}: {name}");
            let is = outputs_by_path(&current.load_snapshot());
            let all: String = is.values().map(String::as_str).collect();
            for word in model.hidden_words() {
                assert!(!all.contains(&word), "{what}: {word} is served");
            }
            assert_same_outputs(&is, &model.expected_outputs(now), &what);
        }
    }
}

#[test]
fn watched_edits_are_served_and_hidden_posts_never() {
    for seed in selected_seeds(2) {
        println!("seed {seed}");
        let mut random = Random(seed ^ 0xfeed);
        let site: Served = TestSite::new().config(SITE_CONFIG).serve();
        let mut model = Model::default();
        let forbidden = Arc::new(Mutex::new(Vec::<String>::new()));
        let (stop, stopped) = std::sync::mpsc::channel::<()>();
        let watcher = std::thread::spawn({
            let (current, forbidden) = (site.current.clone(), Arc::clone(&forbidden));
            move || {
                while stopped.try_recv() == Err(std::sync::mpsc::TryRecvError::Empty) {
                    // Read before the snapshot: these words were withdrawn before they were listed.
                    let words = forbidden.lock().expect("a lock").clone();
                    let snapshot = current.load_snapshot();
                    let all = outputs_by_path(&snapshot).into_values().collect::<String>();
                    for word in words {
                        assert!(!all.contains(&word), "{word} is served");
                    }
                }
            }
        });
        for number in 0..25 {
            let mut name = String::from("nothing");
            let hidden_before = model.hidden_words();
            let steps = choose_operation(&mut model, &mut random, &mut name);
            let hidden = model.hidden_words();
            // A word that is to become public may be served from now on.
            let both = hidden_before
                .into_iter()
                .filter(|word| hidden.contains(word));
            *forbidden.lock().expect("a lock") = both.collect();
            for step in &steps {
                perform_step(&site.content(), step);
            }
            let expected = model.expected_outputs(clock());
            site.until(
                &format!("seed {seed}, operation {number}: {name}"),
                |site| outputs_by_path(&site.current.load_snapshot()) == expected,
            );
            *forbidden.lock().expect("a lock") = hidden;
        }
        drop(stop);
        watcher.join().expect("nothing hidden was served");
    }
}
