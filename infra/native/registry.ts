import { java, registryJar } from './artifacts.ts';
import { Server, startOnFreePort } from './server.ts';

export interface StartedRegistry {
  /** Base of the API that Confluent's clients speak. */
  readonly url: string;
  readonly server: Server;
  stop(): Promise<void>;
}

/** Starts an empty schema registry that keeps everything in memory. */
export function startRegistry(): Promise<StartedRegistry> {
  return startOnFreePort(async (port) => {
    const url = `http://127.0.0.1:${port}/apis/ccompat/v7`;
    const quick = ['-Xmx256m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1', '-Xshare:auto'];
    const server = await Server.start({
      name: 'registry',
      command: () => [java(), ...quick, '-jar', registryJar()],
      ready: () =>
        fetch(`${url}/subjects`, { signal: AbortSignal.timeout(1_000) }).then(
          ({ ok }) => ok,
          () => false,
        ),
      stopSignal: 'KILL',
      readyWithinMs: 60_000,
      environment: { QUARKUS_HTTP_PORT: String(port), QUARKUS_HTTP_HOST: '127.0.0.1' },
    });
    return { url, server, stop: () => server.stop() };
  });
}
