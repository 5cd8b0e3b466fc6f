// Brings what was committed from SQLite's write-ahead log into the database file, beside the thread that commits: that takes
// tens of milliseconds, for which no commit should wait. Plain JavaScript, see sqlite-writer.js.
import { parentPort, workerData } from 'node:worker_threads';
import Database from 'libsql';

const port = parentPort;
if (!port) throw new Error('this file runs as a worker only');
const db = new Database(workerData.path);

port.on('message', (message) => {
  if (message === 'close') {
    db.close();
    port.close();
    return;
  }
  try {
    db.exec('PRAGMA wal_checkpoint(PASSIVE)');
  } catch {
    // Nothing is lost: the writer does it itself, and says what is wrong when it cannot write.
  }
  port.postMessage('done');
});
