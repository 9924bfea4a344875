import { asGouchError, type GouchError } from "./error.js";
import { inOneEngine, release } from "./one_engine.js";
import type { Peer } from "./peer.js";
import { Replication } from "./replication.js";
import { ThenableEmitter } from "./thenable.js";
import type { Denied, Seq, SyncChange, SyncOptions, SyncResult } from "./types.js";

/** The events of a sync. */
export type SyncEvents<Content extends object> = {
  /** Documents were written on one of the sides. */
  change: [info: SyncChange<Content>];
  /** One of the sides refused a document. */
  denied: [denied: Denied];
  /** One of the directions has connected, or goes on after a pause; while one is active, the other's is not told. */
  active: [info: { direction: "push" | "pull" }];
  /** Both directions wait: for changes or, when one of them has failed, to try again. Or, unless live, have everything. */
  paused: [error?: GouchError];
  /** Everything up to that position of the source has arrived, and both sides have noted it. */
  checkpoint: [info: { direction: "push" | "pull"; checkpoint: Seq }];
  /** Both directions have ended, or were cancelled. */
  complete: [result: SyncResult];
  error: [error: GouchError];
};

/**
 * Two replications at the same time, one in each direction. When one fails, the other is cancelled.
 *
 * @example
 * ```ts
 * const { push, pull } = await db.sync("https://example.com/todo");
 * console.log(push.docs_written, pull.docs_written);
 * ```
 */
export class Sync<Content extends object> extends ThenableEmitter<SyncEvents<Content>, SyncResult> {
  /** From the local database to the other. */
  readonly push: Replication<Content>;
  /** From the other database to the local one. */
  readonly pull: Replication<Content>;

  /** @internal */
  constructor(a: Peer, b: Peer, { push, pull, ...both }: SyncOptions) {
    super(both.signal);
    const [local, other] = inOneEngine(a, b);
    this.push = new Replication<Content>({ ...local, temporary: false }, { ...other, temporary: false }, { ...both, ...push });
    this.pull = new Replication<Content>({ ...other, temporary: false }, { ...local, temporary: false }, { ...both, ...pull });
    for (const direction of ["push", "pull"] as const) {
      this[direction].on("change", (change) => this.emit("change", { direction, change }));
      this[direction].on("denied", (denied) => this.emit("denied", { direction, doc: denied }));
      this[direction].on("checkpoint", ({ checkpoint }) => this.emit("checkpoint", { direction, checkpoint }));
    }
    this.#watch();
    void this.#run([local, other]);
  }

  override cancel(): void {
    super.cancel();
    this.push.cancel();
    this.pull.cancel();
  }

  // Both directions together are active while one of them is.
  #watch(): void {
    let active = false;
    for (const direction of ["push", "pull"] as const) {
      const half = this[direction];
      half.on("active", () => {
        if (!active) {
          active = true;
          this.emit("active", { direction });
        }
      });
      half.on("paused", (error) => {
        const other = half === this.push ? this.pull : this.push;
        if (error || !["starting", "active"].includes(other.status.state)) {
          active = false;
          this.emit("paused", error ?? other.status.error);
        }
      });
    }
  }

  async #run(peers: Peer[]): Promise<void> {
    try {
      const [push, pull] = await Promise.all([this.push, this.pull]);
      const result = { push, pull };
      this.resolve(result);
      this.emit("complete", result);
    } catch (error) {
      this.push.cancel();
      this.pull.cancel();
      await Promise.allSettled([this.push, this.pull]);
      const told = asGouchError(error);
      this.reject(told);
      this.emit("error", told);
    } finally {
      this.removeAllListeners();
      release(...peers);
    }
  }
}
