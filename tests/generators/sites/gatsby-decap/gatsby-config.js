module.exports = {
  siteMetadata: { title: "Pump House", siteUrl: "https://pump.example" },
  plugins: [
    { resolve: "gatsby-source-filesystem", options: { name: "pages", path: `${__dirname}/src/pages` } },
    { resolve: "gatsby-source-filesystem", options: { name: "img", path: `${__dirname}/static/img` } },
    "gatsby-transformer-remark",
  ],
};
