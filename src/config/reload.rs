//! Decides which keys of a reloaded configuration take effect without a restart.

use url::Url;

use super::{Config, ServerConfig};

/// Keeps the running values of settings that are read only at the start. Returns the keys that
/// changed and need a restart.
pub(crate) fn keep_restart_only_settings(
    reloaded: &mut Config,
    running: &Config,
) -> Vec<&'static str> {
    let (new, old) = (&reloaded.server, &running.server);
    // All fields are named, so that a new one does not compile until it is compared here.
    let ServerConfig {
        listen,
        unix_mode,
        tls,
        public_url,
        max_connections,
        header_timeout,
        idle_timeout,
        drain_timeout,
        trusted_proxies,
        forwarded_header: says_client,
        limits,
        cache,
        access_log,
    } = new;
    // Outputs are rendered again with the new URL, but the path prefix of requests is fixed at the start.
    let prefix_changed = url_path(public_url) != url_path(&old.public_url);
    // Feeds must not name a hub that is not told of changes.
    let (announce, was) = (&reloaded.announce, &running.announce);
    let (sitemap, old_sitemap) = (&reloaded.sitemap, &running.sitemap);
    let lastmod_changed = sitemap.lastmod != old_sitemap.lastmod
        || sitemap.ignored_commits != old_sitemap.ignored_commits;
    let is_moved = reloaded.content.git != running.content.git;
    let keys = [
        ("server.listen", *listen != old.listen),
        ("server.unix_mode", *unix_mode != old.unix_mode),
        ("server.tls", *tls != old.tls),
        ("server.public_url", prefix_changed),
        (
            "server.max_connections",
            *max_connections != old.max_connections,
        ),
        (
            "server.header_timeout",
            *header_timeout != old.header_timeout,
        ),
        ("server.idle_timeout", *idle_timeout != old.idle_timeout),
        ("server.drain_timeout", *drain_timeout != old.drain_timeout),
        (
            "server.trusted_proxies",
            *trusted_proxies != old.trusted_proxies,
        ),
        (
            "server.client_address",
            *says_client != old.forwarded_header,
        ),
        ("server.limits", *limits != old.limits),
        ("server.cache", *cache != old.cache),
        ("server.access_log", *access_log != old.access_log),
        (
            "cards.cache_size",
            reloaded.cards.cache_size != running.cards.cache_size,
        ),
        ("cards.queue", reloaded.cards.queue != running.cards.queue),
        (
            "admin.listen",
            reloaded.admin.listen != running.admin.listen,
        ),
        ("admin.token", reloaded.admin.token != running.admin.token),
        ("admin.hosts", reloaded.admin.hosts != running.admin.hosts),
        ("content.git", is_moved),
        ("sitemap.lastmod", lastmod_changed),
        ("export", reloaded.export != running.export),
        ("announce.enabled", announce.enabled != was.enabled),
        ("websub.hubs", announce.hubs != was.hubs),
        ("indexnow", announce.indexnow != was.indexnow),
        ("state.dir", announce.state_dir != was.state_dir),
    ];
    let public_url = if prefix_changed { old } else { new }.public_url.clone();
    reloaded.server = ServerConfig {
        public_url,
        ..old.clone()
    };
    reloaded.cards.cache_size = running.cards.cache_size;
    reloaded.cards.queue = running.cards.queue;
    reloaded.admin.clone_from(&running.admin);
    reloaded.announce.clone_from(&running.announce);
    reloaded.export.clone_from(&running.export);
    reloaded.sitemap.lastmod = running.sitemap.lastmod;
    let ignored_commits = &running.sitemap.ignored_commits;
    reloaded.sitemap.ignored_commits.clone_from(ignored_commits);
    if is_moved {
        reloaded.content.git.clone_from(&running.content.git);
        reloaded.content.dir.clone_from(&running.content.dir);
        let static_dir = &running.content.static_dir;
        reloaded.content.static_dir.clone_from(static_dir);
    }
    keys.into_iter()
        .filter_map(|(key, is_changed)| is_changed.then_some(key))
        .collect()
}

/// Returns the path of a URL.
fn url_path(url: &str) -> Option<String> {
    Url::parse(url).ok().map(|url| url.path().to_owned())
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    fn config(server: &str) -> Config {
        let toml = format!("[site]\nurl = \"https://e.org\"\ntitle = \"E\"\n[server]\n{server}\n");
        Config::parse(&toml, "config.toml", Path::new("/")).unwrap()
    }

    #[test]
    fn changed_server_keys_are_reported_and_keep_their_values() {
        let running = config("");
        for (server, key) in [
            ("max_connections = 9", "server.max_connections"),
            ("idle_timeout = \"9s\"", "server.idle_timeout"),
            ("trusted_proxies = [\"unix\"]", "server.trusted_proxies"),
            ("client_address = \"forwarded\"", "server.client_address"),
            ("[server.limits]\nstreams = 9", "server.limits"),
            ("[server.cache]\nfeeds = \"no-cache\"", "server.cache"),
            ("access_log = \"-\"", "server.access_log"),
        ] {
            let mut reloaded = config(server);
            assert_eq!(keep_restart_only_settings(&mut reloaded, &running), [key]);
            assert_eq!(reloaded.server, running.server);
        }
        assert!(keep_restart_only_settings(&mut config(""), &running).is_empty());
    }

    #[test]
    fn changed_repository_needs_a_restart() {
        let read = |dir: &str, git: &str, lastmod: &str| {
            let toml = format!(
                "[site]\nurl = \"https://e.org\"\ntitle = \"E\"\n[content]\ndir = {dir:?}\n[content.git]\nurl = {git:?}\n[sitemap]\nlastmod = {lastmod:?}\n[state]\ndir = \"s\"\n"
            );
            Config::parse(&toml, "config.toml", Path::new("/")).unwrap()
        };
        let running = read("a", "https://h/a", "post");
        for (dir, git, lastmod, key) in [
            ("a", "https://h/b", "post", "content.git"),
            ("b", "https://h/a", "post", "content.git"),
            ("a", "https://h/a", "git", "sitemap.lastmod"),
        ] {
            let mut reloaded = read(dir, git, lastmod);
            assert_eq!(keep_restart_only_settings(&mut reloaded, &running), [key]);
            assert_eq!(reloaded, running);
        }
    }
}
