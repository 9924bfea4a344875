// Writes to the database file that it is told, and prints every revision as soon as it has been acknowledged, until it is killed.
import GouchDB from "../js/dist/node.js";

const [path, name] = process.argv.slice(2);
const db = new GouchDB(path);
const say = (...values) => process.stdout.write(`${values.join(" ")}\n`);

const { n: begin } = await db.get("counter").catch((error) => {
  if (error.status === 404) {
    return { n: 0 };
  }
  throw error;
});
for (let n = begin + 1; ; n++) {
  const { _rev } = await db.get("counter").catch(() => ({}));
  say("counter", (await db.put({ _id: "counter", ...(_rev ? { _rev } : {}), n })).rev);
  const batch = `${name}-${n}`;
  const size = 1 + (n % 7);
  const docs = Array.from({ length: size }, (_, i) => ({ _id: `${batch}-${i}`, batch, size, text: "x".repeat((n * 37) % 3000) }));
  for (const { id, rev } of await db.bulkDocs(docs)) {
    say(id, rev);
  }
  if (n % 10 === 0) {
    await db.compact();
  }
}
