import type { Engine } from "./engine.js";
import { asGouchError } from "./error.js";
import { answerFetch, type FetchQuestion } from "./fetches.js";
import { answerPeer, type PeerQuestion } from "./peers.js";

/** What a question is answered with: a value, and contents that follow its text. */
export interface Answer {
  value: unknown;
  raw?: readonly Uint8Array[] | undefined;
}

type Question = { number: number } & ({ type: "withdrawn" } | ({ type: "question" } & (FetchQuestion | PeerQuestion)));

const listening = new WeakSet<Engine>();

/** Answers what the databases of an engine ask: those that send requests with a function of the page's, and those that are objects of the page's. */
export function listen(engine: Engine): void {
  if (listening.has(engine)) {
    return;
  }
  listening.add(engine);
  const asked = new Map<number, AbortController>();
  const answer = async (question: Question) => {
    const { number } = question;
    if (question.type === "withdrawn") {
      asked.get(number)?.abort();
      return;
    }
    const controller = new AbortController();
    asked.set(number, controller);
    try {
      const { value, raw } = question.about === "peer" ? await answerPeer(question, controller.signal) : await answerFetch(question, controller.signal);
      await engine.call("reply", 0, { question: number }, { data: JSON.stringify(value), raw });
    } catch (error) {
      const { status, name, reason } = asGouchError(error);
      await engine.call("reply", 0, { question: number, failure: { status, name, reason } });
    } finally {
      asked.delete(number);
    }
  };
  const ended = () => {
    // An engine that has ended asks nothing more.
  };
  engine
    .call("listen", 0, {}, {
      onEvent: (question) => {
        // The engine must not be called while it tells.
        queueMicrotask(() => {
          answer(question as Question).catch(ended);
        });
      },
    })
    .catch(ended);
}
