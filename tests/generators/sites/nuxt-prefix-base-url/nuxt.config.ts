export default defineNuxtConfig({
  modules: ["@nuxt/content"],
  experimental: { payloadExtraction: false },
  app: { baseURL: "/mast/" },
  site: { url: "https://user.example", name: "The Mast" },
  compatibilityDate: "2025-07-01",
});
