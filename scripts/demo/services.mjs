/** Starts the example services as processes of their own, as a user would, and stops them. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

const startTimeoutMs = 30_000;

/** Starts all services; resolves to their processes when each says that it listens. Stops the others if one fails. */
export async function startServices({ firstPort, addresses: { authorizationServer, orders, reports } }) {
  const services = [];
  try {
    services.push(await start('authorization-server', { PORT: firstPort }));
    const resourceServer = (port, audience) => ({
      PORT: port,
      ISSUER: authorizationServer,
      AUDIENCE: audience,
    });
    services.push(await start('resource-server-nest', resourceServer(firstPort + 1, orders)));
    services.push(await start('resource-server-express', resourceServer(firstPort + 2, reports)));
    return services;
  } catch (error) {
    await stopServices(services);
    throw error;
  }
}

/** Ends the processes. */
export async function stopServices(services) {
  await Promise.all(
    services.map(async ({ child }) => {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const exited = once(child, 'exit');
      child.kill();
      await exited;
    }),
  );
}

async function start(example, env) {
  const entry = fileURLToPath(new URL(`../../examples/${example}/dist/main.js`, import.meta.url));
  const texts = Object.fromEntries(Object.entries(env).map(([name, value]) => [name, String(value)]));
  const child = spawn(process.execPath, [entry], {
    env: { ...process.env, ...texts },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const stop = () => child.kill();
  process.once('exit', stop);
  child.once('exit', () => process.off('exit', stop));
  return { child, line: await lineWhenListening(child, example) };
}

function lineWhenListening(child, example) {
  return new Promise((resolve, reject) => {
    let output = '';
    const timer = setTimeout(() => {
      child.kill();
      reject(new Error(`${example} did not start within ${startTimeoutMs / 1000} seconds:\n${output}`));
    }, startTimeoutMs);
    const collect = (chunk) => {
      output += chunk;
      const line = output.split('\n').find((text) => text.includes('listening on'));
      if (line === undefined) return;
      clearTimeout(timer);
      resolve(line);
    };
    child.stdout.setEncoding('utf8').on('data', collect);
    child.stderr.setEncoding('utf8').on('data', collect);
    child.once('exit', (code) => {
      clearTimeout(timer);
      reject(new Error(output.trim() || `${example} ended with status ${code}`));
    });
  });
}
