import type { LookupAddress, LookupAllOptions } from 'node:dns';
import { isIP, type LookupFunction, type Socket } from 'node:net';
import { buildConnector } from 'undici';
import type { AddressPolicy } from './address-policy.ts';
import { HttpError } from './http-error.ts';

/** `dns.lookup` in its `all` form. */
export type LookupAll = (
  hostname: string,
  options: LookupAllOptions,
  callback: (error: NodeJS.ErrnoException | null, addresses: readonly LookupAddress[]) => void,
) => void;

export const bareHost = (hostname: string): string => hostname.replace(/^\[(.*)\]$/, '$1');

/** Resolves a name and keeps only the addresses that the policy permits; the connection is made to those very addresses. */
function guardedLookup(policy: AddressPolicy, protocol: string, lookup: LookupAll): LookupFunction {
  return (hostname, options, callback) => {
    lookup(hostname, { ...options, all: true } as LookupAllOptions, (error, found) => {
      if (error) return callback(error, '');
      const permitted = found.filter(({ address }) => policy.permits(address, protocol));
      const [first] = permitted;
      if (!first) return callback(new HttpError('address_refused', hostname), '');
      if (options.all) return callback(null, permitted);
      return callback(null, first.address, first.family);
    });
  };
}

/** The last word belongs to the socket: whatever was looked up, only a permitted peer gets a request. */
export function checkPeer(socket: Socket, host: string, permits: (address: string) => boolean): HttpError | undefined {
  if (socket.remoteAddress !== undefined && permits(socket.remoteAddress)) return undefined;
  socket.destroy();
  return new HttpError(socket.remoteAddress === undefined ? 'connection_lost' : 'address_refused', host);
}

export interface ConnectorParts {
  readonly policy: AddressPolicy;
  readonly lookup: LookupAll;
  readonly connectTimeoutMs: number;
}

/** A connector for undici's Agent that checks literals, looked-up addresses and the connected peer. */
export function guardedConnector({ policy, lookup, connectTimeoutMs }: ConnectorParts): buildConnector.connector {
  const connectorFor = (protocol: string) =>
    buildConnector({
      timeout: connectTimeoutMs,
      lookup: guardedLookup(policy, protocol, lookup),
    } as buildConnector.BuildOptions);
  const connectors: Readonly<Record<string, buildConnector.connector>> = {
    'http:': connectorFor('http:'),
    'https:': connectorFor('https:'),
  };
  return (options, callback) => {
    const { hostname, protocol } = options;
    const connect = connectors[protocol];
    const permits = (address: string) => policy.permits(address, protocol);
    if (!connect) return callback(new HttpError('scheme_refused', hostname), null);
    // The lookup is never asked about literals.
    if (isIP(bareHost(hostname)) && !permits(bareHost(hostname)))
      return callback(new HttpError('address_refused', hostname), null);
    connect(options, (error, socket) => {
      if (error) return callback(error, null);
      const refused = checkPeer(socket, hostname, permits);
      return refused ? callback(refused, null) : callback(null, socket);
    });
  };
}
