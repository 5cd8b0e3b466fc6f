import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createLogger, type LogLevel } from './logger.ts';

function logging(level: LogLevel = 'info') {
  const lines: string[] = [];
  const log = createLogger({ service: 'test', level, destination: { write: (line: string) => lines.push(line) } });
  return { log, lines, last: () => JSON.parse(lines.at(-1) ?? '') as Record<string, unknown> };
}

describe('the logger', () => {
  it('writes one JSON object a line with level, time and service', () => {
    const { log, lines, last } = logging();
    log.child({ request_id: 'r1' }).warn({ signal_id: 's1' }, 'hello');
    expect(lines).toHaveLength(1);
    expect(last()).toMatchObject({ level: 'warn', service: 'test', request_id: 'r1', signal_id: 's1', msg: 'hello' });
    expect(last().time).toMatch(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/);
  });

  it('keeps quiet below its level', () => {
    const { log, lines } = logging('warn');
    log.info('nothing');
    expect(lines).toEqual([]);
  });

  it('hides secrets by key, at any depth, in children and in errors', () => {
    const { log, lines } = logging();
    const error = Object.assign(new Error('failed', { cause: { password: 'c4nary' } }), { config: { x: 'c4nary' } });
    log.child({ token: 'c4nary' }).error({
      err: error,
      headers: { Authorization: 'c4nary', 'set-cookie': ['c4nary'] },
      deep: [{ deeper: { webhookSecret: 'c4nary', bot_token: 'c4nary', apiKey: 'c4nary' } }],
      secret: ['c4nary'],
    });
    expect(lines.join('')).not.toContain('c4nary');
    expect(lines.join('')).toContain('"message":"failed"');
  });

  it.each([
    'Authorization: Bearer abcdef.c4nary',
    'toc_0123456789abcdefc4nary',
    'whsec_MfKQ9r8Gc4nary',
    'xoxb-123456789-c4nary',
    'https://hooks.slack.com/services/T0/B0/c4nary',
    'postgres://tocsin:c4nary@db:5432/x',
    'see "toc_0123456789abcdefc4nary"',
  ])('hides what looks like a secret: %s', (text) => {
    const { log, lines, last } = logging();
    log.error({ err: new Error(text), note: text }, text);
    expect(lines.join('')).not.toContain('c4nary');
    expect(last().level).toBe('error');
  });

  it('survives cycles, depth, bigints and prototypes', () => {
    const { log, last } = logging();
    const cycle: Record<string, unknown> = { big: 2n ** 64n, ...JSON.parse('{"__proto__": {"x": 1}}') };
    cycle.self = cycle;
    log.info({ cycle });
    expect(last().cycle).toMatchObject({ big: '18446744073709551616', self: '[cut]' });
  });

  it('stays on one line and steers no terminal, whatever it is given', () => {
    const { log, lines } = logging();
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        lines.length = 0;
        log.info({ [`k${text}`]: text, field: text }, text.replaceAll('%', ''));
        expect(lines).toHaveLength(1);
        expect(lines[0]?.slice(0, -1)).not.toMatch(/[\p{Cc}\p{Zl}\p{Zp}\u202a-\u202e\u2066-\u2069]/u);
        JSON.parse(lines[0] ?? '');
      }),
    );
    log.info('\u001b[31m red \r\n{"level":"fatal"}\u009b2J');
    expect(lines.at(-1)).toContain('\\u001b[31m red \\r\\n');
  });
});
