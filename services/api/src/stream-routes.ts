import { type AnyEventDefinition, type Event, eventDefinitions, type JsonObject } from '@tocsin/core';
import type { FastifyInstance } from 'fastify';
import type { EventStream } from './event-stream.ts';

const definitions = new Map(
  (eventDefinitions as unknown as readonly AnyEventDefinition[]).map((definition) => [
    definition.type as string,
    definition,
  ]),
);

/** `GET …/signals/stream`: everything that happens to signals, as it happens. */
export function streamRoutes(app: FastifyInstance, stream: EventStream): void {
  app.get('/api/v2/security_monitoring/signals/stream', { exposeHeadRoute: false }, (request, reply) =>
    stream.send(request, reply, { topics: ['signals', 'triage-events'], show: ({ value }) => shown(value as Event) }),
  );
}

/** An event with its one-line summary, so that a reader needs no list of event types. */
export const shown = (event: Event): JsonObject => ({
  type: event.type,
  id: event.id,
  signal_id: event.subject,
  at: event.at,
  summary: definitions.get(event.type)?.summary(event.data as never) ?? event.type,
  data: event.data as JsonObject,
  ...(event.by && { by: { id: event.by.actor.id, name: event.by.actor.name } }),
});
