//! Random operations on a content directory, against a plain model that recomputes everything from
//! scratch: what is served after each is what would be served had it been so from the beginning, and what
//! is hidden is never served in between.
//!
//! `COURANT_MODEL_SEEDS=1000 cargo test --test it model -- --nocapture` runs longer;
//! `COURANT_MODEL_SEED=7` repeats one.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use courant::artifact::ArtifactKey;
use courant::content::{Loss, Scope};
use courant::pipeline::Pipeline;
use courant::snapshot::{Content, Current, Snapshot};

use crate::support::{Served, TestSite, clock, for_people, new_year_2025, said};

const CONFIG: &str = "[feed]\nlimit = 3\n[[feeds]]\npath = '/all.xml'\nlimit = 0\n[[feeds]]\npath = '/red.json'\ntag = 'red'\n[sitemap]\npages = ['/about/', '/shared-1/']\n";
const DIRS: [&str; 4] = ["", "blog", "blog/deep", "news"];

/// `SplitMix64`.
struct Random(u64);

impl Random {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) % end as u64) as usize
    }

    fn pick<T: Clone>(&mut self, of: &[T]) -> T {
        of[self.below(of.len())].clone()
    }

    fn once_in(&mut self, times: usize) -> bool {
        self.below(times) == 0
    }
}

/// What is in a file, and what of that counts.
#[derive(Debug, Clone)]
struct File {
    text: String,
    /// What is to be served, `None` if nothing is: the last good text of one that is broken.
    counts: Option<String>,
    /// Whether what counts says that it is hidden.
    is_hidden: bool,
    /// In everything that is served of what counts, and in nothing else.
    word: String,
}

/// A directory as it is meant to be.
#[derive(Default)]
struct Model {
    files: BTreeMap<String, File>,
    written: usize,
    writes: u64,
}

impl Model {
    /// A text that no other has, and its word.
    fn text(&mut self, random: &mut Random, is_hidden: bool) -> (String, String) {
        self.written += 1;
        let word = format!("word{}x", self.written);
        // Around the instants that the clock is set to.
        let day = random.pick(&[
            "2024-11-01",
            "2024-12-31",
            "2025-01-01",
            "2025-01-02",
            "2025-01-05",
        ]);
        let mut front = format!(
            "title: {word} & <more>\ndate: {day}T0{}:00:00Z\n",
            random.below(9)
        );
        let mut add = |line: String| {
            front.push_str(&line);
            front.push('\n');
        };
        if random.once_in(2) {
            add(format!("description: about {word}"));
        }
        if random.once_in(2) {
            add(format!(
                "tags: [{}]",
                random.pick(&["red", "red, green", "green", "Red, blue"])
            ));
        }
        if random.once_in(2) {
            add(format!("author: {}", random.pick(&["Mira", "Jon Ask"])));
        }
        if random.once_in(3) {
            add(format!(
                "category: {}",
                random.pick(&["News", "news", "Stories"])
            ));
        }
        if random.once_in(4) {
            add(format!("permalink: /shared-{}/", random.below(4)));
        }
        if random.once_in(5) {
            add(format!(
                "aliases: [/old-{}/, /shared-{}/]",
                random.below(4),
                random.below(4)
            ));
        }
        if random.once_in(6) {
            add(format!(
                "updated: 2025-01-0{}T12:00:00Z",
                1 + random.below(6)
            ));
        }
        if random.once_in(8) {
            add(format!(
                "expires: 2025-01-0{}T06:00:00Z",
                1 + random.below(6)
            ));
        }
        if random.once_in(8) {
            add("unlisted: true".to_owned());
        }
        if is_hidden {
            add(random
                .pick(&["hidePost: true", "draft: yes", "published: false"])
                .to_owned());
        }
        let picture = random.pick(&["", "", "![a picture](/img/a.png)\n\n"]);
        let body = format!(
            "{picture}The text of {word}.\n\nMore of it, *and* [a link](https://e.org/?a&b).\n"
        );
        (format!("---\n{front}---\n{body}"), word)
    }

    fn path(&self, random: &mut Random) -> Option<String> {
        let paths: Vec<&String> = self.files.keys().collect();
        (!paths.is_empty()).then(|| paths[random.below(paths.len())].clone())
    }

