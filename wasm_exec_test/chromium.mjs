// Starts Debian's chromium with a profile of its own, so that IndexedDB lies on disk as it does for a user.
import { mkdtemp, rm } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";

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

/**
 * Starts a browser with a fresh profile.
 * @param {{features?: string[]}} options features: Chromium features to switch on
 * @returns its context (of playwright), and close(), which ends it and removes the profile
 */
export async function startChromium({ features = [] } = {}) {
  const profile = await mkdtemp(join(tmpdir(), "gouchdb-chromium-"));
  const context = await chromium.launchPersistentContext(profile, {
    executablePath,
    headless: true,
    args: features.length > 0 ? [...args, `--enable-features=${features.join(",")}`] : args,
  });
  return {
    context,
    async close() {
      await context.close();
      await rm(profile, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}
