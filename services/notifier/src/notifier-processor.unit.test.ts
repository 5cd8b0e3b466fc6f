import { configTable, day, eventDefinitions, type Processor, shapeOf, TableSet } from '@tocsin/core';
import { describe, expect, it } from 'vitest';
import { hardened, requestsOf, Scenario, sinkTypes, toldBy } from '../test/scenario.ts';
import { notifierProcessor } from './notifier-processor.ts';

const processor = notifierProcessor({ linkBase: 'https://tocsin.example/', sinkTypes });
const any = hardened(processor) as Processor<unknown>;

const scenario = (rules: readonly object[]): Scenario => {
  const one = new Scenario(any);
  one.configure('sink', { handle: 'hook', type: 'webhook' });
  one.configure('sink', { handle: 'page', type: 'pager' });
  one.configure('sink', { handle: 'slack-ops', type: 'slack' });
  one.configure('sink', { handle: 'off', type: 'webhook', enabled: false });
  one.configure('sink', { handle: 'odd', type: 'pigeon' });
  one.configure('workflow', {
    handle: 'contain',
    security_trigger: true,
    url: 'http://127.0.0.1:1/',
    inputs: [{ name: 'host' }, { name: 'hours', type: 'number', default: 4 }],
  });
  one.configure('workflow', { handle: 'bare', url: 'http://127.0.0.1:1/' });
  for (const rule of rules) one.configure('notification_rule', rule);
  return one;
};
const types = (one: Scenario) => toldBy(one.fold()).map(({ type, data }) => `${type} ${String(data.sink)}`);
const entryOf = (one: Scenario, id: string) => one.fold().states.get('notifier')?.get(id);
const last = (one: Scenario) => {
  const told = toldBy(one.fold()).at(-1);
  if (!told) throw new Error('nothing was told');
  return told;
};
const report = (one: Scenario, verdict: 'delivered' | 'retry' | 'rejected', more: object = {}): void => {
  const asked = requestsOf(one.fold()).at(-1);
  if (!asked) throw new Error('nothing was asked');
  const { deliveryId, signalId, sink, attempt, lease } = asked.data;
  one.report({ deliveryId, signalId, sink, attempt, lease, verdict, startedAt: one.now, tookMs: 5, ...more });
};

