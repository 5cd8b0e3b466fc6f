import { describe, expect, it } from 'vitest';
import type { ShownSignal } from '../shapes.ts';
import { comparison } from './audit-diff.ts';

const signal = (id: string, at: number, { version = 1, title = 'a title' } = {}): ShownSignal => ({
  id,
  attributes: {
    timestamp: new Date(at).toISOString(),
    custom: {
      title,
      status: 'high',
      version,
      groupByValues: [],
      workflow: {
        events_matched: 1,
        last_seen: '',
        rule: { id: 'r', name: 'r' },
        triage: { state: 'open', version: 0, assignee: { name: '' } },
      },
    },
  },
});

describe('the comparison of audit log and server', () => {
  it('leaves out what was opened after the export, and nothing that is older', () => {
    const both = signal('both', 10);
    const server = [both, signal('missing', 19), signal('at the end', 20), signal('later', 21)];
    expect(comparison([both], server, 20)).toEqual({
      compared: 2,
      different: [{ id: 'missing', path: '', audit: null, server: 'only on the server' }],
    });
  });

  it('compares whatever both sides know, however new', () => {
    const { compared, different } = comparison([signal('a', 30)], [signal('a', 30, { title: 'forged' })], 20);
    expect(compared).toBe(1);
    expect(different).toEqual([{ id: 'a', path: 'attributes.custom.title', audit: 'a title', server: 'forged' }]);
  });

  it('takes what moved on for newer, and names what the server lost', () => {
    const moved = comparison([signal('a', 1)], [signal('a', 1, { version: 2, title: 'new' })], 20);
    expect(moved.different).toEqual([]);
    expect(comparison([signal('a', 1)], [], 20).different).toEqual([
      { id: 'a', path: '', audit: 'only in the audit log', server: null },
    ]);
  });
});
