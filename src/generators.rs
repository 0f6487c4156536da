//! Reads what the files of site generators and of Decap CMS say about a site.
//!
//! Files are parsed and never executed. A value that was read keeps its file and line.

mod astro;
mod docusaurus;
mod eleventy;
mod gatsby;
mod hexo;
mod hugo;
mod jekyll;
mod nuxt;
mod pelican;
mod vitepress;
mod zola;

use crate::detect::detected::DetectedSite;

/// Readers of the generators' files. Generators whose file has a name of its own come first, and those that
/// `package.json` or a directory tells come last. Each returns true if the site is made with its generator.
const GENERATOR_READERS: [fn(&mut DetectedSite<'_>) -> bool; 12] = [
    gatsby::read_gatsby_site,
    astro::read_astro_site,
    nuxt::read_nuxt_site,
    docusaurus::read_docusaurus_site,
    vitepress::read_vitepress_site,
    pelican::read_pelican_site,
    eleventy::read_eleventy_site,
    zola::read_zola_site,
    hugo::read_hugo_site,
    hexo::read_hexo_site,
    eleventy::read_default_eleventy_site,
    jekyll::read_jekyll_site,
];

/// Reads the files of the site's generator.
pub(crate) fn read_generator_files(site: &mut DetectedSite<'_>) {
    // The first reader that recognises the site ends the search.
    let _ = GENERATOR_READERS.iter().any(|read| read(site));
}
