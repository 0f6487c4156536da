export default {
  title: "Rewritten",
  cleanUrls: true,
  sitemap: { hostname: "https://rewritten.example" },
  rewrites: {
    "writing/:year/:name.md": "posts/:name.md",
  },
};
