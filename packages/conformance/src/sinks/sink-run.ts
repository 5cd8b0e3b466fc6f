import { createHash, createHmac } from 'node:crypto';
import type { AnySink, Digest, HttpRequest, HttpResponse, Message, Remembered, Verdict } from '@tocsin/core';
import type { SampleRequest, SinkSample } from './sink-folder.ts';

const digest: Digest = {
  sha256: (data) => createHash('sha256').update(data).digest('hex'),
  hmacSha256: (key, data) => createHmac('sha256', key).update(data).digest('hex'),
};

export interface SinkRun {
  readonly requests: readonly HttpRequest[];
  readonly printed: readonly string[];
  readonly verdict: Verdict;
  readonly remember?: Remembered;
}

export interface RunChange {
  readonly message?: Message;
  /** The answer to every request; the sample's own in order without it. An error means that there is no answer. */
  readonly answer?: HttpResponse | Error;
}

/** Delivers a sample's message and records what left the process. */
export async function runSink(sink: AnySink, sample: SinkSample, change: RunChange = {}): Promise<SinkRun> {
  const requests: HttpRequest[] = [];
  const printed: string[] = [];
  const answers = [...sample.answers];
  const outcome = await sink.deliver(change.message ?? sample.message, sink.config.parse(sample.config), {
    http: {
      send: async (request) => {
        requests.push(request);
        const answer = change.answer ?? answers.shift();
        if (answer === undefined) throw new Error('the sample has no answer to this request');
        if (answer instanceof Error) throw answer;
        return answer;
      },
    },
    wires: { print: (line) => printed.push(line) },
    digest,
    now: sample.now,
    remembered: sample.remembered,
  });
  return { requests, printed, ...outcome };
}

export const withBodyRead = ({ body, ...request }: HttpRequest): SampleRequest => ({
  ...request,
  ...(body !== undefined && { body: JSON.parse(body) as unknown }),
});

/** Every text under the secret keys of a configuration. */
export function secretsOf(sink: AnySink, { config }: SinkSample): readonly string[] {
  const textsIn = (value: unknown): readonly string[] => {
    if (typeof value === 'string') return [value, value.replace(/^(whsec_|Bearer )/, '')];
    return typeof value === 'object' && value !== null ? Object.values(value).flatMap(textsIn) : [];
  };
  return sink.secrets.flatMap((key) => textsIn(config[key]));
}
