//! Runs `courant init`: inspects a site and writes a configuration that serves its posts.

use std::fs::OpenOptions;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use super::environment::{read_clock, working_directory};
use super::exit::{CommandOutcome, HintedError};
use super::terminal::{render_for_stderr, write_stderr};
use crate::check::report::Report;
use crate::cli::InitArgs;
use crate::config::Config;
use crate::init::{
    InitError, config_file_name, config_name_advice, find_published_config, format_address_check,
    format_config, format_summary, propose_config,
};

pub(super) fn init_site(args: &InitArgs) -> anyhow::Result<CommandOutcome> {
    let found = propose_config(&args.dir).map_err(site_error)?;
    let output = match &args.output {
        Some(output) => output.clone(),
        None => path_in_directory(&args.dir, config_file_name(&found)),
    };
    let text = format_config(&found, output.parent().unwrap_or(Path::new("")));
    // A text that `Config::parse` rejects is not written.
    let base = output.parent().unwrap_or(Path::new(""));
    let parsed = Config::parse(&text, &output.display().to_string(), base);
    let config = parsed.map_err(|findings| crate::config::ConfigError::Invalid {
        path: output.clone(),
        findings,
    })?;
    if !args.print {
        if args.output.is_none()
            && let Some(file) = find_published_config(&found)
        {
            return Err(published_config_error(&file, &output).into());
        }
        create_file(&output, &text).map_err(|error| write_error(&output, error))?;
    }
    let mut message = format_summary(&found);
    if !found.findings.is_empty() {
        message.push('\n');
        message.push_str(&render_for_stderr(&Report::from_config_findings(
            &found.findings,
            &working_directory(),
        )));
    }
    let shown = quote_for_shell(&output);
    if !args.print {
        let output = output.display();
        message.push_str(&format!("\nwrote `{output}`\n"));
    }
    if let Some(advice) = config_name_advice(&found, &output) {
        message.push_str(&format!("  {advice}\n"));
    }
    for setting in found.placeholder_settings() {
        message.push_str(&format!(
            "  replace `{}` in it first: it is a placeholder for a value that was not found\n",
            setting.key
        ));
    }
    let outcome = match found.post_count {
        0 => {
            message.push_str(&format!(
                "  no posts were found: set `content.dir` in `{}` to their directory\n",
                output.display()
            ));
            CommandOutcome::Failure
        }
        _ => CommandOutcome::Success,
    };
    let addresses = format_address_check(&found, &config, read_clock());
    if args.print {
        write_stderr(&(message + &addresses));
        return match io::stdout().write_all(text.as_bytes()) {
            // `courant init --print | head` closes the pipe early; that is not a failure.
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(outcome),
            written => Ok(written.map(|()| outcome)?),
        };
    }
    message.push_str(&format!(
        "  next: `courant check --config {shown}` lists problems of the posts,\n        `courant serve --config {shown}` serves them\n"
    ));
    message.push_str(&addresses);
    write_stderr(&message);
    Ok(outcome)
}

/// Returns the path of a file in a directory, without a leading `./`.
fn path_in_directory(dir: &Path, name: &str) -> PathBuf {
    if dir == Path::new(".") {
        PathBuf::from(name)
    } else {
        dir.join(name)
    }
}

/// Quotes a path for a shell if necessary.
fn quote_for_shell(path: &Path) -> String {
    let shown = path.display().to_string();
    let mut chars = shown.chars();
    if chars.all(|c| c.is_alphanumeric() || "-_./+:@%".contains(c)) {
        shown
    } else {
        format!("'{}'", shown.replace('\'', "'\\''"))
    }
}

/// Writes a new file. Fails if it exists.
fn create_file(path: &Path, text: &str) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).open(path)?;
    file.write_all(text.as_bytes())
}

/// Returns the error for a second configuration beside one that may be published.
fn published_config_error(file: &str, output: &Path) -> HintedError {
    let output = output.display();
    HintedError {
        message: format!("`{file}` already exists, and may be published with the site"),
        hint: format!(
            "rename it to `{output}`, which courant also finds without `--config`; `--output FILE` writes to another file"
        ),
        source: None,
    }
}

fn write_error(path: &Path, source: io::Error) -> HintedError {
    let shown = path.display();
    if source.kind() == io::ErrorKind::AlreadyExists {
        return HintedError {
            message: format!("`{shown}` already exists and was not changed"),
            hint: "`--output FILE` writes to another file, `--print` to stdout".to_owned(),
            source: None,
        };
    }
    HintedError {
        message: format!("cannot write `{shown}`"),
        hint: "`--output FILE` writes to another file, `--print` to stdout".to_owned(),
        source: Some(source),
    }
}

fn site_error(error: InitError) -> HintedError {
    let message = error.to_string();
    match error {
        InitError::UnreadableDirectory { source, .. } => HintedError {
            message,
            hint: "name the directory of a site, as in `courant init path/to/site`".to_owned(),
            source: Some(source),
        },
        InitError::NothingFound { .. } => HintedError {
            message,
            hint: "name the directory of a site, as in `courant init path/to/site`; for a new one, a `config.toml` with `url` and `title` below `[site]` is enough".to_owned(),
            source: None,
        },
    }
}
