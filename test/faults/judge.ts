import { type RecordingReceiver, reportText } from '@tocsin/conformance';
import { defaultDeliveryLimits } from '@tocsin/notifier';
import { at, type Stack } from '../e2e/stack-harness.ts';
import {
  checkCommitted,
  type Committed,
  committedIn,
  deadLetterTexts,
  deliveredReports,
  signalCounts,
} from './committed.ts';
import type { End, Evidence, FaultReport } from './fault-run.ts';
import type { Script } from './script.ts';
import { runTocsin } from '../e2e/run-tocsin.ts';

/** Attempts that the delivery worker has under way to one sink, unreported ones included: so many may be repeated after a crash. */
const inFlightPerCrash = defaultDeliveryLimits.perSink;

/** Asks the running server first, stops it in good order, and then looks at what it has committed. */
export async function judge(evidence: Evidence, stack: Stack, say: (line: string) => void): Promise<FaultReport> {
  const { ends, sender, script, receiver } = evidence;
  const problems = [...sender.problems, ...(await judgeRunning(stack, say))];
  const code = await stack.stop();
  if (code !== 0) problems.push(`the last stop ended with ${code}`);
  const committed = await committedIn(stack.data);
  const sent = { acknowledged: sender.acknowledgedIds, possible: script.detectionIds };
  const report = checkCommitted(committed, sent);
  say(reportText(report));
  if (!report.clean) problems.push(reportText(report, 5));
  problems.push(...judgeSignals(committed, script), ...judgeDeadLetters(committed, evidence));
  const repeats = repeatsOf(evidence);
  problems.push(...judgeDeliveries(committed, receiver), ...repeats.problems);
  say(`repeated deliveries: ${repeats.count}, at most ${inFlightPerCrash} for each end: ${repeats.perEnd.join(' ')}`);
  return { ends, repeats: repeats.count, problems: shortened(problems) };
}

/** One fault shows in a thousand signals. */
const shortened = (problems: readonly string[]): readonly string[] =>
  problems.length <= 20 ? problems : [...problems.slice(0, 20), `and ${problems.length - 20} more`];

async function judgeRunning(stack: Stack, say: (line: string) => void): Promise<readonly string[]> {
  const problems: string[] = [];
  const { body } = await stack.get('/api/v2/status');
  const balance = at(body, 'data', 'attributes', 'balance');
  if (at(balance, 'holds') !== true) problems.push(`the balance does not hold: ${JSON.stringify(balance)}`);
  for (const command of [
    ['audit', 'verify'],
    ['audit', 'replay', '--diff'],
  ]) {
    const { code, stdout, stderr } = await runTocsin([...command, '--data', stack.data]);
    say(`${command.join(' ')}: ${stdout.trim().split('\n')[0]}`);
    if (code !== 0) problems.push(`${command.join(' ')} ended with ${code}: ${stdout.slice(0, 2_000)}${stderr}`);
  }
  return problems;
}

/** One signal a group, with the exact count. */
function* judgeSignals(committed: Committed, { groups }: Script): Iterable<string> {
  const signals = signalCounts(committed);
  const found = new Set<string>();
  for (const { id, group, count } of signals) {
    if (found.has(group)) yield `${group} has a second signal ${id}`;
    found.add(group);
    if (count !== groups.get(group)) yield `${group} counts ${count} detections, ${groups.get(group)} were sent`;
  }
  for (const group of groups.keys()) if (!found.has(group)) yield `${group} has no signal`;
}

/** Every line that nobody can read is kept to the letter; once, but for requests that had to be sent again. */
function* judgeDeadLetters(committed: Committed, { script, sender, ends }: Evidence): Iterable<string> {
  const kept = deadLetterTexts(committed);
  const different = new Set(kept);
  for (const line of script.garbage) if (!different.has(line)) yield `no dead letter holds ${line}`;
  for (const line of different) if (!script.garbage.has(line)) yield `a dead letter holds what was not sent: ${line}`;
  const again = ends.reduce((sum, { underWay }) => sum + underWay, 0);
  const mostKept = script.garbage.size + again * 8;
  if (kept.length > mostKept || sender.acknowledged !== script.requests.length)
    yield `${kept.length} dead letters for ${script.garbage.size} lines and ${again} requests under way`;
}

/** Every signal reached the sink, always under the same id. */
function* judgeDeliveries(committed: Committed, { requests }: RecordingReceiver): Iterable<string> {
  const ids = new Map<string, Set<string>>();
  for (const { id, mark, status } of requests) if (status === 200) ids.set(mark, (ids.get(mark) ?? new Set()).add(id));
  for (const { id } of signalCounts(committed)) {
    const known = ids.get(id);
    if (known?.size !== 1) yield `signal ${id} was delivered under ${known?.size ?? 0} ids: ${[...(known ?? [])]}`;
    ids.delete(id);
  }
  for (const [id, reports] of deliveredReports(committed))
    if (reports > 1) yield `${id} was delivered again although its delivery stood in the log: ${reports} reports`;
  for (const [id, known] of ids)
    yield `${[...known].slice(0, 3)} tells of ${id || 'no signal'}, which is not in the log`;
}

interface Repeats {
  readonly count: number;
  readonly perEnd: readonly number[];
  readonly problems: readonly string[];
}

/** A repeat is allowed for what was under way when the server was killed, or when the receiver went away; for nothing else. */
function repeatsOf({ receiver, ends, outages }: Evidence): Repeats {
  const last = new Map<string, number>();
  const perEnd = ends.map(() => 0);
  const problems: string[] = [];
  let inOutages = 0;
  let count = 0;
  for (const { id, at: arrived } of receiver.requests) {
    const before = last.get(id);
    last.set(id, arrived);
    if (before === undefined) continue;
    count += 1;
    const end = ends.findLastIndex((one) => before <= one.over && arrived >= one.began);
    if (end >= 0) perEnd[end] = (perEnd[end] ?? 0) + 1;
    else if (outages.some(([from, to]) => before <= to && arrived >= from)) inOutages += 1;
    else problems.push(`${id} was delivered twice although nothing was ended in between`);
  }
  problems.push(...perEnd.flatMap((found, turn) => tooMany(found, turn, ends[turn])));
  if (inOutages > inFlightPerCrash * outages.length) problems.push(`${inOutages} deliveries repeated by an outage`);
  return { count, perEnd, problems };
}

/** A stop in good order waits for what is under way: nothing is repeated after it. */
function tooMany(found: number, turn: number, end: End | undefined): readonly string[] {
  const most = end?.code === null ? inFlightPerCrash : 0;
  return found > most
    ? [`${found} deliveries were repeated after end ${turn + 1}, at most ${most} were under way`]
    : [];
}
