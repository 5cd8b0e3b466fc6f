import type { Checks } from './checks.ts';
import type { Stage } from './stage.ts';
import type { TocsinShell } from './tocsin-shell.ts';

/** What every part of the demo works with. */
export interface Scene extends Stage {
  readonly shell: TocsinShell;
  readonly checks: Checks;
}
