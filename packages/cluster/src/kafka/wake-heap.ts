import type { Instant, StateKey } from '@tocsin/core';

export interface Wake {
  readonly at: Instant;
  readonly key: StateKey;
}

const before = (a: Wake, b: Wake): boolean => a.at < b.at || (a.at === b.at && a.key < b.key);

/** A binary heap of wakes: earliest first, then by key. Nothing is removed from the middle: readers drop what is stale. */
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

  pop(): void {
    const items = this.#items;
    const last = items.pop();
    if (!last || items.length === 0) return;
    let at = 0;
    for (;;) {
      const left = 2 * at + 1;
      const [a, b] = [items[left], items[left + 1]];
      const child = a && b && before(b, a) ? left + 1 : left;
      const below = items[child];
      if (!below || !before(below, last)) break;
      items[at] = below;
      at = child;
    }
    items[at] = last;
  }
}
