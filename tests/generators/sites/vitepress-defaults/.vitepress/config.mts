import { defineConfig } from "vitepress";

export default defineConfig({
  title: "The Work Bench",
  description: "Joints, glue and patience",
  lang: "en-GB",
  sitemap: { hostname: "https://bench.example" },
});
