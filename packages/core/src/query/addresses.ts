/**
 * An address as text whose order is that of addresses: `4` and 8 hexadecimal digits, or `6` and 32. IPv4 inside IPv6
 * (`::ffff:10.0.0.1`) is IPv4. Undefined for every other text; leading zeros are refused, because people read them differently.
 */
export function addressKey(text: string): string | undefined {
  if (text.length < 2 || text.length > 45 || !possible.test(text)) return undefined;
  if (text.includes(':')) return keyOfSix(text);
  const bytes = fourBytes(text);
  return bytes && `4${hex(bytes, 2)}`;
}

/** First and last address of a block such as `10.0.0.0/8`, or of one address alone, as `addressKey` writes them. */
export function addressBlock(text: string): { readonly low: string; readonly high: string } | undefined {
  const [address = '', length, ...more] = text.split('/');
  const key = addressKey(address);
  if (key === undefined || more.length > 0) return undefined;
  const bits = (key.length - 1) * 4;
  // Of an IPv4 address written as IPv6 the length counts from the front of the IPv6 address.
  const offset = address.includes(':') && bits === 32 ? 96 : 0;
  if (length === undefined) return { low: key, high: key };
  if (!/^\d{1,3}$/.test(length)) return undefined;
  const kept = Number(length) - offset;
  return kept < 0 || kept > bits ? undefined : boundsOf(key, kept);
}

function boundsOf(key: string, kept: number): { readonly low: string; readonly high: string } {
  const digits = [...key.slice(1)];
  const filled = (bit: 0 | 1): string =>
    digits
      .map((digit, index) => {
        const free = Math.min(4, Math.max(0, (index + 1) * 4 - kept));
        const mask = (1 << free) - 1;
        const value = Number.parseInt(digit, 16);
        return (bit ? value | mask : value & ~mask).toString(16);
      })
      .join('');
  return { low: `${key[0]}${filled(0)}`, high: `${key[0]}${filled(1)}` };
}

/** Asked of every value there is, so the answer for the others must be cheap. */
const possible = /^[0-9a-fA-F:.]*[:.][0-9a-fA-F:.]*$/;
const decimal = /^(?:0|[1-9]\d{0,2})$/;

function fourBytes(text: string): readonly number[] | undefined {
  const parts = text.split('.');
  if (parts.length !== 4 || !parts.every((part) => decimal.test(part) && Number(part) <= 255)) return undefined;
  return parts.map(Number);
}

function keyOfSix(text: string): string | undefined {
  const groups = sixGroups(text);
  if (!groups) return undefined;
  const isMapped = groups.slice(0, 5).every((group) => group === 0) && groups[5] === 0xffff;
  return isMapped ? `4${hex(groups.slice(6), 4)}` : `6${hex(groups, 4)}`;
}

function sixGroups(text: string): readonly number[] | undefined {
  const halves = text.split('::');
  if (halves.length > 2) return undefined;
  const [head, tail] = [groupsIn(halves[0] ?? '', halves.length === 1), groupsIn(halves[1] ?? '', true)];
  if (!head || !tail) return undefined;
  const missing = 8 - head.length - tail.length;
  if (halves.length === 1) return missing === 0 ? head : undefined;
  return missing < 1 ? undefined : [...head, ...Array.from({ length: missing }, () => 0), ...tail];
}

/** `atEnd`: the last group may be written as an IPv4 address. */
function groupsIn(text: string, atEnd: boolean): readonly number[] | undefined {
  if (text === '') return [];
  const parts = text.split(':');
  const last = parts.at(-1) ?? '';
  const four = atEnd && last.includes('.') ? fourBytes(last) : undefined;
  const plain = four ? parts.slice(0, -1) : parts;
  if (!plain.every((part) => /^[0-9a-fA-F]{1,4}$/.test(part))) return undefined;
  const groups = plain.map((part) => Number.parseInt(part, 16));
  const [a = 0, b = 0, c = 0, d = 0] = four ?? [];
  return four ? [...groups, a * 256 + b, c * 256 + d] : groups;
}

const hex = (numbers: readonly number[], digits: number): string =>
  numbers.map((number) => number.toString(16).padStart(digits, '0')).join('');
