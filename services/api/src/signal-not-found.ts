import { ApiError } from './errors.ts';

/** The refusal of every route that is about one signal. */
export const signalNotFound = (id: string): ApiError =>
  new ApiError(
    'signal_not_found',
    `There is no signal ${id.slice(0, 64)}. Check the id, or list signals with GET /api/v2/security_monitoring/signals.`,
  );
