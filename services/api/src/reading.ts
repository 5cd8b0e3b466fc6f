import { LogError } from '@tocsin/core';
import { ApiError } from './errors.ts';
import type { LazyReadModel } from './read-model/opening.ts';

export type Used = Awaited<ReturnType<LazyReadModel['use']>>;

/** Works with the read model. One that does not open or breaks is made anew at the next use: whoever comes again gets an answer. */
export async function reading<T>(readModel: LazyReadModel, work: (used: Used) => Promise<T>): Promise<T> {
  const used = await readModel.use().catch((cause: unknown) => {
    throw cause instanceof LogError ? cause : broken(cause);
  });
  try {
    return await work(used);
  } catch (error) {
    const state = sqlStateOf(error);
    if (state?.startsWith(impossibleValue)) throw unsearchable();
    throw state === undefined ? error : broken(error);
  }
}

/** SQLSTATE class "data exception": a NUL in a text, a number beyond the type. */
const impossibleValue = '22';

/** Undefined for whatever does not come from a database: a bug, or a refusal of ours. */
function sqlStateOf(error: unknown): string | undefined {
  const code: unknown = Reflect.get(Object(error), 'code');
  return typeof code === 'string' && /^[0-9A-Z]{5}$/.test(code) ? code : undefined;
}

const unsearchable = (): ApiError =>
  new ApiError('bad_request', 'The request holds a value that nothing can have, such as a NUL in a text.');

const broken = (cause: unknown): ApiError =>
  new ApiError('unavailable', 'The read model is not usable now; nothing is lost. Try again in a moment.', { cause });
