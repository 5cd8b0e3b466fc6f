import {
  archiveReasons,
  type Command,
  commandAppend,
  type CommandSigner,
  commandOutcomeOf,
  defaultOrg,
  type Event,
  type EventLog,
  type JsonObject,
  signalStates,
} from '@tocsin/core';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { originOf } from './caller.ts';
import { ApiError } from './errors.ts';
import type { Outcomes } from './outcomes.ts';
import { parsed } from './parsing.ts';
import { triageAttributes, triageResource } from './triage-shape.ts';

/** A call answers with the outcome; when it takes longer than this, with 202. */
const waitMs = 2_000;
const permission = 'security_monitoring_signals_write';

const comment = 'signal.comment';

const version = z.int().nonnegative().optional();
const archive = { archive_reason: z.enum(archiveReasons).optional(), archive_comment: z.string().max(4096).optional() };
/** Clients send back the whole user that they were given; the uuid counts. */
const assignee = z.object({ uuid: z.string().max(64) });
const body = <T extends z.ZodRawShape>(attributes: T) =>
  z.strictObject({
    data: z.strictObject({
      attributes: z.strictObject(attributes),
      id: z.unknown().optional(),
      type: z.unknown().optional(),
    }),
  });

const stateBody = body({ state: z.enum(signalStates), ...archive, version });
const assigneeBody = body({ assignee, version });
const incidentsBody = body({ incident_ids: z.array(z.int().nonnegative()).max(100), version });
const updateBody = body({
  state: z.enum(signalStates).optional(),
  assignee: assignee.optional(),
  incident_ids: z.array(z.int().nonnegative()).max(100).optional(),
  ...archive,
  version,
});
const commentBody = body({ text: z.string().min(1).max(16_384) });

interface Params {
  readonly Params: { readonly id: string };
}
type Change = readonly [type: string, data: Readonly<Record<string, unknown>>];

/** Triage: each call is one command through the log, answered with what became of it. */
export function triageRoutes(
  app: FastifyInstance,
  { log, outcomes, signer }: { readonly log: EventLog; readonly outcomes: Outcomes; readonly signer: CommandSigner },
): void {
  const base = '/api/v2/security_monitoring/signals/:id';

  app.patch<Params>(`${base}/state`, (request, reply) => {
    const { attributes } = parsed(stateBody, request.body).data;
    const { state, archive_reason: archiveReason, archive_comment: archiveComment } = attributes;
    return triage(request, reply, [
      'signal.set_state',
      { state, archiveReason, archiveComment, expectedVersion: attributes.version },
    ]);
  });
  app.patch<Params>(`${base}/assignee`, (request, reply) => {
    const { attributes } = parsed(assigneeBody, request.body).data;
    return triage(request, reply, [
      'signal.assign',
      { assignee: attributes.assignee.uuid, expectedVersion: attributes.version },
    ]);
  });
  app.patch<Params>(`${base}/incidents`, (request, reply) => {
    const { attributes } = parsed(incidentsBody, request.body).data;
    return triage(request, reply, [
      'signal.set_incidents',
      { incidentIds: attributes.incident_ids, expectedVersion: attributes.version },
    ]);
  });
  app.patch<Params>(`${base}/update`, (request, reply) => {
    const { attributes } = parsed(updateBody, request.body).data;
    const { state, archive_reason: archiveReason, archive_comment: archiveComment } = attributes;
    const edit = { state, archiveReason, archiveComment, incidentIds: attributes.incident_ids };
    return triage(request, reply, [
      'signal.update',
      { ...edit, assignee: attributes.assignee?.uuid, expectedVersion: attributes.version },
    ]);
  });
  app.post<Params>(`${base}/comments`, (request, reply) => {
    const { attributes } = parsed(commentBody, request.body).data;
    return triage(request, reply, [comment, { text: attributes.text }]);
  });

  async function triage(
    request: FastifyRequest<Params>,
    reply: FastifyReply,
    [type, data]: Change,
  ): Promise<JsonObject> {
    const { id } = request.params;
    const given = Object.fromEntries(Object.entries(data).filter(([, value]) => value !== undefined));
    const command: Command = { type, org: defaultOrg, subject: id, data: given, by: originOf(request, permission) };
    const { commandId } = command.by;
    const outcome = await outcomes.of(request.id, () => log.append([commandAppend(command, signer)]), waitMs);
    reply.header('idempotency-key', commandId);
    if (outcome) return answerOf(command, outcome);
    reply.code(202);
    return { data: { id, type: 'signal_metadata', attributes: { status: 'accepted', command_id: commandId } } };
  }
}

function answerOf({ type, subject: id, by: { commandId } }: Command, event: Event): JsonObject {
  const outcome = commandOutcomeOf(event);
  if (!outcome.ok)
    throw new ApiError(
      outcome.code,
      outcome.message,
      outcome.current && { meta: { current: triageAttributes(outcome.current) } },
    );
  if (type !== comment && outcome.triage) return triageResource(id, outcome.triage);
  // A repeat does not know when the first one was.
  const created = outcome.repeated ? {} : { created_at: event.at };
  return { data: { id: commandId, type: 'comment', attributes: { signal_id: id, ...created } } };
}
