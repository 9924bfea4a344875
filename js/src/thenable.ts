import { Emitter } from "./emitter.js";
import type { GouchError } from "./error.js";

/**
 * An emitter that is also a promise of its outcome, as PouchDB's feeds are. Returned from an async function it is therefore awaited.
 */
export abstract class ThenableEmitter<Events extends Record<keyof Events, unknown[]>, Result>
  extends Emitter<Events>
  implements PromiseLike<Result>
{
  /** For the compiler, to which it is a promise then. */
  declare readonly [Symbol.toStringTag]: string;
  protected readonly abort = new AbortController();
  readonly #settled = new AbortController();
  #resolve!: (result: Result) => void;
  #reject!: (error: GouchError) => void;
  readonly #outcome = new Promise<Result>((resolve, reject) => {
    this.#resolve = resolve;
    this.#reject = reject;
  });

  constructor(signal: AbortSignal | undefined) {
    super();
    this.#outcome.catch(() => {
      // Those who listen to events need not take the promise too.
    });
    if (signal?.aborted) {
      this.abort.abort();
    } else if (signal) {
      const forward = () => {
        this.cancel();
      };
      signal.addEventListener("abort", forward, { once: true, signal: this.#settled.signal });
    }
  }

  /** Ends it. It then completes, with `status: "cancelled"`; that is no error. */
  cancel(): void {
    this.abort.abort();
  }

  /** Whether it was cancelled. */
  get cancelled(): boolean {
    return this.abort.signal.aborted;
  }

  /** Waits for the outcome, as a promise does. */
  then<A = Result, B = never>(fulfilled?: ((result: Result) => A | PromiseLike<A>) | null, rejected?: ((error: unknown) => B | PromiseLike<B>) | null): Promise<A | B> {
    return this.#outcome.then(fulfilled, rejected);
  }

  /** Waits for an error, as a promise does. */
  catch<B = never>(rejected?: ((error: unknown) => B | PromiseLike<B>) | null): Promise<Result | B> {
    return this.#outcome.catch(rejected);
  }

  /** Waits for the end, as a promise does. */
  finally(ended?: (() => void) | null): Promise<Result> {
    return this.#outcome.finally(ended);
  }

  /** Settles the promise, unless it is settled; tells whether it was this that did. */
  protected resolve(result: Result): boolean {
    return this.#settle(() => {
      this.#resolve(result);
    });
  }

  /** See {@link resolve}. */
  protected reject(error: GouchError): boolean {
    return this.#settle(() => {
      this.#reject(error);
    });
  }

  #settle(settle: () => void): boolean {
    if (this.#settled.signal.aborted) {
      return false;
    }
    this.#settled.abort();
    settle();
    return true;
  }
}