describe('the notifier', () => {
  it('tells every target of a matching rule, each once', () => {
    const one = scenario([
      { name: 'B rule', targets: ['@hook', '@page'] },
      { name: 'A rule', targets: ['@hook', '@hook'] },
    ]);
    one.open('s1');
    expect(types(one)).toEqual(['delivery.requested hook', 'delivery.requested page']);
    const [first, second] = toldBy(one.fold());
    expect(first?.data).toMatchObject({
      deliveryId: 's1.hook.o1',
      attempt: 1,
      lease: 1,
      dueAt: one.now,
      leaseUntil: one.now + 60_000,
      configVersion: 8,
      message: {
        deliveryId: 's1.hook.o1',
        kind: 'opened',
        title: 'Shell in container',
        link: 'https://tocsin.example/signals/s1',
        at: one.now,
        rule: { id: 'a-rule', name: 'A rule' },
        signal: { id: 's1', type: 'signal' },
      },
    });
    expect(second?.data).toMatchObject({ message: { rule: { name: 'B rule' } } });
  });

  it('writes events that keep to their own shapes', () => {
    const one = scenario([{ name: 'R', targets: ['@hook', '@off', '@workflow-contain(host="web-1")'] }]);
    one.open('s1');
    for (const { type, data } of toldBy(one.fold())) {
      const definition = eventDefinitions.find((known) => known.type === type);
      expect(definition && shapeOf(definition.fields).safeParse(data).success).toBe(true);
    }
  });

  it('keeps nothing of a signal that nobody hears of', () => {
    const one = scenario([{ name: 'R', selectors: { severities: ['critical'] }, targets: ['@hook'] }]);
    one.open('s1');
    one.triage('s1', { state: 'archived' });
    one.close('s1');
    expect(types(one)).toEqual([]);
    expect(one.fold().states.get('notifier')?.size).toBe(0);
  });

  it('does not even look at the state for what cannot matter', () => {
    const tables = new TableSet([configTable]);
    const value = { type: 'signal.updated', subject: 's1' };
    const record = { topic: 'signals', partition: 0, offset: 0, key: 's1', value, recordedAt: 0 } as const;
    expect(processor.keys(record, tables)).toEqual([]);
  });

  it('records why a target cannot be told', () => {
    const targets = ['@off', '@odd', '@gone', '@workflow-gone', '@workflow-bare', '@workflow-contain', 'nobody'];
    const one = scenario([{ name: 'R', targets }]);
    one.open('s1');
    expect(toldBy(one.fold()).map(({ type, data }) => [type, data.attempts, data.reason])).toEqual([
      ['delivery.abandoned', 0, 'sink @off is disabled (rule "R")'],
      ['delivery.abandoned', 0, 'there is no sink type "pigeon" (rule "R")'],
      ['delivery.abandoned', 0, 'there is no sink @gone (rule "R")'],
      ['delivery.abandoned', 0, 'there is no workflow @workflow-gone (rule "R")'],
      ['delivery.abandoned', 0, 'workflow @workflow-bare has no security trigger (rule "R")'],
      ['delivery.abandoned', 0, expect.stringContaining('input "host"')],
      ['delivery.abandoned', 0, expect.stringContaining('@')],
    ]);
    expect(entryOf(one, 's1')).toBeUndefined();
  });

  it('fills the inputs of a workflow, and runs it once for each set of arguments', () => {
    const contain = (host: string) => `@workflow-contain(host="${host}")`;
    const one = scenario([
      { name: 'A', targets: [contain('web-1'), contain('web-2')] },
      { name: 'B', targets: [contain('web-1')] },
    ]);
    one.open('s1');
    const told = toldBy(one.fold());
    expect(told.map(({ data }) => (data.message as { inputs: unknown }).inputs)).toEqual([
      { host: 'web-1', hours: 4 },
      { host: 'web-2', hours: 4 },
    ]);
    expect(told.map(({ data }) => data.sink)).toEqual(['workflow-contain', 'workflow-contain']);
    expect(new Set(told.map(({ data }) => data.deliveryId)).size).toBe(2);
  });

  it('forgets a delivered signal when it closes, unless somebody wants to hear of its triage', () => {
    const one = scenario([{ name: 'R', targets: ['@hook'] }]);
    one.open('s1');
    report(one, 'delivered');
    expect(JSON.stringify(entryOf(one, 's1')).length).toBeLessThan(200);
    one.close('s1');
    expect(entryOf(one, 's1')).toBeUndefined();
  });

  it('keeps less than 1 KiB for follow-ups, until the signal is locked', () => {
    const one = scenario([{ name: 'R', targets: ['@slack-ops'] }]);
    one.open('s1', { title: 't'.repeat(500), rule: { id: 'r'.repeat(60), name: 'n'.repeat(500), tags: ['x'] } });
    report(one, 'delivered', { remember: { channel: 'C012', ts: '1712345678.123456' } });
    one.close('s1');
    expect(JSON.stringify(entryOf(one, 's1')).length).toBeLessThan(900);
    one.wait(30 * day);
    one.idle();
    expect(entryOf(one, 's1')).toBeUndefined();
  });

  it('tells of triage only those who know of the signal and want it', () => {
    const one = scenario([{ name: 'R', targets: ['@hook', '@slack-ops'] }]);
    one.open('s1');
    report(one, 'delivered', { remember: { ts: '1' } });
    one.triage('s1', { state: 'archived', archiveReason: 'false_positive' });
    expect(types(one).slice(2)).toEqual(['delivery.requested slack-ops']);
    expect(last(one).data).toMatchObject({
      deliveryId: 's1.slack-ops.s1',
      remembered: { ts: '1' },
      message: {
        kind: 'state_changed',
        severity: 'high',
        summary: 'State open → archived (false_positive).',
        signal: { attributes: { custom: { workflow: { triage: { state: 'archived' } } } } },
      },
    });
  });

  it('says nothing of triage that leaves the state as it was', () => {
    const one = scenario([{ name: 'R', targets: ['@slack-ops'] }]);
    one.open('s1');
    report(one, 'delivered');
    one.triage('s1', { incidentIds: [1] });
    expect(types(one)).toHaveLength(1);
  });

  it('fires a rule that an escalation brings into play, and repeats to others only on request', () => {
    const one = scenario([
      { name: 'All', targets: ['@hook', '@page'], notify_on: ['opened', 'escalated'] },
      { name: 'Critical', selectors: { severities: ['critical'] }, targets: ['@slack-ops'] },
    ]);
    one.open('s1', { severity: 'medium' });
    expect(types(one)).toEqual(['delivery.requested hook', 'delivery.requested page']);
    report(one, 'delivered');
    one.escalate('s1', 'critical');
    expect(toldBy(one.fold()).map(({ data }) => data.deliveryId)).toEqual([
      's1.hook.o1',
      's1.page.o1',
      's1.page.e2',
      's1.slack-ops.o2',
    ]);
    expect(last(one).data).toMatchObject({
      message: { kind: 'opened', summary: 'Severity rose from medium to critical: Shell in container.' },
    });
  });

  it('does not repeat to a rule that speaks at openings only', () => {
    const one = scenario([{ name: 'All', targets: ['@page'] }]);
    one.open('s1', { severity: 'medium' });
    report(one, 'delivered');
    one.escalate('s1', 'high');
    expect(types(one)).toEqual(['delivery.requested page']);
  });

  it('leaves a rule that speaks at escalations only in silence until then', () => {
    const one = scenario([{ name: 'Up', targets: ['@hook'], notify_on: ['escalated'] }]);
    one.open('s1', { severity: 'low' });
    expect(types(one)).toEqual([]);
    one.escalate('s1', 'high');
    expect(types(one)).toEqual(['delivery.requested hook']);
  });

  it('applies a rule to what happens after it was made, never to what was before', () => {
    const one = scenario([]);
    one.open('s1');
    one.configure('notification_rule', { name: 'Late', targets: ['@hook'] });
    one.close('s1');
    expect(types(one)).toEqual([]);
    one.open('s2');
    expect(types(one)).toEqual(['delivery.requested hook']);
  });

  it('repeats the same message under the same id at every attempt and lease', () => {
    const one = scenario([{ name: 'R', targets: ['@hook'] }]);
    one.open('s1');
    one.wait(60_000);
    one.idle();
    report(one, 'retry', { reason: 'HTTP 500' });
    one.wait(7_000);
    one.idle();
    const told = toldBy(one.fold());
    expect(told.map(({ data }) => [data.deliveryId, data.attempt, data.lease])).toEqual([
      ['s1.hook.o1', 1, 1],
      ['s1.hook.o1', 1, 2],
      ['s1.hook.o1', 2, 1],
    ]);
    expect(new Set(told.map(({ data }) => JSON.stringify(data.message))).size).toBe(1);
  });

  it('stays within the size of an event, whatever the signal holds', () => {
    const one = scenario([{ name: 'R', targets: ['@hook'] }]);
    const raw = 'r'.repeat(4_096);
    one.open('s1', {
      message: 'm'.repeat(8_192),
      entities: Array.from({ length: 64 }, (_, n) => `host:${'h'.repeat(300)}${n}`),
      tags: Array.from({ length: 128 }, (_, n) => `tag:${'t'.repeat(180)}${n}`),
      attributes: { blob: 'a'.repeat(16_000) },
      samples: Array.from({ length: 8 }, (_, n) => ({ detectionId: `d${n}`, occurredAt: 0, raw })),
    });
    expect(JSON.stringify(last(one).data).length).toBeLessThan(48 * 1024);
    expect(last(one).data).toMatchObject({
      message: { signal: { attributes: { custom: { flags: ['truncated'], workflow: { events_matched: 1 } } } } },
    });
  });
});
