import { z } from 'zod';

export type Environment = Readonly<Record<string, string | undefined>>;
/** The only place that touches the environment of the process. */
export const processEnvironment = (): Environment => process.env;

/** Everything wrong with the configuration at once; each line names the key, none quotes a value. */
export class ConfigurationError extends Error {
  override readonly name = 'ConfigurationError';
  readonly problems: readonly string[];
  constructor(problems: readonly string[]) {
    super(`configuration: ${problems.join('; ')}`);
    this.problems = problems;
  }
}

/** Forms that the text of an environment variable and a typed option share. */
export const setting = {
  flag: () => z.preprocess((value) => flags[`${value}`.toLowerCase()] ?? value, z.boolean()),
  wholeNumber: (limits: { readonly min: number; readonly max: number }) =>
    z.preprocess(
      (value) => (typeof value === 'string' && /^\d{1,15}$/.test(value) ? Number(value) : value),
      z.int().min(limits.min).max(limits.max),
    ),
  /** Comma-separated in the environment. */
  list: () =>
    z.preprocess(
      (value) => (typeof value === 'string' ? value.split(',').flatMap((item) => item.trim() || []) : value),
      z.array(z.string().min(1)),
    ),
} as const;
const flags: Readonly<Record<string, boolean>> = {
  true: true,
  '1': true,
  yes: true,
  false: false,
  '0': false,
  no: false,
};

const prefix = 'TOCSIN_';
/** Left alone, so that secret references may point at variables with our prefix. */
const secretPrefix = 'TOCSIN_SECRET_';

/** `readModel` is `TOCSIN_READ_MODEL`. */
const variableOf = (key: string): string => prefix + key.replace(/([a-z0-9])([A-Z])/g, '$1_$2').toUpperCase();

export interface ConfigurationSource<S extends z.ZodRawShape> {
  readonly shape: z.ZodObject<S>;
  /** The environment of the process unless said. */
  readonly environment?: Environment;
  /** Stronger than the environment: command line options. Undefined values count as not given. */
  readonly given?: Readonly<Record<string, unknown>>;
  /** Variables with our prefix that are somebody else's business, such as the client's `TOCSIN_URL`. */
  readonly alsoKnown?: readonly string[];
}

/** Parses once, freezes deeply. An unknown key and a bad value fail with the name of the key: `ConfigurationError`. */
export function readConfiguration<S extends z.ZodRawShape>(source: ConfigurationSource<S>): z.output<z.ZodObject<S>> {
  const { shape, environment = processEnvironment(), given = {}, alsoKnown = [] } = source;
  const keys = Object.keys(shape.shape);
  const named = new Map(keys.map((key) => [variableOf(key), key]));
  const variables = Object.entries(environment).filter(
    ([name, value]) => name.startsWith(prefix) && !name.startsWith(secretPrefix) && value !== undefined,
  );
  const strangers = variables.flatMap(([name]) => (named.has(name) || alsoKnown.includes(name) ? [] : [name]));
  const values = new Map<string, unknown>();
  for (const [name, value] of variables) {
    const key = named.get(name);
    if (key !== undefined && value !== '') values.set(key, value);
  }
  for (const [key, value] of Object.entries(given)) if (value !== undefined) values.set(key, value);
  const parsed = shape.strict().safeParse(Object.fromEntries(values));
  const problems = [
    ...strangers.map((name) => `${name} is not a known variable`),
    ...(parsed.error?.issues ?? []).map((issue) => problemOf(issue, given)),
  ];
  if (problems.length > 0 || !parsed.success) throw new ConfigurationError(problems);
  return deepFrozen(parsed.data);
}

function problemOf(issue: z.core.$ZodIssue, given: Readonly<Record<string, unknown>>): string {
  if (issue.code === 'unrecognized_keys') return `${issue.keys.join(', ')} is not a known option`;
  const [key = '', ...rest] = issue.path.map(String);
  const name = given[key] === undefined ? variableOf(key) : key;
  return `${[name, ...rest].join('.')}: ${issue.message}`;
}

function deepFrozen<T>(value: T): T {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value;
  for (const inner of Object.values(value)) deepFrozen(inner);
  return Object.freeze(value);
}
