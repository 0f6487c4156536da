//! `courant import-ids`: the ids of a former feed into the ledger.

use std::collections::HashSet;
use std::fs::File;
use std::io::{self, Write as _};
use std::path::Path;
use std::sync::Arc;

use super::{Exit, Hint, clock, config_file, here, human, serve, tell};
use crate::archive::import::{Import, Options, Source, import};
use crate::archive::matching::Candidate;
use crate::archive::{self, ArchiveError};
use crate::cli::ImportIds;
use crate::config::{Config, Ids};
use crate::content::{Library, Loss, Tally};
use crate::finding::{Finding, Rule};
use crate::post::Post;
use crate::progress::Progress;
use crate::report::{self, Report};
use crate::site::Site;
use crate::site::visibility::State;

/// What an import can bring about.
const RULES: [Rule; 4] = [
    Rule::IdsDiffer,
    Rule::IdWithoutPost,
    Rule::RelativeId,
    Rule::DuplicateId,
];

pub(super) fn run(args: &ImportIds) -> anyhow::Result<Exit> {
    let mut config = Config::load_to_import_ids(&config_file(&args.config))?;
    let sources = args.feeds.iter().map(|feed| source(feed));
    let sources = sources.collect::<Result<Vec<_>, _>>()?;

    let import = {
        let mut without = config.clone();
        without.site.ids = Ids::default();
        let look = Look::new(&without)?;
        tell(&report::left_out(look.tally));
        let options = Options {
            replace: args.replace,
            limit: config.feed.limit,
        };
        let candidates = look.candidates(&config.site.ids);
        import(&sources, &candidates, &config.site, options)
    };
    tell(&report::import(&import, &sources, args.verbose));
    let is_written = if args.dry_run {
        show(&import.ids)?;
        false
    } else {
        save(&import)?
    };
    tell(&report::written(&import, is_written, args.dry_run));

    config.site.ids = import.ids;
    let mut findings = Look::new(&config)?.findings;
    findings.retain(|finding| RULES.contains(&finding.rule));
    if !findings.is_empty() {
        tell(&format!(
            "\n{}",
            human(&Report::of_findings(&config, &findings, &here()))
        ));
    }
    Ok(Exit::Done)
}

fn source(feed: &Path) -> Result<Source, Hint> {
    let is_stdin = feed.as_os_str() == "-";
    let name = if is_stdin {
        "stdin".to_owned()
    } else {
        feed.display().to_string()
    };
    let archive = if is_stdin {
        archive::read(io::stdin().lock())
    } else {
        File::open(feed)
            .map_err(ArchiveError::from)
            .and_then(archive::read)
    };
    match archive {
        Ok(archive) => Ok(Source { name, archive }),
        Err(error) => Err(cannot_read(&name, error)),
    }
}

fn cannot_read(name: &str, error: ArchiveError) -> Hint {
    let hint = error.hint().to_owned();
    match error {
        ArchiveError::Read(source) => Hint {
            message: format!("cannot read `{name}`"),
            hint: if name.contains("://") {
                format!(
                    "nothing is fetched: save the feed first, such as with `curl -o old-feed {name}`"
                )
            } else {
                hint
            },
            source: Some(source),
        },
        other => Hint {
            message: format!("`{name}` is no feed that can be read: {other}"),
            hint,
            source: None,
        },
    }
}

/// The ledger as it would be, for other programs.
fn show(ids: &Ids) -> io::Result<()> {
    match io::stdout().write_all(ids.text().as_bytes()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        shown => shown,
    }
}

fn save(import: &Import) -> Result<bool, Hint> {
    import.ids.save().map_err(|error| Hint {
        message: format!("cannot write `{}`", import.ids.file.display()),
        hint: "make its directory, and give yourself permission to write into it".to_owned(),
        source: Some(error),
    })
}

/// What is in the content directory now.
struct Look {
    posts: Vec<Arc<Post>>,
    public: HashSet<String>,
    tally: Tally,
    findings: Vec<Finding>,
}

impl Look {
    fn new(config: &Config) -> anyhow::Result<Look> {
        let now = clock();
        let mut library = Library::default();
        library
            .look(config, Loss::IsBelieved, now, &Progress::default())
            .map_err(|error| serve::no_content(error.into()))?;
        let judged = Site::judge(config, library.posts(), now.into());
        let public = judged.verdicts.into_iter();
        let public = public.filter(|verdict| verdict.state == State::Public);
        let mut findings = library.findings();
        findings.extend(judged.findings);
        findings.sort();
        Ok(Look {
            posts: library.posts().cloned().collect(),
            public: public.map(|verdict| verdict.path).collect(),
            tally: library.tally(),
            findings,
        })
    }

    /// The posts, with their ids in a ledger beside those they have without one.
    fn candidates<'a>(&'a self, ids: &'a Ids) -> Vec<Candidate<'a>> {
        let candidate = |post: &'a Arc<Post>| Candidate {
            path: &post.path,
            own_id: post.id(),
            known_id: ids.get(&post.path),
            url: &post.permalink.url,
            title: &post.title,
            published: post.published,
            is_public: self.public.contains(&*post.path),
        };
        self.posts.iter().map(candidate).collect()
    }
}
