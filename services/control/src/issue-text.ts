import type { z } from 'zod';

const kinds: Readonly<Record<string, string>> = {
  string: 'text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'a group of keys',
  record: 'a group of keys',
};
const formats: Readonly<Record<string, string>> = {
  uuid: 'write a UUID such as 6f9619ff-8b86-4d01-b42d-00cf4fc964ff',
  email: 'write an e-mail address',
  url: 'write a URL',
};
/** zod's own words begin so; anything else was written by us, for people. */
const generic = /^(Invalid|Too (small|big)|Unrecognized)/;

/** What is wrong, in people's words and without the value, which may be a secret. `missing`: nothing is written there. */
export function issueText(issue: z.core.$ZodIssue, missing: boolean): string {
  switch (issue.code) {
    case 'invalid_type':
      return missing ? `is missing: write ${kindOf(issue.expected)}` : `must be ${kindOf(issue.expected)}`;
    case 'invalid_value':
      return `${missing ? 'is missing' : 'is not known'}: choose ${choice(issue.values)}`;
    case 'too_small':
      return missing || issue.minimum === 1 ? 'is empty: write at least one' : `must be at least ${issue.minimum}`;
    case 'too_big':
      return `is too long: at most ${issue.maximum}${issue.origin === 'string' ? ' characters' : ''}`;
    case 'invalid_union':
      return 'write a length of time as 90s, 5m, 1h or 1d';
    case 'invalid_format':
      return generic.test(issue.message) ? (formats[issue.format] ?? 'is not written as it should be') : issue.message;
    default:
      return issue.message;
  }
}

const kindOf = (expected: string): string => kinds[expected] ?? expected;
const choice = (values: readonly unknown[]): string =>
  values.length === 1 ? String(values[0]) : `one of ${values.map(String).join(', ')}`;

/** Words of a sink's own schema, where it left them to zod. */
export function plainText(message: string): string {
  const [, expected, received] = /^Invalid input: expected (\w+), received (\w+)$/.exec(message) ?? [];
  if (expected !== undefined)
    return `${received === 'undefined' ? 'is missing: write' : 'must be'} ${kindOf(expected)}`;
  return message.replace(/^Unrecognized keys?: /, 'holds what is not known here: ');
}
