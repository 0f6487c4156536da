/** @type {import("@docusaurus/types").Config} */
const config = {
  title: "Ferry Office",
  tagline: "Departures, arrivals, fog",
  url: "https://ferries.example",
  baseUrl: "/",
  i18n: { defaultLocale: "en", locales: ["en"] },
  presets: [
    [
      "classic",
      {
        docs: { sidebarPath: undefined },
        blog: { showReadingTime: true, feedOptions: { type: "all" }, onUntruncatedBlogPosts: "ignore", onInlineAuthors: "ignore" },
        theme: {},
      },
    ],
  ],
};

module.exports = config;
