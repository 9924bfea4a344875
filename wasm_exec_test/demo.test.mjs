// The demo's story, as two people live it: each in a browser of their own, one without a network for a while.
import assert from "node:assert/strict";
import { cp, mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";

import { startChromium, startMortalChromium } from "./chromium.mjs";
import { startServer } from "./gouchdb-server.mjs";

const path = (relative) => fileURLToPath(new URL(`../${relative}`, import.meta.url));
const screenshots = process.env.SCREENSHOTS; // a directory to keep pictures in

describe("the task board", () => {
  let app, flags, server, anna, ben, carla;

  before(async () => {
    app = await mkdtemp(join(tmpdir(), "gouchdb-demo-"));
    await cp(path("web-example"), app, { recursive: true });
    await mkdir(join(app, "gouchdb"));
    for (const file of ["browser.js", "gouchdb.wasm"]) {
      await cp(path(`js/dist/${file}`), join(app, "gouchdb", file));
    }
    flags = ["--dir", join(app, "data"), "--no-auth", "--static", app, "--create", "board"];
    await mkdir(join(app, "data"));
    server = await startServer(flags);
    [anna, ben] = await Promise.all([startChromium(), startMortalChromium()]);
  });
  after(async () => {
    await anna?.close();
    await ben?.close();
    await carla?.close();
    await server?.stop();
    await rm(app, { recursive: true, force: true });
  });

  const problems = [];
  async function open(person) {
    const page = await person.context.newPage();
    page.on("pageerror", (error) => problems.push(String(error)));
    await page.goto(`${server.url}/_app/`);
    return page;
  }
  const synced = (page) => page.locator("#state[data-state=synced]").waitFor();
  const texts = (page) => page.locator("#tasks .text").allTextContents();
  const item = (page, text) => page.locator("#tasks li", { hasText: text });
  async function add(page, text) {
    await page.fill("#text", text);
    await page.click("#add button");
    await item(page, text).waitFor();
  }
  async function edit(page, from, to) {
    await item(page, from).locator(".text").click();
    await page.fill(".edit", to);
    await page.press(".edit", "Enter");
    await item(page, to).waitFor();
  }
  async function picture(page, name) {
    if (screenshots) {
      await page.screenshot({ path: join(screenshots, `${name}.png`) });
    }
  }

  test("offline, reload, online, conflict, resolution", { timeout: 120_000 }, async () => {
    const annas = await open(anna);
    await synced(annas);
    await add(annas, "Buy milk");
    const bens = await open(ben);
    await item(bens, "Buy milk").waitFor();
    await synced(bens);

    // Anna's other tab sees what she does.
    const second = await open(anna);
    await item(second, "Buy milk").waitFor();

    // The app's files are kept for a start without a network.
    await annas.evaluate(async () => {
      await navigator.serviceWorker.ready;
      while (!(await caches.match(new URL("gouchdb/gouchdb.wasm", location.href)))) {
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    });

    // No network at all: Anna goes on, and a reload finds everything again.
    await anna.context.setOffline(true);
    await annas.locator("#state[data-state=offline]").waitFor();
    await add(annas, "Call the dentist");
    await edit(annas, "Buy milk", "Buy oat milk");
    await item(second, "Buy oat milk").waitFor();
    await picture(annas, "offline");
    await annas.reload();
    await item(annas, "Call the dentist").waitFor();
    assert.deepEqual((await texts(annas)).sort(), ["Buy oat milk", "Call the dentist"]);

    // Meanwhile Ben changes the same task.
    await edit(bens, "Buy milk", "Buy milk and bread");
    await add(bens, "Water the plants");
    await synced(bens);

    // The network is back: both have everything, and one task in two versions.
    await anna.context.setOffline(false);
    for (const page of [annas, bens]) {
      await item(page, "Call the dentist").waitFor();
      await item(page, "Water the plants").waitFor();
      await page.locator("li.conflicted .version").nth(1).waitFor();
    }
    await picture(bens, "conflict");
    const versions = await bens.locator("li.conflicted .version span").allTextContents();
    assert.deepEqual(versions.sort(), ["Buy milk and bread", "Buy oat milk"]);

    // Ben decides, and that is so everywhere.
    await bens.locator("li.conflicted .version", { hasText: "Buy oat milk" }).getByRole("button").click();
    for (const page of [annas, bens, second]) {
      await page.locator("li.conflicted").waitFor({ state: "detached" });
      await item(page, "Buy oat milk").waitFor();
      assert.deepEqual((await texts(page)).sort(), ["Buy oat milk", "Call the dentist", "Water the plants"]);
    }

    // Done and deleted travel too; with sync switched off nothing does.
    await item(annas, "Water the plants").locator(".done").check();
    await bens.locator("li.finished", { hasText: "Water the plants" }).waitFor();
    await bens.locator(".switch").click();
    await bens.locator("#state[data-state=offline]").waitFor();
    await item(bens, "Call the dentist").locator(".delete").click();
    await item(bens, "Call the dentist").waitFor({ state: "detached" });
    await synced(annas);
    assert.equal(await item(annas, "Call the dentist").count(), 1);
    await bens.locator(".switch").click();
    await item(annas, "Call the dentist").waitFor({ state: "detached" });
    await picture(annas, "end");

    // The server goes away and comes back: sync waits, and goes on by itself.
    const { port } = server;
    await server.stop();
    for (const page of [annas, bens]) {
      await page.locator("#state[data-state=waiting]").waitFor();
    }
    await add(annas, "Written without a server");
    server = await startServer(flags, port);
    await item(bens, "Written without a server").waitFor();
    for (const page of [annas, bens]) {
      await synced(page);
    }
    assert.match(await annas.locator("#state").textContent(), /^synced: ↑ \d+ ↓ \d+$/);

    // Ben's machine goes to sleep. The server is replaced meanwhile, so that his connection is dead when he comes back; both ways go on by themselves.
    ben.sleep();
    await server.stop();
    server = await startServer(flags, port);
    await item(annas, "Written without a server").locator(".delete").click();
    await add(annas, "While Ben sleeps");
    await synced(annas);
    ben.wake();
    await item(bens, "While Ben sleeps").waitFor();
    await item(bens, "Written without a server").waitFor({ state: "detached" });
    await item(bens, "While Ben sleeps").locator(".delete").click();
    await item(annas, "While Ben sleeps").waitFor({ state: "detached" });
    await Promise.all([synced(annas), synced(bens)]);

    // The server has what they have.
    const { rows } = await (await fetch(`${server.url}/board/_all_docs?include_docs=true&conflicts=true`)).json();
    assert.deepEqual(rows.map((row) => row.doc.text).sort(), ["Buy oat milk", "Water the plants"]);
    assert.ok(rows.every((row) => row.doc._conflicts === undefined));
    assert.deepEqual(problems, []);
  });

  test("progress is shown while there is something left", { timeout: 120_000 }, async () => {
    const docs = Array.from({ length: 1200 }, (_, n) => ({ _id: `task:2020:${String(n).padStart(4, "0")}`, text: `Task ${n}`, done: true, changed: "2020-01-01T00:00:00Z" }));
    const headers = { "content-type": "application/json" };
    assert.equal((await fetch(`${server.url}/board/_bulk_docs`, { method: "POST", headers, body: JSON.stringify({ docs }) })).status, 201);
    carla = await startChromium();
    const page = await carla.context.newPage();
    await page.addInitScript(() => {
      window.shown = [];
      addEventListener("DOMContentLoaded", () => {
        const [state, progress] = ["state", "progress"].map((id) => document.getElementById(id));
        new MutationObserver(() => window.shown.push({ text: state.textContent, hidden: progress.hidden, value: progress.value })).observe(state, { childList: true, characterData: true });
      });
    });
    await page.goto(`${server.url}/_app/`);
    await synced(page);
    const shown = await page.evaluate(() => window.shown);
    const moving = shown.filter(({ hidden }) => !hidden);
    assert.ok(moving.length > 0, JSON.stringify(shown));
    for (const { text, value } of moving) {
      assert.match(text, /^syncing: ↑ \d+ ↓ \d+, \d+ to go$/);
      assert.ok(value >= 0 && value < 1);
    }
    assert.ok(moving.every(({ value }, i) => i === 0 || value >= moving[i - 1].value), "it does not go back");
    const { text, hidden } = shown.at(-1);
    assert.match(text, /^synced: ↑ 0 ↓ 12\d\d$/);
    assert.equal(hidden, true);
  });
});
