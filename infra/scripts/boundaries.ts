/** Checks who may import whom (design, section 5): directions, declared dependencies, purity of the core, no cycles. */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import process from 'node:process';

const root = join(import.meta.dirname, '..', '..');
const services = ['ingest', 'triage', 'notifier', 'audit', 'control', 'api', 'web', 'cli'];
const packages = ['core', 'detectors', 'sinks', 'runtime', 'embedded', 'cluster', 'client', 'conformance'];

/** What production code may import; tests may import `conformance` and, in services, the adapters too; mains `cluster`. */
const allowed: Readonly<Record<string, readonly string[]>> = {
  core: [],
  detectors: ['core'],
  sinks: ['core'],
  runtime: ['core'],
  conformance: ['core'],
  client: ['core'],
  embedded: ['core', 'runtime'],
  cluster: ['core', 'runtime'],
  web: ['core', 'client'],
  cli: [
    'core',
    'detectors',
    'sinks',
    'runtime',
    'embedded',
    'cluster',
    'client',
    ...services.filter((name) => name !== 'cli' && name !== 'web'),
  ],
  ...Object.fromEntries(
    services
      .filter((name) => name !== 'cli' && name !== 'web')
      .map((name) => [name, ['core', 'detectors', 'sinks', 'runtime']]),
  ),
};
/** The only files of a service that know an adapter: its main, and what the main alone uses. */
const isMain = (home: string, path: string): boolean =>
  home.startsWith('services/') &&
  (path === join(home, 'src', 'main.ts') || path.startsWith(join(home, 'src', 'main/')));
const mainsMayAlso = ['cluster'];
const testsMayAlso = ['conformance', 'embedded', 'cluster', ...services];
/** Tests that need real servers may start them, though what starts them is no package. */
const realServers = join(root, 'infra', 'native');

/** Names that make a value depend on when or where it runs. */
const impure =
  /(?<![.\w'"`])(Date\.now\(|new Date\(\)|Math\.random\(|console\.\w|process\.(?:env|argv|exit|pid|hrtime|cwd|std|on|nextTick|memory)|setTimeout\(|setInterval\(|fetch\(|performance\.now)/;
const pure = ['core', 'detectors', 'sinks'];

const problems: string[] = [];
const graph = new Map<string, readonly string[]>();

for (const [folder, names] of [
  ['packages', packages],
  ['services', services],
] as const)
  for (const name of names)
    for (const file of sourcesIn(join(root, folder, name, 'src'))) check(name, join(folder, name), file);
findCycles();

for (const problem of problems) console.error(problem);
console.log(`boundaries: ${graph.size} files, ${problems.length} problems`);
process.exit(problems.length > 0 ? 1 : 0);

function check(name: string, home: string, file: string): void {
  const text = readFileSync(file, 'utf8');
  const path = relative(root, file);
  const isTest = path.endsWith('.test.ts') || path.includes('/test/');
  const declared = dependenciesOf(home);
  const imports = [
    ...text.matchAll(/^(?:import|export)\s+(type\s+)?[^'"]*?from\s+['"]([^'"]+)['"]|^import\s+['"]([^'"]+)['"]/gm),
  ];
  const local: string[] = [];
  for (const [, typeOnly, from, bare] of imports) {
    const target = from ?? bare ?? '';
    if (target.startsWith('.')) {
      const resolved = resolve(dirname(file), target);
      if (isTest && resolved.startsWith(realServers)) continue;
      if (!resolved.startsWith(join(root, home))) problems.push(`${path}: leaves its package by ${target}`);
      if (!typeOnly) local.push(resolved);
      if (name !== 'cli' && !isTest && !isMain(home, path) && isMain(home, relative(root, resolved)))
        problems.push(`${path}: only the main may import ${target}`);
    } else checkForeign({ name, path, target, isTest, isMain: isMain(home, path), declared });
  }
  graph.set(file, local);
  if (pure.includes(name) && !isTest && impure.test(withoutComments(text)))
    problems.push(`${path}: ${name} is pure, but uses ${impure.exec(withoutComments(text))?.[1]}`);
}

function checkForeign({
  name,
  path,
  target,
  isTest,
  isMain,
  declared,
}: {
  name: string;
  path: string;
  target: string;
  isTest: boolean;
  isMain: boolean;
  declared: ReadonlySet<string>;
}): void {
  if (target.startsWith('node:')) {
    if (pure.includes(name) && !isTest) problems.push(`${path}: ${name} must not import ${target}`);
    return;
  }
  const [scope = '', second = ''] = target.split('/');
  const dependency = scope.startsWith('@') ? `${scope}/${second}` : scope;
  if (!declared.has(dependency) && !(isTest && ['vitest', 'fast-check'].includes(dependency)))
    problems.push(`${path}: ${dependency} is not declared in its package.json`);
  if (scope !== '@tocsin') {
    if (name === 'core' && !isTest && dependency !== 'zod')
      problems.push(`${path}: core depends on zod only, not ${dependency}`);
    return;
  }
  if (target !== dependency) problems.push(`${path}: deep import ${target}`);
  const also = isTest ? testsMayAlso : isMain ? mainsMayAlso : [];
  const may = [...(allowed[name] ?? []), ...also];
  if (!may.includes(second)) problems.push(`${path}: ${name} must not import ${dependency}`);
}

function dependenciesOf(home: string): ReadonlySet<string> {
  const manifest = JSON.parse(readFileSync(join(root, home, 'package.json'), 'utf8')) as Record<
    string,
    Record<string, string> | undefined
  >;
  return new Set([...Object.keys(manifest.dependencies ?? {}), ...Object.keys(manifest.devDependencies ?? {})]);
}

function sourcesIn(folder: string): readonly string[] {
  let names: readonly string[];
  try {
    names = readdirSync(folder);
  } catch {
    return [];
  }
  return names.flatMap((name) => {
    const path = join(folder, name);
    if (statSync(path).isDirectory()) return sourcesIn(path);
    return path.endsWith('.ts') ? [path] : [];
  });
}

function withoutComments(text: string): string {
  return text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/^\s*\/\/.*$/gm, '');
}

function findCycles(): void {
  const done = new Set<string>();
  const visit = (file: string, path: readonly string[]): void => {
    if (path.includes(file)) {
      problems.push(
        `cycle: ${[...path.slice(path.indexOf(file)), file].map((each) => relative(root, each)).join(' → ')}`,
      );
      return;
    }
    if (done.has(file)) return;
    for (const next of graph.get(file) ?? []) visit(next, [...path, file]);
    done.add(file);
  };
  for (const file of graph.keys()) visit(file, []);
}
