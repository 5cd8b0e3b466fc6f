import process from 'node:process';
import { parseArgs } from 'node:util';
import { LogError } from '@tocsin/core';
import {
  ConfigurationError,
  createLogger,
  EventLoopWatch,
  Health,
  Metrics,
  readConfiguration,
  readConfigurationFile,
  runProcess,
  variableOf,
} from '@tocsin/runtime';
import type { z } from 'zod';
import { SchemaRefused } from '../registry/registry-trouble.ts';
import { printConfiguration } from './print-configuration.ts';
import { RunningService } from './running-service.ts';
import { type CommonConfiguration, commonSettings, settings } from './settings.ts';

export interface ServicePlan<S extends z.ZodRawShape> {
  readonly name: string;
  /** What it needs besides the common settings: `settings.pick({ … })`. */
  readonly settings: z.ZodObject<S>;
  /** Starts its parts; when it resolves, the service is up. */
  start(service: RunningService, config: z.output<z.ZodObject<S>>): Promise<void>;
}

/** Of the packages; raised by the release. */
const version = '0.1.0';
/** Exit code of a wrong command line or configuration. */
const usage = 2;

const help = (name: string): string => `Usage: node services/${name}/dist/main.js [--config FILE] [--print-config]

The ${name} service of Tocsin on Kafka. Settings come from the environment (${variableOf('kafkaBrokers')}, …), then from the file.

  --config FILE    settings in YAML, by key: "kafkaBrokers: [host:9092]"
  --print-config   show each setting with its origin, and end
  --help           show this, and end
`;

/**
 * The main of a service on the cluster stack: reads the configuration, reaches Kafka, checks the topics, starts the parts, and runs until SIGTERM. Exits 0
 * after an orderly stop, 2 for a wrong configuration, else 1.
 */
export async function runService<S extends z.ZodRawShape>(plan: ServicePlan<S>): Promise<void> {
  try {
    const flags = flagsOf();
    if (flags.help) return void process.stdout.write(help(plan.name));
    const read = await configured(plan, flags.config);
    if (flags['print-config']) return void process.stdout.write(printConfiguration(read.sources));
    await run(plan, read);
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error;
    for (const problem of error.problems) process.stderr.write(`${problem}\n`);
    process.exitCode = usage;
  }
}

function flagsOf() {
  const flag = { type: 'boolean', default: false } as const;
  try {
    return parseArgs({ options: { config: { type: 'string' }, 'print-config': flag, help: flag } }).values;
  } catch (error) {
    throw new ConfigurationError([error instanceof Error ? error.message : String(error)]);
  }
}

async function configured<S extends z.ZodRawShape>(plan: ServicePlan<S>, path: string | undefined) {
  const file = path === undefined ? undefined : await readConfigurationFile(path);
  const alsoKnown = [...Object.keys(settings.shape).map(variableOf)];
  const common = { shape: commonSettings, file, alsoKnown };
  const own = { shape: plan.settings, file, alsoKnown };
  const [first, second] = [problemsOf(() => readConfiguration(common)), problemsOf(() => readConfiguration(own))];
  const problems = [...new Set([...first.problems, ...second.problems])];
  if (problems.length > 0 || !first.ok || !second.ok) throw new ConfigurationError(problems);
  return { common: first.value, own: second.value, sources: [common, own] };
}

function problemsOf<T>(
  read: () => T,
):
  | { readonly ok: true; readonly value: T; readonly problems: readonly string[] }
  | { readonly ok: false; readonly problems: readonly string[] } {
  try {
    return { ok: true, value: read(), problems: [] };
  } catch (error) {
    if (error instanceof ConfigurationError) return { ok: false, problems: error.problems };
    throw error;
  }
}

async function run<S extends z.ZodRawShape>(
  plan: ServicePlan<S>,
  { common, own }: { readonly common: CommonConfiguration; readonly own: z.output<z.ZodObject<S>> },
): Promise<void> {
  const logger = createLogger({ service: plan.name, level: common.logLevel });
  const loop = new EventLoopWatch().start();
  const health = new Health({ loop });
  const metrics = new Metrics({ service: plan.name, processMetrics: true });
  metrics.watch(loop);
  await runProcess({ log: logger, health }, async (lifecycle) => {
    try {
      const service = new RunningService({
        name: plan.name,
        version,
        common,
        logger,
        health,
        metrics,
        lifecycle,
      });
      const operations = await service.open();
      await plan.start(service, own);
      await service.opened();
      const told = [...service.told, `operations at ${operations}`].join(', ');
      process.stdout.write(`Tocsin ${plan.name} runs: ${told}\n`);
      return undefined;
    } catch (error) {
      if (lifecycle.stopping.aborted) return 0;
      if (error instanceof LogError || error instanceof SchemaRefused) {
        logger.fatal(error.message);
        return 1;
      }
      if (!(error instanceof ConfigurationError)) throw error;
      for (const problem of error.problems) logger.fatal(problem);
      return usage;
    }
  });
}
