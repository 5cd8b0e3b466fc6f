import { z } from 'zod';
import type { CommandSigner, SignedCommand } from '../command-signature.ts';
import { type Command, defaultOrg, type Origin, originFields } from '../envelope.ts';
import { shapeOf } from '../field.ts';
import type { JsonObject } from '../json.ts';
import { maxNesting, nestsDeeperThan } from '../nesting.ts';
import type { Append } from '../ports/event-log.ts';
import { shardOf } from '../shard.ts';
import { type ConfigKind, configKindNames } from './kinds.ts';

const about = {
  kind: z.enum(configKindNames),
  id: z.string().min(1).max(128),
  /** Of the object, as the caller saw it; 0 for one that must not exist yet. Absent: no check. */
  expectedVersion: z.int().nonnegative().optional(),
};
/** `value` is the object as people write it (`keep_alive: 1h`); the events hold it as it is understood (milliseconds). */
export const configPutData = z.object({ ...about, value: z.record(z.string(), z.json()) });
export const configRemoveData = z.object(about);

const envelope = {
  org: z.string().min(1).max(64),
  subject: z.string().min(1).max(128),
  by: shapeOf(originFields),
};
const configCommand = z.discriminatedUnion('type', [
  z.object({ type: z.literal('config.put'), ...envelope, data: configPutData }),
  z.object({ type: z.literal('config.remove'), ...envelope, data: configRemoveData }),
]);

interface About {
  readonly kind: ConfigKind;
  readonly id: string;
  readonly expectedVersion?: number;
}
/** Creates the object, or replaces it as a whole. Changes nothing when it already is so. */
export type ConfigPut = Command<'config.put', About & { readonly value: JsonObject }>;
export type ConfigRemove = Command<'config.remove', About>;
export type ConfigCommand = ConfigPut | ConfigRemove;

/** Why a record on `config-commands` is no command at all, or undefined if it is one. */
export function notAConfigCommand(value: unknown): string | undefined {
  if (nestsDeeperThan(maxNesting, value)) return `not a configuration command: more than ${maxNesting} levels deep`;
  const result = configCommand.safeParse(value);
  if (result.success) return undefined;
  const [issue] = result.error.issues;
  return `not a configuration command: ${issue?.path.join('.') ?? ''} ${issue?.message ?? ''}`;
}

/** A change as the rules file or an API call asks for it. */
export type ConfigRequest = Pick<ConfigPut, 'type' | 'data'> | Pick<ConfigRemove, 'type' | 'data'>;

export interface ConfigAcceptance {
  /** Who asks, and what the door decided. */
  readonly by: Origin;
  readonly signer: CommandSigner;
  /** @default defaultOrg */
  readonly org?: string;
}

/** The record of a configuration command, signed. Its outcome is the event on `config` with its `by.commandId`. */
export const configAppend = (
  request: ConfigRequest,
  { by, signer, org = defaultOrg }: ConfigAcceptance,
): Append<SignedCommand<ConfigCommand>> => ({
  topic: 'config-commands',
  key: `${request.data.kind}/${request.data.id}`,
  value: signer.sign<ConfigCommand>({ ...request, org, subject: request.data.id, by }),
  shard: shardOf(org, request.data.id),
});
