export const SITE_TITLE = "The Lighthouse";
export const SITE_DESCRIPTION = "What is seen from the tower";
