// The one thread that writes: an fsync never delays the event loop that takes requests. Plain JavaScript, see sqlite-writer.js.
import { parentPort, Worker, workerData } from 'node:worker_threads';
import { SqliteWriter } from './sqlite-writer.js';

/** Characters written from one checkpoint to the next; what SQLite writes for them is a small multiple. */
const checkpointEvery = 6 * 1024 * 1024;

const port = parentPort;
if (!port) throw new Error('this file runs as a worker only');
const writer = SqliteWriter.open(workerData.path);
const checkpointer = new Worker(new URL('./checkpoint-thread.js', import.meta.url), { workerData });
let written = 0;
let checkpointing = false;

// It has copied nearly everything; the rest is short, and then SQLite begins its log anew.
checkpointer.on('message', () => {
  checkpointing = false;
  writer.checkpoint();
});
checkpointer.on('error', () => {
  // It stays `checkpointing` for good: from now on the writer does it alone.
  checkpointing = true;
});
const checkpointerEnded = new Promise((resolve) => checkpointer.once('exit', resolve));

/** The file is whole by itself only when nobody else works on it. */
async function close() {
  checkpointer.postMessage('close');
  await checkpointerEnded;
  writer.close();
  port?.close();
}

/** @param {import('./sqlite-writer.js').Batch} batch */
function commit(batch) {
  writer.commit(batch);
  written += batch.texts.length;
  for (const { head, body } of batch.segments) written += head.length + body.byteLength;
  if (written < checkpointEvery) return;
  if (!checkpointing) {
    checkpointing = true;
    written = 0;
    checkpointer.postMessage('checkpoint');
  } else if (written > 4 * checkpointEvery) {
    written = 0;
    writer.checkpoint();
  }
}

port.on('message', (message) => {
  if (message === 'close') {
    void close();
    return;
  }
  try {
    commit(message);
    port.postMessage(undefined);
  } catch (error) {
    // A full disk may have room again once the log of what is committed can begin anew.
    writer.checkpoint();
    port.postMessage(error instanceof Error ? error.message : String(error));
  }
});
