import type { ApiClient } from './client.ts';
import { Failure } from './failure.ts';
import { tell } from './output.ts';

const longestPauseMs = 10_000;

export interface Followed {
  readonly path: string;
  readonly signal: AbortSignal;
  /** Called once the server has fixed where the stream begins; again after each interruption. */
  readonly opened?: () => void;
}

/**
 * Follows a stream of server-sent events until the signal aborts. A broken connection is taken up again where it ended, so
 * nothing is missed and nothing comes twice.
 */
export async function* follow(client: ApiClient, { path, signal, opened }: Followed): AsyncGenerator<string, void> {
  let last: string | undefined;
  let pauseMs = 250;
  while (!signal.aborted) {
    try {
      const answer = await client.open(path, {
        signal,
        headers: { ...(last !== undefined && { 'last-event-id': last }) },
      });
      for await (const event of eventsOf(answer)) {
        last = event.id ?? last;
        pauseMs = 250;
        if (event.name === 'ready') opened?.();
        else if (event.name === 'message') yield event.data;
      }
    } catch (error) {
      if (signal.aborted) return;
      if (last === undefined || (error instanceof Failure && error.exitCode !== 8)) throw error;
    }
    if (signal.aborted) return;
    tell('The connection ended; taking it up again.');
    await pause(pauseMs, signal);
    pauseMs = Math.min(longestPauseMs, pauseMs * 2);
  }
}

interface StreamEvent {
  readonly id: string | undefined;
  readonly name: string;
  readonly data: string;
}

async function* eventsOf(answer: Response): AsyncIterable<StreamEvent> {
  const decoder = new TextDecoder();
  let buffered = '';
  for await (const chunk of answer.body ?? []) {
    buffered += decoder.decode(chunk as Uint8Array, { stream: true });
    for (let end = buffered.indexOf('\n\n'); end >= 0; end = buffered.indexOf('\n\n')) {
      const event = parse(buffered.slice(0, end));
      buffered = buffered.slice(end + 2);
      if (event) yield event;
    }
  }
}

function parse(block: string): StreamEvent | undefined {
  const fields = new Map(
    block
      .split('\n')
      .filter((line) => !line.startsWith(':'))
      .map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1).trimStart()] as const),
  );
  const data = fields.get('data');
  return data === undefined ? undefined : { id: fields.get('id'), name: fields.get('event') ?? 'message', data };
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(done, ms);
    function done(): void {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    }
    signal.addEventListener('abort', done, { once: true });
  });
}
