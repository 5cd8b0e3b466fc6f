import type { Lifecycle } from '@tocsin/runtime';
import { print } from '../output.ts';
import { Checks } from './checks.ts';
import { detectionsArrive, signalsAppear } from './detections-arrive.ts';
import { heading } from './page.ts';
import { painted } from './paint.ts';
import { peopleTriage } from './people-triage.ts';
import { receiverHeard } from './receiver-heard.ts';
import { auditShows, balanceHolds, recordHolds, timelineShows } from './record-shows.ts';
import { setStage, type Stage } from './stage.ts';
import { storyUntil } from './story.ts';
import { TocsinShell } from './tocsin-shell.ts';

/** Plays the whole story and tells it. `failed` counts the claims that have not been seen to hold. */
export async function play(lifecycle: Lifecycle): Promise<{ readonly stage: Stage; readonly failed: number }> {
  const began = performance.now();
  print(painted('bold', 'Tocsin demo: a web shop is attacked, and five tools notice.'));
  const stage = await setStage(lifecycle);
  print(
    `Started in ${seconds(began)} s at ${stage.stack.url}, everything in this one process and in a temporary directory.`,
  );
  const checks = new Checks();
  const scene = { ...stage, checks, shell: new TocsinShell(stage.stack) };
  await detectionsArrive(scene, storyUntil(Date.now()));
  const signals = await signalsAppear(scene);
  await peopleTriage(scene, signals);
  await receiverHeard(scene);
  await timelineShows(scene, signals);
  await auditShows(scene);
  await recordHolds(scene);
  await balanceHolds(scene);
  heading(`${checks.failed === 0 ? 'All of it holds' : `${checks.failed} CLAIMS DO NOT HOLD`} (${seconds(began)} s)`);
  checks.tell();
  return { stage, failed: checks.failed };
}

const seconds = (began: number): string => ((performance.now() - began) / 1000).toFixed(1);
