import { Agent, request } from 'undici';
import type { Request, Script } from './script.ts';

/** Where the server is, as long as nobody has ended it. */
export interface Place {
  readonly url: string;
  readonly token: string;
}

const answerWithinMs = 60_000;

/**
 * Sends a script on several connections. What was not acknowledged is sent again, byte for byte, once the server is back;
 * a request that fails while the server should be there is a failure of the run.
 */
export class Sender {
  readonly #script: Script;
  readonly #connections: number;
  readonly #agent: Agent;
  readonly #acknowledgedIds = new Set<string>();
  readonly #waiting = new Set<() => void>();
  readonly #problems: string[] = [];
  #place: Place | undefined;
  #next = 0;
  #sent = 0;
  #acknowledged = 0;
  #underWay = 0;

  constructor(script: Script, connections: number) {
    this.#script = script;
    this.#connections = connections;
    this.#agent = new Agent({ connections, pipelining: 1 });
  }

  /** Ids of the detections that the server said it has taken. */
  get acknowledgedIds(): ReadonlySet<string> {
    return this.#acknowledgedIds;
  }
  /** Acknowledged requests. */
  get acknowledged(): number {
    return this.#acknowledged;
  }
  /** Requests that wait for their answer. */
  get underWay(): number {
    return this.#underWay;
  }
  /** Requests that were sent, repeats included. */
  get sent(): number {
    return this.#sent;
  }
  /** Answers that say something else than what was sent. */
  get problems(): readonly string[] {
    return this.#problems;
  }

  get reachable(): boolean {
    return this.#place !== undefined;
  }

  /** Resolves when every request is acknowledged; rejects when one fails that should not. */
  async run(): Promise<void> {
    await Promise.all(Array.from({ length: this.#connections }, () => this.#work()));
    await this.#agent.close();
  }

  /** The server is (again) there. */
  open(place: Place): void {
    this.#place = place;
    this.#look();
  }

  /** From now on it may fail requests: call it before the server is ended. */
  close(): void {
    this.#place = undefined;
  }

  /** Resolves when the condition holds; asked whenever the server is back, and a request is sent or acknowledged. */
  until(condition: (sender: this) => boolean): Promise<void> {
    return new Promise<void>((resolve) => {
      const look = () => {
        if (!condition(this)) return;
        this.#waiting.delete(look);
        resolve();
      };
      this.#waiting.add(look);
      look();
    });
  }

  async #work(): Promise<void> {
    for (let at = this.#next++; at < this.#script.requests.length; at = this.#next++) {
      const one = this.#script.requests[at];
      while (one && !(await this.#try(one)));
      this.#acknowledged += 1;
      this.#look();
    }
  }

  async #try(one: Request): Promise<boolean> {
    await this.until(({ reachable }) => reachable);
    const place = this.#place;
    if (!place) return false;
    this.#sent += 1;
    this.#underWay += 1;
    this.#look();
    try {
      return await this.#send(one, place);
    } catch (error) {
      if (this.#place === place) throw new Error('a request failed although nobody ended the server', { cause: error });
      return false;
    } finally {
      this.#underWay -= 1;
    }
  }

  async #send({ body, good, bad }: Request, { url, token }: Place): Promise<boolean> {
    const { statusCode, body: answer } = await request(`${url}/api/v2/detections/tocsin?ids=1`, {
      method: 'POST',
      dispatcher: this.#agent,
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/x-ndjson' },
      body,
      headersTimeout: answerWithinMs,
    });
    const text = await answer.text();
    if (statusCode !== (good > 0 ? 202 : 400)) throw new Error(`answered with ${statusCode}: ${text}`);
    const told = JSON.parse(text) as { accepted: number; rejected: unknown[]; detections: { id: string }[] };
    for (const { id } of told.detections) this.#acknowledgedIds.add(id);
    if (told.accepted !== good || told.rejected.length !== bad)
      this.#problems.push(`${good} good and ${bad} bad lines were answered with ${text.slice(0, 200)}`);
    return true;
  }

  #look(): void {
    for (const look of this.#waiting) look();
  }
}
