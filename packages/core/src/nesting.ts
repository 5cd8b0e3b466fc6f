/** JSON from outside may nest this deep; whatever walks it by recursion is safe within. */
export const maxNesting = 64;

/** Whether lists and objects stand more than `levels` deep in each other. Looks no deeper than that itself. */
export function nestsDeeperThan(levels: number, value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  if (levels === 0) return true;
  return Object.values(value).some((inner) => nestsDeeperThan(levels - 1, inner));
}
