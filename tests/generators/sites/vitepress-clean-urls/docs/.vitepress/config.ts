import { defineConfig } from "vitepress";

export default defineConfig({
  title: "The Vice",
  base: "/vice/",
  cleanUrls: true,
  srcDir: "./src",
  sitemap: { hostname: "https://user.example/vice/" },
});
