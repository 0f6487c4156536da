//! A post that breaks goes on being served whole, however many others there are.

use courant::content::Loss;
use courant::pipeline::Pipeline;
use courant::snapshot::Current;

use crate::support::{TestSite, clock, plain, said};

/// Longer than most posts.
const LENGTH: usize = 40_000;
const POSTS: usize = 80;
/// One that is not among the newest.
const OLD: usize = 55;

struct Large {
    site: TestSite,
    pipeline: Pipeline,
    current: Current,
}

impl Large {
    fn new(config: &str) -> Large {
        let site = (0..POSTS).fold(TestSite::new().config(config), |site, n| {
            site.post(&name(n), text(n))
        });
        let current = Current::default();
        let pipeline = Pipeline::new(site.parsed_config(), current.clone());
        let mut large = Large {
            site,
            pipeline,
            current,
        };
        large.look();
        large
    }

    fn look(&mut self) {
        self.pipeline.run(clock(), Loss::IsBelieved).unwrap();
    }

    fn write(&mut self, n: usize, text: &str) {
        std::fs::write(self.site.content().join(name(n)), text).unwrap();
        self.look();
    }

    fn text(&self, path: &str) -> String {
        said(&self.current.load().get(path).unwrap())
    }
}

fn name(n: usize) -> String {
    format!("{n:03}.md")
}

/// The newest is the last one, which is read last.
fn text(n: usize) -> String {
    let date = format!("2024-{:02}-{:02}", n / 28 + 1, n % 28 + 1);
    let post =
        plain(&format!("Post {n}"), &date).replacen("---\n", &format!("---\ntags: [t{n}]\n"), 1);
    format!("{post}{}end{n}", "word ".repeat(LENGTH / 5))
}

/// Ways to break a post's text: nothing of it is saved, or half, or its front matter is wrong.
fn broken(n: usize) -> [String; 4] {
    let text = text(n);
    [
        String::new(),
        text[..text.len() / 2].replacen("title: ", "title: [", 1),
        text.replacen("title: ", "title: [", 1),
        text.replacen("---\n", "---\n: {\n", 1),
    ]
}

#[test]
fn the_newest_post_is_served_whole_when_it_breaks() {
    for config in ["[feed]\nlimit = 20\n", "[feed]\nlimit = 0\nmax_bytes = 0\n"] {
        let mut large = Large::new(config);
        for n in [POSTS - 1, POSTS - 2] {
            for broken in broken(n) {
                let before = large.text("/rss.xml");
                assert!(before.contains(&format!("end{n}")));
                large.write(n, &broken);
                assert_eq!(large.pipeline.status().tally.kept, 1);
                assert!(large.text("/rss.xml") == before, "{n}: {config}");
                // What is rendered anew beside it has it whole, too.
                let other = text(n - 1).replacen("Post", "Other", 1);
                large.write(n - 1, &other);
                let after = large.text("/rss.xml");
                assert!(after.contains(&format!("Other {}", n - 1)));
                assert!(after.contains(&format!("end{n}")), "{n}: {config}");
                large.write(n - 1, &text(n - 1));
                large.write(n, &text(n));
                assert_eq!(large.pipeline.status().tally.kept, 0);
                assert!(large.text("/rss.xml") == before);
            }
        }
    }
}

#[test]
fn a_feed_that_is_to_hold_all_has_their_texts_from_then_on() {
    let mut large = Large::new("[feed]\nlimit = 20\n");
    let mut config = large.site.parsed_config();
    (config.feed.limit, config.feed.max_bytes) = (None, None);
    large.pipeline.reconfigure(config, clock()).unwrap();
    for n in 0..POSTS {
        assert!(large.text("/rss.xml").contains(&format!("end{n}<")), "{n}");
        large.write(n, "");
        assert!(large.text("/rss.xml").contains(&format!("end{n}<")), "{n}");
    }
}

