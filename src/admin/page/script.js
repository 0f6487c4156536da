// Keeps an open page up to date: after a change it fetches the same page again and replaces the parts
// (`data-live`) that differ. Without the script the page works too, and is reloaded by hand.
"use strict";

const live = document.getElementById("live");
const text = document.getElementById("live-text");
const announce = document.getElementById("announce");

let fetching = false;
let again = false;
let seen = null;
// HTML of each part as sent by the server, before this script changes it.
const written = new Map();
for (const part of document.querySelectorAll("[data-live]")) written.set(part.dataset.live, part.innerHTML);

function ago(seconds) {
  const long = Math.abs(seconds);
  const [count, unit] =
    long < 60 ? [long, "s"]
    : long < 3600 ? [long / 60, "min"]
    : long < 172800 ? [long / 3600, "h"]
    : [long / 86400, "days"];
  const span = `${Math.floor(count)} ${unit}`;
  if (seconds < 0) return `in ${span}`;
  return long < 2 ? "just now" : `${span} ago`;
}

function tick() {
  for (const time of document.querySelectorAll("time[data-ago]")) {
    const span = ago(Math.round((Date.now() - Date.parse(time.dateTime)) / 1000));
    if (time.textContent !== span) time.textContent = span;
  }
}

// Replaces a part, and keeps its focus and its opened details.
function replace(old, fresh) {
  const open = [...old.querySelectorAll("details[open]")].length > 0;
  const focused = old.contains(document.activeElement) ? document.activeElement : null;
  const href = focused && focused.getAttribute("href");
  old.replaceChildren(...fresh.childNodes);
  if (open) for (const details of old.querySelectorAll("details")) details.open = true;
  if (href) old.querySelector(`[href="${CSS.escape(href)}"]`)?.focus({ preventScroll: true });
  old.classList.remove("fresh");
  void old.offsetWidth;
  old.classList.add("fresh");
}

async function refresh() {
  if (fetching) {
    again = true;
    return;
  }
  fetching = true;
  try {
    const answer = await fetch(location.href, { cache: "no-store" });
    if (answer.status === 401) return location.reload();
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    for (const old of document.querySelectorAll("[data-live]")) {
      const fresh = page.querySelector(`[data-live="${old.dataset.live}"]`);
      if (fresh && fresh.innerHTML !== written.get(old.dataset.live)) {
        written.set(old.dataset.live, fresh.innerHTML);
        replace(old, fresh);
      }
    }
    const state = page.getElementById("live");
    if (live && state) live.dataset.state = state.dataset.state;
    tick();
  } catch {
    // The server is stopping or starting: the event stream reconnects when it is available.
  } finally {
    fetching = false;
    if (again) {
      again = false;
      refresh();
    }
  }
}

let events = null;

function listen() {
  if (!live || events || document.hidden) return;
  events = new EventSource("/events");
  events.addEventListener("news", (event) => {
    const news = JSON.parse(event.data);
    text.textContent = `Generation ${news.generation}`;
    if (live.dataset.state === "lost") live.dataset.state = "ready";
    if (seen !== null && seen !== news.generation) announce.textContent = `Generation ${news.generation} is served`;
    seen = news.generation;
    // A change may have come between loading the page and connecting.
    if (text.dataset.at !== event.lastEventId) refresh();
    text.dataset.at = event.lastEventId;
  });
  events.addEventListener("error", () => {
    live.dataset.state = "lost";
    text.textContent = "Not connected";
    // Browsers reconnect after a lost connection, but not after a refused one.
    if (events?.readyState === EventSource.CLOSED) {
      disconnect();
      setTimeout(listen, 5000);
    }
  });
}

function disconnect() {
  events?.close();
  events = null;
}

// A browser opens at most six connections to a host, so hidden pages keep none.
document.addEventListener("visibilitychange", () => (document.hidden ? disconnect() : listen()));
addEventListener("pagehide", disconnect);
addEventListener("pageshow", listen);
listen();
setInterval(tick, 1000);
tick();
