import type { Recorded } from '../processor.ts';
import type { TopicName } from '../topics.ts';
import type { Positions } from './event-log.ts';

/**
 * A projection applies committed records to a foreign store whose own transaction also keeps the positions. Disposable: it
 * can be dropped at any time and is rebuilt from the log.
 */
export interface Projection {
  readonly id: string;
  readonly topics: readonly TopicName[];
  /** Positions of what the store holds. */
  positions(): Promise<Positions>;
  /**
   * Rows and positions in one transaction. `from` must equal the stored positions (compare and set), else nothing is applied and the
   * result is `moved`: another instance got there first. Applying a record again changes nothing.
   */
  apply(records: readonly Recorded[], from: Positions, to: Positions): Promise<'applied' | 'moved'>;
}
