import { Random } from '@tocsin/conformance';
import { defaultOrg } from '@tocsin/core';
import { intake } from '@tocsin/detectors';
import { nodeDigest } from '@tocsin/runtime';

/** One request of the sender: lines of JSON, some of which may be no JSON at all. */
export interface Request {
  readonly body: string;
  readonly good: number;
  readonly bad: number;
}

/** All that a sender will send, and what must become of it. Repeats count once; a retry sends the same bytes. */
export interface Script {
  readonly requests: readonly Request[];
  /** How many different detections belong to each group, by `rule/host`. */
  readonly groups: ReadonlyMap<string, number>;
  readonly detectionIds: ReadonlySet<string>;
  readonly garbage: ReadonlySet<string>;
}

export const groupOf = (rule: string, host: string): string => `${rule}/${host}`;

const hotGroups = 20;
const rules = 7;

/** Drawn from the seed alone, but for the time that the detections carry. */
export function scriptOf(seed: number, length: number): Script {
  const writer = new Writer(seed);
  const requests = Array.from({ length }, () => writer.request());
  return { requests, groups: writer.groups, detectionIds: idsOf(writer.lines), garbage: writer.garbage };
}

class Writer {
  readonly lines: string[] = [];
  readonly groups = new Map<string, number>();
  readonly garbage = new Set<string>();
  readonly #random: Random;

  constructor(seed: number) {
    this.#random = new Random(seed);
  }

  request(): Request {
    const size = this.#random.chance(0.7) ? 1 : this.#random.between(2, 8);
    const lines = Array.from({ length: size }, () => this.#line());
    const bad = lines.filter((line) => this.garbage.has(line)).length;
    return { body: lines.join('\n'), good: size - bad, bad };
  }

  #line(): string {
    const random = this.#random;
    if (random.chance(0.01)) return this.#spoiled();
    if (this.lines.length > 0 && random.chance(0.05)) return random.pick(this.lines);
    return this.#fresh();
  }

  /** Half of them open a signal, so that deliveries keep pace; the others are counted in one of a few that stay hot. */
  #fresh(): string {
    const number = this.lines.length;
    const host = this.#random.chance(0.5) ? `host-${number}` : `hot-${this.#random.below(hotGroups)}`;
    const rule = `rule-${[...host].reduce((sum, char) => sum + char.charCodeAt(0), 0) % rules}`;
    const group = groupOf(rule, host);
    this.groups.set(group, (this.groups.get(group) ?? 0) + 1);
    const line = JSON.stringify({
      id: `n-${number}`,
      rule: { id: rule, name: rule },
      severity: 'high',
      title: `something happened on ${host}`,
      time: new Date().toISOString(),
      host,
      groupBy: ['host'],
    });
    this.lines.push(line);
    return line;
  }

  #spoiled(): string {
    const line = `{"id": "x-${this.garbage.size}", "title": "cut off in the mid`;
    this.garbage.add(line);
    return line;
  }
}

function idsOf(lines: readonly string[]): ReadonlySet<string> {
  const body = new TextEncoder().encode(lines.join('\n'));
  const about = { format: 'tocsin', org: defaultOrg, receivedAt: Date.now(), digest: nodeDigest };
  const ids = new Set(intake({ ...about, body }).detections.map(({ id }) => id));
  if (ids.size !== lines.length) throw new Error(`${lines.length} different lines have ${ids.size} ids`);
  return ids;
}
