import pino from 'pino';
import { redacted, redactedCopy, scrubbed } from './redaction.ts';

export type Logger = pino.Logger;
export const logLevels = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const;
export type LogLevel = (typeof logLevels)[number];

export interface LoggerOptions {
  /** Printed with every line. */
  readonly service: string;
  /** `info` unless said. */
  readonly level?: LogLevel;
  /** Where the lines go; the standard error of the process unless said. */
  readonly destination?: { write(line: string): unknown };
}

/** JSON leaves these alone, terminals do not: DEL, C1 controls, line separators, text direction. */
const treacherous = /[\u007f-\u009f\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;
const escaped = (line: string): string =>
  line.replace(treacherous, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`);

/** Bindings of child loggers pass no formatter, so the usual names are hidden there by path. */
const boundSecrets = [
  'authorization',
  'cookie',
  'password',
  'secret',
  'token',
  'headers.authorization',
  'headers.cookie',
];

const fields = (object: Record<string, unknown>): Record<string, unknown> =>
  redactedCopy(object) as Record<string, unknown>;

/**
 * One JSON object a line: `level`, `time` (ISO), `service`, `msg` and what the caller gives. Secrets are hidden by key and by
 * looks; no field can break the line or steer a terminal. Use `child({ request_id, signal_id })` for context.
 */
export function createLogger({ service, level = 'info', destination }: LoggerOptions): Logger {
  return pino(
    {
      level,
      base: { service },
      timestamp: pino.stdTimeFunctions.isoTime,
      // Errors have become plain objects before pino sees them.
      serializers: { err: (value: unknown) => value },
      formatters: { level: (label) => ({ level: label }), log: fields },
      redact: { paths: boundSecrets, censor: redacted },
      hooks: { streamWrite: (line) => escaped(scrubbed(line)) },
    },
    destination ?? pino.destination({ dest: 2, sync: true }),
  );
}
