# courant beside a site, behind Varnish 6.1 or later: feeds, maps and cards come from courant, and what draws previews
# of links gets the card of a page. To /etc/varnish/default.vcl; see docs/deploy.md.
#
# Start varnishd with `-p http_gzip_support=off`: then what courant has coded (gzip, br, zstd) is passed on as it is,
# with its own ETag. Otherwise Varnish asks for gzip only, and unpacks for who takes none.
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
        # Only what is set here is believed.
        unset req.http.X-Page;
        unset req.http.X-Varies;
    }
    set req.backend_hint = site;
    # X-Forwarded-For ends with the client's address: Varnish says so of itself. It needs `server.trusted_proxies`
    # in courant's configuration.
    if (req.url ~ "^/((rss|atom|opml|sitemap(-\d+)?)\.xml|feed\.(json|css)|robots\.txt|(category|tag|author)/[^/?]+/(rss\.xml|atom\.xml|feed\.json)|cards/[^?]*)(\?|$)") {
        set req.backend_hint = courant;
        unset req.http.Cookie;
        # What is new since the client's copy is for this client alone.
        if (req.http.A-IM) {
            return (pass);
        }
    }
    # A page has no extension, or that of HTML; anything else is a file.
    elseif (req.url !~ "\.(?!html?(\?|$))[A-Za-z0-9]+(\?|$)") {
        set req.http.X-Varies = "User-Agent";
        # Those that draw previews of links. No search engine: it indexes the site's own page.
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
    # Not a post, or courant is away: the page of the site, as for everybody.
    if (req.http.X-Page && req.restarts == 0 && (resp.status == 404 || resp.status >= 500)) {
        set req.url = req.http.X-Page;
        return (restart);
    }
    # Caches on the way are told that there are two answers. Here each has an address of its own.
    if (req.http.X-Varies) {
        if (resp.http.Vary) {
            set resp.http.Vary = resp.http.Vary + ", " + req.http.X-Varies;
        } else {
            set resp.http.Vary = req.http.X-Varies;
        }
    }
}
