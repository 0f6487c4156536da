//! Checks out the repository of the content, and follows it.

use std::sync::Arc;

use super::super::environment::read_clock;
use super::super::exit::HintedError;
use crate::config::{Config, GitConfig, LastmodSource, Secret, WebhookConfig};
use crate::git::{
    Checkout, FetchTrigger, GitStatus, GitThread, fetch_at_start, follow_commit_dates,
    start_fetching,
};
use crate::server::Webhook;
use crate::watch::WatchHandle;

/// Variable with the secret of webhooks, unless a file has it.
const SECRET_VARIABLE: &str = "COURANT_WEBHOOK_SECRET";

/// Repository of the content, checked out.
pub(super) struct ContentRepository {
    checkout: Checkout,
    config: GitConfig,
    trigger: FetchTrigger,
    /// Webhook that triggers a fetch.
    pub(super) webhook: Option<Arc<Webhook>>,
}

impl ContentRepository {
    /// Fetches the repository and checks it out.
    pub(super) async fn check_out(
        config: &GitConfig,
        has_history: bool,
        status: &GitStatus,
    ) -> Result<ContentRepository, HintedError> {
        let trigger = FetchTrigger::default();
        let webhook = config.webhook.as_ref();
        let webhook = webhook.map(|webhook| create_webhook(webhook, &trigger, status));
        let webhook = webhook.transpose()?.map(Arc::new);
        let mut checkout = Checkout::new(config, has_history);
        let fetched = fetch_at_start(&mut checkout, status, read_clock()).await;
        fetched.map_err(|error| HintedError {
            message: format!("cannot fetch `{}`: {error}", config.shown_url()),
            hint: error.hint.to_owned(),
            source: None,
        })?;
        Ok(ContentRepository {
            checkout,
            config: config.clone(),
            trigger,
            webhook,
        })
    }

    /// Starts to fetch at an interval and on each webhook.
    pub(super) fn start_fetching(self, status: &GitStatus) -> std::io::Result<GitThread> {
        let (interval, status) = (self.config.interval, status.clone());
        start_fetching(self.checkout, interval, self.trigger, status, read_clock)
    }
}

/// Reads the dates of commits, if the configuration asks for them, until the handle is dropped.
pub(super) fn start_reading_dates(
    config: &Config,
    watch: WatchHandle,
) -> std::io::Result<Option<GitThread>> {
    if config.sitemap.lastmod == LastmodSource::Post {
        return Ok(None);
    }
    let ignored_commits = config.sitemap.ignored_commits.clone();
    follow_commit_dates(
        &config.content.dir,
        ignored_commits,
        read_clock,
        move |dates| watch.replace_commit_dates(dates),
    )
    .map(Some)
}

fn create_webhook(
    config: &WebhookConfig,
    trigger: &FetchTrigger,
    status: &GitStatus,
) -> Result<Webhook, HintedError> {
    let secret = read_secret(config)?;
    let (trigger, status) = (trigger.clone(), status.clone());
    let on_request = move |is_valid| {
        status.record_webhook(is_valid);
        if is_valid {
            trigger.request_fetch();
        }
    };
    Ok(Webhook::new(config.path.clone(), secret, on_request))
}

fn read_secret(config: &WebhookConfig) -> Result<Secret, HintedError> {
    let (text, place) = match &config.secret_file {
        Some(file) => {
            let text = std::fs::read_to_string(file).map_err(|source| HintedError {
                message: format!(
                    "cannot read the secret of webhooks from `{}`",
                    file.display()
                ),
                hint: "`content.git.secret_file` names it, relative to the configuration file"
                    .to_owned(),
                source: Some(source),
            })?;
            (text, format!("`{}`", file.display()))
        }
        None => (
            std::env::var(SECRET_VARIABLE).unwrap_or_default(),
            format!("the variable `{SECRET_VARIABLE}`"),
        ),
    };
    Secret::new(&text).ok_or_else(|| HintedError {
        message: format!("the secret of webhooks in {place} is missing or too short"),
        hint: format!(
            "set `content.git.secret_file` or `{SECRET_VARIABLE}`: at least 16 characters, such as `openssl rand -hex 16` gives"
        ),
        source: None,
    })
}
