//! A configuration that is read again into one that a running server can take, and the keys it cannot.

use url::Url;

use super::{Config, Server};

impl Config {
    /// Takes from the running configuration what only a start reads. Returns the keys that are
    /// written otherwise now, and need a restart.
    pub fn keep_what_needs_a_restart(&mut self, running: &Config) -> Vec<&'static str> {
        let (new, old) = (&self.server, &running.server);
        // The addresses in outputs are made anew; the prefix that requests may have is not.
        let moves = path(&new.public_url) != path(&old.public_url);
        let keys = [
            ("server.listen", new.listen != old.listen),
            ("server.unix_mode", new.unix_mode != old.unix_mode),
            ("server.tls", new.tls != old.tls),
            ("server.public_url", moves),
            (
                "server.max_connections",
                new.max_connections != old.max_connections,
            ),
            (
                "server.header_timeout",
                new.header_timeout != old.header_timeout,
            ),
            ("server.idle_timeout", new.idle_timeout != old.idle_timeout),
            (
                "server.drain_timeout",
                new.drain_timeout != old.drain_timeout,
            ),
            ("server.access_log", new.access_log != old.access_log),
            (
                "cards.cache_size",
                self.cards.cache_size != running.cards.cache_size,
            ),
            ("cards.queue", self.cards.queue != running.cards.queue),
            ("admin.listen", self.admin.listen != running.admin.listen),
            ("admin.token", self.admin.token != running.admin.token),
            ("admin.hosts", self.admin.hosts != running.admin.hosts),
        ];
        let public_url = if moves { old } else { new }.public_url.clone();
        self.server = Server {
            public_url,
            ..old.clone()
        };
        self.cards.cache_size = running.cards.cache_size;
        self.cards.queue = running.cards.queue;
        self.admin.clone_from(&running.admin);
        keys.into_iter()
            .filter_map(|(key, differs)| differs.then_some(key))
            .collect()
    }
}

/// The path of a URL.
fn path(url: &str) -> Option<String> {
    Url::parse(url).ok().map(|url| url.path().to_owned())
}
