/** A value as it comes back from storage: plain JSON, frozen all the way down, so that a step that is not pure is found out. */
export const stored = <T>(value: T): T =>
  value === undefined ? value : deepFreeze(JSON.parse(JSON.stringify(value)) as T);

export function deepFreeze<T>(value: T): T {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value;
  Object.freeze(value);
  for (const inner of Object.values(value)) deepFreeze(inner);
  return value;
}
