// Tabs of one origin with a database each: they wait for changes of one server over two connections in all.
import assert from "node:assert/strict";
import { Agent, createServer, request as send } from "node:http";
import { after, before, describe, test } from "node:test";

import { startChromium } from "./chromium.mjs";
import { startServer } from "./gouchdb-server.mjs";
import { serve } from "./serve.mjs";

const dist = new URL("../js/dist/", import.meta.url);

// A browser tells of the end of one request and of the beginning of the next by different connections: so long, in milliseconds, a poll may seem to go on.
const LAG = 300;
// As in adapters/fetchhttp: how long a poll lasts while others wait.
const TURN = 2000;

/** A proxy that remembers the long polls that pass through it. */
async function watch(target) {
  const agent = new Agent({ keepAlive: true });
  const polls = [];
  const server = createServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url, target);
    if (searchParams.get("feed") === "longpoll" && request.method !== "OPTIONS") {
      const poll = { name: pathname.split("/")[1], began: performance.now(), ended: Infinity };
      polls.push(poll);
      response.on("close", () => { poll.ended = performance.now(); });
    }
    const { host, ...headers } = request.headers;
    const onward = send({ agent, hostname: "127.0.0.1", port: new URL(target).port, method: request.method, path: request.url, headers }, (answer) => {
      response.writeHead(answer.statusCode, answer.headers);
      answer.pipe(response);
    });
    onward.on("error", () => response.destroy());
    response.on("close", () => onward.destroy());
    request.pipe(onward);
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${server.address().port}`,
    polls,
    /** How many were open at once, at most. */
    most: () => Math.max(...polls.map(({ began }) => polls.filter((other) => other.began <= began && other.ended > began + LAG).length)),
    close: () => {
      server.closeAllConnections();
      server.close();
      agent.destroy();
    },
  };
}

async function until(what, happens) {
  for (const end = performance.now() + 60_000; !happens();) {
    assert.ok(performance.now() < end, what);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

describe("long polls of several tabs", { timeout: 180_000 }, () => {
  let files, server, proxy, browser;
  before(async () => {
    files = await serve({
      "/": "<!doctype html><title>tabs</title><script type=module>import GouchDB from '/browser.js'; globalThis.GouchDB = GouchDB;</script>",
      "/browser.js": new URL("browser.js", dist),
      "/worker.js": new URL("worker.js", dist),
      "/gouchdb.wasm": new URL("gouchdb.wasm", dist),
    });
    server = await startServer(["--memory", "--no-auth", "--cors", files.url]);
    proxy = await watch(server.url);
    browser = await startChromium();
  });
  after(async () => {
    await browser?.close();
    proxy?.close();
    await server?.stop();
    await files?.close();
  });

  // A tab that keeps a database of its own in step.
  async function open(name, options = {}) {
    const page = await browser.context.newPage();
    await page.goto(files.url);
    await page.waitForFunction(() => globalThis.GouchDB);
    await page.evaluate(([name, url, options]) => {
      globalThis.seen = [];
      globalThis.sync = new GouchDB(name, options).sync(`${url}/${name}`, { live: true, retry: true })
        .on("change", ({ change }) => { seen.push(...change.docs.map(({ _id }) => _id)); });
    }, [name, proxy.url, options]);
    await page.waitForFunction(() => sync.push.status.state === "paused" && sync.pull.status.state === "paused");
    return { name, page };
  }

  async function write({ name, page }, id) {
    const response = await fetch(`${server.url}/${name}/${id}`, { method: "PUT", body: "{}" });
    assert.equal(response.status, 201);
    await page.waitForFunction((id) => seen.includes(id), id);
  }

  test("two connections are enough for three databases; a tab that dies lets go", async () => {
    const tabs = [];
    for (const [name, options] of [["ann"], ["bob"], ["eve", { worker: true }]]) {
      await fetch(`${server.url}/${name}`, { method: "PUT" });
      tabs.push(await open(name, options));
    }
    const rounds = (name) => proxy.polls.filter((poll) => poll.name === name).length;
    await until("each has its turn, again and again", () => tabs.every(({ name }) => rounds(name) >= 3));
    for (const [i, tab] of [...tabs, ...tabs].entries()) {
      await write(tab, `doc-${i}`);
    }

    // One that crashes while it waits on a connection.
    const polling = () => tabs.find(({ name }) => proxy.polls.some((poll) => poll.name === name && poll.ended === Infinity));
    await until("somebody polls", polling);
    const victim = polling();
    const session = await browser.context.newCDPSession(victim.page);
    session.send("Page.crash").catch(() => {}); // what is killed does not answer
    await until("its connection is given up", () => proxy.polls.every((poll) => poll.name !== victim.name || poll.ended < Infinity));
    const rest = tabs.filter((tab) => tab !== victim);
    for (const tab of rest) {
      await write(tab, "later");
    }
    // Now that nobody has to wait, nobody has to let go.
    const longest = (name) => Math.max(...proxy.polls.filter((poll) => poll.name === name).map(({ began, ended }) => Math.min(ended, performance.now()) - began));
    await until("each has a connection for itself", () => rest.every(({ name }) => longest(name) > 3 * TURN));
    assert.equal(proxy.most(), 2);
  });
});
