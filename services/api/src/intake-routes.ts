import { Buffer } from 'node:buffer';
import { type Append, type Digest, defaultOrg, detectionRejected, type EventLog, groupedDetection } from '@tocsin/core';
import {
  detectorFor,
  detectors,
  holdsMoreThan,
  type Intake,
  type IntakeInput,
  intakeInSlices,
  type RejectedLine,
} from '@tocsin/detectors';
import type { FastifyInstance, FastifyReply } from 'fastify';
import { ApiError, errorBody } from './errors.ts';
import type { IntakeLoad } from './intake-load.ts';
import { maxIntakeBytes } from './request-body.ts';

export interface IntakeOptions {
  readonly log: EventLog;
  readonly digest: Digest;
  readonly load: IntakeLoad;
  readonly onTaken: (
    format: string,
    counts: { readonly accepted: number; readonly skipped: number; readonly rejected: number },
  ) => void;
}

/** Values in one request at most: each that cannot be read is listed in the answer. */
const maxValues = 100_000;
/** Values read and stored at once. Between two of them other requests have their turn. */
const sliceValues = 1_000;

/**
 * `POST /api/v2/detections/{format}`: an object, an array or NDJSON. Answered with 202 after everything is durable, the
 * unreadable lines included; 400 when nothing could be read. A long body is stored slice by slice: when that fails in between, the
 * sender repeats it and what was already taken counts once.
 */
export function intakeRoutes(app: FastifyInstance, options: IntakeOptions): void {
  const { log, digest, load, onTaken } = options;
  app.post<{ Params: { format: string }; Querystring: { ids?: string } }>(
    '/api/v2/detections/:format',
    { bodyLimit: maxIntakeBytes, onRequest: load.admit, preParsing: load.count },
    async (request, reply) => {
      const { format } = request.params;
      if (!detectorFor(format)) throw unknownFormat(format);
      const body = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0);
      if (holdsMoreThan(body, maxValues)) throw tooMany();
      const input = { format, body, org: defaultOrg, receivedAt: Date.now(), digest };
      const taken = await load.during(request, body.length, () => take(log, input, request));
      const { counts } = taken;
      onTaken(format, counts);
      if (counts.accepted + counts.skipped + counts.rejected === 0) throw empty();
      return answer(reply, taken, request);
    },
  );
}

/** What the answer depends on. */
interface Asked {
  readonly id: string;
  readonly query: { readonly ids?: string };
}

/** What became of a body. */
interface Taken {
  readonly counts: { accepted: number; skipped: number; rejected: number };
  readonly slices: Intake[];
}

async function take(log: EventLog, input: IntakeInput, request: Asked): Promise<Taken> {
  const counts = { accepted: 0, skipped: 0, rejected: 0 };
  const slices: Intake[] = [];
  for (const slice of intakeInSlices(input, sliceValues)) {
    const { detections, skipped, rejected } = slice;
    const dead = rejected.map((line, at) =>
      deadLetter(line, { ...input, requestId: request.id, ordinal: counts.rejected + at }),
    );
    const appends: readonly Append[] = [...detections.map(groupedDetection), ...dead];
    if (appends.length > 0) await log.append(appends);
    counts.accepted += detections.length;
    counts.rejected += rejected.length;
    for (const count of skipped.values()) counts.skipped += count;
    // A small body may hold many detections: they are kept only for an answer that names them.
    slices.push(request.query.ids === undefined ? { ...slice, detections: [] } : slice);
  }
  return { counts, slices };
}

function answer(
  reply: FastifyReply,
  { counts: { accepted, skipped, rejected }, slices }: Taken,
  { id, query }: Asked,
): FastifyReply {
  const nothing = accepted === 0 && skipped === 0;
  return reply.code(nothing ? 400 : 202).send({
    accepted,
    skipped,
    ...(skipped > 0 && { skipped_by: skippedBy(slices) }),
    rejected:
      rejected === 0
        ? []
        : slices.flatMap((slice) => slice.rejected.map(({ line, code, message }) => ({ line, code, message }))),
    ...(query.ids !== undefined && {
      detections: slices.flatMap(({ detections }) =>
        detections.map(({ id, rule, groupBy }) => ({ id, rule_id: rule.id, group_by: groupBy })),
      ),
    }),
    ...(nothing && errorBody(unreadable(), id)),
  });
}

function skippedBy(slices: readonly Intake[]): Readonly<Record<string, number>> {
  const counts = new Map<string, number>();
  for (const { skipped } of slices)
    for (const [kind, count] of skipped) counts.set(kind, (counts.get(kind) ?? 0) + count);
  return Object.fromEntries(counts);
}

function deadLetter(
  { line, code, message, position, bytes }: RejectedLine,
  about: { readonly format: string; readonly receivedAt: number; readonly requestId: string; readonly ordinal: number },
): Append {
  const id = `dead-${about.requestId}-${about.ordinal}`;
  const data = {
    format: about.format,
    code,
    message: message.slice(0, 1024),
    line,
    ...(position !== undefined && { position }),
    bytes: Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64'),
    requestId: about.requestId,
  };
  const event = detectionRejected.make({ id, org: defaultOrg, subject: id, at: about.receivedAt, data });
  return { topic: 'intake.dead', key: about.format, shard: 0, value: event };
}

function unknownFormat(format: string): ApiError {
  const known = detectors.map((detector) => detector.format).join(', ');
  return new ApiError('unknown_format', `There is no detection format "${format.slice(0, 64)}". Known: ${known}.`);
}

const tooMany = (): ApiError =>
  new ApiError(
    'too_large',
    `The request holds more than ${maxValues} lines. Split it; the size of an answer is bounded too.`,
  );
const empty = (): ApiError =>
  new ApiError(
    'nothing_readable',
    'The request body is empty: send a JSON object, an array of objects, or one object a line.',
  );
const unreadable = (): ApiError =>
  new ApiError(
    'nothing_readable',
    'Nothing in the request could be read. Every line was kept as a dead letter: see tocsin deadletters list.',
  );
