import { Buffer } from 'node:buffer';
import { type Append, defaultOrg, detectionRejected, type Digest, type EventLog, groupedDetection } from '@tocsin/core';
import { detectorFor, detectors, intake } from '@tocsin/detectors';
import type { FastifyInstance } from 'fastify';
import { ApiError } from './errors.ts';

export interface IntakeOptions {
  readonly log: EventLog;
  readonly digest: Digest;
  readonly onTaken: (
    format: string,
    counts: { readonly accepted: number; readonly skipped: number; readonly rejected: number },
  ) => void;
}

export const maxBodyBytes = 32 * 1024 * 1024;

/**
 * `POST /api/v2/detections/{format}`: an object, an array or NDJSON. Answered with 202 after everything is durable, the
 * unreadable lines included; 400 when nothing could be read.
 */
export function intakeRoutes(app: FastifyInstance, { log, digest, onTaken }: IntakeOptions): void {
  app.post<{ Params: { format: string }; Querystring: { ids?: string } }>(
    '/api/v2/detections/:format',
    async (request, reply) => {
      const { format } = request.params;
      if (!detectorFor(format)) {
        const known = detectors.map((detector) => detector.format).join(', ');
        throw new ApiError('unknown_format', `There is no detection format "${format.slice(0, 64)}". Known: ${known}.`);
      }
      const body = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0);
      const receivedAt = Date.now();
      const taken = intake({ format, body, org: defaultOrg, receivedAt, digest });
      const dead = taken.rejected.map((rejected, ordinal) =>
        deadLetter(rejected, { format, receivedAt, requestId: request.id, ordinal }),
      );
      const appends = [...taken.detections.map(groupedDetection), ...dead];
      if (appends.length > 0) await log.append(appends);
      const skipped = [...taken.skipped.values()].reduce((sum, count) => sum + count, 0);
      onTaken(format, { accepted: taken.detections.length, skipped, rejected: dead.length });
      const nothing = taken.detections.length === 0 && skipped === 0;
      if (nothing && dead.length === 0)
        throw new ApiError(
          'nothing_readable',
          'The request body is empty: send a JSON object, an array of objects, or one object a line.',
        );
      return reply.code(nothing ? 400 : 202).send({
        accepted: taken.detections.length,
        skipped,
        ...(skipped > 0 && { skipped_by: Object.fromEntries(taken.skipped) }),
        rejected: taken.rejected.map(({ line, code, message }) => ({ line, code, message })),
        ...(request.query.ids !== undefined && {
          detections: taken.detections.map(({ id, rule, groupBy }) => ({ id, rule_id: rule.id, group_by: groupBy })),
        }),
        ...(nothing && {
          errors: [
            {
              status: '400',
              code: 'nothing_readable',
              title: 'Bad Request',
              detail:
                'Nothing in the request could be read. Every line was kept as a dead letter: see tocsin deadletters list.',
            },
          ],
          request_id: request.id,
        }),
      });
    },
  );
}

interface Rejected {
  readonly line: number;
  readonly code: Parameters<typeof detectionRejected.make>[0]['data']['code'];
  readonly message: string;
  readonly position?: number | undefined;
  readonly bytes: Uint8Array;
}

function deadLetter(
  { line, code, message, position, bytes }: Rejected,
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
