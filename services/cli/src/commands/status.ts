import type { JsonObject } from '@tocsin/core';
import type { Command } from 'commander';
import { exitCodes, Failure } from '../failure.ts';
import { type ClientFlags, clientOf, withClient } from '../invocation.ts';
import { print, printOne } from '../output.ts';

/** The shape of `GET /api/v2/status`. */
export interface Status extends JsonObject {
  readonly version: string;
  readonly uptime_seconds: number;
  readonly balance: {
    readonly accepted: number;
    readonly in_signals: number;
    readonly suppressed: number;
    readonly excluded: number;
    readonly duplicates: number;
    readonly dead_letters: number;
    readonly unaccounted: number;
    readonly holds: boolean;
  };
  /** Null while the queue cannot be asked. */
  readonly deliveries: { readonly waiting: number | null; readonly running: number | null };
  readonly read_model: string;
}

/** `tocsin status`: is everything accounted for, and what is still to be delivered. */
export function statusCommand(program: Command): void {
  withClient(program.command('status'))
    .description('the balance of what was accepted, and what is still to be delivered')
    .action(async (flags: ClientFlags) => {
      const client = await clientOf(flags);
      const { data } = (await client.json('/api/v2/status')) as unknown as {
        readonly data: { readonly attributes: Status };
      };
      const status = data.attributes;
      if (flags.output === 'table') tellPeople(client.url, status);
      else printOne(status, flags.output);
      if (!status.balance.holds)
        throw new Failure(
          exitCodes.failed,
          `${status.balance.unaccounted} detections are not accounted for. Report this with the server's log.`,
        );
    });
}

export function tellPeople(
  url: string,
  { version, uptime_seconds: up, balance, deliveries, read_model: readModel }: Status,
): void {
  print(`Tocsin ${version} at ${url}, up ${up} s`);
  print(
    `balance: accepted ${balance.accepted} = in signals ${balance.in_signals} + suppressed ${balance.suppressed} + excluded ${balance.excluded}` +
      ` + duplicates ${balance.duplicates} + dead letters ${balance.dead_letters}: ${balance.holds ? 'holds' : 'DOES NOT HOLD'}`,
  );
  print(
    `deliveries: ${deliveries.waiting ?? '?'} waiting, ${deliveries.running ?? '?'} running; read model: ${readModel}`,
  );
}
