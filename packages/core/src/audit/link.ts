import { isJsonObject } from '../json.ts';

/** What the chain needs to know of a stored record. */
export interface Link {
  readonly stream: string;
  readonly seq: number;
  readonly prevHash: string;
}

/** The names that the chain stands on are the last but `source` in canonical order, so the end of the text tells them. */
const ending =
  /,"prev_hash":"([0-9a-f]{64})","seq":(0|[1-9]\d{0,15}),"source":\{[^{}]*\},"stream":"(audit-\d+)","type":"audit"\}$/y;
const endingLength = 640;

/**
 * Reads a link from a stored text; undefined when it is no audit record. Only ASCII is looked at, so the text may as well be UTF-8
 * bytes read as Latin-1. The quick way reads the end and fails safe: whatever it does not recognise is parsed whole.
 */
export function linkOf(text: string): Link | undefined {
  const start = text.lastIndexOf(',"prev_hash":"');
  if (start < 0 || text.length - start > endingLength) return parsedLink(text);
  ending.lastIndex = start;
  const found = ending.exec(text);
  if (!found) return parsedLink(text);
  const [, prevHash, seq, stream] = found as unknown as readonly [string, string, string, string];
  return { stream, seq: Number(seq), prevHash };
}

function parsedLink(text: string): Link | undefined {
  try {
    const value: unknown = JSON.parse(text);
    if (!isJsonObject(value)) return undefined;
    const { stream, seq, prev_hash: prevHash } = value;
    if (typeof stream !== 'string' || typeof seq !== 'number' || typeof prevHash !== 'string') return undefined;
    return { stream, seq, prevHash };
  } catch {
    return undefined;
  }
}
