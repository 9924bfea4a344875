// Keeps the local database and the server's together: one run of sync whenever either side has changed or the network is back.
import GouchDB from "gouchdb";

const RETRY_FIRST = 1000; // milliseconds
const RETRY_LAST = 30000;

export class Sync {
  // report(state, detail) is called with "offline", "syncing", "synced", "waiting" (will try again) or "failed".
  constructor(db, remoteURL, report) {
    Object.assign(this, { db, remoteURL, report });
    this.enabled = false;
    this.running = false;
    this.again = false;
    this.retry = RETRY_FIRST;
    addEventListener("online", () => this.wake());
    addEventListener("offline", () => this.wake());
    document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && this.wake());
  }

  enable(enabled) {
    this.enabled = enabled;
    this.wake();
  }

  get reachable() {
    return this.enabled && navigator.onLine;
  }

  // Something may have changed: run now, or once more after the run that is under way.
  wake() {
    clearTimeout(this.timer);
    this.retry = RETRY_FIRST;
    if (!this.reachable) {
      this.disconnect();
      this.report("offline");
      return;
    }
    this.run();
  }

  async run() {
    if (this.running) {
      this.again = true;
      return;
    }
    this.running = true;
    this.report("syncing");
    try {
      this.remote ??= new GouchDB(this.remoteURL);
      this.current = GouchDB.sync(this.db, this.remote);
      const result = await this.current;
      const failure = [...result.push.errors, ...result.pull.errors][0];
      if (failure) {
        throw failure;
      }
      this.retry = RETRY_FIRST;
      if (this.reachable) {
        this.follow();
        this.report("synced");
      }
    } catch (error) {
      this.failed(error);
    }
    this.running = false;
    if (this.again && this.reachable) {
      this.again = false;
      this.run();
    }
  }

  failed(error) {
    this.disconnect();
    if (!this.reachable) {
      this.report("offline");
      return;
    }
    if (error.status === 401 || error.status === 403) {
      this.report("failed", error.reason || error.message);
      return;
    }
    this.report("waiting", error.reason || error.message);
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.run(), this.retry);
    this.retry = Math.min(this.retry * 2, RETRY_LAST);
  }

  // After the first run, both changes feeds say when there is something new.
  follow() {
    if (this.feeds) {
      return;
    }
    this.feeds = [this.db, this.remote].map((side) =>
      side
        .changes({ live: true, since: "now" })
        .on("change", () => this.run())
        .on("error", (error) => this.failed(error)),
    );
    this.again = true; // for what came between the run and the feeds
  }

  disconnect() {
    this.current?.cancel();
    this.feeds?.forEach((feed) => feed.cancel());
    this.feeds = undefined;
  }
}
