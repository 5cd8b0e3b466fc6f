/** Why a record, or a checkpoint, is not what was written. */
export const faultReasons = {
  unreadable: 'no audit record stands here',
  edited: 'the content differs from what was written',
  broken_link: 'it does not continue the record before it',
  missing: 'records are missing',
  repeated: 'an earlier record stands here again',
  inserted: 'two records claim this place',
  out_of_place: 'a record from another place stands here',
  foreign: 'a record of another stream stands here',
  rewritten: 'the chain up to here is not the one that the checkpoint attests',
  truncated: 'a checkpoint attests records that are not there',
  checkpoint_unreadable: 'no checkpoint stands here',
  checkpoint_signature: 'the signature of the checkpoint is not by a key that was given',
  checkpoint_chain: 'the checkpoint does not continue the one before it',
  export_damaged: 'the frame of the export is damaged or cut short',
} as const;
export type FaultReason = keyof typeof faultReasons;

/**
 * The first bad record of a stream, or the last record under a bad checkpoint. With `until`, all of seq…until are concerned:
 * missing or truncated, or (`rewritten`, `edited`) at least one of them is false and only a checkpoint in between could tell which.
 */
export interface Fault {
  readonly stream: string;
  readonly seq: number;
  readonly until?: number;
  readonly reason: FaultReason;
}

export const describeFault = ({ stream, seq, until, reason }: Fault): string =>
  `${stream} seq ${seq}${until === undefined || until === seq ? '' : `…${until}`}: ${faultReasons[reason]} (${reason})`;
