//! Reads `[content.git]` of `config.toml`: the repository that the posts come from.

use std::path::{Component, Path, PathBuf};
use std::time::Duration;

use crate::config_table::values::{MAX_DURATION, check_duration, hide_credentials};
use crate::config_table::{ConfigErrors, ConfigTable, Spanned};
use crate::repository_url::{REPOSITORY_URL_HINT, is_branch_name, is_repository_url};

/// Default interval of fetches. A fetch without changes is one request.
const DEFAULT_INTERVAL: Duration = Duration::from_secs(60);
/// Minimum interval of fetches. Forges limit how often a client may ask.
const MIN_INTERVAL: Duration = Duration::from_secs(5);
/// Directory of the work tree in `state.dir`.
const CHECKOUT_DIR: &str = "repository";
/// `[content.git]`: repository that the posts come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GitConfig {
    /// URL of the repository. It may hold credentials.
    pub url: String,
    /// Branch; `None` follows the default branch of the repository.
    pub branch: Option<String>,
    /// Directory of the work tree.
    pub checkout: PathBuf,
    /// Directories to check out; empty for all.
    pub sparse_dirs: Vec<String>,
    /// Interval of fetches.
    pub interval: Duration,
    /// Webhook that triggers a fetch.
    pub webhook: Option<WebhookConfig>,
}

/// `content.git.webhook`: path and secret of a webhook.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WebhookConfig {
    /// Path of the requests.
    pub path: String,
    /// File of the secret; `None` reads an environment variable.
    pub secret_file: Option<PathBuf>,
}

impl GitConfig {
    /// Remedy for a URL that git must not get.
    pub const URL_HINT: &str = REPOSITORY_URL_HINT;

    /// Creates the configuration of a whole repository without a webhook. Returns `None` if git must not get the URL.
    pub fn from_url(url: &str, checkout: PathBuf) -> Option<GitConfig> {
        is_repository_url(url).then(|| GitConfig {
            url: url.to_owned(),
            branch: None,
            checkout,
            sparse_dirs: Vec::new(),
            interval: DEFAULT_INTERVAL,
            webhook: None,
        })
    }

    /// Returns the protocol of the URL.
    pub fn protocol(&self) -> &str {
        self.url
            .split_once("://")
            .map_or("ssh", |(scheme, _)| scheme)
    }

    /// Returns the URL without user and password.
    pub fn shown_url(&self) -> String {
        match self.url.contains("://") && self.url.contains('@') {
            true => hide_credentials(&self.url),
            false => self.url.clone(),
        }
    }
}

/// Repository whose directories are not known yet, because `state.dir` is read later.
pub(super) struct UnplacedGit {
    git: GitConfig,
    url: Spanned<String>,
    path: PathBuf,
}

/// Reads the section. Returns `None` if it has no `url`.
pub(super) fn read_git(
    mut table: ConfigTable<'_, '_>,
    faults: &ConfigErrors<'_>,
    dir: &Path,
) -> Option<UnplacedGit> {
    let url = table.take_string("url");
    let branch = table.take_string("branch");
    let path = table.take_string("path");
    let interval = check_duration(
        faults,
        table.take_duration("interval"),
        MIN_INTERVAL..=MAX_DURATION,
        DEFAULT_INTERVAL,
    );
    let webhook = table.take_string("webhook");
    let secret_file = table.take_string("secret_file");
    if url.is_none() && (branch.is_some() || path.is_some() || webhook.is_some()) {
        table.report_missing("url", "write the address that `git clone` gets");
    }
    table.reject_unknown();
    let url = url?;
    let Some(mut git) = GitConfig::from_url(url.value.trim(), PathBuf::new()) else {
        let message = format!(
            "is not the URL of a repository: `{}`",
            hide_credentials(&url.value)
        );
        faults.report_at(&url, &message, GitConfig::URL_HINT);
        return None;
    };
    if let Some(written) = branch.as_ref().filter(|name| !is_branch_name(&name.value)) {
        let message = format!("is not the name of a branch: `{}`", written.value);
        faults.report_at(written, &message, "write the name alone, such as `main`");
    }
    if let Some(written) = webhook.as_ref().filter(|path| !is_url_path(&path.value)) {
        let message = format!("is not a path: `{}`", written.value);
        faults.report_at(written, &message, "write a path such as `/hooks/git`");
    }
    let path = path.map(|written| {
        check_inside(&written, faults);
        PathBuf::from(written.value.trim_matches('/'))
    });
    git.branch = branch.map(|written| written.value);
    git.interval = interval;
    git.webhook = webhook.map(|written| WebhookConfig {
        path: written.value,
        secret_file: secret_file.map(|file| dir.join(file.value.trim())),
    });
    Some(UnplacedGit {
        git,
        url,
        path: path.unwrap_or_default(),
    })
}

/// Reports a directory that is not inside the repository.
pub(super) fn check_inside(written: &Spanned<String>, faults: &ConfigErrors<'_>) {
    let path = Path::new(written.value.trim_start_matches('/'));
    let is_inside = path
        .components()
        .all(|part| matches!(part, Component::Normal(_) | Component::CurDir));
    if !is_inside {
        let message = format!("leaves the repository: `{}`", written.value);
        faults.report_at(written, &message, "name a directory in the repository");
    }
}

