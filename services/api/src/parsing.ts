import { Buffer } from 'node:buffer';
import type { z } from 'zod';
import { ApiError } from './errors.ts';

const utf8 = new TextDecoder('utf-8', { fatal: true });
/** More would not help; the first ones say what is wrong. */
const maxPlaces = 10;

/** A value in the shape asked for, or a 400 that names each place and what is wrong there. */
export function parsed<T>(shape: z.ZodType<T>, value: unknown): T {
  const result = shape.safeParse(Buffer.isBuffer(value) ? json(value) : (value ?? {}));
  if (result.success) return result.data;
  const places = result.error.issues
    .slice(0, maxPlaces)
    .map(({ path, message }) => `${path.join('.') || 'body'}: ${message}`);
  throw new ApiError('bad_request', places.join('; ').slice(0, 2048));
}

function json(body: Buffer): unknown {
  if (body.length === 0) return {};
  try {
    return JSON.parse(utf8.decode(body)) as unknown;
  } catch {
    throw new ApiError('bad_request', 'The request body is not JSON.');
  }
}
