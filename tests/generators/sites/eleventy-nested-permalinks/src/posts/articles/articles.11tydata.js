export default { permalink: "/article/{{ page.fileSlug }}/index.html" };
