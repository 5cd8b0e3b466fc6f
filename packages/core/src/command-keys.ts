import {
  type CommandCheck,
  type CommandFault,
  type CommandSigner,
  claimedSignature,
  decisionHoldsMs,
  type SignedCommand,
  signedText,
} from './command-signature.ts';
import type { Digest } from './digest.ts';
import type { Command } from './envelope.ts';
import { sameText } from './same-text.ts';
import { type Instant, second } from './time.ts';

/** A secret shorter than this is a mistake. In bytes. */
export const leastSecretBytes = 32;

/**
 * The keys of commands, one from each secret: the first signs, all verify, so that a new one can take over while commands of
 * the old one are still unread. A key is derived from its secret under a label of its own, and named by a digest of itself: whoever has the same secrets
 * has the same keys and ids. Throws a `RangeError` without a secret, or for one of less than 32 bytes.
 */
export class CommandKeys implements CommandSigner, CommandCheck {
  /** Id of the key that signs. */
  readonly keyId: string;
  readonly #digest: Digest;
  readonly #keys: ReadonlyMap<string, Uint8Array>;

  constructor({ digest, secrets }: { readonly digest: Digest; readonly secrets: readonly Uint8Array[] }) {
    this.#digest = digest;
    this.#keys = new Map(secrets.map((secret) => keyOf(secret, digest)));
    const [first] = this.#keys.keys();
    if (first === undefined) throw new RangeError('commands cannot be signed without a secret');
    this.keyId = first;
  }

  /** The command with its signature; one that it had is replaced. */
  sign<C extends Command>(command: C): SignedCommand<C> {
    const { keyId } = this;
    return { ...command, signature: { keyId, mac: this.#mac(command, keyId) ?? '' } };
  }

  faultOf(command: Command, recordedAt: Instant): CommandFault | undefined {
    const claimed = claimedSignature(command);
    if (claimed === 'none') return unproved('unsigned', 'it bears no signature');
    if (claimed === 'malformed') return unproved('bad_signature', 'its signature is malformed');
    const expected = this.#mac(command, claimed.keyId);
    if (expected === undefined) return unproved('unknown_key', 'it is signed with a key that is not known here');
    if (!sameText(claimed.mac, expected)) return unproved('bad_signature', 'its signature is not that of this command');
    return staleness(recordedAt - command.by.acceptedAt);
  }

  /** Undefined for a key that is not there. */
  #mac(command: Command, keyId: string): string | undefined {
    const key = this.#keys.get(keyId);
    return key && this.#digest.hmacSha256(key, signedText(command, keyId));
  }
}

const label = 'tocsin commands 1';
const idDigits = 16;

function keyOf(secret: Uint8Array, digest: Digest): readonly [id: string, key: Uint8Array] {
  if (secret.length < leastSecretBytes)
    throw new RangeError(
      `a secret of ${secret.length} bytes is too short to sign commands: ${leastSecretBytes} at least`,
    );
  const key = bytesOf(digest.hmacSha256(secret, label));
  return [digest.sha256(key).slice(0, idDigits), key];
}

function bytesOf(hex: string): Uint8Array {
  return Uint8Array.from({ length: hex.length / 2 }, (_, at) => Number.parseInt(hex.slice(2 * at, 2 * at + 2), 16));
}

const unproved = (code: CommandFault['code'], what: string): CommandFault => ({
  code,
  message: `Refused before anybody looked at what it asks: ${what}. Only the api writes commands`,
  proved: false,
});

/** A decision from the future is no better than an old one: its age is unknown. */
function staleness(ageMs: number): CommandFault | undefined {
  if (Math.abs(ageMs) <= decisionHoldsMs) return undefined;
  const apart = `${Math.round(Math.abs(ageMs) / second)} s ${ageMs > 0 ? 'before' : 'after'}`;
  const message = `it was accepted ${apart} it was recorded, ${decisionHoldsMs / second} s at most: send it again; if that does not help, the clocks disagree`;
  return { code: 'stale_decision', message, proved: true };
}
