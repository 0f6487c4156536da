//! `courant init`: looks at a site and writes the configuration that serves its posts.

use std::fs::OpenOptions;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use super::{Exit, Hint, here, human, tell};
use crate::cli::Init;
use crate::config::Config;
use crate::report::Report;
use crate::survey::{SurveyError, survey};

pub(super) fn run(args: &Init) -> anyhow::Result<Exit> {
    let found = survey(&args.dir).map_err(no_site)?;
    let output = match &args.output {
        Some(output) => output.clone(),
        None => beside(&args.dir, found.file_name()),
    };
    let text = found.to_toml(output.parent().unwrap_or(Path::new("")));
    // What was written by the rules of `config` is read by them, or it is not written.
    Config::parse(&text, &output.display().to_string(), Path::new("")).map_err(|findings| {
        crate::config::ConfigError::Faults {
            path: output.clone(),
            findings,
        }
    })?;
    if !args.print {
        if args.output.is_none()
            && let Some(file) = found.published_configuration()
        {
            return Err(published(&file, &output).into());
        }
        write(&output, &text).map_err(|error| not_written(&output, error))?;
    }
    let mut told = found.summary();
    if !found.findings.is_empty() {
        told.push('\n');
        told.push_str(&human(&Report::of_config(&found.findings, &here())));
    }
    let shown = as_argument(&output);
    if !args.print {
        let output = output.display();
        told.push_str(&format!("\nwrote `{output}`\n"));
    }
    if let Some(advice) = found.name_advice(&output) {
        told.push_str(&format!("  {advice}\n"));
    }
    for setting in found.placeholders() {
        told.push_str(&format!(
            "  replace `{}` in it first: it stands in for what was not found\n",
            setting.key
        ));
    }
    if args.print {
        tell(&told);
        return match io::stdout().write_all(text.as_bytes()) {
            // `courant init --print | head` is no failure of ours.
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(Exit::Done),
            written => Ok(written.map(|()| Exit::Done)?),
        };
    }
    told.push_str(&format!(
        "  next: `courant check --config {shown}` says what is wrong with the posts,\n        `courant serve --config {shown}` serves them\n"
    ));
    tell(&told);
    Ok(Exit::Done)
}

/// A file in a directory, named as short as it can be from here.
fn beside(dir: &Path, name: &str) -> PathBuf {
    if dir == Path::new(".") {
        PathBuf::from(name)
    } else {
        dir.join(name)
    }
}

/// A path as a shell takes it for one.
fn as_argument(path: &Path) -> String {
    let shown = path.display().to_string();
    let is_plain = |c: char| c.is_alphanumeric() || "-_./+:@%".contains(c);
    if shown.chars().all(is_plain) {
        shown
    } else {
        format!("'{}'", shown.replace('\'', "'\\''"))
    }
}

/// Writes a file that must not be there yet.
fn write(path: &Path, text: &str) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).open(path)?;
    file.write_all(text.as_bytes())
}

/// Refuses to write a second configuration beside one that is published.
fn published(file: &str, output: &Path) -> Hint {
    let output = output.display();
    Hint {
        message: format!("`{file}` is there already, and may be published with the site"),
        hint: format!(
            "rename it to `{output}`, which courant reads without `--config` too; `--output FILE` writes to another file"
        ),
        source: None,
    }
}

fn not_written(path: &Path, source: io::Error) -> Hint {
    let shown = path.display();
    if source.kind() == io::ErrorKind::AlreadyExists {
        return Hint {
            message: format!("`{shown}` is there already, and is left as it is"),
            hint: "`--output FILE` writes to another file, `--print` to the standard output"
                .to_owned(),
            source: None,
        };
    }
    Hint {
        message: format!("cannot write `{shown}`"),
        hint: "`--output FILE` writes to another file, `--print` to the standard output".to_owned(),
        source: Some(source),
    }
}

fn no_site(error: SurveyError) -> Hint {
    let message = error.to_string();
    match error {
        SurveyError::Unreadable { source, .. } => Hint {
            message,
            hint: "name the directory of a site, as in `courant init path/to/site`".to_owned(),
            source: Some(source),
        },
        SurveyError::Nothing { .. } => Hint {
            message,
            hint: "name the directory of a site, as in `courant init path/to/site`; for a new one, a `config.toml` with `url` and `title` below `[site]` is enough".to_owned(),
            source: None,
        },
    }
}
