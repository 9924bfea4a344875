import type { Failure } from "../error.js";
import type { Host } from "../host.js";

/** What the additions need of the package, which loads them only when they are wanted. */
export interface Tools {
  /** Runs an operation of the engine on a database. */
  call: (db: object, operation: string, options: object, data?: string, raw?: readonly Uint8Array[], signal?: AbortSignal) => Promise<unknown>;
  /** Runs an operation on each engine that has been started. */
  ask: (operation: string) => Promise<unknown[]>;
  /** What the place that the package runs in has to say. */
  host: () => Pick<Host, "localAdapter" | "storage">;
  fail: (failure: Failure) => Error;
}

/** The status of an error, when it has one. */
export function statusOf(error: unknown): number | undefined {
  return (error as Partial<Failure> | null | undefined)?.status;
}
