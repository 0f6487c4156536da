# Runs courant and a site behind Varnish 6.1 or later. Feeds, sitemaps and cards come from courant, and link-preview bots
# get the card of a page. Copy to /etc/varnish/default.vcl; see docs/deploy.md.
#
# Start varnishd with `-p http_gzip_support=off`. It then passes on courant's encodings (gzip, br, zstd) and their ETags.
# Otherwise it requests only gzip, and decompresses it for clients that do not accept it.
vcl 4.1;

backend site {
    .host = "127.0.0.1";
    .port = "8000";
}

backend courant {
    .host = "127.0.0.1";
    .port = "8080";
}

sub vcl_recv {
    if (req.restarts == 0) {
        # Clients must not set these.
        unset req.http.X-Page;
        unset req.http.X-Varies;
    }
    set req.backend_hint = site;
    # Varnish appends the client's address to X-Forwarded-For by default. Needs `server.trusted_proxies` in courant's
    # configuration.
    if (req.url ~ "^/((rss|atom|opml|(news-)?sitemap(-\d+)?)\.xml|feed\.(json|css)|(robots|llms)\.txt|([a-z]{2,3}(-[a-z0-9]+)*/)?((category|tag|author)/[^/?]+/)?((rss|atom)(/(archive/)?\d+)?\.xml|feed(/(archive/)?\d+)?\.json)|cards/[^?]*)(\?|$)") {
        set req.backend_hint = courant;
        unset req.http.Cookie;
        # A delta to the client's copy is for this client only.
        if (req.http.A-IM) {
            return (pass);
        }
    }
    # A page has no extension, or an HTML one. Everything else is a file.
    elseif (req.url !~ "\.(?!html?(\?|$))[A-Za-z0-9]+(\?|$)") {
        set req.http.X-Varies = "User-Agent";
        # Link-preview bots. Search engines must not be here, because they index the site's own page.
        if (req.restarts == 0 && (req.method == "GET" || req.method == "HEAD") && req.http.User-Agent ~ "(?i)(facebookexternalhit|Facebot|Twitterbot|LinkedInBot|Slackbot-LinkExpanding|Discordbot|WhatsApp/|TelegramBot|Mastodon/|Pleroma|Akkoma|Misskey/|SummalyBot|Lemmy/|Bluesky Cardyb|redditbot|Pinterestbot|SkypeUriPreview|vkShare|Embedly|Iframely|Synapse|Mattermost-Bot|ZulipURLPreview|Snap URL Preview)") {
            set req.http.X-Page = req.url;
            set req.url = "/cards" + regsub(req.url, "\?.*", "");
            set req.backend_hint = courant;
            unset req.http.Cookie;
        }
    }
}

sub vcl_backend_fetch {
    unset bereq.http.X-Page;
    unset bereq.http.X-Varies;
}

sub vcl_deliver {
    # Not a post, or courant is down: the site's page.
    if (req.http.X-Page && req.restarts == 0 && (resp.status == 404 || resp.status >= 500)) {
        set req.url = req.http.X-Page;
        return (restart);
    }
    # Pages vary by User-Agent, so that no cache sends a card to a browser. Varnish itself stores both under separate URLs.
    if (req.http.X-Varies) {
        if (resp.http.Vary) {
            set resp.http.Vary = resp.http.Vary + ", " + req.http.X-Varies;
        } else {
            set resp.http.Vary = req.http.X-Varies;
        }
    }
}
