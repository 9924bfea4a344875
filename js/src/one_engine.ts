import { Connection } from "./connection.js";
import { badRequest } from "./error.js";
import type { Place } from "./host.js";
import type { Peer } from "./peer.js";

/**
 * The databases of a replication, both in one engine. When one of them is in a worker, the other one is used from there too; what
 * is in memory cannot be moved.
 */
export function inOneEngine(source: Peer, target: Peer): [Peer, Peer] {
  const [from, to] = [placeOf(source), placeOf(target)];
  if (from === to) {
    return [source, target];
  }
  const moved = (target.temporary || from === "worker" || !movable(source)) && movable(target) ? target : source;
  if (!movable(moved)) {
    throw badRequest("a database in memory replicates only with databases of the same engine: use option `worker` for both, or for none");
  }
  return moved === target ? [source, opened(target, from)] : [opened(source, to), target];
}

function placeOf({ connection }: Peer): Place {
  return connection.address.place ?? "here";
}

function movable({ connection }: Peer): boolean {
  return connection.address.adapter !== "memory";
}

// One that was opened for this replication was made in this turn.
function opened({ connection, temporary }: Peer, place: Place): Peer {
  const other = temporary ? connection : new Connection(connection.address);
  other.moveTo(place);
  return temporary ? { connection: other, temporary } : { connection: other, temporary: true, own: connection };
}

/** Lets engines see what others have written to these databases, and the others what they have acknowledged. What cannot be is told to whoever uses the database. */
export async function refresh(connections: Connection[]): Promise<void> {
  await Promise.allSettled(connections.filter(({ address }) => address.adapter === "indexeddb").map((connection) => connection.call("refresh", {})));
}

/** Closes what was opened for a replication alone. It has served: what goes wrong matters to nobody. */
export function release(...peers: Peer[]): void {
  for (const { connection, temporary } of peers) {
    if (temporary) {
      connection.close(true).catch(() => undefined);
    }
  }
}
