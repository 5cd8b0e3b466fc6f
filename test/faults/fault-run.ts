import { setTimeout as pause } from 'node:timers/promises';
import { Random, RecordingReceiver } from '@tocsin/conformance';
import { at, Stack } from '../e2e/stack-harness.ts';
import { judge } from './judge.ts';
import { type Script, scriptOf } from './script.ts';
import { Sender } from './sender.ts';

/** How the server is ended again and again while detections are sent to it. */
export interface FaultPlan {
  /** Decides what is sent and at which moments the server ends. */
  readonly seed: number;
  readonly ends: number;
  /** SIGKILL, or SIGTERM. */
  readonly how: 'kill' | 'stop';
  /** Acknowledged requests between two ends, at least and at most. */
  readonly between: readonly [number, number];
  /** For so long the receiver refuses connections, about half way. */
  readonly outageMs?: number;
  readonly say: (line: string) => void;
}

/** One end of the server, as it was seen from outside. Times in milliseconds since the epoch. */
export interface End {
  readonly began: number;
  readonly over: number;
  /** Requests of the sender without an answer. */
  readonly underWay: number;
  /** Exit code; null for one that was killed. */
  readonly code: number | null;
}

export interface FaultReport {
  readonly ends: readonly End[];
  /** Requests that the receiver got again. */
  readonly repeats: number;
  /** Empty when every promise was kept. */
  readonly problems: readonly string[];
}

/** What a run has left behind, for the judge. */
export interface Evidence {
  readonly script: Script;
  readonly sender: Sender;
  readonly receiver: RecordingReceiver;
  readonly ends: readonly End[];
  /** When the receiver went away and came back. */
  readonly outages: readonly (readonly [number, number])[];
}

const connections = 16;
/** Requests after the last end. */
const tail = 200;
/** Longer than the longest wait of an update, on a busy machine; three times this, longer than two steps of the retry ladder. */
const patienceMs = 90_000;
export const now = (): number => performance.timeOrigin + performance.now();

