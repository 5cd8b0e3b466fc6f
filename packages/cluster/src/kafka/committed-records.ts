/** A record as kafkajs decodes it from a fetch; control records end transactions and are nobody's. */
export interface RawRecord {
  readonly offset: string;
  readonly timestamp: string;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers?: Readonly<Record<string, unknown>>;
  readonly isControlRecord?: boolean;
  readonly batchContext?: {
    readonly firstOffset: string;
    readonly lastOffsetDelta: number;
    readonly producerId: string;
    readonly inTransaction: boolean;
  };
}

export interface AbortedTransaction {
  readonly producerId: string;
  readonly firstOffset: string;
}

/**
 * What a read-committed reader may see. The broker names every aborted transaction that touches the answer: from its first
 * offset to its marker nothing of that producer counts. (kafkajs's own filter lets a record through where several aborted
 * transactions interleave, and takes certain keys for markers.)
 */
export function committedOf(
  messages: readonly RawRecord[],
  aborted: readonly AbortedTransaction[],
): readonly RawRecord[] {
  const waiting = [...aborted].sort((a, b) => Number(a.firstOffset) - Number(b.firstOffset));
  const open = new Set<string>();
  let started = 0;
  return messages.filter((message) => {
    for (
      let next = waiting[started];
      next && Number(next.firstOffset) <= Number(message.offset);
      next = waiting[started]
    ) {
      open.add(next.producerId);
      started += 1;
    }
    const context = message.batchContext;
    if (message.isControlRecord) {
      // Also the marker of a commit ends what was open: an aborted transaction has ended before the next one of its producer.
      if (context) open.delete(context.producerId);
      return false;
    }
    return !(context?.inTransaction && open.has(context.producerId));
  });
}

/** The offset after the last of the messages, those included that compaction has removed from the end of its batch. */
export function offsetAfter(messages: readonly RawRecord[], from: number): number {
  const last = messages.at(-1);
  if (!last) return from;
  const { batchContext } = last;
  const end = batchContext ? Number(batchContext.firstOffset) + batchContext.lastOffsetDelta : Number(last.offset);
  return Math.max(from, end + 1, Number(last.offset) + 1);
}
