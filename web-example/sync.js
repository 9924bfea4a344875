// Keeps the local database and the server's together: one live sync for as long as it is switched on. It finds out by itself when the
// network is gone and when it is back.
import GouchDB from "gouchdb";

export class Sync {
  // report(state, detail, done) is called with "offline", "syncing", "synced", "waiting" (will try again) or "failed", and while there is a known amount left, with the part
  // of it that is done, from 0 to 1.
  constructor(db, remoteURL, report) {
    Object.assign(this, { db, remoteURL, report });
    this.enabled = false;
    addEventListener("online", () => this.show());
    addEventListener("offline", () => this.show());
  }

  enable(enabled) {
    this.enabled = enabled;
    this.current?.cancel();
    this.current = enabled ? this.start() : undefined;
    this.show();
  }

  start() {
    const show = () => this.show();
    const sync = GouchDB.sync(this.db, this.remoteURL, { live: true, retry: true });
    sync.on("active", show).on("change", show).on("paused", show).on("checkpoint", show);
    sync.on("denied", ({ doc }) => {
      this.problem = doc;
      this.show();
    });
    sync.on("error", (error) => {
      if (this.current === sync) {
        this.problem = error;
        this.show();
      }
    });
    this.problem = undefined;
    this.settled = 0; // how much had been moved when there was nothing left
    return sync;
  }

  // Tells how things stand, in both directions.
  show() {
    if (!this.enabled || !navigator.onLine) {
      this.report("offline");
      return;
    }
    const halves = [this.current.push.status, this.current.pull.status];
    const error = halves.find((half) => half.state === "waiting")?.error;
    const written = halves[0].docs_written + halves[1].docs_written;
    const moved = `↑ ${halves[0].docs_written} ↓ ${halves[1].docs_written}`;
    if (this.problem) {
      this.report("failed", this.problem.reason || this.problem.message);
    } else if (error) {
      this.report("waiting", error.reason || error.message);
    } else if (halves.every((half) => half.state === "paused")) {
      this.settled = written;
      this.report("synced", moved);
    } else {
      const left = halves[0].pending + halves[1].pending;
      const done = written - this.settled;
      this.report("syncing", left > 0 ? `${moved}, ${left} to go` : moved, left > 0 ? done / (done + left) : undefined);
    }
  }
}
