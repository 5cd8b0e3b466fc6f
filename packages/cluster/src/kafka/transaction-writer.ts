import type { Kafka, Producer, RecordMetadata, Transaction } from 'kafkajs';
import { type Addressed, byteChunks, sendsOf } from './byte-chunks.ts';
import { transactionalProducer } from './kafka-client.ts';

/**
 * The one producer of a task. Whoever makes a newer one of the same id ends its right to write; after any error it must be
 * thrown away, as nobody but the log knows what became of the last transaction.
 */
export class TransactionWriter {
  readonly #producer: Producer;
  #begun: Transaction | undefined;

  private constructor(producer: Producer, begun: Transaction) {
    this.#producer = producer;
    this.#begun = begun;
  }

  /** Fences every former owner of the id and ends what it had open. */
  static async fence(kafka: Kafka, id: string, transactionTimeoutMs: number): Promise<TransactionWriter> {
    const producer = transactionalProducer(kafka, id, transactionTimeoutMs);
    try {
      await producer.connect();
      // The first transaction of a producer asks for the producer's id, and that is what fences.
      return new TransactionWriter(producer, await producer.transaction());
    } catch (error) {
      await producer.disconnect().catch(() => {});
      throw error;
    }
  }

  /**
   * All or nothing, in one transaction. The answers tell where the first record of each partition of a chunk went. `brokers` as
   * for `sendsOf`.
   */
  async commit(messages: readonly Addressed[], brokers = 0): Promise<readonly RecordMetadata[]> {
    const transaction = this.#begun ?? (await this.#producer.transaction());
    this.#begun = undefined;
    const places: RecordMetadata[] = [];
    for (const chunk of byteChunks(messages)) {
      const sends = sendsOf(chunk, brokers).map((topicMessages) => transaction.sendBatch({ topicMessages, acks: -1 }));
      places.push(...(await Promise.all(sends)).flat());
    }
    await transaction.commit();
    return places;
  }

  async close(): Promise<void> {
    await this.#producer.disconnect().catch(() => {});
  }
}
