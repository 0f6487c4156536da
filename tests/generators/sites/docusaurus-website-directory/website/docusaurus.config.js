module.exports = {
  title: "Winch",
  onBrokenLinks: "ignore",
  url: "https://winch.example",
  baseUrl: "/",
  i18n: { defaultLocale: "en", locales: ["en", "fr"] },
  presets: [["classic", { docs: false, blog: { routeBasePath: "news", feedOptions: { type: "all" }, onUntruncatedBlogPosts: "ignore" } }]],
};