impl UnplacedGit {
    /// Places the directories of the content, which are relative to the repository until then, below the checkout.
    /// Returns `None` and leaves them if there is no `state.dir`.
    pub(super) fn place_content(
        self,
        dir: &mut PathBuf,
        static_dir: &mut Option<PathBuf>,
        state_dir: Option<&Path>,
        faults: &ConfigErrors<'_>,
    ) -> Option<GitConfig> {
        let UnplacedGit { mut git, url, path } = self;
        let Some(state_dir) = state_dir else {
            let hint = "write `dir = \"…\"` under `[state]`, the directory that the repository is cloned into";
            faults.report_at(&url, "needs `state.dir`", hint);
            return None;
        };
        let posts: PathBuf = path.join(&dir).components().collect();
        let images = static_dir.as_ref().map(|dir| path.join(dir));
        if !posts.as_os_str().is_empty() && posts != Path::new(".") {
            // Posts of Jekyll insert the files of `_includes`, which is beside or above them.
            let above = posts.ancestors().skip(1);
            let includes = above.map(|above| above.join("_includes"));
            let dirs = [posts.clone()].into_iter().chain(images.clone());
            git.sparse_dirs = dirs
                .chain(includes)
                .map(|dir| dir.to_string_lossy().into_owned())
                .collect();
        }
        git.checkout = state_dir.join(CHECKOUT_DIR);
        *dir = git.checkout.join(posts);
        *static_dir = images.map(|images| git.checkout.join(images));
        Some(git)
    }
}

fn is_url_path(text: &str) -> bool {
    text.len() > 1
        && text.starts_with('/')
        && text
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"/-._~".contains(&b))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;

    fn read(section: &str) -> Result<Config, Vec<String>> {
        let text =
            format!("[site]\nurl = \"https://e.org\"\ntitle = \"E\"\n[content.git]\n{section}\n");
        Config::parse(&text, "config.toml", Path::new("/srv/site"))
            .map_err(|findings| findings.iter().map(ToString::to_string).collect())
    }

    #[test]
    fn content_is_in_the_checkout() {
        let config = read("url = \"https://h.example/me/blog.git\"\n[state]\ndir = \"state\"");
        let content = config.unwrap().content;
        assert_eq!(content.dir, Path::new("/srv/site/state/repository/content"));
        let git = content.git.unwrap();
        assert_eq!(git.sparse_dirs, ["content", "_includes"]);
        assert_eq!((git.protocol(), &git.branch), ("https", &None));
    }

    #[test]
    fn static_files_are_in_the_checkout() {
        let text = "url = \"git@h.example:me/blog.git\"\npath = \"/sites/blog/\"\n[content]\ndir = \"src/posts\"\nstatic_dir = \"static\"\n[state]\ndir = \"/var/state\"";
        let text = text.replace("[content]\n", "");
        let (git, rest) = text.split_once("dir =").unwrap();
        let config = Config::parse(
            &format!(
                "[site]\nurl = \"https://e.org\"\ntitle = \"E\"\n[content]\ndir ={}\n[content.git]\n{git}\n[state]\ndir = \"/var/state\"",
                rest.split("[state]").next().unwrap()
            ),
            "config.toml",
            Path::new("/srv/site"),
        );
        let content = config.unwrap().content;
        let checkout = Path::new("/var/state/repository/sites/blog");
        assert_eq!(content.dir, checkout.join("src/posts"));
        assert_eq!(content.static_dir, Some(checkout.join("static")));
        let git = content.git.unwrap();
        assert_eq!(git.protocol(), "ssh");
        assert_eq!(
            git.sparse_dirs[..2],
            ["sites/blog/src/posts", "sites/blog/static"]
        );
    }

    #[test]
    fn faults_name_key_and_hide_credentials() {
        let state = "[state]\ndir = \"state\"";
        for (section, expected) in [
            (
                "url = \"-oProxy\"",
                "`content.git.url` is not the URL of a repository",
            ),
            (
                "url = \"ext::sh -c id\"",
                "`content.git.url` is not the URL of a repository",
            ),
            (
                "url = \"ext::sh%20x\"",
                "`content.git.url` is not the URL of a repository",
            ),
            (
                "url = \"/srv/blog.git\"",
                "`content.git.url` is not the URL of a repository",
            ),
            ("url = \"ftp://me:secret@h/x\"", "repository: `ftp://…@h/x`"),
            ("branch = \"main\"", "`content.git.url` is missing"),
            (
                "url = \"https://h/x\"\nbranch = \"--upload-pack=x\"",
                "`content.git.branch`",
            ),
            (
                "url = \"https://h/x\"\npath = \"../x\"",
                "`content.git.path` leaves the repository",
            ),
            (
                "url = \"https://h/x\"\ninterval = \"1s\"",
                "`content.git.interval` is not between",
            ),
            (
                "url = \"https://h/x\"\nwebhook = \"hook\"",
                "`content.git.webhook` is not a path",
            ),
        ] {
            let errors = read(&format!("{section}\n{state}")).expect_err(section);
            assert!(errors[0].contains(expected), "{section}: {errors:?}");
            assert!(!errors[0].contains("secret"), "{errors:?}");
        }
        let errors = read("url = \"https://h/x\"").unwrap_err();
        assert!(
            errors[0].contains("`content.git.url` needs `state.dir`"),
            "{errors:?}"
        );
    }
}
