/**
 * Which values a signal has shown already, in three letters (18 bits) a value: enough to send each only once without keeping
 * the texts. Two different values collide once in 262,144 pairs; the later one is then taken for shown.
 */
export type KnownValues = string;

export const knownCount = (known: KnownValues): number => known.length / codeLength;

/** The values that are not known yet, each once, as many as still fit under `max` known ones. */
export function unseen(known: KnownValues, values: readonly string[], max: number): readonly string[] {
  let found: string[] | undefined;
  let all = known;
  for (const value of values) {
    const code = codeOf(value);
    if (holds(all, code)) continue;
    if (knownCount(all) >= max) break;
    all += code;
    if (found) found.push(value);
    else found = [value];
  }
  return found ?? none;
}

export const learnt = (known: KnownValues, values: readonly string[]): KnownValues =>
  values.length === 0 ? known : known + values.map(codeOf).join('');

const none: readonly string[] = [];
const codeLength = 3;
const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';

function holds(known: KnownValues, code: string): boolean {
  for (let at = known.indexOf(code); at >= 0; at = known.indexOf(code, at + 1)) if (at % codeLength === 0) return true;
  return false;
}

const letterOf = (bits: number): number => letters.charCodeAt(bits & 63);

/** FNV-1a over the code units with a final mix; the spread matters here, not secrecy. */
function codeOf(value: string): string {
  let hash = 0x811c9dc5;
  for (let at = 0; at < value.length; at += 1) hash = Math.imul(hash ^ value.charCodeAt(at), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash ^= hash >>> 13;
  return String.fromCharCode(letterOf(hash), letterOf(hash >>> 6), letterOf(hash >>> 12));
}
