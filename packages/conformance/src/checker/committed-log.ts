import { type AuditRecord, type Event, positionKey, type Recorded, type TopicName, topicShape } from '@tocsin/core';

/** Everything that a committed reader got, in the order in which it got it. */
export class CommittedLog {
  readonly records: readonly Recorded[];
  readonly #byPlace = new Map<string, Recorded[]>();
  readonly #byNumber = new Map<string, Recorded>();

  constructor(records: readonly Recorded[]) {
    this.records = records;
    for (const record of records) {
      const place = positionKey(record.topic, record.partition);
      const there = this.#byPlace.get(place);
      if (there) there.push(record);
      else this.#byPlace.set(place, [record]);
      this.#byNumber.set(`${place}@${record.offset}`, record);
      if (record.seq !== undefined) this.#byNumber.set(`${place}#${record.seq}`, record);
    }
  }

  /** Records of each partition of each topic. */
  get places(): ReadonlyMap<string, readonly Recorded[]> {
    return this.#byPlace;
  }

  of(topic: TopicName): readonly Recorded[] {
    return this.records.filter((record) => record.topic === topic);
  }

  /** Events of a topic with their place. */
  events(topic: TopicName): readonly Recorded<Event>[] {
    return this.of(topic) as readonly Recorded<Event>[];
  }

  /** What stands at a place: by `seq` where the topic has one writer, else by offset. */
  at({
    topic,
    partition,
    number,
  }: {
    readonly topic: string;
    readonly partition: number;
    readonly number: number;
  }): Recorded | undefined {
    const one = topicShape(topic as TopicName).writers === 'one';
    const place = positionKey(topic as TopicName, partition);
    return (one ? this.#byNumber.get(`${place}#${number}`) : undefined) ?? this.#byNumber.get(`${place}@${number}`);
  }

  get audit(): readonly { readonly at: Recorded; readonly text: string; readonly record: AuditRecord }[] {
    return this.of('audit').map((at) => ({
      at,
      text: String(at.value),
      record: JSON.parse(String(at.value)) as AuditRecord,
    }));
  }
}

export const nameOf = ({ topic, partition, offset }: Recorded): string => `${topic}/${partition}@${offset}`;
