import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { ConfigurationError, readConfiguration, setting } from './configuration.ts';

const shape = z.object({
  port: setting.wholeNumber({ min: 0, max: 65_535 }).default(8480),
  readModel: setting.flag().default(true),
  allowNetworks: setting.list().default([]),
  logLevel: z.enum(['info', 'debug']).default('info'),
});
const problemsOf = (read: () => unknown): readonly string[] => {
  try {
    read();
  } catch (error) {
    if (error instanceof ConfigurationError) return error.problems;
    throw error;
  }
  return [];
};

describe('readConfiguration', () => {
  it('takes defaults, the environment, then what is given', () => {
    const environment = {
      TOCSIN_PORT: '9000',
      TOCSIN_READ_MODEL: 'no',
      TOCSIN_ALLOW_NETWORKS: '10.0.0.0/8, ::1',
      HOME: '/',
    };
    expect(readConfiguration({ shape, environment, given: { port: 0, logLevel: undefined } })).toEqual({
      port: 0,
      readModel: false,
      allowNetworks: ['10.0.0.0/8', '::1'],
      logLevel: 'info',
    });
  });

  it('freezes deeply', () => {
    const read = readConfiguration({ shape, environment: { TOCSIN_ALLOW_NETWORKS: '::1' } });
    expect(Object.isFrozen(read) && Object.isFrozen(read.allowNetworks)).toBe(true);
  });

  it('names every unknown key and every bad value, and quotes none', () => {
    const environment = {
      TOCSIN_PROT: '1',
      TOCSIN_PORT: 'c4nary',
      TOCSIN_LOG_LEVEL: 'c4nary',
      TOCSIN_READ_MODEL: 'c4nary',
    };
    const problems = problemsOf(() => readConfiguration({ shape, environment, given: { rulez: 'c4nary' } }));
    expect(problems).toHaveLength(5);
    for (const name of ['TOCSIN_PROT', 'TOCSIN_PORT', 'TOCSIN_LOG_LEVEL', 'TOCSIN_READ_MODEL', 'rulez'])
      expect(problems.filter((problem) => problem.startsWith(name))).toHaveLength(1);
    expect(problems.join()).not.toContain('c4nary');
  });

  it('names the option when the option is bad', () => {
    expect(problemsOf(() => readConfiguration({ shape, environment: {}, given: { port: 70_000 } }))[0]).toMatch(
      /^port: /,
    );
  });

  it('leaves secrets and what others know alone, and takes an empty variable for none', () => {
    const environment = { TOCSIN_SECRET_SLACK: 'x', TOCSIN_URL: 'http://x', TOCSIN_PORT: '' };
    expect(readConfiguration({ shape, environment, alsoKnown: ['TOCSIN_URL'] }).port).toBe(8480);
  });
});
