// The replications of the benchmark, for one contender: in the page that was loaded for it, or in Node.
import { documents } from "./documents.js";

const bytes = (n, length) => btoa(String.fromCharCode(n).repeat(length));

/** Documents with two attachments, a short text and 20 KB that do not repeat another document's. */
const withAttachments = (count) =>
  Array.from({ length: count }, (_, i) => ({
    _id: `d${i}`,
    _attachments: { a: { content_type: "text/plain", data: btoa(`text ${i}`) }, b: { content_type: "image/png", data: bytes(i, 20_000) } },
  }));

/** @param open returns a database, as couchLike makes them */
export function newReplications(open) {
  let names = 0;
  let local;
  let other;

  async function time(work) {
    const start = performance.now();
    await work();
    return performance.now() - start;
  }

  return {
    /** Makes a database to be pushed, and an empty one to pull into. */
    async begin(count, attached) {
      const name = `replication-${++names}`;
      local = open(`${name}-local`);
      other = open(`${name}-other`);
      await Promise.all([local.ready(), other.ready()]);
      const docs = attached ? withAttachments(count) : documents(0, count);
      for (let i = 0; i < docs.length; i += 1000) {
        await local.insert(docs.slice(i, i + 1000));
      }
    },
    push: (remote) => time(() => local.replicate.to(remote)),
    pull: (remote) => time(() => other.replicate.from(remote)),
    async end(count) {
      const arrived = await other.list({ docs: false });
      if (arrived.length !== count) {
        throw new Error(`${arrived.length} documents arrived in place of ${count}`);
      }
      await Promise.all([local.destroy(), other.destroy()]);
    },
  };
}
