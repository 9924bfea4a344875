// Starts Debian's chromium with a profile of its own, so that IndexedDB lies on disk as it does for a user.
import { spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";

const { chromium } = createRequire(new URL("../node_test/package.json", import.meta.url))("playwright-core");

const executablePath = process.env.CHROMIUM ?? "/usr/bin/chromium";
const args = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];
const enabling = (features) => (features.length > 0 ? [`--enable-features=${features.join(",")}`] : []);
const newProfile = () => mkdtemp(join(tmpdir(), "gouchdb-chromium-"));
const removeProfile = (profile) => rm(profile, { recursive: true, force: true, maxRetries: 5 });

/**
 * Starts a browser with a fresh profile.
 * @param {{features?: string[]}} options features: Chromium features to switch on
 * @returns its context (of playwright), and close(), which ends it and removes the profile
 */
export async function startChromium({ features = [] } = {}) {
  const profile = await newProfile();
  const context = await chromium.launchPersistentContext(profile, { executablePath, headless: true, args: [...args, ...enabling(features)] });
  return {
    context,
    async close() {
      await context.close();
      await removeProfile(profile);
    },
  };
}

/**
 * Starts a browser that can be killed, and started again on what it has left on disk.
 * @param {{features?: string[]}} options
 * @returns its playwright context and browser, which are other ones after restart(); kill(), which ends all its processes without a warning;
 * sleep() and wake(), which stop all its processes and let them go on; and close()
 */
export async function startMortalChromium({ features = [] } = {}) {
  const profile = await newProfile();
  let child;
  let ended;
  const mortal = {
    profile,
    async restart() {
      // After it was killed, the debugger's first connection sometimes gets no answer.
      for (let attempts = 3; ; attempts--) {
        try {
          return await this.start();
        } catch (error) {
          await this.kill();
          if (attempts === 1) {
            throw error;
          }
        }
      }
    },
    async start() {
      // What playwright would set, so that pages in the background are not slowed down.
      const more = ["--headless", "--disable-background-timer-throttling", "--disable-backgrounding-occluded-windows", "--disable-renderer-backgrounding"];
      child = spawn(executablePath, [...args, ...more, ...enabling(features), "--remote-debugging-port=0", `--user-data-dir=${profile}`], {
        detached: true, // a process group of its own
        stdio: ["ignore", "ignore", "pipe"],
      });
      ended = new Promise((resolve) => child.once("close", resolve));
      mortal.browser = await chromium.connectOverCDP(await debuggerOf(child), { timeout: 10_000 });
      mortal.context = mortal.browser.contexts()[0];
    },
    sleep: () => signalGroup(child.pid, "SIGSTOP"),
    wake: () => signalGroup(child.pid, "SIGCONT"),
    async kill() {
      signalGroup(child.pid);
      await ended; // stderr is closed when the last process of the group has gone
    },
    async close() {
      await mortal.kill();
      await removeProfile(profile);
    },
  };
  await mortal.restart();
  return mortal;
}

// Where a starting browser says that it listens.
async function debuggerOf(child) {
  let said = "";
  let url;
  for await (const line of createInterface({ input: child.stderr })) {
    said += `${line}\n`;
    [, url] = /DevTools listening on (ws:\S+)/.exec(line) ?? [];
    if (url) {
      break;
    }
  }
  if (!url) {
    throw new Error(`chromium did not start: ${said}`);
  }
  child.stderr.resume(); // leaving the loop has paused it, and its end is waited for
  return url;
}

function signalGroup(pid, signal = "SIGKILL") {
  try {
    process.kill(-pid, signal);
  } catch (error) {
    if (error.code !== "ESRCH") { // they have ended by themselves
      throw error;
    }
  }
}
