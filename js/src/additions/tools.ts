import type { Failure } from "../error.js";

/** What the additions need of the package, which loads them only when they are wanted. */
export interface Tools {
  /** Runs an operation of the engine on a database. */
  call: (db: object, operation: string, options: object) => Promise<unknown>;
  fail: (failure: Failure) => Error;
}

/** The status of an error, when it has one. */
export function statusOf(error: unknown): number | undefined {
  return (error as Partial<Failure> | null | undefined)?.status;
}
