/** The demo: three services, one client, each step printed with its appraisal. */
import { clientKey } from '../../examples/jwt-bearer-client/dist/key-pair.js';
import { createPrinter } from './printer.mjs';
import { startServices, stopServices } from './services.mjs';
import { jwtBearerSteps } from './jwt-bearer-steps.mjs';

/** Runs the demo and resolves to its exit status. Without `once`, goes on serving until it is interrupted. */
export async function runDemo({ once, firstPort }) {
  const printer = createPrinter(process.stdout);
  const addresses = addressesFrom(firstPort);
  printer.title('A client with a key and no secret, an authorization server, two guarded APIs');

  const key = await clientKey();
  printer.step('The client makes a key pair', {
    ok: true,
    lines: [
      `${key.alg}, kid ${key.kid}`,
      'the authorization server is given the public half; there is no client_secret',
    ],
  });

  let services;
  try {
    services = await startServices({ firstPort, addresses });
  } catch (error) {
    printer.step('The services start', { ok: false, lines: [error.message] });
    return 1;
  }
  printer.step('The services start', { ok: true, lines: services.map(({ line }) => line) });

  const failed = await runSteps(jwtBearerSteps({ addresses, key }), printer);
  printer.summary(failed);
  if (once) {
    await stopServices(services);
    return failed === 0 ? 0 : 1;
  }
  printer.addresses(addresses);
  await interrupted();
  await stopServices(services);
  return failed === 0 ? 0 : 1;
}

function addressesFrom(firstPort) {
  const at = (offset) => `http://127.0.0.1:${firstPort + offset}`;
  return { authorizationServer: at(0), orders: at(1), reports: at(2) };
}

async function runSteps(steps, printer) {
  let failed = 0;
  for (const { title, run } of steps) {
    const result = await run().catch((error) => ({ ok: false, lines: [error.message] }));
    if (!result.ok) failed += 1;
    printer.step(title, result);
  }
  return failed;
}

function interrupted() {
  return new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, resolve);
  });
}
