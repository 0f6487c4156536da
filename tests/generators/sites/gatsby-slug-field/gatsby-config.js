module.exports = {
  pathPrefix: "/gauge",
  siteMetadata: { title: "The Gauge", siteUrl: "https://user.example" },
  plugins: [
    { resolve: "gatsby-source-filesystem", options: { name: "posts", path: `${__dirname}/posts` } },
    "gatsby-transformer-remark",
  ],
};
