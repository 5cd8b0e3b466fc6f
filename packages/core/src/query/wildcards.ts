import type { Pattern } from './query-node.ts';

/**
 * Whether a whole text fits a pattern. `?` stands for one character (a code point, as in SQL). Never backtracks: time is
 * linear in the text, times the length of the pattern over 32 where it holds a `?`.
 */
export function wildcardMatcher(pattern: Pattern): (text: string) => boolean {
  return pattern.some((piece) => 'wild' in piece && piece.wild === '?') ? bitMatcher(pattern) : starMatcher(pattern);
}

/** The leftmost place of each stretch leaves the most room for the next one, so one pass decides. */
function starMatcher(pattern: Pattern): (text: string) => boolean {
  const stretches = stretchesOf(pattern);
  const [head = ''] = stretches;
  const tail = stretches.at(-1) ?? '';
  if (stretches.length === 1) return (text) => text === head;
  const middle = stretches.slice(1, -1);
  return (text) => {
    if (text.length < head.length + tail.length || !text.startsWith(head) || !text.endsWith(tail)) return false;
    let at = head.length;
    for (const literal of middle) {
      const found = text.indexOf(literal, at);
      if (found < 0) return false;
      at = found + literal.length;
    }
    return at <= text.length - tail.length;
  };
}

/** The texts between the stars, one more than there are stars. */
function stretchesOf(pattern: Pattern): readonly string[] {
  const stretches = [''];
  for (const piece of pattern)
    if ('wild' in piece) stretches.push('');
    else stretches.push(`${stretches.pop() ?? ''}${piece.literal}`);
  return stretches;
}

/** All states of the pattern at once, one bit each: bit i is set when the first i characters of the pattern have been met. */
function bitMatcher(pattern: Pattern): (text: string) => boolean {
  const { masks, any, loops, size } = bitsOf(pattern);
  const words = (size >> 5) + 1;
  return (text) => {
    const state = new Uint32Array(words);
    state[0] = 1;
    for (const character of text) {
      const mask = masks.get(character) ?? any;
      let carry = 0;
      for (let index = 0; index < words; index += 1) {
        const before = state[index] ?? 0;
        const moved = ((before << 1) | carry) & (mask[index] ?? 0);
        carry = before >>> 31;
        state[index] = moved | (before & (loops[index] ?? 0));
      }
    }
    return ((state[size >> 5] ?? 0) & (1 << (size & 31))) !== 0;
  };
}

interface Bits {
  /** Which states a character leads to. */
  readonly masks: ReadonlyMap<string, Uint32Array>;
  /** The same for characters that the pattern does not name. */
  readonly any: Uint32Array;
  /** States that every character stays in, because a star follows. */
  readonly loops: Uint32Array;
  readonly size: number;
}

function bitsOf(pattern: Pattern): Bits {
  const steps = pattern.flatMap((piece): readonly (string | undefined | '*')[] => {
    if ('literal' in piece) return [...piece.literal].map((character) => `=${character}`);
    return piece.wild === '?' ? [undefined] : ['*'];
  });
  const size = steps.filter((step) => step !== '*').length;
  const empty = (): Uint32Array => new Uint32Array((size >> 5) + 1);
  const [any, loops] = [empty(), empty()];
  const masks = new Map<string, Uint32Array>();
  let at = 0;
  for (const step of steps) {
    if (step === '*') setBit(loops, at);
    else {
      at += 1;
      if (step === undefined) setBit(any, at);
      else setBit(entry(masks, step.slice(1), empty), at);
    }
  }
  for (const mask of masks.values())
    any.forEach((bits, index) => {
      mask[index] = (mask[index] ?? 0) | bits;
    });
  return { masks, any, loops, size };
}

function setBit(bits: Uint32Array, at: number): void {
  bits[at >> 5] = (bits[at >> 5] ?? 0) | (1 << (at & 31));
}

function entry(masks: Map<string, Uint32Array>, character: string, make: () => Uint32Array): Uint32Array {
  const found = masks.get(character) ?? make();
  masks.set(character, found);
  return found;
}
