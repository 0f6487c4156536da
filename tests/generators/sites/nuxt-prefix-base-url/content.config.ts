import { defineCollection, defineContentConfig, z } from "@nuxt/content";

export default defineContentConfig({
  collections: {
    blog: defineCollection({
      type: "page",
      source: { include: "posts/*.md", prefix: "/log" },
      schema: z.object({ date: z.string(), draft: z.boolean().optional() }),
    }),
  },
});
