import { defineConfig } from "astro/config";

export default defineConfig({
  site: "https://crossing.example",
  trailingSlash: "always",
  i18n: { defaultLocale: "en", locales: ["en", "fr"] },
});
