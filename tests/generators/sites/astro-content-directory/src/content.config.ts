import { defineCollection, z } from "astro:content";
import { glob } from "astro/loaders";

const pages = defineCollection({ loader: glob({ base: "./src/content/pages", pattern: "*.md" }) });
const posts = defineCollection({
  loader: glob({ base: "./src/content/posts", pattern: "**/[^_]*.md" }),
  schema: z.object({ title: z.string(), publishDate: z.coerce.date(), draft: z.boolean().optional() }),
});

export const collections = { pages, blog: posts };
