import type { TopicMessages } from 'kafkajs';
import type { OutgoingMessage } from './record-codec.ts';

export interface Addressed {
  /** Kafka's name. */
  readonly topic: string;
  readonly message: OutgoingMessage;
}

/** All records of one partition in one send are one batch on the wire, and brokers refuse batches that are too large. */
export const chunkBytes = 800 * 1024;
const frame = 64;

/** Splits what is to be sent so that no partition gets more than its share in one send; a longer record goes alone. */
export function byteChunks(messages: readonly Addressed[], limit = chunkBytes): readonly (readonly Addressed[])[] {
  const chunks: Addressed[][] = [];
  let open: Addressed[] = [];
  let bytes = new Map<string, number>();
  for (const one of messages) {
    const place = `${one.topic}/${one.message.partition}`;
    const before = bytes.get(place) ?? 0;
    const size = sizeOf(one.message);
    if (before > 0 && before + size > limit) {
      chunks.push(open);
      open = [];
      bytes = new Map();
    }
    open.push(one);
    bytes.set(place, (bytes.get(place) ?? 0) + size);
  }
  return open.length === 0 ? chunks : [...chunks, open];
}

/**
 * One chunk as one send or, with several brokers, as one send a partition: kafkajs repeats to all brokers what one of them has
 * refused, those included that are still at it, and with new sequence numbers: records would be there twice.
 */
export const sendsOf = (chunk: readonly Addressed[], brokers: number): readonly TopicMessages[][] => {
  if (brokers === 1) return [topicMessages(chunk)];
  return topicMessages(chunk).flatMap(({ topic, messages }) =>
    [...new Set(messages.map(({ partition }) => partition))].map((partition) => [
      { topic, messages: messages.filter((message) => message.partition === partition) },
    ]),
  );
};

/** As a send takes it: by topic, in order. */
export function topicMessages(chunk: readonly Addressed[]): TopicMessages[] {
  const byTopic = new Map<string, OutgoingMessage[]>();
  for (const { topic, message } of chunk) {
    const messages = byTopic.get(topic);
    if (messages) messages.push(message);
    else byTopic.set(topic, [message]);
  }
  return [...byTopic].map(([topic, messages]) => ({ topic, messages }));
}

const sizeOf = ({ key, value }: OutgoingMessage): number =>
  frame + lengthOf(key) + (value === null ? 0 : lengthOf(value));
const lengthOf = (text: string | Buffer): number => (typeof text === 'string' ? Buffer.byteLength(text) : text.length);
