//! Builds the style sheet of the HTML pages from the site's theme colour.
//!
//! The colour can be any, so text never has it. It fills the background of text in black or white, whichever has
//! more contrast, and underlines links.

use crate::color::text_color_on;

/// Returns the style sheet; `accent` is `#rrggbb`.
pub(super) fn page_stylesheet(accent: &str) -> String {
    let on_accent = text_color_on(accent);
    format!(":root{{--accent:{accent};--on-accent:{on_accent};{PAGE_CSS}")
}

/// Style rules of all pages, after the colours that depend on the site.
const PAGE_CSS: &str = "color-scheme:light dark;\
--paper:#fbfaf8;--card:#fff;--ink:#1c1b1a;--soft:#5d5a55;--line:#e4e0da}\
@media(prefers-color-scheme:dark){:root{--paper:#161514;--card:#1f1e1c;--ink:#eeebe6;--soft:#aaa49b;--line:#363330}}\
*{box-sizing:border-box}\
body{margin:0;background:var(--paper);color:var(--ink);border-top:6px solid var(--accent);\
font:17px/1.55 system-ui,-apple-system,\"Segoe UI\",Roboto,\"Noto Sans\",sans-serif;overflow-wrap:break-word}\
header,main,footer{max-width:44rem;margin:0 auto;padding:0 1.25rem}\
header{padding-top:3rem}\
a{color:inherit;text-decoration-color:var(--accent);text-decoration-thickness:2px;text-underline-offset:3px}\
a:hover{text-decoration-thickness:3px}\
a:focus-visible{outline:3px solid var(--accent);outline-offset:3px;border-radius:3px}\
h1{font-size:clamp(2rem,6vw,2.9rem);line-height:1.1;letter-spacing:-.02em;margin:.2rem 0 .6rem;text-wrap:balance}\
h2{font-size:1.05rem;letter-spacing:.01em;margin:0 0 1rem;color:var(--soft);font-weight:600}\
h3{font-size:1.25rem;line-height:1.3;margin:.1rem 0 .35rem;text-wrap:balance}\
h3 a{text-decoration-line:none}h3 a:hover{text-decoration-line:underline}\
.site{margin:0;font-weight:600}.lead{font-size:1.1rem;color:var(--soft);margin:0 0 1.5rem;max-width:38rem}main>.lead{margin-top:1.2rem}\
.formats{list-style:none;margin:0;padding:0;display:flex;flex-wrap:wrap;gap:.6rem}\
.formats a{display:inline-block;padding:.6rem 1.2rem;border-radius:999px;background:var(--accent);color:var(--on-accent);\
font-weight:600;text-decoration:none}\
.formats a:hover{filter:brightness(1.08)}\
.hint{color:var(--soft);font-size:.92rem;margin:1rem 0 0}\
code{font:.9em ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;background:var(--card);border:1px solid var(--line);\
border-radius:6px;padding:.15rem .45rem;user-select:all;overflow-wrap:anywhere}\
section{margin:3rem 0 0}\
.posts{list-style:none;margin:0;padding:0}\
.posts li{padding:1.3rem 0;border-top:1px solid var(--line)}\
.meta{display:flex;flex-wrap:wrap;gap:.35rem .6rem;align-items:center;margin:0 0 .3rem;font-size:.85rem;color:var(--soft);\
font-variant-numeric:tabular-nums}\
.tag{border:1px solid var(--line);border-radius:999px;padding:.02rem .6rem;background:var(--card)}\
.summary{margin:0;color:var(--soft)}.by{margin:.45rem 0 0;font-size:.9rem}\
.none{color:var(--soft)}\
.feeds{list-style:none;margin:0;padding:0;display:grid;grid-template-columns:repeat(auto-fill,minmax(19rem,1fr));gap:0 2rem}\
.feeds li{display:flex;justify-content:space-between;gap:1rem;padding:.55rem 0;border-top:1px solid var(--line)}\
.links{display:flex;gap:.8rem;font-size:.9rem;white-space:nowrap}\
footer{margin-top:3.5rem;padding-bottom:3rem;color:var(--soft);font-size:.9rem}\
footer p{border-top:1px solid var(--line);padding-top:1.2rem}\
.cover{display:block;max-width:100%;height:auto;max-height:24rem;border-radius:12px;margin:1.5rem 0}\
.on{display:inline-block;margin:1rem 0 0;padding:.7rem 1.4rem;border-radius:999px;background:var(--accent);\
color:var(--on-accent);font-weight:600;text-decoration:none}\
@media(max-width:30rem){header{padding-top:2rem}.feeds{grid-template-columns:1fr}}";
