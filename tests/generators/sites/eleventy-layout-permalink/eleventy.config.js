export default function (config) {
	config.addCollection("articles", (api) => api.getFilteredByGlob("src/articles/*.md"));
	return { markdownTemplateEngine: "njk", htmlTemplateEngine: "njk", dir: { input: "src", output: "dist" } };
}
