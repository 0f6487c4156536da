import type { Config } from "@docusaurus/types";

const config: Config = {
  title: "Pontoon",
  url: "https://user.example",
  baseUrl: "/pontoon/",
  trailingSlash: true,
  presets: [
    ["classic", { docs: false, blog: { path: "writing", routeBasePath: "/", feedOptions: { type: "all" }, onUntruncatedBlogPosts: "ignore" } }],
  ],
};

export default config;
