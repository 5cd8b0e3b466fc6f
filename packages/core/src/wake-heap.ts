import type { StateKey } from './processor.ts';
import type { Instant } from './time.ts';

/** When the state under a key asks to be woken. */
export interface Wake {
  readonly at: Instant;
  readonly key: StateKey;
}

const before = (a: Wake, b: Wake): boolean => a.at < b.at || (a.at === b.at && a.key < b.key);

/** A binary heap of wakes: earliest first, then by key. Entries are never removed from the middle; readers drop stale ones. */
export class WakeHeap {
  readonly #items: Wake[] = [];

  get first(): Wake | undefined {
    return this.#items[0];
  }

  push(wake: Wake): void {
    const items = this.#items;
    let at = items.push(wake) - 1;
    while (at > 0) {
      const parent = (at - 1) >>> 1;
      const above = items[parent];
      if (!above || !before(wake, above)) break;
      items[at] = above;
      at = parent;
    }
    items[at] = wake;
  }

  pop(): Wake | undefined {
    const items = this.#items;
    const top = items[0];
    const last = items.pop();
    if (!last || items.length === 0) return top;
    let at = 0;
    for (;;) {
      const child = this.#smallerChild(at);
      const below = items[child];
      if (!below || !before(below, last)) break;
      items[at] = below;
      at = child;
    }
    items[at] = last;
    return top;
  }

  #smallerChild(at: number): number {
    const left = 2 * at + 1;
    const a = this.#items[left];
    const b = this.#items[left + 1];
    return a && b && before(b, a) ? left + 1 : left;
  }
}
