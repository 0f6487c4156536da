export default function (config) {}

export const config = {
	pathPrefix: "/toolshed/",
	dir: { input: "src" },
};
