// The one thread that writes: an fsync never delays the event loop that takes requests. Plain JavaScript, see sqlite-writer.js.
import { parentPort, workerData } from 'node:worker_threads';
import { SqliteWriter } from './sqlite-writer.js';

const port = parentPort;
if (!port) throw new Error('this file runs as a worker only');
const writer = SqliteWriter.open(workerData.path);

port.on('message', (message) => {
  if (message === 'close') {
    writer.close();
    port.close();
    return;
  }
  try {
    writer.commit(message);
    port.postMessage(undefined);
  } catch (error) {
    port.postMessage(error instanceof Error ? error.message : String(error));
  }
});
