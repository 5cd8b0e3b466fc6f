import type { Json } from '../json.ts';
import { field, type ValueOf } from '../field.ts';
import { triageFields, type Triage } from './triage.ts';
import type { SignalView } from './view.ts';

/** What every triage event carries: the block before and after, what was asked, and the configuration version it was decided on. */
export const triageChangeFields = {
  before: field.object('TriageBefore', triageFields),
  after: field.object('TriageAfter', triageFields),
  /** The data of the command, as it came. */
  asked: field.optional(field.json()),
  configVersion: field.integer(),
};
export type TriageChange = ValueOf<typeof triageChangeFields>;

export const triageAudit = {
  name: 'Cloud Security Platform',
  action: 'modified',
  asset: 'security_signal',
  change: ({ before, after }: TriageChange) => ({ prev: before as unknown as Json, next: after as unknown as Json }),
} as const;

export const evolveTriage = (
  view: SignalView | undefined,
  { after }: { readonly after: Triage },
): SignalView | undefined => view && { ...view, triage: after };
