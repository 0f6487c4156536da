export default {
	title: "The Greenhouse",
	url: "https://greenhouse.example/",
	language: "en",
	author: { name: "Iris Bell", url: "https://greenhouse.example/about/" },
};
