import { Buffer } from 'node:buffer';
import type { Transform } from 'node:stream';
import { createBrotliDecompress, createGunzip, createInflate } from 'node:zlib';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { ApiError, tooLarge } from './errors.ts';

/** Of a body of detections as it is read; a compressed one may not become longer. */
export const maxIntakeBytes = 32 * 1024 * 1024;
/** Of every other body. */
export const maxBodyBytes = 256 * 1024;

/** Told how long a compressed body has become so far; returns why it may not become longer. */
export type OnGrown = (request: FastifyRequest, bytes: number) => Error | undefined;

const decoders: Readonly<Record<string, () => Transform>> = {
  gzip: () => createGunzip(),
  'x-gzip': () => createGunzip(),
  deflate: () => createInflate(),
  br: () => createBrotliDecompress(),
};

/** Bodies arrive as bytes, whatever they call themselves: each route reads them with its own guarded parser. */
export function readBodies(app: FastifyInstance, onGrown: OnGrown): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', { parseAs: 'buffer' }, async (request: FastifyRequest, body: Buffer) => {
    const encoding = request.headers['content-encoding']?.trim().toLowerCase();
    if (encoding === undefined || encoding === 'identity') return body;
    const decoder = Object.hasOwn(decoders, encoding) ? decoders[encoding] : undefined;
    if (!decoder) throw unknownEncoding(encoding);
    return decoded(body, decoder(), (bytes) => {
      if (bytes > request.routeOptions.bodyLimit) return tooLarge();
      return onGrown(request, bytes);
    });
  });
}

/** Piece by piece, so that what many bodies expand to at once is counted before it fills memory. */
async function decoded(body: Buffer, decoder: Transform, refusal: (bytes: number) => Error | undefined) {
  const pieces: Buffer[] = [];
  let bytes = 0;
  decoder.end(body);
  try {
    for await (const piece of decoder as AsyncIterable<Buffer>) {
      bytes += piece.length;
      const refused = refusal(bytes);
      if (refused) throw refused;
      pieces.push(piece);
    }
  } catch (error) {
    throw error instanceof ApiError
      ? error
      : new ApiError('bad_request', 'The request body is not what its Content-Encoding says.');
  }
  return Buffer.concat(pieces, bytes);
}

function unknownEncoding(encoding: string): ApiError {
  const known = Object.keys(decoders).join(', ');
  const detail = `Bodies with Content-Encoding ${encoding.slice(0, 32)} cannot be read. Send plain ones, or one of: ${known}.`;
  return new ApiError('unsupported_encoding', detail);
}
