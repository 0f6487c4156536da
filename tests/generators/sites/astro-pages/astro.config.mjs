import { defineConfig } from "astro/config";

export default defineConfig({ site: "https://signal.example/", trailingSlash: "never" });
