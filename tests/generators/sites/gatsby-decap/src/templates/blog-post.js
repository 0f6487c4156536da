import * as React from "react";
import { graphql } from "gatsby";

export default function Post({ data }) {
  const { frontmatter, html } = data.markdownRemark;
  return (
    <article>
      <h1>{frontmatter.title}</h1>
      <time dateTime={frontmatter.date}>{frontmatter.date}</time>
      <div dangerouslySetInnerHTML={{ __html: html }} />
    </article>
  );
}

export const Head = ({ location }) => <link rel="canonical" href={`https://pump.example${location.pathname}`} />;

export const query = graphql`
  query ($id: String!) {
    markdownRemark(id: { eq: $id }) {
      html
      frontmatter {
        title
        date
      }
    }
  }
`;
