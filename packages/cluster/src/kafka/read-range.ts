import type { RawRecord } from './committed-records.ts';
import type { FetchSession } from './fetch-session.ts';
import type { TopicPartition } from './offsets.ts';

export interface Range extends TopicPartition {
  readonly from: number;
  readonly end: number;
}

/** Hands out the committed records of a range, in batches; resolves once all of it has been read. What `take` throws rejects. */
export async function readRange(
  session: FetchSession,
  { topic, partition, from, end }: Range,
  take: (records: readonly RawRecord[]) => void,
): Promise<void> {
  if (from >= end) return;
  const reading = new Promise<void>((resolve, reject) => {
    session.want({
      topic,
      partition,
      next: from,
      take: ({ records, next }) => {
        try {
          take(records.filter(({ offset }) => Number(offset) < end));
          if (next >= end) resolve();
        } catch (error) {
          reject(error);
        }
      },
      fail: reject,
    });
  });
  await reading.finally(() => session.drop(topic, partition));
}
