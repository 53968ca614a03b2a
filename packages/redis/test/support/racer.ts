/**
 * One of two processes that race: connects to Redis, says that it is ready, and when it is told to go uses every thing
 * and takes every record at once. Prints what it got.
 */
import { once } from 'node:events';
import { redisStores } from '@assay/redis';
import { singleClients } from './clients.js';

const [clientName = '', port = '', count = ''] = process.argv.slice(2);
const open = singleClients[clientName];
if (open === undefined) throw new Error(`there is no client ${clientName}`);
const { client, close } = await open({ port: Number(port), url: `redis://127.0.0.1:${port}` });
const { singleUse, records, ready } = redisStores(client, { timeoutMs: 20_000 });
await ready();
console.log('ready');
await once(process.stdin, 'data');

const expiresAt = Math.floor(Date.now() / 1000) + 300;
const key = (id: number) => ({ purpose: 'race', scope: ['client'], id: String(id) });
const ids = Array.from({ length: Number(count) }, (_, id) => id);
const [used, taken] = await Promise.all([
  Promise.all(ids.map((id) => singleUse.reserve({ ...key(id), expiresAt }))),
  Promise.all(ids.map((id) => records.take(key(id)))),
]);
console.log(JSON.stringify({ used, taken }));
await close();
process.exit();
