module.exports = {
  siteMetadata: { title: "Tide Clock", siteUrl: "https://tide.example/" },
  plugins: [
    { resolve: "gatsby-source-filesystem", options: { name: "blog", path: `${__dirname}/content/blog` } },
    "gatsby-transformer-remark",
  ],
};