/** Runs a plan on the real process and judges what came of it. */
export async function faultRun(plan: FaultPlan): Promise<FaultReport> {
  // Slow enough that some deliveries are always under way; and in a stop, until long after the intake has closed.
  const receiver = await RecordingReceiver.start({ content: false, mark: /"signal":\{"id":"([^"]+)"/ });
  receiver.always({ delayMs: plan.how === 'kill' ? 5 : 200 });
  const stack = await Stack.start({ rules: rulesFor(receiver.url), logLevel: 'error' });
  try {
    const run = new FaultRun(plan, stack, receiver);
    await run.play();
    await run.drain();
    return await judge(run.evidence, stack, plan.say);
  } finally {
    await stack.remove();
    await receiver.close();
  }
}

const rulesFor = (url: string): string =>
  `sinks:\n  - handle: far-end\n    type: webhook\n    config:\n      url: ${url}/hook\nrules:\n  - name: everything\n    targets: ["@far-end"]\n`;

class FaultRun {
  readonly #plan: FaultPlan;
  readonly #stack: Stack;
  readonly #random: Random;
  readonly #receiver: RecordingReceiver;
  readonly #moments: readonly number[];
  readonly #script: Script;
  readonly #sender: Sender;
  readonly #ends: End[] = [];
  readonly #outages: (readonly [number, number])[] = [];

  constructor(plan: FaultPlan, stack: Stack, receiver: RecordingReceiver) {
    const { seed, ends, between } = plan;
    this.#plan = plan;
    this.#stack = stack;
    this.#receiver = receiver;
    this.#random = new Random(seed ^ 0xdead);
    let moment = 0;
    this.#moments = Array.from({ length: ends }, () => {
      moment += this.#random.between(...between);
      return moment;
    });
    this.#script = scriptOf(seed, moment + tail);
    this.#sender = new Sender(this.#script, connections);
  }

  get evidence(): Evidence {
    const [script, sender, receiver] = [this.#script, this.#sender, this.#receiver];
    return { script, sender, receiver, ends: this.#ends, outages: this.#outages };
  }

  /** Until everything is acknowledged, through every end. */
  async play(): Promise<void> {
    const { seed, ends, how, say } = this.#plan;
    const { requests, groups, detectionIds, garbage } = this.#script;
    say(
      `seed ${seed}: ${ends} × ${how}, ${requests.length} requests, ${detectionIds.size} different detections in ${groups.size} groups, ${garbage.size} unreadable lines`,
    );
    const sending = this.#sender.run();
    this.#open();
    await Promise.race([sending, this.#endAndAgain()]);
    await sending;
  }

  /** Until nothing is left to deliver and every signal has told its last count; the judge finds out what never came. */
  async drain(): Promise<void> {
    const given = new AbortController();
    const patience = pause(this.#plan.outageMs === undefined ? patienceMs : 3 * patienceMs, undefined, {
      signal: given.signal,
    }).catch(() => {});
    let patient = true;
    void patience.then(() => {
      patient = false;
    });
    await Promise.race([this.#receiver.waitForAccepted(this.#script.groups.size), patience]);
    while (patient && !(await this.#atRest())) await pause(500);
    given.abort();
  }

  async #atRest(): Promise<boolean> {
    const status = (await this.#stack.get('/api/v2/status')).body;
    const { waiting, running } = at(status, 'data', 'attributes', 'deliveries') as Record<string, number>;
    return waiting === 0 && running === 0 && (await this.#counted()) >= this.#script.detectionIds.size;
  }

  async #endAndAgain(): Promise<void> {
    const outageAt = this.#plan.outageMs === undefined ? -1 : Math.floor(this.#moments.length / 2);
    let outage = Promise.resolve();
    for (const [turn, moment] of this.#moments.entries()) {
      if (turn === outageAt) outage = this.#outage(this.#plan.outageMs ?? 0);
      await this.#sender.until(({ acknowledged }) => acknowledged >= moment);
      await this.#aLittleLater();
      await this.#end(moment);
      await this.#stack.resume();
      this.#open();
    }
    await outage;
  }

  /** The end comes at an answer, at a request that was just sent, or at a delivery that just arrived. */
  async #aLittleLater(): Promise<void> {
    const { acknowledged, sent } = this.#sender;
    const arrived = this.#receiver.requests.length;
    const more = this.#random.between(1, 5);
    const either = this.#sender.until((sender) => sender.acknowledged >= acknowledged + 50);
    const kind = this.#random.pick(['answer', 'request', 'delivery'] as const);
    if (kind === 'request') await this.#sender.until((sender) => sender.sent >= sent + more);
    if (kind === 'delivery') await Promise.race([this.#receiver.waitFor(arrived + more), either]);
  }

  async #end(moment: number): Promise<void> {
    const { how, say } = this.#plan;
    const { underWay } = this.#sender;
    this.#sender.close();
    const began = now();
    if (how === 'kill') await this.#stack.kill();
    const code = how === 'kill' ? null : await this.#stack.stop();
    this.#ends.push({ began, over: now(), underWay, code });
    say(
      `${how} ${this.#ends.length} due at ${moment} acknowledged: at ${this.#sender.acknowledged}, ${underWay} requests under way, ${this.#receiver.requests.length} deliveries arrived${how === 'stop' ? `, exit ${code} after ${Math.round(now() - began)} ms` : ''}`,
    );
  }

  #open(): void {
    this.#sender.open({ url: this.#stack.url, token: this.#stack.token });
  }

  async #outage(ms: number): Promise<void> {
    const began = now();
    await this.#receiver.down();
    this.#plan.say('the receiver is gone');
    await pause(ms);
    await this.#receiver.up();
    this.#outages.push([began, now()]);
    this.#plan.say('the receiver is back');
  }

  /** Sum of the counts that the signals show. */
  async #counted(): Promise<number> {
    let sum = 0;
    for (let cursor: unknown = ''; cursor !== undefined; ) {
      const after = cursor === '' ? '' : `&page[cursor]=${encodeURIComponent(String(cursor))}`;
      const { body } = await this.#stack.get(`/api/v2/security_monitoring/signals?page[limit]=1000${after}`);
      for (const signal of at(body, 'data') as readonly unknown[])
        sum += Number(at(signal, 'attributes', 'custom', 'workflow', 'events_matched'));
      cursor = at(body, 'meta', 'page', 'after');
    }
    return sum;
  }
}