    /// What is served of a directory in which only what counts is written, by somebody who sees it for
    /// the first time.
    fn served(&self, now: SystemTime) -> BTreeMap<String, String> {
        let mut site = TestSite::new().config(CONFIG);
        for (path, file) in &self.files {
            if let Some(text) = &file.counts {
                site = site.post(path, text);
            }
        }
        let current = Current::default();
        let mut pipeline = Pipeline::new(site.parsed_config(), current.clone());
        pipeline
            .run(now, Loss::IsBelieved)
            .expect("the content can be read");
        served(&current.load())
    }

    fn hidden_words(&self) -> Vec<String> {
        let hidden = self.files.values().filter(|file| file.is_hidden);
        hidden.map(|file| file.word.clone()).collect()
    }
}

/// What is served at each path, but for what is only left behind: somebody new does not know of it.
pub fn served(snapshot: &Snapshot) -> BTreeMap<String, String> {
    let text = |path: String| {
        let resource = snapshot.get(&path).expect("what is named is there");
        let text = match (&resource.content, &resource.key) {
            (Content::Moved(_) | Content::Gone, _) => return None,
            (Content::Deferred { deferred, .. }, ArtifactKey::CardImage(_)) => {
                deferred.fingerprint.clone()
            }
            (Content::Deferred { deferred, .. }, _) => {
                format!("{}\n{}", deferred.fingerprint, said(&resource))
            }
            _ => {
                let identity = resource.identity().expect("bytes at hand");
                format!("{}\n{}", identity.etag, said(&resource))
            }
        };
        let page = for_people(snapshot, &resource.key).unwrap_or_default();
        let text = format!("{:?} {}\n{text}{page}", resource.link, resource.noindex);
        Some((path, text))
    };
    snapshot.paths().into_iter().filter_map(text).collect()
}

pub fn compare(is: &BTreeMap<String, String>, expected: &BTreeMap<String, String>, what: &str) {
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

/// One operation as it is done on the disk: files with their new texts, in the order of writing.
enum Step {
    Write(String, String),
    Remove(String),
    Rename(String, String),
}

/// Chooses an operation, changes the model, and returns what is to be done.
fn operation(model: &mut Model, random: &mut Random, name: &mut String) -> Vec<Step> {
    let kind = random.below(14);
    let path = model.path(random);
    let new_path = |model: &Model, random: &mut Random| {
        let dir = random.pick(&DIRS);
        let slash = if dir.is_empty() { "" } else { "/" };
        format!("{dir}{slash}p{}.md", model.written % 40 + random.below(3))
    };
    let (Some(path), true) = (path, kind > 2 || model.files.len() > 25) else {
        let path = new_path(model, random);
        let is_hidden = random.once_in(4);
        let (text, word) = model.text(random, is_hidden);
        *name = format!("write {path}, hidden: {is_hidden}");
        model.files.insert(
            path.clone(),
            File {
                text: text.clone(),
                counts: Some(text.clone()),
                is_hidden,
                word,
            },
        );
        return vec![Step::Write(path, text)];
    };
    let set = |model: &mut Model, path: &str, text: &str, is_hidden: bool, word: &str| {
        let file = File {
            text: text.to_owned(),
            counts: Some(text.to_owned()),
            is_hidden,
            word: word.to_owned(),
        };
        model.files.insert(path.to_owned(), file);
    };
    match kind {
        3..=6 => {
            let is_hidden = random.once_in(3);
            let (text, word) = model.text(random, is_hidden);
            *name = format!("edit {path}, hidden: {is_hidden}");
            set(model, &path, &text, is_hidden, &word);
            vec![Step::Write(path, text)]
        }
        7 => {
            // In pieces: a text that is cut off is never good, and an empty one says nothing.
            let is_hidden = random.once_in(2);
            let (text, word) = model.text(random, is_hidden);
            *name = format!("rewrite {path} in pieces, hidden: {is_hidden}");
            set(model, &path, &text, is_hidden, &word);
            let cut = 4 + random.below(8);
            vec![
                Step::Write(path.clone(), String::new()),
                Step::Write(path.clone(), text[..cut].to_owned()),
                Step::Write(path, text),
            ]
        }
        8 => {
            *name = format!("break {path}");
            let file = model.files.get_mut(&path).expect("it is there");
            file.text = "---\ntitle: [never closed\n---\nbroken\n".to_owned();
            let text = file.text.clone();
            vec![Step::Write(path, text)]
        }
        9 => {
            *name = format!("break {path}, and say that it is hidden");
            let file = model.files.get_mut(&path).expect("it is there");
            file.text = "---\ntitle: [never closed\nhidePost: true\n---\nbroken\n".to_owned();
            (file.counts, file.is_hidden) = (None, true);
            let text = file.text.clone();
            vec![Step::Write(path, text)]
        }
        10 => {
            *name = format!("delete {path}");
            model.files.remove(&path);
            vec![Step::Remove(path)]
        }
        11 => {
            let to = new_path(model, random);
            *name = format!("rename {path} to {to}");
            if path == to {
                return Vec::new();
            }
            let mut file = model.files.remove(&path).expect("it is there");
            // What broke under another name was never good under this one.
            let there = model.files.get(&to).and_then(|there| there.counts.clone());
            if file.counts.as_ref() != Some(&file.text) {
                let says_hidden = file.text.contains("hidePost: true");
                file.counts = there.filter(|_| !says_hidden);
                file.is_hidden = true;
                file.word = String::from("no-word-at-all");
            }
            model.files.insert(to.clone(), file);
            vec![Step::Rename(path, to)]
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
                file.counts.as_ref() == Some(&file.text)
            });
            // With a parent that may be gone, or what was never good elsewhere, it is another test.
            if moved.is_empty() || !is_free || !are_good || to.starts_with(&format!("{from}/")) {
                return Vec::new();
            }
            for path in &moved {
                let file = model.files.remove(path).expect("it is there");
                model.files.insert(path.replacen(from, to, 1), file);
            }
            vec![Step::Rename(from.to_owned(), to.to_owned())]
        }
        _ => {
            let file = model.files.get_mut(&path).expect("it is there");
            *name = format!("save {path} as it is");
            let text = file.text.clone();
            vec![Step::Write(path, text)]
        }
    }
}

