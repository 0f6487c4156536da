import { defineCollection, z } from "astro:content";
import { glob } from "astro/loaders";

export const collections = {
  posts: defineCollection({
    loader: glob({ pattern: "*.md", base: "./writing" }),
    schema: z.object({ title: z.string(), date: z.coerce.date(), draft: z.boolean().optional(), category: z.string() }),
  }),
};
