import { type Folded, maxAttempts, type Processor, type Severity } from '@tocsin/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { attemptsOf, expectedPairs, problemsOf, reportsIn, type Rule } from '../test/delivery-checker.ts';
import { hardened, requestsOf, Scenario, sinkTypes } from '../test/scenario.ts';
import { notifierProcessor } from './notifier-processor.ts';

const processor = hardened(notifierProcessor({ linkBase: 'http://x', sinkTypes })) as Processor<unknown>;

const sinks = { hook: 'webhook', page: 'pager', slack: 'slack', off: 'webhook' } as const;
const rules: readonly Rule[] = [
  { name: 'everything', severities: [], sinks: ['hook', 'page'], escalated: true },
  { name: 'critical', severities: ['critical'], sinks: ['slack', 'off'], escalated: false },
  { name: 'loud', severities: ['high', 'critical'], sinks: ['page', 'slack'], escalated: true },
];
const ladder: readonly Severity[] = ['low', 'medium', 'high', 'critical'];

type Act =
  | { readonly act: 'rule'; readonly at: number }
  | { readonly act: 'open' | 'close' | 'again'; readonly pick: number }
  | { readonly act: 'escalate' | 'triage'; readonly pick: number; readonly to: number }
  | { readonly act: 'report'; readonly pick: number; readonly verdict: Verdict; readonly afterMs: number | undefined }
  | { readonly act: 'wait'; readonly ms: number; readonly idle: boolean };
type Verdict = 'delivered' | 'retry' | 'rejected';

const pick = fc.nat({ max: 7 });
const act: fc.Arbitrary<Act> = fc.oneof(
  fc.record({ act: fc.constant('rule' as const), at: fc.nat({ max: rules.length - 1 }) }),
  fc.record({ act: fc.constantFrom('open' as const, 'open' as const, 'close' as const, 'again' as const), pick }),
  {
    weight: 3,
    arbitrary: fc.record({
      act: fc.constantFrom('escalate' as const, 'triage' as const),
      pick,
      to: fc.nat({ max: 3 }),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      act: fc.constant('report' as const),
      pick,
      verdict: fc.constantFrom<Verdict>('delivered', 'retry', 'retry', 'rejected'),
      afterMs: fc.constantFrom(undefined, undefined, 1, 90_000, 1e9),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ act: fc.constant('wait' as const), ms: fc.nat({ max: 200_000 }), idle: fc.boolean() }),
  },
);

/** Instructions that nobody has answered, as a worker would know them: only the newest lease of an attempt counts. */
function outstanding(one: Scenario, folded: Folded) {
  const newest = new Map<string, ReturnType<typeof requestsOf>[number]['data']>();
  for (const { data } of requestsOf(folded)) newest.set(data.deliveryId, data);
  const answered = new Set(
    reportsIn(one.entries).map(({ data }) => `${data.deliveryId} ${data.attempt} ${data.lease}`),
  );
  const settled = [...attemptsOf(one.entries, folded).values()].filter(
    ({ abandoned, superseded, reports }) =>
      abandoned ?? superseded ?? reports.some(({ data }) => data.verdict === 'delivered'),
  );
  const over = new Set(settled.map(({ id }) => id));
  return [...newest.values()].filter(
    ({ deliveryId, attempt, lease }) => !over.has(deliveryId) && !answered.has(`${deliveryId} ${attempt} ${lease}`),
  );
}

class Play {
  readonly one = new Scenario(processor);
  readonly #opened = new Map<string, { severity: number; closed: boolean }>();

  constructor() {
    for (const [handle, type] of Object.entries(sinks))
      this.one.configure('sink', { handle, type, enabled: handle !== 'off' });
  }

  do(step: Act): void {
    if (step.act === 'rule') this.#rule(rules[step.at]);
    else if (step.act === 'open') this.#open(`s${this.#opened.size}`, step.pick % 3);
    else if (step.act === 'close') this.#close(step.pick);
    else if (step.act === 'escalate') this.#escalate(step.pick, step.to);
    else if (step.act === 'triage') this.#triage(step.pick, step.to);
    else if (step.act === 'report') this.#report(step.pick, step.verdict, step.afterMs);
    else if (step.act === 'again') this.#repeat(step.pick);
    else if (step.act === 'wait') {
      this.one.wait(step.ms);
      if (step.idle) this.one.idle();
    }
  }

  /** Answers everything until nothing is left to be done. `dead` never takes anything. */
  finish(dead: string): void {
    for (let round = 0; round < 400; round += 1) {
      const open = outstanding(this.one, this.one.fold());
      for (const data of open) this.#answer(data, data.sink === dead ? 'retry' : 'delivered', undefined);
      this.one.wait(open.length > 0 ? 1 : 30 * 3_600_000);
      this.one.idle();
      if (open.length === 0 && outstanding(this.one, this.one.fold()).length === 0 && !this.#busy()) return;
    }
    throw new Error('it never ends');
  }

  #busy(): boolean {
    const states = this.one.fold().states.get('notifier')?.values() ?? [];
    return [...states].some((state) => (state as { lanes: { head?: unknown }[] }).lanes.some(({ head }) => head));
  }

