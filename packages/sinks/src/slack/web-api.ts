import { type JsonObject, isJsonObject, type Tools, type Verdict } from '@tocsin/core';
import { delivered, rejected, retry, statusVerdict } from '../status-verdict.ts';
import { retryAfterMs } from '../retry-after.ts';

export interface SlackCall {
  readonly api: string;
  readonly token: string;
  readonly method: 'chat.postMessage' | 'chat.update';
  readonly content: JsonObject;
}
export interface SlackOutcome {
  readonly verdict: Verdict;
  /** Slack's own code, where it gave one. */
  readonly error?: string;
  /** Where the message stands now. */
  readonly posted?: { readonly channel: string; readonly ts: string };
}

/** Slack's troubles, not ours. Every other code needs a person. */
const passing = [
  'ratelimited',
  'rate_limited',
  'internal_error',
  'fatal_error',
  'service_unavailable',
  'request_timeout',
  'team_added_to_org',
  'external_channel_migrating',
];

/** One call of the Web API, which answers 200 also when it refuses. */
export async function callSlack(
  { api, token, method, content }: SlackCall,
  { http, now }: Tools,
): Promise<SlackOutcome> {
  const response = await http.send({
    method: 'POST',
    url: `${api.replace(/\/+$/, '')}/${method}`,
    headers: { 'content-type': 'application/json; charset=utf-8', authorization: `Bearer ${token}` },
    body: JSON.stringify(content),
  });
  const verdict = statusVerdict(response, now);
  if (verdict.kind !== 'delivered') return { verdict };
  const answer = answerOf(response.body);
  if (answer === undefined) return { verdict: retry('Slack gave an answer that is not its own') };
  if (answer.ok === true) return { verdict: delivered, ...placeOf(answer) };
  const error = codeOf(answer.error, token);
  const reason = `Slack refused: ${error}`;
  return {
    error,
    verdict: passing.includes(error) ? retry(reason, retryAfterMs(response, now)) : rejected(reason),
  };
}

function answerOf(body: string): JsonObject | undefined {
  try {
    const answer: unknown = JSON.parse(body);
    return isJsonObject(answer) && typeof answer.ok === 'boolean' ? answer : undefined;
  } catch {
    return undefined;
  }
}

function placeOf({ channel, ts }: JsonObject): Pick<SlackOutcome, 'posted'> {
  return typeof channel === 'string' && typeof ts === 'string' && channel.length <= 64 && ts.length <= 64
    ? { posted: { channel, ts } }
    : {};
}

/** Codes are words; anything else, an echo of our token above all, is not repeated. */
const codeOf = (error: unknown, token: string): string =>
  typeof error === 'string' && /^[a-z][a-z_]{2,47}$/.test(error) && !token.includes(error) ? error : 'unknown error';
