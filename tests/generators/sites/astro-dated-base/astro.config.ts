import { defineConfig } from "astro/config";

export default defineConfig({
  site: "https://user.example",
  base: "/stairs",
  build: { format: "file" },
});
