import { continues, type Digest, parseCheckpoint, type SignedCheckpoint } from '@tocsin/core';
import { AuditAlarm } from './audit-alarm.ts';

/** Both places tell the same story; one may be ahead, because a crash came in between. */
export function agreedCheckpoints(
  stream: string,
  { inside, outside }: { readonly inside: readonly SignedCheckpoint[]; readonly outside: readonly SignedCheckpoint[] },
  digest: Digest,
): readonly SignedCheckpoint[] {
  const [longer, shorter] = inside.length > outside.length ? [inside, outside] : [outside, inside];
  const differs = shorter.findIndex(({ text }, at) => text !== longer[at]?.text);
  if (differs >= 0)
    throw new AuditAlarm(`${stream}: checkpoint ${differs} in the log is not the one in checkpoints.ndjson`);
  const broken = longer.findIndex((signed, at) => !continues(signed, longer[at - 1], digest));
  if (broken >= 0) throw new AuditAlarm(`${stream}: checkpoint ${broken} does not continue the one before it`);
  return longer;
}

/** The same line twice in a row is a producer's repetition. */
export function checkpointsByStream(
  lines: readonly string[],
  place: string,
): ReadonlyMap<string, readonly SignedCheckpoint[]> {
  const found = new Map<string, SignedCheckpoint[]>();
  for (const line of lines) {
    const signed = parseCheckpoint(line);
    if (!signed) throw new AuditAlarm(`${place} holds a line that is no checkpoint: ${line.slice(0, 80)}`);
    const before = found.get(signed.checkpoint.stream) ?? [];
    if (before.at(-1)?.text !== signed.text) before.push(signed);
    found.set(signed.checkpoint.stream, before);
  }
  return found;
}
