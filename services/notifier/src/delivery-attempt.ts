import {
  type DeliveryRequested,
  type Digest,
  type Duration,
  type Http,
  isJsonObject,
  type JsonObject,
} from '@tocsin/core';
import type { Remembered, Verdict, Wires } from '@tocsin/core';
import { type Clock, HttpError } from '@tocsin/runtime';
import type { ReadySink } from './configured-sinks.ts';

/** What became of an attempt. */
export interface AttemptOutcome {
  readonly verdict: Verdict;
  readonly remember?: JsonObject | undefined;
}

export interface AttemptTools {
  readonly http: Http;
  readonly wires: Wires;
  readonly digest: Digest;
  readonly clock: Clock;
  /** An attempt that takes longer has failed, whatever comes of it afterwards. */
  readonly timeoutMs: Duration;
}

const late = Symbol('late');
/** Kept with every lane for a month: a sink gets room for a few ids, no more. */
const rememberedChars = 512;

/** One call of a sink, bounded in time. Never rejects: a sink that throws has failed, and is tried again where that can help. */
export async function attemptDelivery(
  { sink, config, hide }: ReadySink,
  { data }: DeliveryRequested,
  { timeoutMs, clock, ...tools }: AttemptTools,
): Promise<AttemptOutcome> {
  let timer: NodeJS.Timeout | undefined;
  const tooLate = new Promise<typeof late>((resolve) => {
    timer = setTimeout(resolve, timeoutMs, late);
  });
  try {
    const remembered = data.remembered as Remembered;
    const work = sink.deliver(data.message, config, { ...tools, now: clock.now(), remembered });
    const answer = await Promise.race([work, tooLate]);
    if (answer === late) return { verdict: { kind: 'retry', reason: `no verdict within ${timeoutMs} ms` } };
    return { verdict: cleaned(answer.verdict, hide), remember: bounded(answer.remember) };
  } catch (error) {
    return { verdict: cleaned(verdictOf(error), hide) };
  } finally {
    clearTimeout(timer);
  }
}

const verdictOf = (error: unknown): Verdict => ({
  kind: error instanceof HttpError && !error.retryable ? 'rejected' : 'retry',
  reason: error instanceof Error ? error.message : String(error),
});

function cleaned(verdict: Verdict, hide: (text: string) => string): Verdict {
  if (verdict.kind === 'delivered') return verdict;
  const reason = hide(verdict.reason).slice(0, 512);
  if (verdict.kind === 'rejected') return { kind: 'rejected', reason };
  const { afterMs } = verdict;
  const asked = afterMs !== undefined && Number.isFinite(afterMs) && afterMs >= 0 ? Math.round(afterMs) : undefined;
  return { kind: 'retry', reason, ...(asked !== undefined && { afterMs: asked }) };
}

function bounded(remember: Remembered | undefined): JsonObject | undefined {
  if (!isJsonObject(remember) || JSON.stringify(remember).length > rememberedChars) return undefined;
  return remember;
}
