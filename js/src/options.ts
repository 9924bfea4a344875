import { badRequest } from "./error.js";

/** The options of that name, as the engine takes them: it knows their types, and names the one that is wrong. */
export function pick<Options extends object>(options: Options, names: readonly (keyof Options)[]): Record<string, unknown> {
  const picked: Record<string, unknown> = {};
  for (const name of names) {
    if (options[name] !== undefined) {
      picked[name as string] = options[name];
    }
  }
  return picked;
}

/** Refuses what is not an object of options. */
export function checkOptions(method: string, options: unknown): void {
  if (typeof options !== "object" || options === null || Array.isArray(options)) {
    throw badRequest(`${method}: options must be an object`);
  }
}

/** Refuses what is neither true nor false. */
export function checkBoolean(name: string, value: unknown): void {
  if (value !== undefined && typeof value !== "boolean") {
    throw badRequest(`option \`${name}\` must be true or false`);
  }
}

/** Refuses a count that is none. */
export function checkCount(name: string, value: unknown, least: number): void {
  if (value !== undefined && (typeof value !== "number" || !Number.isInteger(value) || value < least)) {
    throw badRequest(`option \`${name}\` must be a whole number, ${least} or greater`);
  }
}

/** Refuses what is not an AbortSignal. */
export function checkSignal(signal: unknown): void {
  if (signal !== undefined && !(signal instanceof AbortSignal)) {
    throw badRequest("option `signal` must be an AbortSignal");
  }
}
