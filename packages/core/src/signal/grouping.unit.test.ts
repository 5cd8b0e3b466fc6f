import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { emptyConfiguration } from '../config/configuration.ts';
import { signalRuleObject } from '../config/objects.ts';
import type { Detection } from '../detection/detection.ts';
import type { JsonObject } from '../json.ts';
import { day, hour, minute } from '../time.ts';
import { groupingOf, groupKeyOf } from './grouping.ts';

const detection = (attributes: JsonObject = {}): Detection => ({
  ...{ id: 'd', org: 'main', format: 'falco', source: 'falco', ruleType: 'workload_security' },
  ...{ rule: { id: 'r', name: 'R', tags: [] }, severity: 'low', title: 't', message: 'm' },
  groupBy: [{ path: 'host', value: 'from-detector' }],
  ...{ entities: [], tags: [], attributes, flags: [], sourceStatus: 'active' },
  ...{ occurredAt: 1, receivedAt: 1, raw: '' },
});
const configured = (rule: object) => ({
  ...emptyConfiguration,
  signal_rule: new Map([['x', { id: 'x', version: 1, value: signalRuleObject.parse({ rule_id: 'r', ...rule }) }]]),
});
const valuesOf = (paths: readonly string[], attributes: JsonObject) =>
  groupingOf(configured({ group_by: paths }), detection(attributes)).groupBy.map(({ value }) => value);
const digest = { sha256: (data: string | Uint8Array) => createHash('sha256').update(data).digest('hex') };
const keyOf = (values: readonly (readonly [string, string])[]) =>
  groupKeyOf(
    { ...digest, hmacSha256: () => '' },
    detection(),
    values.map(([path, value]) => ({ path, value })),
  );

describe('grouping', () => {
  it('is the detector’s with the default windows where no rule matches', () => {
    expect(groupingOf(emptyConfiguration, detection())).toEqual({
      groupBy: [{ path: 'host', value: 'from-detector' }],
      windows: { keepAlive: hour, maxDuration: day },
    });
  });

  it('takes windows from the rule, and the values too where it names paths', () => {
    const timed = configured({ keep_alive: '5m', max_duration: '1h' });
    expect(groupingOf(timed, detection())).toEqual({
      groupBy: [{ path: 'host', value: 'from-detector' }],
      windows: { keepAlive: 5 * minute, maxDuration: hour },
    });
    expect(groupingOf(configured({ group_by: [] }), detection()).groupBy).toEqual([]);
  });

  it('makes text of every value, and N/A of a missing one', () => {
    const attributes = { usr: { name: 'root', id: 0 }, ok: false, gone: null, empty: '', ips: ['a', 'b'] };
    expect(valuesOf(['usr.name', 'usr.id', 'ok', 'gone', 'empty', 'ips', 'nowhere'], attributes)).toEqual([
      ...['root', '0', 'false', 'N/A', 'N/A', '["a","b"]', 'N/A'],
    ]);
  });

  it('keeps long values apart and within bounds', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 400 }), (tail) => {
        const value = (text: string) => valuesOf(['v'], { v: 'x'.repeat(240) + text })[0] ?? '';
        expect(value(tail).length).toBeLessThanOrEqual(256);
        expect(value(tail)).not.toBe(value(`${tail}.`));
        expect(JSON.stringify(value(tail))).not.toMatch(/\\ud[89a-f]/i);
      }),
    );
  });

  it('has a key of its own for each set of values, however odd or long', () => {
    const pairs = fc.array(fc.tuple(fc.string({ minLength: 1 }), fc.string({ maxLength: 200 })), { maxLength: 4 });
    fc.assert(
      fc.property(pairs, pairs, (a, b) => {
        expect(keyOf(a) === keyOf(b)).toBe(JSON.stringify(a) === JSON.stringify(b));
        expect(keyOf(a).length).toBeLessThanOrEqual(262);
      }),
    );
  });

  it('keeps products apart whose rules have the same id', () => {
    const ports = { ...digest, hmacSha256: () => '' };
    const other = { ...detection(), source: 'wazuh' };
    expect(groupKeyOf(ports, detection(), [])).not.toBe(groupKeyOf(ports, other, []));
  });
});
