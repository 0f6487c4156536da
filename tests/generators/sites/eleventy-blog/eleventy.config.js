export default function (config) {
	config.addPreprocessor("drafts", "*", (data) => {
		if (data.draft && process.env.ELEVENTY_RUN_MODE === "build") {
			return false;
		}
	});
}

export const config = {
	markdownTemplateEngine: "njk",
	dir: { input: "content", includes: "../_includes", data: "../_data", output: "_site" },
};
