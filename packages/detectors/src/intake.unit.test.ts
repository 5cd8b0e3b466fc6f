import { describe, expect, it } from 'vitest';
import { bytesOf, digest, read, receivedAt } from '../test/samples.ts';
import { detectorFor, detectors, guessFormat, intake } from './index.ts';

describe('intake', () => {
  it('takes the good lines around the bad ones and counts all of them', () => {
    const body = [
      '{"event_type":"alert","flow_id":1,"alert":{"signature_id":1,"signature":"One","severity":1}}',
      '{"event_type":"flow","flow_id":1}',
      'nonsense',
      '{"event_type":"flow","flow_id":2}',
      '{"no":"type"}',
      '{"event_type":"alert","flow_id":3,"alert":{"signature_id":2,"signature":"Two","severity":1}}',
    ].join('\n');
    const { detections, skipped, rejected } = read('suricata', body);
    expect(detections.map(({ rule }) => rule.name)).toEqual(['One', 'Two']);
    expect([...skipped]).toEqual([['flow', 2]]);
    expect(rejected.map(({ line, code }) => ({ line, code }))).toEqual([
      { line: 3, code: 'invalid_json' },
      { line: 5, code: 'not_this_format' },
    ]);
  });

  it('stamps organisation, format and receipt, and gives the same again', () => {
    const body = bytesOf('{"rule":"x","severity":"low"}');
    const input = { format: 'tocsin', body, org: 'acme', receivedAt, digest };
    expect(intake(input).detections[0]).toMatchObject({
      org: 'acme',
      format: 'tocsin',
      receivedAt,
      occurredAt: receivedAt,
    });
    expect(intake(input)).toEqual(intake(input));
  });

  it('rejects all lines of a format that nobody knows, naming those that are known', () => {
    expect(detectorFor('nonsense')).toBeUndefined();
    const { detections, rejected } = read('nonsense', '{"a":1}\n{"b":2}');
    expect(detections).toEqual([]);
    expect(rejected).toHaveLength(2);
    for (const { format } of detectors) expect(rejected[0]?.message).toContain(format);
  });

  it('guesses a format only where one claims the line', () => {
    expect(guessFormat({ rule: 'x', severity: 'low' })).toBe('tocsin');
    expect(guessFormat({ output: 'x', priority: 'Error', rule: 'y', time: 'z' })).toBe('falco');
    expect(guessFormat({ hello: 'world' })).toBeUndefined();
    expect(guessFormat(null)).toBeUndefined();
  });
});
