import type { AnySink } from '@tocsin/core';
import { isReference } from './config-shapes.ts';
import { sinks } from './sinks.gen.ts';

const byType: ReadonlyMap<string, AnySink> = new Map(sinks.map((sink) => [sink.type, sink]));

export const sinkOf = (type: string): AnySink | undefined => byType.get(type);

/**
 * What is wrong with a sink as the rules file has it: one line each, beginning with the key. Secrets must be references here.
 * Empty when all is well.
 */
export function checkSinkConfig(type: string, config: Readonly<Record<string, unknown>>): readonly string[] {
  const sink = sinkOf(type);
  if (!sink) return [`type: there is no sink type ${JSON.stringify(type)}; known: ${[...byType.keys()].join(', ')}`];
  const { error } = sink.config.safeParse(config);
  const wrong = (error?.issues ?? []).map(({ path, message }) => `${path.join('.') || 'config'}: ${message}`);
  const open = sink.secrets.filter((key) => !areReferences(config[key]));
  return [...wrong, ...open.map((key) => `${key}: a secret is written as env:NAME or file:PATH`)];
}

function areReferences(value: unknown): boolean {
  if (typeof value === 'string') return isReference(value);
  return typeof value !== 'object' || value === null || Object.values(value).every(areReferences);
}