#[test]
fn an_old_post_is_served_whole_when_it_breaks() {
    let mut large = Large::new("[feed]\nlimit = 20\n");
    let feed = format!("/tag/t{OLD}/rss.xml");
    let longer = |text: &str| text.replacen("word ", &"word ".repeat(LENGTH), 1);
    large.write(OLD, &longer(&text(OLD)));
    for broken in broken(OLD).iter().map(|text| longer(text)) {
        let before = large.text(&feed);
        assert!(before.contains(&format!("end{OLD}<")), "{before}");
        large.write(OLD, &broken);
        assert_eq!(large.pipeline.status().tally.kept, 1);
        assert!(large.text(&feed) == before);
        large.write(OLD, &longer(&text(OLD)));
    }
}

/// Reading these fails with EIO for everybody, as of a disk that fails.
#[cfg(target_os = "linux")]
mod unreadable {
    use std::os::unix::fs::symlink;
    use std::path::Path;

    use courant::finding::Rule;

    use super::*;

    const HIDDEN: &str = "---\ntitle: Alpha\ndate: 2024-01-01\nhidePost: true\n---\n";

    /// Lets a path lead elsewhere, in one step.
    fn lead(path: &Path, to: &Path) {
        let beside = path.with_extension("new");
        symlink(to, &beside).unwrap();
        std::fs::rename(&beside, path).unwrap();
    }

    #[test]
    fn unreadable_files_stay_as_they_were_under_one_finding() {
        let site = TestSite::new()
            .post("a.md", plain("Alpha", "2024-01-01"))
            .post("b.md", plain("Beta", "2024-01-02"));
        let current = Current::default();
        let mut pipeline = Pipeline::new(site.parsed_config(), current.clone());
        let mut look = || {
            pipeline.run(clock(), Loss::IsBelieved).unwrap();
            let rss = said(&current.load().get("/rss.xml").unwrap());
            let findings = pipeline.status().findings.to_vec();
            let findings: Vec<_> = findings
                .into_iter()
                .map(|finding| (finding.rule, finding.file))
                .collect();
            let is_tried_again = pipeline.unread().is_some();
            (
                ["Alpha", "Beta", "Gamma"].map(|title| rss.contains(title)),
                findings,
                is_tried_again,
            )
        };
        assert_eq!(look(), ([true, true, false], vec![], false));
        let fails = Path::new("/proc/self/mem");
        for name in ["a.md", "b.md", "c.md"] {
            lead(&site.content().join(name), fails);
        }
        let one = vec![(Rule::UnreadableFile, "a.md".to_owned())];
        assert_eq!(look(), ([true, true, false], one.clone(), true));
        assert_eq!(look(), ([true, true, false], one, true));
        let a = site.content().join("a.md");
        std::fs::remove_file(&a).unwrap();
        std::fs::write(&a, HIDDEN).unwrap();
        let one = vec![(Rule::UnreadableFile, "b.md".to_owned())];
        assert_eq!(look(), ([false, true, false], one, true));
        for (name, title) in [("b.md", "Beta"), ("c.md", "Gamma")] {
            let file = site.content().join(name);
            std::fs::remove_file(&file).unwrap();
            std::fs::write(&file, plain(title, "2024-01-02")).unwrap();
        }
        assert_eq!(look(), ([false, true, true], vec![], false));
    }

    #[test]
    fn unreadable_file_is_tried_again_without_an_event() {
        let site = TestSite::new()
            .config("[watch]\nrescan = \"1h\"\n")
            .file("outside/good.md", plain("Alpha", "2024-01-01"))
            .file("outside/hidden.md", HIDDEN);
        let outside = site.root().join("outside");
        let (link, post) = (outside.join("link"), site.content().join("a.md"));
        lead(&link, &outside.join("good.md"));
        lead(&post, &link);
        let served = site.serve();
        assert!(served.serves("Alpha"));
        lead(&link, Path::new("/proc/self/mem"));
        // Of this there is an event.
        lead(&post, &link);
        let is_found = |turn: Result<(_, courant::pipeline::Status), String>| {
            let (_, status) = turn.expect("a look");
            let findings = status.findings.to_vec();
            findings
                .iter()
                .any(|finding| finding.rule == Rule::UnreadableFile)
        };
        while !is_found(served.next_turn()) {}
        assert!(served.serves("Alpha"));
        // And of this there is none.
        lead(&link, &outside.join("hidden.md"));
        served.until("it is hidden", |served| !served.serves("Alpha"));
    }
}
