/** A function that is called with what an event brings. */
export type Listener<Arguments extends unknown[]> = (...args: Arguments) => void;

/** Node's EventEmitter, as far as PouchDB's users call it, with typed events. */
export class Emitter<Events extends Record<keyof Events, unknown[]>> {
  #listeners = new Map<keyof Events, { listener: unknown; once: boolean }[]>();

  /** Calls `listener` at every `event`. */
  on<Name extends keyof Events>(event: Name, listener: Listener<Events[Name]>): this {
    return this.#add(event, listener, false);
  }

  /** Same as {@link on}. */
  addListener<Name extends keyof Events>(event: Name, listener: Listener<Events[Name]>): this {
    return this.#add(event, listener, false);
  }

  /** Calls `listener` at the next `event` only. */
  once<Name extends keyof Events>(event: Name, listener: Listener<Events[Name]>): this {
    return this.#add(event, listener, true);
  }

  /** Removes a listener. */
  off<Name extends keyof Events>(event: Name, listener: Listener<Events[Name]>): this {
    const left = (this.#listeners.get(event) ?? []).slice();
    const index = left.findLastIndex((entry) => entry.listener === listener);
    if (index >= 0) {
      left.splice(index, 1);
      this.#listeners.set(event, left);
    }
    return this;
  }

  /** Same as {@link off}. */
  removeListener<Name extends keyof Events>(event: Name, listener: Listener<Events[Name]>): this {
    return this.off(event, listener);
  }

  /** Removes all listeners of an event, or of all events. */
  removeAllListeners(event?: keyof Events): this {
    if (event === undefined) {
      this.#listeners.clear();
    } else {
      this.#listeners.delete(event);
    }
    return this;
  }

  /** How many listeners an event has. */
  listenerCount(event: keyof Events): number {
    return this.#listeners.get(event)?.length ?? 0;
  }

  /**
   * Calls the listeners of an event; tells whether there are any. An error that a listener throws is reported on the console, as
   * PouchDB does, and does not keep the others from being called.
   */
  emit<Name extends keyof Events>(event: Name, ...args: Events[Name]): boolean {
    const entries = this.#listeners.get(event) ?? [];
    for (const { listener, once } of entries) {
      if (once) {
        this.off(event, listener as Listener<Events[Name]>);
      }
      try {
        (listener as Listener<Events[Name]>)(...args);
      } catch (error) {
        // eslint-disable-next-line no-console -- there is nobody else to tell
        console.error(`a listener of "${String(event)}" failed:`, error);
      }
    }
    return entries.length > 0;
  }

  #add(event: keyof Events, listener: unknown, once: boolean): this {
    if (typeof listener !== "function") {
      throw new TypeError("a listener must be a function");
    }
    // A new array each time: an emit that is under way goes on with the old one.
    this.#listeners.set(event, [...(this.#listeners.get(event) ?? []), { listener, once }]);
    return this;
  }
}
