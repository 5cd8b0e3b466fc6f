import { canonical } from './audit/canonical.ts';
import type { Command } from './envelope.ts';
import type { Json } from './json.ts';
import { type Instant, second } from './time.ts';

/** The proof that a door of ours accepted a command as it stands: HMAC-SHA-256, lower-case hex, and the id of its key. */
export interface CommandSignature {
  readonly keyId: string;
  readonly mac: string;
}
export type SignedCommand<C extends Command = Command> = C & { readonly signature: CommandSignature };

/** Signs what it is given: only who decides about permissions may hold one. */
export interface CommandSigner {
  sign<C extends Command>(command: C): SignedCommand<C>;
}

/** Says what is wrong with a command as it was recorded, or undefined when a door of ours accepted exactly this, just before. */
export interface CommandCheck {
  faultOf(command: Command, recordedAt: Instant): CommandFault | undefined;
}

/**
 * - `unsigned`: no signature at all.
 * - `unknown_key`: of a key that this reader does not have; keys reach the readers before the signers.
 * - `bad_signature`: the signature is malformed, or that of another command.
 * - `stale_decision`: signed, but recorded too long after it was accepted: repeated by somebody, held up, or clocks disagree.
 * - `misplaced`: signed, but in a partition where no door writes it: somebody has copied it.
 */
export const commandFaults = ['unsigned', 'unknown_key', 'bad_signature', 'stale_decision', 'misplaced'] as const;
export interface CommandFault {
  readonly code: (typeof commandFaults)[number];
  readonly message: string;
  /** The signature holds, and a door wrote it here: so its origin is who it says. */
  readonly proved: boolean;
}

/** A decision about permissions holds this long: from its acceptance to its place in the log. In milliseconds. */
export const decisionHoldsMs = 60 * second;

/**
 * What is signed: the whole command as it was accepted (type, organisation, subject, data, and the decision: command id, actor, permission, time) and
 * the id of the key. Canonical JSON, so that storage may order and space it as it likes.
 */
export function signedText({ type, org, subject, data, by }: Command, keyId: string): string {
  return canonical({ keyId, type, org, subject, data, by } as unknown as Json);
}

/** The signature that a record claims: what stands there may be anything. */
export function claimedSignature(command: Command): CommandSignature | 'none' | 'malformed' {
  const { signature } = command as Command & { readonly signature?: unknown };
  if (signature === undefined || signature === null) return 'none';
  const { keyId, mac } = signature as { readonly keyId?: unknown; readonly mac?: unknown };
  return typeof keyId === 'string' && typeof mac === 'string' ? { keyId, mac } : 'malformed';
}
