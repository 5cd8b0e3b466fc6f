import type { Buffer } from 'node:buffer';
import { brotliDecompress, gunzip, inflate } from 'node:zlib';
import type { FastifyInstance } from 'fastify';
import { ApiError, tooLarge } from './errors.ts';

/** Of a body as it is read; a compressed one may not become longer. */
export const maxBodyBytes = 32 * 1024 * 1024;

type Decoder = (
  body: Buffer,
  options: { readonly maxOutputLength: number },
  done: (error: Error | null, decoded: Buffer) => void,
) => void;
const decoders: Readonly<Record<string, Decoder>> = {
  gzip: gunzip,
  'x-gzip': gunzip,
  deflate: inflate,
  br: brotliDecompress,
};
type Done = (error: Error | null, body?: Buffer) => void;

/** Bodies arrive as bytes, whatever they call themselves: each route reads them with its own guarded parser. */
export function readBodies(app: FastifyInstance): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', { parseAs: 'buffer' }, ({ headers }, body: Buffer, done) => {
    const encoding = headers['content-encoding'];
    if (encoding === undefined || encoding === 'identity') done(null, body);
    else decode(encoding.trim().toLowerCase(), body, done);
  });
}

function decode(encoding: string, body: Buffer, done: Done): void {
  const decoder = Object.hasOwn(decoders, encoding) ? decoders[encoding] : undefined;
  if (!decoder) {
    const known = Object.keys(decoders).join(', ');
    const detail = `Bodies with Content-Encoding ${encoding.slice(0, 32)} cannot be read. Send plain ones, or one of: ${known}.`;
    done(new ApiError('unsupported_encoding', detail));
    return;
  }
  decoder(body, { maxOutputLength: maxBodyBytes }, (error, decoded) => {
    if (!error) done(null, decoded);
    else if ('code' in error && error.code === 'ERR_BUFFER_TOO_LARGE') done(tooLarge());
    else done(new ApiError('bad_request', `The request body is not what its Content-Encoding, ${encoding}, says.`));
  });
}
