import type { GouchError } from "./error.js";

/** Is called with an error, or with null and the result. */
export type Callback<Result> = (...answer: [error: GouchError, result: undefined] | [error: null, result: Result]) => void;

/**
 * What may be given as a callback: one that takes the error alone, or that spells out other types than {@link Callback} has, is a function that TypeScript cannot
 * compare with a choice of arguments. A function that spells out nothing is a {@link Callback}, and is told the types of its arguments.
 */
// eslint-disable-next-line @typescript-eslint/no-unsafe-function-type -- it says which types it takes, and nothing can be said of them
export type AnyCallback<Result> = Callback<Result> | Function;

/** What a method takes last: options or none, and perhaps a callback. Its promise is there either way. */
export type Trailing<Options, Result> = [options?: Options | AnyCallback<Result> | null, callback?: AnyCallback<Result>];

type Method = (...args: unknown[]) => unknown;

/** Tells a callback what became of a promise, when there is a callback. What the callback throws is nobody's to catch, as in PouchDB. */
export function tell<Result>(promise: PromiseLike<Result>, callback: Callback<Result> | undefined): void {
  if (callback) {
    void promise.then(
      (result) => {
        callback(null, result);
      },
      (error: unknown) => {
        callback(error as GouchError, undefined);
      },
    );
  }
}

/**
 * The method for one object, whoever it is called on, in both styles: a function from that argument on is a callback, and not the method's.
 */
export function bothStyles(owner: object, method: Method, from: number): Method {
  return (...args) => {
    if (args[from] === null) {
      args[from] = undefined; // no options
    }
    const last = args.length - 1;
    if (last < from || typeof args[last] !== "function") {
      return method.apply(owner, args);
    }
    const callback = args.pop() as Callback<unknown>;
    const answer = method.apply(owner, args) as Promise<unknown>;
    tell(answer, callback);
    return answer;
  };
}

/** Options and callback of a method that is told apart from others by hand: the options may be left out. */
export function optionsAndCallback<Options extends object, Result>([first, second]: Trailing<Options, Result>): [options: Options, callback: Callback<Result> | undefined] {
  return (typeof first === "function" ? [{}, first] : [first ?? {}, second]) as [Options, Callback<Result> | undefined];
}
