import { createNightlyAgent } from './client.js';
import { clientKey } from './key-pair.js';

/** Reads orders and files a report about them, with tokens from ISSUER, at ORDERS and REPORTS. */
const {
  ISSUER: authorizationServer = 'http://127.0.0.1:4100',
  ORDERS: orders = 'http://127.0.0.1:4101',
  REPORTS: reports = 'http://127.0.0.1:4102',
} = process.env;

try {
  const key = await clientKey();
  const ordersAgent = createNightlyAgent(key, {
    authorizationServer,
    resource: orders,
    scope: ['orders:read'],
  });
  const reportsAgent = createNightlyAgent(key, {
    authorizationServer,
    resource: reports,
    scope: ['reports:read'],
  });
  await show(await ordersAgent.fetch(`${orders}/orders`));
  await show(await reportsAgent.fetch(`${reports}/reports`));
} catch (error) {
  console.error(`client: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
}

async function show(response: Response): Promise<void> {
  console.log(`GET ${response.url} → ${String(response.status)} ${await response.text()}`);
  if (!response.ok) process.exitCode = 1;
}
