import { setTimeout as delay } from 'node:timers/promises';

/** What kafkajs says of an error that another attempt may not meet again. */
const isRetriable = (error: unknown): boolean => (error as { retriable?: boolean }).retriable === true;

/** Repeats a request that a broker cannot answer yet, for a few seconds: a topic made a moment ago is not known everywhere. */
export async function retried<T>(work: () => Promise<T>, between: () => Promise<unknown> = async () => {}): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await work();
    } catch (error) {
      if (attempt === 12 || !isRetriable(error)) throw error;
      await delay(Math.min(1_000, 10 * 1.7 ** attempt));
      await between().catch(() => {});
    }
  }
}
