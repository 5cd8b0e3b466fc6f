import type { Digest } from '../digest.ts';
import { sameText } from '../same-text.ts';
import type { Shard } from '../shard.ts';
import type { Instant } from '../time.ts';

/** What a signal id says of its signal. */
export interface SignalIdParts {
  readonly shard: Shard;
  /** Log time of the opening; the lock counts from here. */
  readonly createdAt: Instant;
}

/**
 * Ids that certify themselves: shard (16 bits), creation time (48 bits of milliseconds), digest of the opening cause (64 bits)
 * and a MAC (64 bits of HMAC-SHA-256 with the installation's secret) over all of it and the organisation. So whoever holds an
 * id knows the partition and the age of its signal, and a forged one is refused, without any look-up.
 *
 * An id is `s` and 32 characters of base64url: safe in URLs and shells, no colon, never digits alone. Ids sort by nothing.
 */
export class SignalIds {
  readonly #digest: Digest;
  readonly #secret: Uint8Array;

  constructor(about: { readonly digest: Digest; readonly secret: Uint8Array }) {
    this.#digest = about.digest;
    this.#secret = about.secret;
  }

  /** The same arguments give the same id. `cause` is whatever tells the opening record from all others, as text. */
  make(about: SignalIdParts & { readonly cause: string; readonly org: string }): string {
    const { shard, createdAt, cause, org } = about;
    const body = hexOf(shard, 4) + hexOf(createdAt, 12) + this.#digest.sha256(cause).slice(0, 16);
    return prefix + lettersOf(body + this.#mac(body, org));
  }

  /** The parts of a genuine id of this organisation; undefined for one that is malformed, forged, or of another organisation. */
  read(org: string, id: string): SignalIdParts | undefined {
    const hex = hexOfId(id);
    if (hex === undefined) return undefined;
    const body = hex.slice(0, bodyDigits);
    return sameText(hex.slice(bodyDigits), this.#mac(body, org)) ? partsOf(body) : undefined;
  }

  #mac(body: string, org: string): string {
    return this.#digest.hmacSha256(this.#secret, `${body}\n${org}`).slice(0, 16);
  }
}

/**
 * What the id claims, unproved: for routing and for ids that this process made or read from its own log. Undefined when it
 * is malformed. Decisions about what others send need `SignalIds.read`.
 */
export function claimsOfSignal(id: string): SignalIdParts | undefined {
  const hex = hexOfId(id);
  return hex === undefined ? undefined : partsOf(hex);
}

/** The shard that the id claims: routing needs no key. Undefined when it is malformed. */
export const shardOfSignal = (id: string): Shard | undefined => claimsOfSignal(id)?.shard;

const prefix = 's';
const shape = /^s[A-Za-z0-9_-]{32}$/;
const bodyDigits = 32;
const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';

const partsOf = (hex: string): SignalIdParts => ({
  shard: Number.parseInt(hex.slice(0, 4), 16),
  createdAt: Number.parseInt(hex.slice(4, 16), 16),
});

function hexOf(value: number, digits: number): string {
  if (!Number.isSafeInteger(value) || value < 0 || value >= 16 ** digits)
    throw new RangeError(`${value} does not fit into ${digits} hex digits of a signal id`);
  return value.toString(16).padStart(digits, '0');
}

/** Three hex digits are two letters, so that no letter has bits to spare and every change of one is noticed. */
function lettersOf(hex: string): string {
  let text = '';
  for (let at = 0; at < hex.length; at += 3) {
    const bits = Number.parseInt(hex.slice(at, at + 3), 16);
    text += letters.charAt(bits >> 6) + letters.charAt(bits & 63);
  }
  return text;
}

function hexOfId(id: string): string | undefined {
  if (!shape.test(id)) return undefined;
  let hex = '';
  for (let at = prefix.length; at < id.length; at += 2)
    hex += ((letters.indexOf(id.charAt(at)) << 6) | letters.indexOf(id.charAt(at + 1))).toString(16).padStart(3, '0');
  return hex;
}
