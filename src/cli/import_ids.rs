//! Runs `courant import-ids`: adds the post ids of an old feed to the id map.

use std::collections::HashSet;
use std::fs::File;
use std::io::{self, Write as _};
use std::path::Path;
use std::sync::Arc;

use super::environment::{find_config_file, read_clock, working_directory};
use super::exit::{CommandOutcome, HintedError};
use super::serve;
use super::terminal::{render_for_stderr, write_stderr};
use crate::check::report::Report;
use crate::cli::ImportIdsArgs;
use crate::config::{Config, IdMap};
use crate::import::id_import::{ImportOptions, ImportResult, NamedFeed, import_ids};
use crate::import::matching::PostCandidate;
use crate::import::{self, ReadFeedError};
use crate::library::{DeletionPolicy, FileCounts, Library};
use crate::model::finding::{Finding, Rule};
use crate::model::post::Post;
use crate::progress::Progress;
use crate::site::SiteEvaluation;
use crate::visibility::PostState;

/// Rules of the findings that imported ids may cause.
const IMPORT_RULES: [Rule; 4] = [
    Rule::IdsDiffer,
    Rule::IdWithoutPost,
    Rule::RelativeId,
    Rule::DuplicateId,
];

pub(super) fn run_import_ids(args: &ImportIdsArgs) -> anyhow::Result<CommandOutcome> {
    let mut config = Config::load_for_id_import(&find_config_file(&args.config))?;
    let sources = args.feeds.iter().map(|feed| read_named_feed(feed));
    let sources = sources.collect::<Result<Vec<_>, _>>()?;

    let import = {
        let mut config_without_ids = config.clone();
        config_without_ids.site.ids = IdMap::default();
        let scan = ContentScan::new(&config_without_ids)?;
        write_stderr(&import::format_broken_posts(scan.file_counts));
        let options = ImportOptions {
            replace: args.replace,
            feed_limit: config.feed.limit,
        };
        let candidates = scan.list_candidates(&config.site.ids);
        import_ids(&sources, &candidates, &config.site, options)
    };
    write_stderr(&import::format_import(&import, &sources, args.verbose));
    let is_written = if args.dry_run {
        print_id_map(&import.ids)?;
        false
    } else {
        save_id_map(&import)?
    };
    write_stderr(&import::format_written_file(
        &import,
        is_written,
        args.dry_run,
    ));

    config.site.ids = import.ids;
    let mut findings = ContentScan::new(&config)?.findings;
    findings.retain(|finding| IMPORT_RULES.contains(&finding.rule));
    if !findings.is_empty() {
        write_stderr(&format!(
            "\n{}",
            render_for_stderr(&Report::from_findings(
                &config,
                &findings,
                &working_directory()
            ))
        ));
    }
    Ok(CommandOutcome::Success)
}

fn read_named_feed(feed: &Path) -> Result<NamedFeed, HintedError> {
    let is_stdin = feed.as_os_str() == "-";
    let name = if is_stdin {
        "stdin".to_owned()
    } else {
        feed.display().to_string()
    };
    let result = if is_stdin {
        import::read_feed(io::stdin().lock())
    } else {
        File::open(feed)
            .map_err(ReadFeedError::from)
            .and_then(import::read_feed)
    };
    match result {
        Ok(parsed_feed) => Ok(NamedFeed {
            name,
            feed: parsed_feed,
        }),
        Err(error) => Err(add_feed_hint(&name, error)),
    }
}

fn add_feed_hint(name: &str, error: ReadFeedError) -> HintedError {
    let hint = error.hint().to_owned();
    match error {
        ReadFeedError::Io(source) => HintedError {
            message: format!("cannot read `{name}`"),
            hint: if name.contains("://") {
                format!(
                    "courant does not download feeds: save the feed first, for example with `curl -o old-feed {name}`"
                )
            } else {
                hint
            },
            source: Some(source),
        },
        other => HintedError {
            message: format!("`{name}` is not a readable feed: {other}"),
            hint,
            source: None,
        },
    }
}

/// Prints the new id map on stdout.
fn print_id_map(ids: &IdMap) -> io::Result<()> {
    match io::stdout().write_all(ids.to_toml().as_bytes()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        result => result,
    }
}

fn save_id_map(import: &ImportResult) -> Result<bool, HintedError> {
    import.ids.save_if_changed().map_err(|error| HintedError {
        message: format!("cannot write `{}`", import.ids.file.display()),
        hint: "create its directory, and make it writable".to_owned(),
        source: Some(error),
    })
}

/// Posts and findings of the content directory.
struct ContentScan {
    posts: Vec<Arc<Post>>,
    public_paths: HashSet<String>,
    file_counts: FileCounts,
    findings: Vec<Finding>,
}

impl ContentScan {
    fn new(config: &Config) -> anyhow::Result<ContentScan> {
        let now = read_clock();
        let mut library = Library::default();
        library
            .scan_all(config, DeletionPolicy::Immediate, now, &Progress::default())
            .map_err(|error| serve::add_content_hint(error.into()))?;
        let judged = SiteEvaluation::evaluate_posts(config, library.published_posts(), now.into());
        let post_evaluations = judged.post_evaluations.into_iter();
        let public_posts = post_evaluations.filter(|post| post.state == PostState::Public);
        let mut findings = library.all_findings();
        findings.extend(judged.findings);
        findings.sort();
        Ok(ContentScan {
            posts: library.published_posts().cloned().collect(),
            public_paths: public_posts.map(|post| post.path).collect(),
            file_counts: library.file_counts(),
            findings,
        })
    }

    /// Lists the posts with their default ids and the ids that the id map has for them.
    fn list_candidates<'a>(&'a self, ids: &'a IdMap) -> Vec<PostCandidate<'a>> {
        let posts = self.posts.iter();
        let candidates = posts.map(|post| PostCandidate {
            path: &post.path,
            default_id: post.id(),
            known_id: ids.get(&post.path),
            url: &post.permalink.url,
            title: &post.title,
            published: post.published_at,
            is_public: self.public_paths.contains(&*post.path),
        });
        candidates.collect()
    }
}