/// Does one step, and returns the paths that the system would name.
fn perform(content: &std::path::Path, step: &Step) -> Vec<PathBuf> {
    let absolute = |path: &String| content.join(path);
    match step {
        Step::Write(path, text) => {
            let file = absolute(path);
            fs::create_dir_all(file.parent().expect("a directory")).expect("made");
            fs::write(&file, text).expect("written");
            vec![file]
        }
        Step::Remove(path) => {
            fs::remove_file(absolute(path)).expect("removed");
            vec![absolute(path)]
        }
        Step::Rename(from, to) => {
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

fn seeds(usual: u64) -> Vec<u64> {
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
fn any_edits_lead_to_what_would_be_served_had_it_been_so_from_the_beginning() {
    for seed in seeds(20) {
        println!("seed {seed}");
        let mut random = Random(seed);
        let site = TestSite::new().config(CONFIG);
        let content = site.content();
        let current = Current::default();
        let mut pipeline = Pipeline::new(site.parsed_config(), current.clone());
        let mut model = Model::default();
        let mut now = new_year_2025();
        pipeline.run(now, Loss::IsBelieved).expect("read");
        for number in 0..60 {
            let mut name = String::from("nothing");
            let mut scope = Scope::default();
            if random.once_in(6) {
                // The clock goes on, or is set back.
                let hours = Duration::from_secs(3600 * random.below(40) as u64);
                now = if random.once_in(3) {
                    now - hours
                } else {
                    now + hours
                };
                pipeline.judge_again();
            }
            let steps = operation(&mut model, &mut random, &mut name);
            let last = steps.len();
            for (place, step) in steps.iter().enumerate() {
                scope.merge(Scope::Paths(perform(&content, step).into_iter().collect()));
                let is_last = place + 1 == last;
                if is_last || random.once_in(2) {
                    let seen = if random.once_in(8) {
                        Scope::All
                    } else {
                        std::mem::take(&mut scope)
                    };
                    let then = if random.once_in(2) {
                        pipeline
                            .hide_at(&seen, now, Loss::IsBelieved)
                            .expect("read");
                        is_last.then(Scope::default)
                    } else {
                        Some(seen)
                    };
                    if let Some(seen) = then {
                        pipeline.run_at(&seen, now, Loss::IsBelieved).expect("read");
                    }
                }
                let all = served(&current.load()).into_values().collect::<String>();
                for word in model.hidden_words() {
                    assert!(
                        !all.contains(&word),
                        "seed {seed}, {number}: {name}: {word} is served"
                    );
                }
            }
            if last == 0 {
                pipeline
                    .run_at(&scope, now, Loss::IsBelieved)
                    .expect("read");
            }
            let what = format!("seed {seed}, operation {number}: {name}");
            compare(&served(&current.load()), &model.served(now), &what);
        }
    }
}

#[cfg(target_os = "linux")]
#[test]
fn any_edits_and_starts_lead_to_what_would_be_served_had_nothing_been_kept() {
    for seed in seeds(10) {
        println!("seed {seed}");
        let mut random = Random(seed ^ 0x0ca_c4e);
        let site = TestSite::in_memory().config(CONFIG);
        let content = site.content();
        let start = || {
            let current = Current::default();
            (
                Pipeline::new(site.parsed_config(), current.clone()),
                current,
            )
        };
        let (mut pipeline, mut current) = start();
        let mut model = Model::default();
        // All that is written until then is believed.
        let now = clock() + Duration::from_secs(3600);
        for number in 0..60 {
            let mut name = String::from("nothing");
            for step in operation(&mut model, &mut random, &mut name) {
                for file in perform(&content, &step)
                    .iter()
                    .filter(|file| file.is_file())
                {
                    // Of the past, so that it is believed, and of no two the same.
                    let written = fs::File::options().write(true).open(file).expect("there");
                    let since = Duration::from_secs(model.writes);
                    model.writes += 1;
                    let modified = SystemTime::UNIX_EPOCH + Duration::from_secs(1 << 30) + since;
                    written.set_modified(modified).expect("set");
                }
            }
            if random.once_in(2) {
                // The edit is made while nothing runs.
                drop(std::mem::replace(&mut pipeline, start().0));
                (pipeline, current) = start();
                // What was good is not known any more where it is broken.
                for file in model.files.values_mut() {
                    file.counts.take_if(|good| *good != file.text);
                }
            }
            pipeline.run(now, Loss::IsBelieved).expect("read");
            let what = format!("seed {seed}, operation {number}: {name}");
            let is = served(&current.load());
            let all: String = is.values().map(String::as_str).collect();
            for word in model.hidden_words() {
                assert!(!all.contains(&word), "{what}: {word} is served");
            }
            compare(&is, &model.served(now), &what);
        }
    }
}

#[test]
fn edits_that_the_system_tells_of_are_served_and_nothing_hidden_is_in_between() {
    for seed in seeds(2) {
        println!("seed {seed}");
        let mut random = Random(seed ^ 0xfeed);
        let site: Served = TestSite::new().config(CONFIG).serve();
        let mut model = Model::default();
        let forbidden = Arc::new(Mutex::new(Vec::<String>::new()));
        let (stop, stopped) = std::sync::mpsc::channel::<()>();
        let watcher = std::thread::spawn({
            let (current, forbidden) = (site.current.clone(), Arc::clone(&forbidden));
            move || {
                while stopped.try_recv() == Err(std::sync::mpsc::TryRecvError::Empty) {
                    // Asked first: what is forbidden now was not served any more before.
                    let words = forbidden.lock().expect("a lock").clone();
                    let snapshot = current.load();
                    let all = served(&snapshot).into_values().collect::<String>();
                    for word in words {
                        assert!(!all.contains(&word), "{word} is served");
                    }
                }
            }
        });
        for number in 0..25 {
            let mut name = String::from("nothing");
            let hidden_before = model.hidden_words();
            let steps = operation(&mut model, &mut random, &mut name);
            let hidden = model.hidden_words();
            // What was hidden and is to be shown may be shown from now on.
            let both = hidden_before
                .into_iter()
                .filter(|word| hidden.contains(word));
            *forbidden.lock().expect("a lock") = both.collect();
            for step in &steps {
                perform(&site.content(), step);
            }
            let expected = model.served(clock());
            site.until(
                &format!("seed {seed}, operation {number}: {name}"),
                |site| served(&site.current.load()) == expected,
            );
            *forbidden.lock().expect("a lock") = hidden;
        }
        drop(stop);
        watcher.join().expect("nothing hidden was served");
    }
}
