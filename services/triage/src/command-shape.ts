import { field, maxNesting, nestsDeeperThan, originFields, shapeOf } from '@tocsin/core';

const shape = shapeOf({
  type: field.text({ min: 1, max: 64 }),
  org: field.text({ min: 1, max: 64 }),
  subject: field.text({ min: 1, max: 256 }),
  data: field.jsonObject(),
  by: field.object('Origin', originFields),
});

/** Why a record on `commands` is no command at all, or undefined if it is one. Whether it makes sense is decided later. */
export function notACommand(value: unknown): string | undefined {
  if (nestsDeeperThan(maxNesting, value)) return `not a command: more than ${maxNesting} levels deep`;
  const result = shape.safeParse(value);
  if (result.success) return undefined;
  const [issue] = result.error.issues;
  return `not a command: ${issue?.path.join('.') ?? ''} ${issue?.message ?? ''}`;
}
