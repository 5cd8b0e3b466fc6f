import type { Detection } from '../detection/detection.ts';
import { mostEntities, mostTags } from './arrival.ts';
import { learnt, unseen } from './known-values.ts';
import type { Session } from './session.ts';

/**
 * Known and waiting values share this many bytes of a session, which keeps the whole of it under 1 KiB. A new value that
 * does not fit is left for the next detection that shows it.
 */
export const textRoom = 700;

/** The session of a detection that must wait for the next update, with those of its new values that fit. */
export function holdNew(session: Session, { entities, tags }: Detection): Session {
  const newEntities = unseen(session.entities, entities, mostEntities);
  const newTags = unseen(session.tags, tags, mostTags);
  if (newEntities.length + newTags.length === 0) return session.dirty ? session : { ...session, dirty: true };
  const room = textRoom - usedBy(session);
  const heldEntities = fitting(newEntities, room);
  const heldTags = fitting(newTags, room - sizeOf(heldEntities));
  return {
    ...session,
    dirty: true,
    entities: learnt(session.entities, heldEntities),
    tags: learnt(session.tags, heldTags),
    newEntities: [...session.newEntities, ...heldEntities],
    newTags: [...session.newTags, ...heldTags],
  };
}

const codeSize = 3;
const utf8 = new TextEncoder();

const usedBy = ({ entities, tags, newEntities, newTags }: Session): number =>
  entities.length +
  tags.length +
  sizeOf(newEntities) +
  sizeOf(newTags) -
  codeSize * (newEntities.length + newTags.length);

/** Bytes of the stored texts, with their comma and their code among the known values. */
const sizeOf = (texts: readonly string[]): number => texts.reduce((sum, text) => sum + sizeOfOne(text), 0);
const sizeOfOne = (text: string): number => utf8.encode(JSON.stringify(text)).length + 1 + codeSize;

function fitting(texts: readonly string[], room: number): readonly string[] {
  let left = room;
  return texts.filter((text) => {
    const size = sizeOfOne(text);
    if (size > left) return false;
    left -= size;
    return true;
  });
}
