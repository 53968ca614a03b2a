/**
 * `npm start`: makes the checkout ready, starts the example services and runs the example client against them.
 * `npm start -- --once` stops after the flows; its exit status is 0 only if all went as it should.
 *
 * Runs before anything is installed, so it imports Node's own modules only, until the set-up is done.
 */
import { parseArgs } from 'node:util';
import { setUp } from './set-up.mjs';

const { once, firstPort } = settings();
setUp();
const { runDemo } = await import('./demo/run-demo.mjs');
process.exitCode = await runDemo({ once, firstPort });

function settings() {
  try {
    const { values } = parseArgs({ options: { once: { type: 'boolean', default: false } } });
    return { once: values.once, firstPort: portFrom(process.env.PORT ?? '4100') };
  } catch (error) {
    console.error(`${error.message}\nUsage: npm start [-- --once]; PORT=5100 npm start moves the ports.`);
    process.exit(2);
  }
}

function portFrom(text) {
  const port = Number(text);
  if (Number.isInteger(port) && port >= 1 && port <= 65_533) return port;
  throw new Error('PORT is not a port number from 1 to 65533.');
}
