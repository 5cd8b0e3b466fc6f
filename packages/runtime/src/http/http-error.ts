import { errors } from 'undici';

/** Why there is no answer. A closed list: logs, metrics and the delivery worker branch on it. */
export const httpErrorCodes = [
  'bad_url',
  'bad_request',
  'scheme_refused',
  'address_refused',
  'name_not_resolved',
  'connect_failed',
  'tls_failed',
  'connection_lost',
  'bad_response',
  'timeout',
  'aborted',
  'closed',
] as const;
export type HttpErrorCode = (typeof httpErrorCodes)[number];

interface Nature {
  readonly retryable: boolean;
  readonly words: string;
}
const natures: Readonly<Record<HttpErrorCode, Nature>> = {
  bad_url: { retryable: false, words: 'not a URL that can be called' },
  bad_request: { retryable: false, words: 'the request is malformed' },
  scheme_refused: { retryable: false, words: 'only https is allowed here' },
  address_refused: { retryable: false, words: 'the address is not public and not in the allow-list' },
  name_not_resolved: { retryable: true, words: 'the name does not resolve' },
  connect_failed: { retryable: true, words: 'no connection' },
  tls_failed: { retryable: true, words: 'no trusted TLS connection' },
  connection_lost: { retryable: true, words: 'the connection broke before the answer was complete' },
  bad_response: { retryable: true, words: 'the answer is not proper HTTP or too large in its head' },
  timeout: { retryable: true, words: 'no complete answer in time' },
  aborted: { retryable: true, words: 'the caller gave up' },
  closed: { retryable: true, words: 'the client is shutting down' },
};

/**
 * No answer. The text names the host and the code of the system's error, nothing else: paths, queries and headers of
 * sinks hold secrets, so there is no `cause` either (its text is not ours to vouch for).
 */
export class HttpError extends Error {
  override readonly name = 'HttpError';
  readonly code: HttpErrorCode;
  readonly retryable: boolean;

  constructor(code: HttpErrorCode, host: string, detail?: string) {
    super(`${host}: ${natures[code].words}${detail ? ` (${detail})` : ''}`);
    this.code = code;
    this.retryable = natures[code].retryable;
  }
}

const byCode: Readonly<Record<string, HttpErrorCode>> = {
  ENOTFOUND: 'name_not_resolved',
  EAI_AGAIN: 'name_not_resolved',
  EAI_NODATA: 'name_not_resolved',
  ECONNREFUSED: 'connect_failed',
  EHOSTUNREACH: 'connect_failed',
  ENETUNREACH: 'connect_failed',
  EADDRNOTAVAIL: 'connect_failed',
  ETIMEDOUT: 'connect_failed',
  EMFILE: 'connect_failed',
  EPROTO: 'tls_failed',
  UND_ERR_CONNECT_TIMEOUT: 'timeout',
  UND_ERR_HEADERS_TIMEOUT: 'timeout',
  UND_ERR_BODY_TIMEOUT: 'timeout',
  UND_ERR_HEADERS_OVERFLOW: 'bad_response',
  UND_ERR_RES_CONTENT_LENGTH_MISMATCH: 'bad_response',
  UND_ERR_INVALID_ARG: 'bad_request',
  UND_ERR_NOT_SUPPORTED: 'bad_request',
  UND_ERR_REQ_CONTENT_LENGTH_MISMATCH: 'bad_request',
  UND_ERR_DESTROYED: 'closed',
  UND_ERR_CLOSED: 'closed',
};
const byPrefix: readonly (readonly [RegExp, HttpErrorCode])[] = [
  [/^(ERR_TLS|ERR_SSL|CERT_|UNABLE_TO_|SELF_SIGNED|DEPTH_ZERO|HOSTNAME_MISMATCH|CRL_|INVALID_CA)/, 'tls_failed'],
];

const systemCodeOf = (error: unknown): string => {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return typeof code === 'string' && /^[A-Z0-9_]{2,48}$/.test(code) ? code : '';
};

/** Sorts whatever the HTTP library or the system threw into our list. */
export function httpErrorOf(error: unknown, host: string): HttpError {
  if (error instanceof HttpError) return error;
  if (error instanceof errors.HTTPParserError) return new HttpError('bad_response', host);
  const system = systemCodeOf(error);
  const code = byCode[system] ?? byPrefix.find(([form]) => form.test(system))?.[1] ?? 'connection_lost';
  return new HttpError(code, host, system);
}
