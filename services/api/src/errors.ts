import type { CommandRejection, JsonObject } from '@tocsin/core';
import { LogError } from '@tocsin/core';

/** Codes that clients may rely on. */
export type ApiErrorCode =
  | CommandRejection
  | 'unauthorized'
  | 'unknown_format'
  | 'unknown_route'
  | 'bad_request'
  | 'bad_cursor'
  | 'bad_query'
  | 'bad_time'
  | 'bad_sort'
  | 'nothing_readable'
  | 'too_large'
  | 'unsupported_encoding'
  | 'headers_too_large'
  | 'timeout'
  | 'unavailable'
  | 'internal';

const statusOf: Readonly<Record<ApiErrorCode, number>> = {
  signal_not_found: 404,
  version_conflict: 409,
  locked: 403,
  invalid_transition: 400,
  unknown_user: 400,
  invalid_command: 400,
  // The api signs whatever it accepts: where that does not hold, the fault is on our side.
  unsigned: 500,
  unknown_key: 500,
  bad_signature: 500,
  stale_decision: 503,
  misplaced: 500,
  unauthorized: 401,
  unknown_format: 404,
  unknown_route: 404,
  bad_request: 400,
  bad_cursor: 400,
  bad_query: 400,
  bad_time: 400,
  bad_sort: 400,
  nothing_readable: 400,
  too_large: 413,
  unsupported_encoding: 415,
  headers_too_large: 431,
  timeout: 408,
  unavailable: 503,
  internal: 500,
};

const titles: Readonly<Record<number, string>> = {
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  408: 'Request Timeout',
  409: 'Conflict',
  413: 'Payload Too Large',
  415: 'Unsupported Media Type',
  431: 'Request Header Fields Too Large',
  500: 'Internal Server Error',
  503: 'Service Unavailable',
};
export const titleOf = (status: number): string => titles[status] ?? 'Error';

/** An expected refusal on its way to the client. `detail` says what happened, where, and what to do next. */
export class ApiError extends Error {
  readonly code: ApiErrorCode;
  readonly status: number;
  readonly meta: JsonObject | undefined;
  constructor(
    code: ApiErrorCode,
    detail: string,
    about: { readonly meta?: JsonObject; readonly cause?: unknown } = {},
  ) {
    super(detail, about.cause === undefined ? undefined : { cause: about.cause });
    this.name = 'ApiError';
    this.code = code;
    this.status = statusOf[code];
    this.meta = about.meta;
  }
}

/** The one error family: JSON:API error objects, with the request id for the support case. */
export const errorBody = ({ code, status, message, meta }: ApiError, requestId: string): JsonObject => ({
  errors: [{ status: String(status), code, title: titleOf(status), detail: message, ...(meta && { meta }) }],
  request_id: requestId,
});

/** What anything thrown is to the outside; the inside of a bug is logged, never sent. */
export function apiErrorOf(error: unknown): ApiError {
  if (error instanceof ApiError) return error;
  if (error instanceof LogError && error.code !== 'too_large')
    return new ApiError(
      'unavailable',
      'The event log cannot be written now. Send it again in a moment: what was taken already counts once.',
    );
  const { statusCode, code, message } = Object(error) as { statusCode?: number; code?: string; message?: string };
  if (statusCode === 413 || (error instanceof LogError && error.code === 'too_large')) return tooLarge();
  if (code === 'BAD_CURSOR') return new ApiError('bad_cursor', message ?? 'bad cursor');
  if (statusCode && statusCode >= 400 && statusCode < 500) return new ApiError('bad_request', message ?? 'bad request');
  return new ApiError(
    'internal',
    'Something went wrong on our side. The request id finds it in the log of the server.',
  );
}

export const tooLarge = (): ApiError =>
  new ApiError(
    'too_large',
    'The request body is too long: detections may take 32 MiB a request, everything else 256 KiB. Split it into several requests.',
  );