  #rule(rule: Rule | undefined): void {
    if (!rule) return;
    this.one.configure('notification_rule', {
      name: rule.name,
      selectors: { severities: rule.severities },
      targets: rule.sinks.map((sink) => `@${sink}`),
      notify_on: rule.escalated ? ['opened', 'escalated'] : ['opened'],
    });
  }
  #open(id: string, severity: number): void {
    this.#opened.set(id, { severity, closed: false });
    this.one.open(id, { severity: ladder[severity] ?? 'low' });
  }
  #close(pick: number): void {
    const [id, state] = this.#nth(pick) ?? [];
    if (id === undefined || !state || state.closed) return;
    state.closed = true;
    this.one.close(id);
  }
  #escalate(pick: number, to: number): void {
    const [id, state] = this.#nth(pick) ?? [];
    if (id === undefined || !state || state.closed || to <= state.severity) return;
    state.severity = to;
    this.one.escalate(id, ladder[to] ?? 'critical');
  }
  #triage(pick: number, to: number): void {
    const [id] = this.#nth(pick) ?? [];
    if (id === undefined) return;
    this.one.triage(id, { state: (['open', 'under_review', 'archived', 'archived'] as const)[to] ?? 'open' });
  }
  #report(pick: number, verdict: Verdict, afterMs: number | undefined): void {
    const open = outstanding(this.one, this.one.fold());
    const data = open[pick % Math.max(open.length, 1)];
    if (data) this.#answer(data, verdict, afterMs);
  }
  /** Any instruction that ever was, answered again or late: a repeat must change nothing that it should not. */
  #repeat(pick: number): void {
    const all = requestsOf(this.one.fold());
    const told = all[pick % Math.max(all.length, 1)];
    if (told) this.#answer(told.data, 'retry', undefined);
  }
  #answer(data: ReturnType<typeof requestsOf>[number]['data'], verdict: Verdict, afterMs: number | undefined): void {
    const { deliveryId, signalId, sink, attempt, lease } = data;
    const about = { deliveryId, signalId, sink, attempt, lease, verdict, startedAt: this.one.now, tookMs: 1 };
    this.one.report(afterMs === undefined ? about : { ...about, afterMs });
  }
  #nth(pick: number) {
    return [...this.#opened][pick % Math.max(this.#opened.size, 1)];
  }
}

const plays = fc
  .tuple(fc.subarray([0, 1, 2]), fc.array(act, { minLength: 5, maxLength: 30 }))
  .map(([first, acts]): readonly Act[] => [...first.map((at) => ({ act: 'rule' as const, at })), ...acts]);
const dead = fc.constantFrom('hook', 'page', 'slack', 'nobody');

describe('the notifier, whatever happens', () => {
  it('brings every matching signal to every sink or says why not, in order, on the ladder', () => {
    fc.assert(
      fc.property(plays, dead, (acts, broken) => {
        const play = new Play();
        for (const step of acts) play.do(step);
        play.finish(broken);
        const folded = play.one.fold();
        expect(problemsOf(play.one.entries, folded)).toEqual([]);
        const told = new Set(
          [...attemptsOf(play.one.entries, folded).keys()].map((id) => id.split('.').slice(0, 2).join('/')),
        );
        expect([...told].sort()).toEqual([...expectedPairs(play.one.entries, rules)].sort());
      }),
      { numRuns: 100 },
    );
  });

  it('decides the same whether or not it is left in peace between the records', () => {
    fc.assert(
      fc.property(plays, fc.infiniteStream(fc.nat({ max: 3 })), (acts, gaps) => {
        const play = new Play();
        for (const step of acts) play.do(step);
        play.one.wait(100_000);
        play.one.idle();
        const { entries } = play.one;
        const rested = entries.flatMap((entry, at) => {
          const before = entries[at - 1];
          const next = entry.kind === 'record' ? entry.record.recordedAt : entry.until;
          const gap = gaps.next().value;
          if (!before || gap === 0) return [entry];
          const from = before.kind === 'record' ? before.record.recordedAt : before.until;
          return [{ kind: 'idle' as const, until: from + Math.floor(((next - from) * gap) / 3) }, entry];
        });
        expect(play.one.fold(rested)).toEqual(play.one.fold());
      }),
      { numRuns: 100 },
    );
  });

  it(`gives up after ${maxAttempts} attempts`, () => {
    const play = new Play();
    play.do({ act: 'rule', at: 0 });
    play.do({ act: 'open', pick: 0 });
    play.finish('hook');
    const hook = attemptsOf(play.one.entries, play.one.fold()).get('s0.hook.o1');
    expect(new Set(hook?.issues.map(({ attempt }) => attempt)).size).toBe(maxAttempts);
    expect(hook?.abandoned?.attempts).toBe(maxAttempts);
  });
});
