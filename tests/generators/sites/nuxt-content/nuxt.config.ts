export default defineNuxtConfig({
  modules: ["@nuxt/content"],
  experimental: { payloadExtraction: false },
  site: { url: "https://deck.example", name: "Upper Deck" },
  compatibilityDate: "2025-07-01",
});
