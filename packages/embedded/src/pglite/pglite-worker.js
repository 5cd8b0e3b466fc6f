// Runs PGlite away from the main thread, so that a long query never delays intake. Plain JavaScript, because a worker is
// loaded by Node itself, in tests too. Answers every message {id, sql, parameters} in order.
import { parentPort, workerData } from 'node:worker_threads';
import { PGlite } from '@electric-sql/pglite';

/** @type {{ directory: string | undefined }} */
const { directory } = workerData;
const port = parentPort;
if (!port) throw new Error('this file runs as a worker only');

/** @type {PGlite | undefined} */
let database;

async function open() {
  database = await PGlite.create({ ...(directory && { dataDir: directory }), relaxedDurability: true });
}

/** @param {{ id: number, sql: string, parameters: unknown[] }} message */
async function answer({ id, sql, parameters }) {
  try {
    if (!database) throw new Error('the database is not open');
    const { rows, affectedRows } = await database.query(sql, parameters);
    port?.postMessage({ id, rows, affectedRows });
  } catch (error) {
    port?.postMessage({
      id,
      error: error instanceof Error ? error.message : String(error),
      code: Reflect.get(Object(error), 'code'),
    });
  }
}

let turn = open().then(
  () => port.postMessage({ id: 0, rows: [] }),
  (error) => port.postMessage({ id: 0, error: error instanceof Error ? error.message : String(error) }),
);
port.on('message', (message) => {
  turn = turn.then(async () => {
    if (message.close) {
      await database?.close();
      port.close();
      return;
    }
    await answer(message);
  });
});
