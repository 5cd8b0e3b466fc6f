import { answers } from './free-port.ts';
import { redisCommand } from './programs.ts';
import { Server, startOnFreePort } from './server.ts';

export interface StartedRedis {
  /** `redis://host:port` */
  readonly url: string;
  /** For tests that kill it and start it again, empty. */
  readonly server: Server;
  stop(): Promise<void>;
}

/** Starts an empty Redis that keeps nothing on disk. */
export function startRedis(): Promise<StartedRedis> {
  return startOnFreePort(async (port) => {
    const server = await Server.start({
      name: 'redis',
      command: (directory) => [redisCommand(), ...optionsOf(directory, port)],
      ready: () => answers(port, 'PING\r\n', '+PONG'),
      stopSignal: 'KILL',
    });
    return { url: `redis://127.0.0.1:${port}`, server, stop: () => server.stop() };
  });
}

const optionsOf = (directory: string, port: number): readonly string[] => [
  ...['--port', String(port), '--bind', '127.0.0.1', '--dir', directory],
  ...['--save', '', '--appendonly', 'no', '--maxmemory-policy', 'noeviction', '--daemonize', 'no'],
];
