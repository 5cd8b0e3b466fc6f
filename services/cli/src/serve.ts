import { DirectoryTaken } from '@tocsin/embedded';
import {
  EventLoopWatch,
  createLogger,
  Health,
  logLevels,
  runProcess,
  readConfiguration,
  setting,
} from '@tocsin/runtime';
import { z } from 'zod';
import { dataDirectoryOf, defaultPort } from './connection.ts';
import { print, tell } from './output.ts';
import { EmbeddedStack } from './stack.ts';

const shape = z.object({
  data: z.string().min(1),
  port: setting.wholeNumber({ min: 0, max: 65_535 }).default(defaultPort),
  host: z.string().min(1).default('127.0.0.1'),
  rules: z.string().min(1).optional(),
  egressAllow: setting.list().default([]),
  logLevel: z.enum(logLevels).default('info'),
});
/** Ours, but of the client commands. */
const clientVariables = ['TOCSIN_URL', 'TOCSIN_TOKEN'];

export interface UpFlags {
  readonly data?: string;
  readonly port?: string;
  readonly host?: string;
  readonly rules?: string;
  readonly allowEgress?: string;
  readonly logLevel?: string;
}

/** What `tocsin up` does. Loaded only then: client commands start without a server's worth of code. */
export async function serve(flags: UpFlags): Promise<void> {
  const { allowEgress, ...given } = flags;
  const config = readConfiguration({
    shape,
    given: { ...given, data: dataDirectoryOf(flags.data), egressAllow: allowEgress },
    alsoKnown: clientVariables,
  });
  const logger = createLogger({ service: 'tocsin', level: config.logLevel });
  const health = new Health({ loop: new EventLoopWatch().start() });
  await runProcess({ log: logger, health }, async (lifecycle) => {
    const stack = new EmbeddedStack({ options: config, lifecycle, logger, health });
    try {
      const { url, data } = await stack.start();
      print(`Tocsin is ready at ${url} (data in ${data}, token in ${data}/admin.token)`);
      return undefined;
    } catch (error) {
      if (!(error instanceof DirectoryTaken) && !isAddressTaken(error)) throw error;
      tell(
        error instanceof DirectoryTaken
          ? error.message
          : `Port ${config.port} on ${config.host} is taken. Choose another with --port.`,
      );
      return 1;
    }
  });
}

const isAddressTaken = (error: unknown): boolean => Reflect.get(Object(error), 'code') === 'EADDRINUSE';
