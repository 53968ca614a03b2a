/** `npm run bench`: installs and builds what is missing, then measures the built packages. */
import { setUp } from './set-up.mjs';

setUp();
await import('../bench/run.mjs');
