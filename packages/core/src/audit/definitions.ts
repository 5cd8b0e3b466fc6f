import type { AnyEventDefinition } from '../event.ts';
import { eventDefinitions } from '../events.gen.ts';

const byType: ReadonlyMap<string, AnyEventDefinition> = new Map(
  eventDefinitions.map((definition) => [definition.type, definition as unknown as AnyEventDefinition]),
);

/** What an event type says of itself; undefined for a type that this release does not know. */
export const eventDefinitionOf = (type: string): AnyEventDefinition | undefined => byType.get(type);
