// The seed of a random test: the same in every run, unless SEED names another, and a new one in a long run (SOAK_SECONDS).
const seed = Number(process.env.SEED ?? (process.env.SOAK_SECONDS ? Math.floor(Math.random() * 2 ** 31) : 1));

/** Returns the seed, and prints it, so that a failing run can be repeated. */
export function seedFor(t) {
  t.diagnostic(`SEED=${seed}`);
  return seed;
}
