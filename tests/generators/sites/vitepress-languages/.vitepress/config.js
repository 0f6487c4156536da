export default {
  title: "Lathe",
  sitemap: { hostname: "https://lathe.example" },
  locales: {
    root: { label: "English", lang: "en" },
    fr: { label: "Français", lang: "fr", title: "Tour" },
  },
};
