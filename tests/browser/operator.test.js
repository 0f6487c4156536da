// Tests the admin page in a real browser, served by the real program.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, mkdir, readFile, rename, rm, unlink, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { after, afterEach, before, test } from "node:test";
import puppeteer from "puppeteer-core";

const axe = await readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const PATIENCE = { timeout: 15_000 };
const PAGES = ["/", "/posts", "/posts?q=cargo&state=hidden", "/readers"];

const post = (title, more = "", body = "A body with *some* words.") =>
  `---\ntitle: ${title}\ndate: 2024-05-0${(title.length % 9) + 1}\ndescription: What is told of it.\n${more}---\n\n${body}\n`;

class Courant {
  static async start(...more) {
    const self = new Courant();
    self.dir = await mkdtemp(join(tmpdir(), "courant-browser-"));
    await mkdir(join(self.dir, "content"));
    await self.write("first.md", post("The first boat"));
    await self.write("hidden.md", post("Not yet ready", "hidePost: true\n"));
    await self.write("later.md", post("Next century").replace("2024", "2124"));
    await self.write("wrong.md", "---\ntitle: [\n---\n");
    await self.write("odd.md", post('"<script>alert(1)</script> & \\"quotes\\""', "", "<b>bold</b><script>alert(2)</script>"));
    await writeFile(
      join(self.dir, "config.toml"),
      '[site]\nurl = "https://harbour.example"\ntitle = "The Harbour"\ndescription = "News of a harbour"\n' +
        '[content]\ndir = "content"\n' + more.join("\n"),
    );
    const program = process.env.COURANT;
    assert.ok(program, "the environment variable COURANT names the program");
    self.child = spawn(
      program,
      ["--config", join(self.dir, "config.toml"), "--listen", "127.0.0.1:0", "--admin-listen", "127.0.0.1:0"],
      { stdio: ["ignore", "ignore", "pipe"] },
    );
    const said = [];
    for await (const line of createInterface({ input: self.child.stderr })) {
      said.push(line);
      self.public ??= line.match(/^ *(http:\/\/\S+)\/ .*home page/)?.[1];
      self.admin ??= line.match(/admin page: (http:\/\/[^/]+)\//)?.[1];
      if (self.admin) break;
    }
    assert.ok(self.admin, `the log has no address of the admin page: ${said.join("\n")}`);
    self.child.stderr.resume();
    return self;
  }

  file(name) {
    return join(this.dir, "content", name);
  }

  // Writes a temporary file and renames it, as editors do.
  async write(name, text) {
    const beside = join(this.dir, "being-saved");
    await writeFile(beside, text);
    await rename(beside, this.file(name));
  }

  async stop() {
    const ended = once(this.child, "exit");
    this.child.kill("SIGTERM");
    await ended;
    await rm(this.dir, { recursive: true });
  }
}

let browser;
let courant;

before(async () => {
  browser = await puppeteer.launch({
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    args: ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"],
  });
  courant = await Courant.start();
});

// Closes pages that a failed test left open. Each holds a connection, and a browser opens at most six per host.
afterEach(async () => {
  const [first, ...others] = await browser.pages();
  await Promise.all(others.map((page) => page.close()));
  await first?.goto("about:blank");
});

after(async () => {
  await courant?.stop();
  await browser?.close();
});

// Opens a page, and records all errors and warnings of the browser. `close` fails if there are any.
async function open(path, { of = courant, ...options } = {}) {
  const page = await browser.newPage();
  page.complaints = [];
  page.on("console", (message) => {
    if (["error", "warn"].includes(message.type())) page.complaints.push(message.text());
  });
  page.on("pageerror", (error) => page.complaints.push(String(error)));
  page.setDefaultTimeout(PATIENCE.timeout);
  if (options.script === false) await page.setJavaScriptEnabled(false);
  if (options.dark) await page.emulateMediaFeatures([{ name: "prefers-color-scheme", value: "dark" }]);
  await page.setViewport(options.phone ? { width: 360, height: 740 } : { width: 1280, height: 900 });
  page.answer = await page.goto(of.admin + path, { waitUntil: "load" });
  return page;
}

async function close(page) {
  assert.deepEqual(page.complaints, [], "the browser reports errors or warnings");
  await page.close();
}

const shows = (page, text) => page.waitForFunction((text) => document.body.innerText.includes(text), PATIENCE, text);

for (const path of [...PAGES, "/post?path=first.md", "/post?path=hidden.md", "/post?path=wrong.md", "/post?path=odd.md"]) {
  for (const [how, options] of Object.entries({ light: {}, dark: { dark: true }, phone: { phone: true } })) {
    test(`${path} loads in ${how} and is accessible`, async () => {
      const page = await open(path, options);
      assert.equal(page.answer.status(), 200);
      // In an isolated world, because the page's content security policy forbids other scripts.
      const session = await page.createCDPSession();
      const { frameTree } = await session.send("Page.getFrameTree");
      const world = { frameId: frameTree.frame.id, worldName: "axe" };
      const { executionContextId } = await session.send("Page.createIsolatedWorld", world);
      const run = `${axe}; axe.run(document, { iframes: false, resultTypes: ["violations"] }).then((found) =>
        JSON.stringify(found.violations.map((one) => [one.id, one.nodes.map((node) => node.html + " " + node.failureSummary)])))`;
      const answer = await session.send("Runtime.evaluate", {
        expression: run, contextId: executionContextId, awaitPromise: true, returnByValue: true,
      });
      assert.equal(answer.exceptionDetails, undefined);
      assert.deepEqual(JSON.parse(answer.result.value), []);
      const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
      assert.equal(wide, 0, "the page is wider than the screen");
      await close(page);
    });
  }
}

test("edited, new and deleted posts update the page without a reload", async () => {
  const page = await open("/posts");
  await page.evaluate(() => { window.isTheSame = true; });
  await shows(page, "The first boat");
  await courant.write("first.md", post("The second boat"));
  await shows(page, "The second boat");
  await courant.write("new.md", post("A newcomer"));
  await shows(page, "A newcomer");
  await unlink(courant.file("new.md"));
  await page.waitForFunction(() => !document.body.innerText.includes("A newcomer"), PATIENCE);
  assert.ok(await page.evaluate(() => window.isTheSame), "the page was reloaded");
  await courant.write("first.md", post("The first boat"));
  await shows(page, "The first boat");
  await close(page);
});

test("search text and focus survive an update", async () => {
  const page = await open("/posts?q=boat");
  await page.focus("#q");
  await page.type("#q", "yard ");
  await courant.write("more.md", post("A boat of another kind"));
  await shows(page, "A boat of another kind");
  assert.equal(await page.$eval("#q", (input) => input.value), "yard boat");
  assert.equal(await page.evaluate(() => document.activeElement.id), "q");
  assert.ok(!(await page.evaluate(() => document.body.innerText)).includes("Next century"));
  await unlink(courant.file("more.md"));
  await close(page);
});

test("a hidden post shows the field and line that hide it", async () => {
  const page = await open("/posts?state=hidden");
  await shows(page, "hidePost: true, line 5");
  await page.click("tbody a");
  await page.waitForSelector(".verdict");
  assert.match(await page.$eval(".verdict", (verdict) => verdict.innerText), /hidden.*hidePost: true.*line 5[^]*5\s*hidePost: true/);
  assert.match(await page.evaluate(() => document.body.innerText), /published nowhere/);
  await close(page);
});

test("a broken file is listed with its finding and hint", async () => {
  const page = await open("/posts?state=broken");
  await shows(page, "wrong.md");
  await page.click("tbody a");
  await page.waitForSelector(".finding .hint");
  assert.ok((await page.$$eval(".finding .source", (lines) => lines.map((line) => line.innerText))).join().length > 0);
  await close(page);
});

test("a post shows previews of all networks and its feed entry", async () => {
  const page = await open("/post?path=first.md");
  const names = await page.$$eval(".network figcaption", (names) => names.map((name) => name.innerText));
  assert.deepEqual(names, ["X", "LinkedIn", "Facebook", "Slack", "Discord", "Mastodon", "WhatsApp"]);
  await page.$$eval(".network img", (images) => images.forEach((image) => { image.loading = "eager"; }));
  await page.waitForFunction(
    () => [...document.querySelectorAll(".network img")].every((image) => image.complete && image.naturalWidth === 1200 && image.naturalHeight === 630),
    PATIENCE,
  );
  assert.equal((await page.$$(".network img")).length, 7);
  await (await page.$("iframe.entry")).scrollIntoView();
  const frame = await page.waitForFrame((frame) => frame.url().includes("/entry"), PATIENCE);
  await frame.waitForSelector("em");
  assert.match(await frame.evaluate(() => document.body.innerText), /The first boat[^]*The Harbour[^]*A body with some words/);
  await close(page);
});

test("scripts in a post do not run", async () => {
  const page = await open("/post?path=odd.md");
  page.on("dialog", (dialog) => { page.complaints.push(dialog.message()); dialog.dismiss(); });
  await shows(page, "<script>alert(1)</script> & \"quotes\"");
  await (await page.$("iframe.entry")).scrollIntoView();
  const frame = await page.waitForFrame((frame) => frame.url().includes("/entry"), PATIENCE);
  await frame.waitForSelector("b");
  assert.equal(await frame.evaluate(() => document.querySelectorAll("script").length), 0);
  await close(page);
});

test("the pages work without JavaScript", async () => {
  for (const path of PAGES) {
    const page = await open(path, { script: false });
    assert.match(await page.$eval("main", (main) => main.innerText), /\w/);
    await close(page);
  }
  const page = await open("/posts", { script: false });
  await page.type("#q", "century");
  await page.select("#state", "scheduled");
  await Promise.all([page.waitForNavigation(), page.click("button[type=submit]")]);
  assert.match(await page.$eval("tbody", (body) => body.innerText), /Next century/);
  await close(page);
});

test("the skip link moves the focus to the content", async () => {
  const page = await open("/posts");
  await page.keyboard.press("Tab");
  assert.equal(await page.evaluate(() => document.activeElement.innerText), "Skip to the content");
  await page.keyboard.press("Enter");
  await page.keyboard.press("Tab");
  assert.equal(await page.evaluate(() => document.activeElement.id), "q");
  await close(page);
});

test("a page of a different site can read nothing", async () => {
  const other = createServer((_, answer) => answer.setHeader("content-type", "text/html").end("<title>other</title>"));
  await once(other.listen(0, "127.0.0.1"), "listening");
  try {
    const page = await browser.newPage();
    await page.goto(`http://localhost:${other.address().port}/`);
    const told = await page.evaluate(async (admin) => {
      const read = (url, mode) => fetch(url, { mode }).then((answer) => `${answer.type} ${answer.status}`, () => "refused");
      const image = new Promise((resolve) => {
        const element = new Image();
        element.onload = () => resolve("seen");
        element.onerror = () => resolve("refused");
        element.src = `${admin}/card.png?path=/first/`;
      });
      return [await read(`${admin}/posts`, "cors"), await read(`${admin}/metrics`, "cors"), await image];
    }, courant.admin);
    assert.deepEqual(told, ["refused", "refused", "refused"]);
    await page.close();
  } finally {
    other.close();
  }
});

test("a login with the token is remembered", async () => {
  const token = "a token that nobody guesses";
  const guarded = await Courant.start("[admin]", `token = "${token}"`);
  try {
    let page = await open("/posts", { of: guarded });
    assert.equal(page.answer.status(), 401);
    assert.ok(!(await page.content()).includes("The first boat"));
    page.complaints.length = 0;
    await page.type("#token", "not the one, by far");
    await Promise.all([page.waitForNavigation(), page.click("button")]);
    assert.match(await page.$eval("[role=alert]", (alert) => alert.innerText), /Wrong token/);
    page.complaints.length = 0;
    await page.type("#token", token);
    await Promise.all([page.waitForNavigation(), page.click("button")]);
    await shows(page, "The Harbour");
    await close(page);
    page = await open("/posts", { of: guarded });
    assert.equal(page.answer.status(), 200);
    await close(page);
  } finally {
    await guarded.stop();
  }
});
